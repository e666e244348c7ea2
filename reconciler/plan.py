"""From what differs to what to do: actions with their requests, in an order that AWS accepts. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reconciler.adoption import adoptees, refusals
from reconciler.diff import Comparison, Replaced, creation
from reconciler.disruptions import disruptions
from reconciler.handover import in_turn, parted
from reconciler.model import tags as own_tags
from reconciler.model.fields import canonical, digest_of, exclusive_ids
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Blocked, Cause, Change, Drifted, Plan, Reason, Status, Verb
from reconciler.model.resource import Call, Context, Observed, Replacement, ResourceType, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import KNOWN_AFTER_APPLY, FrozenMap, Id, Ref, Token, transform
from reconciler.naming import object_name
from reconciler.retention import protected, releases
from reconciler.uses import LiveGraph

_TOKEN_LENGTH = 24
"""Hexadecimal digits of an idempotency token, to which a run adds eight: ECS allows 36 characters, EC2 64 (their API
references)."""


class Choices(Frozen):
    """What a caller wants of a plan.

    `heal` includes drift, `promote` what is new in the spec; `unhealed` are the objects whose drift is left alone all
    the same. `retry` tries again what AWS gave up on; `withheld` are addresses that are not written, with why and what
    a person can do.
    `today` is the day that exceptions are judged by. `retained` are addresses that stay in AWS though they are desired
    no longer, beside those whose own tags say so.
    """

    heal: bool = True
    promote: bool = True
    unhealed: frozenset[str] = frozenset()
    retry: bool = False
    withheld: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    today: date | None = None
    retained: frozenset[str] = frozenset()


def make(comparison: Comparison, choices: Choices | None = None) -> Plan:
    """The plan that brings AWS to the desired graph, for as much of it as can be planned."""
    return _Planner(comparison, choices or Choices()).plan()


def full_tags(graph: Graph, address: str, applied: str) -> dict[str, str]:
    """All tags that a create call of an address carries."""
    resource = graph.resources[address]
    tags = {
        **graph.stack.tags,
        own_tags.STACK: graph.stack.name,
        own_tags.OWNER: graph.stack.owner,
        own_tags.ADDRESS: address,
        own_tags.APPLIED: applied,
        **own_tags.key_lists(graph.stack.tags),
    }
    if graph.retains(address):
        tags[own_tags.DELETION_POLICY] = own_tags.RETAIN
    if graph.types[resource.type].cloudformation.startswith("AWS::EC2::"):
        tags.setdefault("Name", "/".join([graph.stack.name, *address.split("/")[1:]]))
    return tags


def part_tags(graph: Graph, address: str) -> dict[str, str]:
    """The tags of the parts of an address that has none itself."""
    return {own_tags.STACK: graph.stack.name, own_tags.OWNER: graph.stack.owner, own_tags.ADDRESS: address}


class _Planner:
    def __init__(self, comparison: Comparison, choices: Choices) -> None:
        self._comparison = comparison
        self._choices = choices
        self._graph = comparison.graph
        self._snapshot = comparison.snapshot
        self._blocked: dict[str, Blocked] = {}
        self._left_out: set[str] = set()
        self._actions: dict[str, Action] = {}
        self._live = LiveGraph(comparison.snapshot, comparison.graph.types)
        self._going: dict[str, Observed[Any]] = {}
        self._conflicts: dict[str, str] = {}
        self._kept: set[tuple[str, str]] = set()
        self._coming: set[str] = set()
        self._adoptees = adoptees(comparison)

    def plan(self) -> Plan:
        """Decide each address, then order what was decided; what cannot be ordered is blocked."""
        self._block_beforehand()
        for address in self._graph.order:
            self._decide(address)
        self._remove_losers()
        self._await_pending()
        self._order()
        self._hand_over()
        self._break_cycles()
        if self._kept:
            self._drop_what_waits_in_vain()
        self._make_nothing_idle()
        comparison = self._comparison
        touched = {a.address for a in self._actions.values() if a.verb is not Verb.REFRESH}
        return Plan(
            stack=self._graph.stack.name,
            actions=tuple(sorted(self._actions.values(), key=lambda a: (a.owner, a.address, a.verb.value, a.key))),
            drift=tuple(_drifted(comparison)),
            blocked=tuple(self._blocked[address] for address in sorted(self._blocked)),
            disruptions=tuple(disruptions(self._actions.values(), self._graph.types, self._snapshot)),
            unchanged=len([a for a in comparison.winners if a not in touched]),
            outputs={a: one.outputs for a, one in {**self._snapshot.referred, **comparison.winners}.items()},
        )

    def _block_beforehand(self) -> None:
        comparison = self._comparison
        for address, (reason, fix) in {**comparison.unresolved, **comparison.unreadable}.items():
            self._block(address, reason, fix)
        for address, twins in comparison.contested.items():
            names = ", ".join(twin.id for twin in twins)
            fix = "move what uses one of them to the other, delete it, and run again"
            self._block(address, f"Duplicate: {names} carry one address and are both in use", fix)
        for address, detail in comparison.failed.items():
            if not self._choices.retry and address in comparison.changes:
                fix = "change the spec, or try the same again with apply --retry"
                self._block(address, f"AWS gave up on the desired state: {detail}", fix)
        for address, (reason, fix) in self._choices.withheld.items():
            if address in self._graph.resources:
                self._block(address, reason, fix)
        for address, replaced in comparison.replaced.items():
            kind = self._kind(address)
            why = kind.protected(replaced.old)
            if why is not None:
                self._block(address, *why)
            if kind.replacement is Replacement.NEVER:
                self._block(address, f"{kind.name} cannot be replaced: {kind.replacement_reason}", "replace it by hand")
        for one in (*refusals(comparison), *protected(comparison)):
            self._block(one.address, one.reason, one.fix)

    def _block(self, address: str, reason: str, fix: str) -> None:
        self._blocked.setdefault(address, Blocked(address, reason, fix))

    def _block_behind(self, address: str, other: str) -> None:
        """Block an address for no other reason than that one that it needs is blocked."""
        waiting = Blocked(address, f"needs {other}, which is blocked", f"see {other}", behind=other)
        self._blocked.setdefault(address, waiting)

    def _decide(self, address: str) -> None:
        if address in self._blocked:
            return
        waiting = self._without_target(address)
        if waiting in self._left_out and not self._has_work(address):
            self._left_out.add(address)
        elif waiting in self._left_out:
            self._block(address, f"needs {waiting}, which is left as it is", f"let {waiting} be put right first")
        elif waiting:
            self._block_behind(address, waiting)
        else:
            self._act_on(address)

    def _act_on(self, address: str) -> None:
        """What is to be done of an address that nothing stands in the way of."""
        comparison = self._comparison
        if address in self._adoptees:
            self._adopt(address)
        elif address in comparison.missing:
            cause = comparison.missing[address]
            if self._wanted(address, cause):
                create = self._create(address, cause, creation(comparison, address, cause))
                self._add(dataclasses.replace(create, after_gone=self._dying_holders(address)))
            else:
                self._left_out.add(address)
        elif address in comparison.replaced:
            if self._wanted(address, comparison.replaced[address].cause):
                self._replace(address, comparison.replaced[address])
            else:
                self._left_out.add(address)
        elif address in comparison.changes:
            changes = tuple(c for c in comparison.changes[address] if self._wanted(address, c.cause))
            if changes:
                self._add(self._update(address, changes))
        elif address in comparison.stale and self._choices.promote:
            self._add(self._refresh(address))

    def _dying_holders(self, address: str) -> tuple[str, ...]:
        """The dying objects of an address that hold what a new one needs for itself (an Elastic IP)."""
        return tuple(
            live.id
            for live in self._snapshot.found.get(address, ())
            if live.state is State.DELETING and next(exclusive_ids(live.fields), None) is not None
        )

    def _has_work(self, address: str) -> bool:
        """Whether something of an address would be written."""
        comparison = self._comparison
        causes = {c.cause for c in comparison.changes.get(address, ())}
        if address in comparison.missing:
            causes.add(comparison.missing[address])
        if address in comparison.replaced:
            causes.add(comparison.replaced[address].cause)
        return any(self._wanted(address, cause) for cause in causes)

    def _wanted(self, address: str, cause: Cause) -> bool:
        if cause is Cause.PENDING:
            return self._choices.promote
        return self._choices.heal and self._graph.resources[address].owner not in self._choices.unhealed

    def _without_target(self, address: str) -> str | None:
        """A target that is not made and does not live: nothing that refers to it can be written."""
        for target in sorted(self._graph.targets[address]):
            if (target in self._blocked or target in self._left_out) and target not in self._comparison.winners:
                return target
        return None

    def _kind(self, address: str) -> ResourceType[Any]:
        return self._graph.types[self._graph.resources[address].type]

    def _context(self, address: str, applied: str) -> Context:
        kind = self._kind(address)
        stack = self._graph.stack
        digest = self._graph.replacement_digests[address]
        tags = full_tags(self._graph, address, applied) if kind.taggable and not kind.collection else {}
        if kind.marks_parts:
            tags = part_tags(self._graph, address)
        return Context(
            stack=stack.name,
            account=self._snapshot.account,
            region=self._snapshot.region,
            partition=self._snapshot.partition,
            name=object_name(kind, stack.name, stack.region, address, digest),
            token=self._token(address),
            tags=FrozenMap(tags),
        )

    def _token(self, address: str) -> Token:
        """Names the creation of one address as it is desired now."""
        parts = [self._snapshot.account, self._graph.stack.name, address, self._graph.applied_digests[address]]
        return Token(digest_of(parts, _TOKEN_LENGTH).split(".", 1)[1])

    def _create(
        self, address: str, cause: Cause, changes: tuple[Change, ...], old: Observed[Any] | None = None
    ) -> Action:
        resource = self._graph.resources[address]
        kind = self._kind(address)
        if old is not None:
            resource = dataclasses.replace(resource, fields=kind.succeeding(resource.fields, old))
        applied = self._graph.applied_digests[address]
        calls = tuple(kind.create(resource, self._context(address, applied)))
        seal: tuple[Call, ...] = ()
        if kind.collection and kind.parent:
            seal = tuple(kind.tag(getattr(resource.fields, kind.parent), self._seal_tags(address), ()))
        elif kind.taggable and len(calls) > 1:
            calls = tuple(kind.create(resource, self._context(address, own_tags.NONE)))
            seal = tuple(kind.tag(Ref(address, kind.tagged_by), {own_tags.APPLIED: applied}, ()))
        reason = Reason.DRIFT if cause is Cause.DRIFT else Reason.PENDING
        return Action(
            key=f"create {address}",
            address=address,
            type=kind.name,
            owner=resource.owner,
            verb=Verb.CREATE,
            reason=reason,
            changes=changes,
            calls=calls,
            seal=seal,
        )

    def _seal_tags(self, address: str) -> dict[str, str]:
        return {own_tags.applied_key(self._kind(address).collection): self._graph.applied_digests[address]}

    def _replace(self, address: str, replaced: Replaced) -> None:
        kind = self._kind(address)
        old, changes, cause = replaced.old, replaced.changes, replaced.cause
        order = kind.replacement
        create = self._create(address, cause, changes, old)
        cannot_coexist = self._same_name(create, old) or self._conflict(address, old) is not None
        if order is Replacement.CREATE_FIRST and (cannot_coexist or self._goes_with_a_target(address)):
            order = Replacement.DELETE_FIRST
        self._add(
            dataclasses.replace(
                create,
                id=old.id,
                replaces=old.id,
                order=order.value,
                reason=Reason.CASCADE if self._cascades(address, changes) else create.reason,
            )
        )
        self._remove(old, create.reason, retires=True)

    def _same_name(self, create: Action, old: Observed[Any]) -> bool:
        """AWS refuses two objects of one name side by side."""
        name = self._context(create.address, "").name
        return bool(name) and old.outputs.get("name") == name

    def _conflict(self, address: str, live: Observed[Any]) -> str | None:
        """Why AWS has no new object of an address beside a live one of its type."""

        def known(value: Any) -> Any:
            identity = self._comparison.lookup(value) if isinstance(value, Ref) else None
            return Id(identity, value.output) if identity else value

        desired = transform(self._graph.resources[address].fields, known)
        return self._kind(address).conflicts(desired, live.fields)

    def _goes_with_a_target(self, address: str) -> bool:
        """Whether something it refers to is deleted before it is made anew: what uses that has to go before."""
        targets = (self._actions.get(f"create {target}") for target in self._graph.targets[address])
        return any(a is not None and a.order == Replacement.DELETE_FIRST.value for a in targets)

    def _cascades(self, address: str, changes: Iterable[Change]) -> bool:
        """Whether nothing but the replacement of what it refers to forces this one."""
        if address in self._comparison.following:
            return True
        forced = [c for c in changes if c.replaces]
        others = self._graph.targets[address] | self._graph.holders.get(address, frozenset())
        replaced = any(other in self._comparison.replaced for other in others)
        return replaced and all(c.desired == KNOWN_AFTER_APPLY for c in forced)

    def _update(self, address: str, changes: tuple[Change, ...]) -> Action:
        comparison = self._comparison
        resource = comparison.desired(address)
        kind = self._kind(address)
        winner = comparison.winners[address]
        changed = frozenset(c.field for c in changes) - {"tags"}
        around = self._parent_changes(address)
        context = dataclasses.replace(
            self._context(address, self._graph.applied_digests[address]), parent_changes=around
        )
        calls = tuple(kind.update(resource, winner, changed, context)) if changed else ()
        seal = tuple(self._tag_calls(address, winner, changes))
        pending = any(c.cause is Cause.PENDING for c in changes)
        if pending and len(calls) > 1 and kind.taggable and winner.applied != own_tags.NONE:
            mark = {own_tags.applied_key(kind.collection): own_tags.NONE}
            calls = (*kind.tag(self._tag_target(address, winner), mark, ()), *calls)
        drift = all(c.cause is Cause.DRIFT for c in changes)
        return Action(
            key=f"update {address}",
            address=address,
            type=kind.name,
            owner=resource.owner,
            verb=Verb.UPDATE,
            reason=Reason.DRIFT if drift else Reason.PENDING,
            id=winner.id,
            changes=changes,
            calls=calls,
            seal=seal,
            exposed=tuple(kind.exposes(resource, winner, context)) if changed else (),
            parent_changes=around,
        )

    def _parent_changes(self, address: str) -> frozenset[str]:
        """The fields of the parent of a collection that this plan changes and that its update goes around."""
        parent = self._actions.get(f"update {self._parent_of(address)}")
        return self._kind(address).goes_around & {c.field for c in parent.changes} if parent else frozenset()

    def _parent_of(self, address: str) -> str | None:
        kind = self._kind(address)
        parent = (
            getattr(self._graph.resources[address].fields, kind.parent) if kind.collection and kind.parent else None
        )
        return parent.address if isinstance(parent, Ref) else None

    def _adopt(self, address: str) -> None:
        """Take over what nobody of ours made: our tags first, so that whoever goes on from there finds it."""
        if not self._choices.promote:
            self._left_out.add(address)
            return
        update = self._update(address, self._comparison.changes.get(address, ()))
        whose = {
            own_tags.STACK: self._graph.stack.name,
            own_tags.OWNER: self._graph.stack.owner,
            own_tags.ADDRESS: address,
            own_tags.APPLIED: own_tags.NONE,
        }
        target = self._tag_target(address, self._comparison.winners[address])
        calls = (*self._kind(address).tag(target, whose, ()), *update.calls)
        self._add(dataclasses.replace(update, calls=calls, reason=Reason.PENDING, adopts=True))

    def _tag_target(self, address: str, winner: Observed[Any]) -> str:
        return winner.outputs.get(self._kind(address).tagged_by, winner.id)

    def _tag_calls(self, address: str, winner: Observed[Any], changes: Iterable[Change]) -> Iterator[Call]:
        kind = self._kind(address)
        if not kind.taggable:
            return
        put = {} if winner.applied == self._graph.applied_digests[address] else self._seal_tags(address)
        remove: set[str] = set()
        if kind.collection is None:
            user = {c.path[len("tags[") : -1]: c.desired for c in changes if c.field == "tags"}
            put |= {key: value for key, value in user.items() if value is not None}
            remove |= {key for key, value in user.items() if value is None}
            lists = own_tags.key_lists(self._graph.stack.tags)
            put |= {key: value for key, value in lists.items() if winner.tags.get(key) != value}
            remove |= {k for k in winner.tags if k.startswith(own_tags.TAG_KEYS)} - lists.keys()
        if put or remove:
            yield from kind.tag(self._tag_target(address, winner), put, sorted(remove))

    def _refresh(self, address: str) -> Action:
        resource = self._graph.resources[address]
        winner = self._comparison.winners[address]
        return Action(
            key=f"refresh {address}",
            address=address,
            type=resource.type,
            owner=resource.owner,
            verb=Verb.REFRESH,
            reason=Reason.PENDING,
            id=winner.id,
            seal=tuple(self._tag_calls(address, winner, ())),
        )

    def _await_pending(self) -> None:
        """What an earlier run made and AWS is still making ready: this run waits for it as for its own."""
        touched = {a.address for a in self._actions.values() if a.verb is not Verb.DELETE}
        for address, winner in self._comparison.winners.items():
            if touched and winner.state is State.PENDING and self._kind(address).awaited:
                self._coming.add(address)
                if address not in touched:
                    self._add(dataclasses.replace(self._refresh(address), seal=()))

    def _keep_protected(self) -> None:
        """What AWS refuses to delete stays, with all that is in it: half of it is of no use to anybody."""
        comparison = self._comparison
        for live in (*comparison.retired, *comparison.twins, *comparison.orphans):
            why = self._graph.types[live.type].protected(live)
            if why is not None:
                self._block(live.address or "", *why)
                self._kept |= {(live.type, live.id), *self._live.users((live.type, live.id))}

    def _remove_losers(self) -> None:
        comparison = self._comparison
        self._keep_protected()
        kept: dict[str, int] = dict.fromkeys(comparison.replaced, 1)
        for loser in sorted(comparison.retired, key=lambda o: (o.created, o.id), reverse=True):
            address = loser.address or ""
            keeps = self._kind(address).keeps
            if address in self._blocked:
                continue
            if keeps and (loser.in_use or kept.get(address, 0) < keeps):
                kept[address] = kept.get(address, 0) + 1
                continue
            if self._choices.promote:
                self._remove(loser, Reason.PENDING, retires=True)
        for twin in comparison.twins:
            if self._choices.heal and self._graph.resources[twin.address or ""].owner not in self._choices.unhealed:
                self._remove(twin, Reason.DUPLICATE)
        unasked = comparison.converged_before
        if self._graph.stack.prune and (self._choices.heal if unasked else self._choices.promote):
            staying = self._live.kept(comparison.orphans, self._choices.retained)
            for orphan in comparison.orphans:
                if (orphan.type, orphan.id) not in staying:
                    self._remove(orphan, Reason.ORPHANED)
            for action in releases(comparison.orphans, staying, self._graph.types):
                self._add(action)

    def _remove(self, live: Observed[Any], reason: Reason, *, retires: bool = False) -> None:
        kind = self._graph.types[live.type]
        context = Context(
            stack=self._graph.stack.name,
            account=self._snapshot.account,
            region=self._snapshot.region,
            partition=self._snapshot.partition,
        )
        calls = tuple(kind.delete(live, context))
        if not calls or (retires and kind.keeps and live.in_use) or (live.type, live.id) in self._kept:
            return
        address = live.address or ""
        resource = self._graph.resources.get(address)
        key = f"delete {address} {live.type} {live.id}"
        self._going[key] = live
        self._add(
            Action(
                key=key,
                address=address,
                type=live.type,
                owner=resource.owner if resource else address,
                verb=Verb.DELETE,
                reason=reason,
                id=live.id,
                calls=calls,
                retires=retires,
            )
        )

    def _add(self, action: Action) -> None:
        self._actions[action.key] = action

    def _order(self) -> None:
        """Creates and updates follow the desired edges; deletes follow the edges of what lives, reversed."""
        at_address = {a.address: a.key for a in self._actions.values() if a.verb in (Verb.CREATE, Verb.UPDATE)}
        deletes = {(a.type, a.id): a.key for a in self._actions.values() if a.verb is Verb.DELETE}
        for key, action in self._actions.items():
            if action.address not in self._graph.resources and action.verb is not Verb.DELETE:
                continue
            if action.verb is Verb.DELETE:
                needs = self._before_delete(action, at_address, deletes)
            else:
                edges = self._graph.edges[action.address]
                needs = {at_address[target] for target in edges if target in at_address}
                if action.order == Replacement.DELETE_FIRST.value:
                    needs.add(deletes.get((action.type, action.replaces), key))
                if action.verb is Verb.CREATE:
                    needs |= self._in_its_place(action)
            self._actions[key] = dataclasses.replace(action, needs=frozenset(needs - {key}))
        for action in [a for a in self._actions.values() if a.parent_changes]:
            self._part(action)
        for address in self._coming:
            self._hold_until_ready(address)

    def _part(self, action: Action) -> None:
        """An update that goes around that of its parent in two: what comes before it, and what after."""
        parent = f"update {self._parent_of(action.address)}"
        if parent not in self._actions:
            return
        early, late = parted(action)
        early = dataclasses.replace(early, needs=early.needs - {parent})
        self._add(early)
        self._add(dataclasses.replace(late, needs=late.needs | {parent}))
        self._add(dataclasses.replace(self._actions[parent], needs=self._actions[parent].needs | {early.key}))

    def _hold_until_ready(self, address: str) -> None:
        """Let all that leads to an address wait for it, through whatever needs no action itself."""
        (key,) = (a.key for a in self._actions.values() if a.address == address and a.verb is not Verb.DELETE)
        after = {address}
        for node in self._graph.order:
            if not after.isdisjoint(self._graph.edges[node]):
                after.add(node)
        for other, action in self._actions.items():
            if action.address in after - {address} and action.verb in (Verb.CREATE, Verb.PREPARE, Verb.UPDATE):
                self._actions[other] = dataclasses.replace(action, needs=action.needs | {key})

    def _in_its_place(self, action: Action) -> set[str]:
        """The deletes of what AWS does not have beside a new object."""
        found: set[str] = set()
        for key, live in self._going.items():
            conflict = self._conflict(action.address, live) if live.type == action.type else None
            if conflict is not None:
                self._conflicts[action.address] = conflict
                found.add(key)
        return found

    def _before_delete(
        self, action: Action, at_address: Mapping[str, str], deletes: Mapping[tuple[str, str | None], str]
    ) -> set[str]:
        needs: set[str] = set()
        node = (action.type, action.id or "")
        for other in self._live.users(node):
            key = deletes.get(other) or at_address.get(self._live.address(other) or "")
            if key is None:
                parent = self._live.parent(other)
                key = deletes.get(parent) if parent else None
            if key is not None:
                needs.add(key)
        replacement = at_address.get(action.address)
        if replacement and action.retires and self._actions[replacement].order != Replacement.DELETE_FIRST.value:
            needs.add(replacement)
        return needs

    def _hand_over(self) -> None:
        self._actions, stopped = in_turn(self._actions, self._comparison, self._live, self._blocked.keys())
        for one in stopped:
            self._block(one.address, one.reason, one.fix)

    def _break_cycles(self) -> None:
        """A circle means that something would have to go while what stays still uses it."""
        while True:
            try:
                TopologicalSorter({a.key: a.needs for a in self._actions.values()}).prepare()
                return
            except CycleError as error:
                circle = {self._actions[key].address for key in error.args[1]}
                conflicts = [self._conflicts[address] for address in sorted(circle) if address in self._conflicts]
                fix = conflicts[0] if conflicts else "change what uses it first, or delete and create it in two steps"
                stuck = circle & self._conflicts.keys() or circle
                for address in sorted(stuck):
                    users = ", ".join(sorted(circle - {address}))
                    self._block(address, f"cannot be replaced while others use it: {users}", fix)
                for address in sorted(circle - stuck):
                    self._block_behind(address, min(stuck))
                self._drop({key for key, a in self._actions.items() if a.address in circle})
                self._drop_what_waits_in_vain()

    def _drop_what_waits_in_vain(self) -> None:
        """What refers to something that is neither there nor made is blocked with it, and what that uses stays."""
        while True:
            vain = {
                key: waiting
                for key, a in self._actions.items()
                if a.address in self._graph.resources
                and a.verb is not Verb.DELETE
                and (waiting := self._without_target(a.address))
            }
            for key, waiting in vain.items():
                self._block_behind(self._actions[key].address, waiting)
            self._drop(vain.keys())
            if not vain and not self._drop_deletes_of_what_is_still_used():
                return

    def _drop_deletes_of_what_is_still_used(self) -> bool:
        """What was to make way for something that is blocked stays, and so does what something blocked uses."""
        deletes = {(a.type, a.id or ""): a for a in self._actions.values() if a.verb is Verb.DELETE}
        kept = {
            node
            for node, action in deletes.items()
            if (action.retires and action.address in self._blocked)
            or self._live.parent(node) in self._kept
            or any(
                user in self._kept or (user not in deletes and self._live.address(user) in self._blocked)
                for user in self._live.users(node)
            )
        }
        self._kept |= kept
        self._drop({deletes[node].key for node in kept})
        for node in kept:
            self._wait_for_its_place(deletes[node], node)
        return bool(kept)

    def _wait_for_its_place(self, stays: Action, node: tuple[str, str]) -> None:
        """What is made where something stands, which has to go first and stays, cannot be made."""
        made = self._actions.get(f"create {stays.address}")
        if made is None or not stays.retires or made.order != Replacement.DELETE_FIRST.value:
            return
        users = sorted({str(self._live.address(user)) for user in self._live.users(node)} & self._blocked.keys())
        self._block_behind(stays.address, users[0] if users else stays.address)
        self._drop({made.key})

    def _make_nothing_idle(self) -> None:
        """What serves one holder alone, such as an Elastic IP, is not made where all that would use it is blocked."""
        blocked = self._blocked.keys()
        for key, action in list(self._actions.items()):
            holders = self._graph.holders.get(action.address, frozenset())
            if action.verb is not Verb.CREATE or action.replaces or not holders or not holders <= blocked:
                continue
            if all(user in blocked for user, targets in self._graph.targets.items() if action.address in targets):
                holder = min(holders)
                reason = f"serves {holder} alone, which is blocked"
                self._blocked[action.address] = Blocked(action.address, reason, f"see {holder}", behind=holder)
                self._drop({key})

    def _drop(self, gone: AbstractSet[str]) -> None:
        self._actions = {
            key: dataclasses.replace(a, needs=a.needs - gone) for key, a in self._actions.items() if key not in gone
        }


def _drifted(comparison: Comparison) -> Iterator[Drifted]:
    graph = comparison.graph
    found: list[Drifted] = []
    for address, cause in comparison.missing.items():
        if cause is Cause.DRIFT:
            resource = graph.resources[address]
            found.append(Drifted(address, resource.type, resource.owner, None, Status.MISSING))
    in_place = {a: (comparison.winners[a], changes) for a, changes in comparison.changes.items()}
    anew = {a: (replaced.old, replaced.changes) for a, replaced in comparison.replaced.items()}
    for address, (live, changes) in {**in_place, **anew}.items():
        drift = tuple(c for c in changes if c.cause is Cause.DRIFT)
        if drift and address not in comparison.failed:
            resource = graph.resources[address]
            found.append(Drifted(address, resource.type, resource.owner, live.id, Status.MODIFIED, drift))
    for twin in (*comparison.twins, *(t for doubles in comparison.contested.values() for t in doubles)):
        address = twin.address or ""
        owner = graph.resources[address].owner
        found.append(Drifted(address, twin.type, owner, twin.id, Status.DUPLICATE))
    if not graph.stack.prune or comparison.converged_before:
        for orphan in comparison.orphans:
            address = orphan.address or ""
            found.append(Drifted(address, orphan.type, address, orphan.id, Status.ORPHANED))
    yield from sorted(found, key=lambda d: (d.address, d.id or ""))


def fingerprint(graph: Graph, snapshot: Snapshot) -> str:
    """A digest of everything a plan depends on: another world gives another plan."""
    live = [
        [o.address, o.type, o.id, canonical(o.fields, lambda _: ""), sorted(o.tags.items()), o.state.value]
        for o in snapshot.live()
    ]
    live += [[address, one.type, one.id] for address, one in sorted(snapshot.referred.items())]
    place = [snapshot.account, snapshot.region, sorted(snapshot.unknown.keys() & graph.types.keys())]
    return digest_of([graph.digest, place, live], 32)

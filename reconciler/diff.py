"""Desired graph against snapshot: which live object is which, and what differs, as data. Pure.

The winner of an address is the live object that fits the desired one; only a winner's identity translates back to a
`Ref`. Whatever still points at a loser therefore differs by itself, and a replacement spreads without extra code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from reconciler.leniency import Exempt, Leniency, leniency, overlaid
from reconciler.model import tags as own_tags
from reconciler.model.fields import (
    Fields,
    edge_ids,
    exclusive_ids,
    hidden,
    member_name,
    same_version,
    set_fields,
    traits_of,
)
from reconciler.model.graph import Graph
from reconciler.model.plan import Cause, Change
from reconciler.model.resource import Context, Naming, Observed, Resource, ResourceType, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import (
    EMPTY,
    KNOWN_AFTER_APPLY,
    NOT_REPORTED,
    UNSET,
    FrozenMap,
    Id,
    Marker,
    Ref,
    Template,
    ids,
    refs,
    resolve,
    transform,
)
from reconciler.naming import object_name

PRESENT = "present"
_READ_AGAIN: Final = "grant the permission to read it, or wait and run again"
_NOTHING: Final[tuple[Any, ...]] = (None, (), frozenset(), FrozenMap[Any, Any]())
"""What an entry that is only on one side need not say of itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Replaced:
    """A live object that cannot become the desired one; `changes` include those that force that."""

    old: Observed[Any]
    changes: tuple[Change, ...]
    cause: Cause


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The desired graph beside what AWS has.

    `winners` are translated: ids of winners are `Ref`s. `changes` holds what differs in place, `replaced` the live
    object that cannot become the desired one with what forces that, `missing` why an address has nothing, `stale`
    the winners whose own tags alone are behind. `retired` are losers of a desired address, `twins` needless doubles,
    `contested` doubles that are both in use, `orphans` objects of no desired address. `unreadable` addresses are left
    alone in this pass, `unresolved` references mean nothing, or too much: both with the reason and what to do about it.
    `failed` are winners that AWS itself gave up bringing to the state we asked for (a rolled-back deployment), with
    AWS's words. `following` are addresses of which a live object uses targets that are replaced while what leads there
    stays, with the targets. `outputs` are those of the winners, and of what is missing those
    that follow from its name. `exempt` are differences that an exception covers, `lenient` what
    is to be written where a difference is allowed.
    """

    graph: Graph
    snapshot: Snapshot
    winners: Mapping[str, Observed[Any]]
    changes: Mapping[str, tuple[Change, ...]]
    replaced: Mapping[str, Replaced]
    missing: Mapping[str, Cause]
    stale: frozenset[str]
    retired: tuple[Observed[Any], ...]
    twins: tuple[Observed[Any], ...]
    contested: Mapping[str, tuple[Observed[Any], ...]]
    orphans: tuple[Observed[Any], ...]
    unreadable: Mapping[str, tuple[str, str]]
    unresolved: Mapping[str, tuple[str, str]]
    failed: Mapping[str, str]
    following: Mapping[str, frozenset[str]]
    converged_before: bool
    outputs: Mapping[str, Mapping[str, str]]
    lenient: Mapping[str, Resource[Any]]
    exempt: tuple[Exempt, ...]

    def desired(self, address: str) -> Resource[Any]:
        """What is to be written of an address: what differs and is allowed to stays as it is."""
        return self.lenient.get(address) or self.graph.resources[address]

    def lookup(self, ref: Ref) -> str | None:
        """The value of a reference where it is known."""
        return self.outputs.get(ref.address, EMPTY).get(ref.output)


def compare(graph: Graph, snapshot: Snapshot, today: date | None = None) -> Comparison:
    """What of the desired state AWS has, lacks and has otherwise. Exceptions count that have not ended by `today`."""
    matching = _Matching(graph, snapshot)
    winners = matching.winners
    translate = _translator(matching.outputs)
    translated = {
        address: dataclasses.replace(
            winner,
            fields=_aligned(graph, address, transform(winner.fields, translate)),
        )
        for address, winner in winners.items()
    }
    differ = _Differ(graph, snapshot, translated, matching.outputs)
    changes: dict[str, tuple[Change, ...]] = {}
    stale: set[str] = set()
    failed: dict[str, str] = {}
    lenient: dict[str, Resource[Any]] = {}
    exempt: list[Exempt] = []
    for address, winner in translated.items():
        found = differ.changes(address, winner)
        if winner.state is State.REVERTED and not found:
            translated[address] = dataclasses.replace(winner, state=State.READY, detail="")
        elif winner.state in (State.FAILED, State.REVERTED) and winner.applied == graph.applied_digests[address]:
            failed[address] = winner.detail
        allowed = leniency(graph.stack, graph.resources[address].owner, today) if found else None
        if allowed is not None:
            found, left = differ.tolerated(allowed, found, exempt)
            if left:
                lenient[address] = differ.left_alone(address, winner, left)
        if found:
            changes[address] = found
        elif differ.is_stale(address, winner):
            stale.add(address)
    replaced = {address: differ.replaced(address, old, translate) for address, old in matching.incumbents.items()}
    absent = [a for a in graph.resources if a not in winners and a not in matching.unreadable and a not in replaced]
    missing = {a: differ.cause_of_absence(a) for a in absent if a not in matching.contested}
    causes = {**missing, **{address: one.cause for address, one in replaced.items()}}
    for address, one in replaced.items():
        if not any(change.replaces for change in one.changes):
            replaced[address] = dataclasses.replace(one, cause=_cause_of_holders(graph, address, causes, one.cause))
    return Comparison(
        graph=graph,
        snapshot=snapshot,
        winners=translated,
        changes=changes,
        replaced=replaced,
        missing=missing,
        stale=frozenset(stale),
        retired=tuple(matching.retired),
        twins=tuple(matching.twins),
        contested=matching.contested,
        orphans=tuple(
            o for o in snapshot.live() if o.address not in graph.resources and not _is_going(graph.types[o.type], o)
        ),
        unreadable=matching.unreadable,
        unresolved=matching.unresolved,
        failed=failed,
        following=matching.following,
        converged_before=differ.converged_before,
        outputs=matching.outputs,
        lenient=lenient,
        exempt=tuple(exempt),
    )


def _cause_of_holders(graph: Graph, address: str, causes: Mapping[str, Cause], own: Cause) -> Cause:
    """Why an object is replaced that is as desired, and that a holder which is made anew cannot have: why that is."""
    found = {causes[holder] for holder in graph.holders.get(address, ()) if holder in causes}
    if not found:
        return own
    return Cause.PENDING if Cause.PENDING in found else Cause.DRIFT


def _is_going(kind: ResourceType[Any], live: Observed[Any]) -> bool:
    """Whether AWS is about to be rid of an object, so that nothing is to be done about it."""
    return live.state is State.DELETING or (live.state is State.FAILED and kind.fades_when_failed)


def creation(comparison: Comparison, address: str, cause: Cause) -> tuple[Change, ...]:
    """Everything that a new object of an address would be given, as changes from nothing."""
    desired = resolve(comparison.graph.resources[address].fields, comparison.lookup)

    def key_text(key: Any) -> str:
        return shown_key(key, comparison.lookup)

    found = []
    for name, wanted, traits in set_fields(desired):
        if wanted is None or not traits.compared:
            continue
        path = member_name(name)
        value = hidden(wanted) if traits.secret else wanted
        pairs = ((path, None, value),) if traits.whole else _differences(path, None, value, key_text)
        for inner, _, leaf in pairs:
            found.append(Change(address, inner, None, shown_value(leaf, comparison.lookup), name, cause))
    return tuple(found)


def anchors(graph: Graph) -> tuple[str, ...]:
    """The two addresses that carry the digest of the whole graph after a fully converged apply."""
    bearing = (a for a, r in graph.resources.items() if _bears_tags(graph.types[r.type]))
    return tuple(address for address, _ in zip(bearing, range(2), strict=False))


def _bears_tags(kind: ResourceType[Any]) -> bool:
    return kind.taggable and kind.collection is None


def _aligned(graph: Graph, address: str, observed: Any) -> Any:
    resource = graph.resources[address]
    return graph.types[resource.type].align(resource.fields, observed)


def _translator(outputs: Mapping[str, Mapping[str, str]]) -> Callable[[Any], Any]:
    """Turns an `Id` that is an output of an address into a `Ref`; leaves everything else."""
    index = {(name, value): address for address, known in sorted(outputs.items()) for name, value in known.items()}

    def leaf(value: Any) -> Any:
        if isinstance(value, Id):
            address = index.get((value.output, value.value))
            return Ref(address, value.output) if address is not None else value
        return value

    return leaf


class _Matching:
    """Which live object wins each address, found in the order of the graph.

    A target of an exclusive field that a loser still holds cannot win; since that may unseat others, matching is
    repeated without what was excluded until nothing more is.
    """

    def __init__(self, graph: Graph, snapshot: Snapshot) -> None:
        self._graph = graph
        self._snapshot = snapshot
        self._excluded: set[tuple[str, str]] = set()
        self._users = self._named_by()
        wanted = {address: one.fields for address, one in graph.references.items()}
        self._referred = {a: o.outputs for a, o in snapshot.referred.items() if o.fields == wanted.get(a)}
        self.unresolved = self._unresolved()
        self.unreadable = self._unreadable()
        self._expected = {a: known for a in graph.resources if (known := self._outputs_of_name(a))}
        while True:
            self._match()
            unseated = self._unseated()
            if not unseated:
                break
            self._excluded |= unseated

    def _outputs_of_name(self, address: str) -> Mapping[str, str]:
        """What is known of an object that is not there, where its name is the same each time it is made."""
        kind = self._graph.types[self._graph.resources[address].type]
        if kind.naming is not Naming.STABLE or address in self.unreadable or self._snapshot.found.get(address):
            return EMPTY
        stack, snapshot = self._graph.stack, self._snapshot
        name = object_name(kind, stack.name, stack.region, address, "")
        return kind.outputs_of_name(
            Context(stack.name, snapshot.account, snapshot.region, snapshot.partition, name=name)
        )

    def _named_by(self) -> dict[str, list[Observed[Any]]]:
        """What uses an object, by the object's id and outputs: ours and what others put into our networks."""
        users: dict[str, list[Observed[Any]]] = {}
        for live in (*self._snapshot.live(), *self._snapshot.foreign):
            for value in {i.value for i in edge_ids(live.fields)} - set(live.outputs.values()) - {live.id}:
                users.setdefault(value, []).append(live)
        return users

    def _is_used(self, live: Observed[Any]) -> bool:
        return live.id in self._users

    def _unresolved(self) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for address, one in self._graph.references.items():
            if address not in self._referred and one.kind.name not in self._snapshot.unknown:
                found[address] = one.kind.unresolved(one.fields, self._snapshot.references.get(address, ()))
        return found

    def _unreadable(self) -> dict[str, tuple[str, str]]:
        """Addresses of which nothing is known: of types that could not be read, and what refers to them."""
        found: dict[str, tuple[str, str]] = {}
        names = {address: one.kind.name for address, one in self._graph.references.items()}
        names |= {address: self._graph.resources[address].type for address in self._graph.order}
        for address, name in names.items():
            if name in self._snapshot.unknown:
                found[address] = (f"{name} could not be read: {self._snapshot.unknown[name]}", _READ_AGAIN)
            elif address in self._graph.references:
                continue
            elif lost := sorted(self._graph.targets[address] & self.unresolved.keys()):
                found[address] = (f"refers to {lost[0]}, which is not known", f"see {lost[0]}")
            elif blind := sorted(self._graph.targets[address] & found.keys()):
                _, fix = found[blind[0]]
                found[address] = (f"refers to {blind[0]}, which could not be read", fix)
        return found

    def _match(self) -> None:
        self.winners: dict[str, Observed[Any]] = {}
        self.outputs = {**self._expected, **self._referred}
        self.incumbents: dict[str, Observed[Any]] = {}
        self.contested: dict[str, tuple[Observed[Any], ...]] = {}
        self.retired: list[Observed[Any]] = []
        self.twins: list[Observed[Any]] = []
        self.following: dict[str, frozenset[str]] = {}
        self._lost: dict[str, frozenset[str]] = {}
        for address in self._graph.order:
            if address in self.unreadable:
                continue
            kind = self._graph.types[self._graph.resources[address].type]
            live = [o for o in self._snapshot.found.get(address, ()) if o.type == kind.name and not _is_going(kind, o)]
            fitting = [o for o in live if self._fits(self._graph.resources[address], kind, o)]
            losers = [o for o in live if o not in fitting]
            self._lost[address] = frozenset(o.id for o in losers if (address, o.id) not in self._excluded)
            if fitting:
                self._choose(address, kind, fitting)
                self.retired += losers
            elif losers:
                best = max(losers, key=lambda o: (o.in_use, self._is_used(o), o.created, o.id))
                self.incumbents[address] = best
                self.retired += [o for o in losers if o is not best]

    def _choose(self, address: str, kind: ResourceType[Any], fitting: list[Observed[Any]]) -> None:
        if kind.keeps:
            fitting = sorted(fitting, key=lambda o: (o.in_use, o.created), reverse=True)
            self._win(address, fitting[0])
            self.retired += fitting[1:]
            return
        used = [o for o in fitting if self._is_used(o)]
        if len(used) > 1:
            used = self._enough(used)
        if len(used) > 1:
            self.contested[address] = tuple(sorted(used, key=lambda o: o.id))
            return
        ranked = sorted(fitting, key=lambda o: (o not in used, not self._is_as_desired(o), o.created, o.id))
        self._win(address, ranked[0])
        self.twins += ranked[1:]

    def _is_as_desired(self, live: Observed[Any]) -> bool:
        """Whether nothing of an object need be written: of two gateways the one that is attached where it belongs."""
        wanted = self._graph.resources[live.address or ""].fields
        return all(self._agrees(value, getattr(live.fields, name)) for name, value, _ in set_fields(wanted))

    def _enough(self, used: list[Observed[Any]]) -> list[Observed[Any]]:
        """Of twins that are in use the one without which nothing would be left to lose by, or all of them.

        Processes that died one after the other, each before it could see the work of the last, leave whole networks
        twice. What stands in a lesser one has its like in the greater: that is kept, and the lesser goes with all that
        stands in it. An object that stands in a network which goes is not the one to keep.
        """
        at_home = [o for o in used if self._is_as_desired(o)]
        if len(at_home) == 1:
            return at_home
        standing = {o.id: self._standing_on(o) for o in used}
        enough = [o for o in at_home or used if all(standing[other.id] <= standing[o.id] for other in used)]
        return [min(enough, key=lambda o: (o.created, o.id))] if enough else used

    def _standing_on(self, live: Observed[Any]) -> set[str]:
        """The addresses of what uses an object, and of what uses that; what is not ours counts by its id."""
        found: dict[tuple[str, str], Observed[Any]] = {}
        ahead = [live]
        while ahead:
            one = ahead.pop()
            for value in {one.id, *one.outputs.values()}:
                new = [user for user in self._users.get(value, ()) if (user.type, user.id) not in found]
                found |= {(user.type, user.id): user for user in new}
                ahead += new
        return {user.address or user.id for user in found.values()}

    def _win(self, address: str, live: Observed[Any]) -> None:
        self.winners[address] = live
        self.outputs[address] = live.outputs

    def _fits(self, desired: Resource[Any], kind: ResourceType[Any], live: Observed[Any]) -> bool:
        if (desired.address, live.id) in self._excluded or (kind.dead_when_failed and live.state is State.FAILED):
            return False
        ignored = leniency(self._graph.stack, desired.owner, None)
        for name, wanted, traits in set_fields(desired.fields):
            if not traits.immutable or traits.exclusive or (ignored and ignored.ignores(member_name(name))):
                continue
            if not self._agrees(wanted, getattr(live.fields, name)):
                return False
        followed = self._followed(desired, live)
        if followed:
            self.following[desired.address] = self.following.get(desired.address, frozenset()) | followed
        return not followed and kind.fits(desired.fields, live.fields)

    def _followed(self, desired: Resource[Any], live: Observed[Any]) -> frozenset[str]:
        """The targets of a live object that are replaced, while what holds them stays and goes over to new ones."""
        found = set()
        for name, wanted, traits in set_fields(desired.fields):
            present = {i.value for i in ids(getattr(live.fields, name))} if traits.follows else set()
            for ref in refs(wanted) if present else ():
                holders = self._graph.holders.get(ref.address, frozenset())
                if present & self._lost.get(ref.address, frozenset()) and holders & self.winners.keys():
                    found.add(ref.address)
        return frozenset(found)

    def _agrees(self, wanted: Any, present: Any) -> bool:
        if present is NOT_REPORTED:
            return True
        return bool(resolve(wanted, self._output) == transform(present, _translator_of(self.outputs, wanted)))

    def _output(self, ref: Ref) -> str | None:
        return self.outputs.get(ref.address, EMPTY).get(ref.output)

    def _unseated(self) -> set[tuple[str, str]]:
        """Winners that cannot stay: targets that a loser holds, and holders whose exclusive target is another. What
        could not be read has not lost.

        What is dying lets go of its target by itself: users know an Elastic IP by heart, so a new gateway waits for it.
        """
        winner_ids = {(address, o.id) for address, o in self.winners.items()}
        held_by_losers: set[str] = set()
        for live in self._snapshot.live():
            if live.address in self.unreadable:
                continue
            if (live.address, live.id) not in winner_ids and live.state is not State.DELETING:
                held_by_losers |= {i.value for i in exclusive_ids(live.fields)}
        found = {
            (address, self.winners[address].id)
            for address in self._graph.holders
            if address in self.winners and held_by_losers & set(self.winners[address].outputs.values())
        }
        for address, winner in self.winners.items():
            for name, wanted, traits in set_fields(self._graph.resources[address].fields):
                fixed = traits.immutable and traits.exclusive
                if fixed and not self._agrees(wanted, getattr(winner.fields, name)):
                    found.add((address, winner.id))
        return found


def _translator_of(outputs: Mapping[str, Mapping[str, str]], wanted: Any) -> Callable[[Any], Any]:
    """A translator that knows only the addresses that `wanted` refers to: all that matters for comparing with it."""
    named = {ref.address for ref in refs(wanted)}
    return _translator({address: outputs[address] for address in named if address in outputs})


class _Differ:
    """Field by field differences of winners and incumbents."""

    def __init__(
        self,
        graph: Graph,
        snapshot: Snapshot,
        winners: Mapping[str, Observed[Any]],
        outputs: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._graph = graph
        self._snapshot = snapshot
        self._outputs = outputs
        self.converged_before = any(
            winners[a].tags.get(own_tags.CONVERGED) == graph.digest for a in anchors(graph) if a in winners
        )

    def changes(self, address: str, winner: Observed[Any]) -> tuple[Change, ...]:
        resource = self._graph.resources[address]
        desired = resolve(resource.fields, self._output)
        cause = self._cause(address, winner)
        found: list[Change] = []
        for name, wanted, traits in set_fields(desired):
            present = getattr(winner.fields, name)
            if not traits.compared or present is NOT_REPORTED or name in winner.delegated:
                continue
            path = member_name(name)
            old, new = (hidden(present), hidden(wanted)) if traits.secret else (present, wanted)
            if traits.whole:
                pairs: Iterable[tuple[str, Any, Any]] = () if old == new else ((path, old, new),)
            else:
                pairs = _differences(path, old, new, self._shown_key)
            found += [self._change(address, pair, name, cause) for pair in pairs]
        if _bears_tags(self._graph.types[resource.type]):
            found += self._tag_changes(address, winner, cause)
        return tuple(found)

    def tolerated(
        self, allowed: Leniency, changes: tuple[Change, ...], exempt: list[Exempt]
    ) -> tuple[tuple[Change, ...], list[str]]:
        """The changes that nobody allowed, and the paths of the others; exceptions are added to `exempt`."""
        kept: list[Change] = []
        left: list[str] = []
        for change in changes:
            exemption = allowed.exemption(change)
            if exemption is not None:
                exempt.append(Exempt(change, exemption))
            if exemption is not None or allowed.ignores(change.path):
                left.append(change.path)
            else:
                kept.append(change)
        return tuple(kept), left

    def left_alone(self, address: str, winner: Observed[Any], paths: Iterable[str]) -> Resource[Any]:
        """The desired resource with what lies at some paths as AWS has it."""
        resource = self._graph.resources[address]
        fields = overlaid(resource.fields, winner.fields, paths, self._shown_key)
        return dataclasses.replace(resource, fields=fields)

    def replaced(self, address: str, incumbent: Observed[Any], translate: Callable[[Any], Any]) -> Replaced:
        """The changes that no update can make, then those that come along."""
        resource = self._graph.resources[address]
        desired = resolve(resource.fields, self._output)
        live = transform(incumbent.fields, translate)
        cause = self._cause(address, incumbent)
        found: list[Change] = []
        for name, wanted, traits in set_fields(desired):
            present = getattr(live, name)
            if not traits.compared or present is NOT_REPORTED:
                continue
            old, new = (hidden(present), hidden(wanted)) if traits.secret else (present, wanted)
            for pair in _differences(member_name(name), old, new, self._shown_key):
                change = self._change(address, pair, name, cause)
                found.append(dataclasses.replace(change, replaces=traits.immutable or traits.follows))
        return Replaced(incumbent, tuple(found), cause)

    def is_stale(self, address: str, winner: Observed[Any]) -> bool:
        """Whether an object in its desired state has own tags that do not say so."""
        kind = self._graph.types[self._graph.resources[address].type]
        if not kind.taggable:
            return False
        if winner.applied != self._graph.applied_digests[address]:
            return True
        listed = own_tags.listed_keys(winner.tags)
        return kind.collection is None and listed != frozenset(self._graph.stack.tags)

    def cause_of_absence(self, address: str) -> Cause:
        """Missing where the graph was fully converged once, or where a converged object refers to it.

        What is kept as history refers to what was there in its day.
        """
        if self.converged_before:
            return Cause.DRIFT
        for other in self._graph.dependants[address]:
            digest = self._graph.applied_digests[other]
            history = self._graph.types[self._graph.resources[other].type].keeps
            lives = (o for o in self._snapshot.found.get(other, ()) if o.in_use or not history)
            if any(live.applied == digest for live in lives):
                return Cause.DRIFT
        return Cause.PENDING

    def _cause(self, address: str, live: Observed[Any]) -> Cause:
        resource = self._graph.resources[address]
        kind = self._graph.types[resource.type]
        if not kind.taggable:
            return Cause.DRIFT if self.converged_before else Cause.PENDING
        if live.applied is None:
            return Cause.PENDING if kind.collection else Cause.DRIFT
        if not same_version(live.applied):
            return Cause.DRIFT if self.converged_before else Cause.PENDING
        return Cause.DRIFT if live.applied == self._graph.applied_digests[address] else Cause.PENDING

    def _tag_changes(self, address: str, winner: Observed[Any], cause: Cause) -> Iterator[Change]:
        wanted = dict(self._graph.stack.tags)
        if self._graph.retains(address):
            wanted[own_tags.DELETION_POLICY] = own_tags.RETAIN
        ours = own_tags.listed_keys(winner.tags) | wanted.keys() | {own_tags.DELETION_POLICY}
        for key in sorted(ours):
            present, desired = winner.tags.get(key), wanted.get(key)
            if present != desired:
                yield Change(address, f"tags[{key}]", present, desired, "tags", cause)
        if winner.applied is None:
            digest = self._graph.applied_digests[address]
            yield Change(address, f"tags[{own_tags.APPLIED}]", None, digest, "tags", Cause.DRIFT)

    def _change(self, address: str, pair: tuple[str, Any, Any], field: str, cause: Cause) -> Change:
        path, present, wanted = pair
        shown = [shown_value(value, self._output) for value in (present, wanted)]
        return Change(address, path, shown[0], shown[1], field, cause)

    def _output(self, ref: Ref) -> str | None:
        return self._outputs.get(ref.address, EMPTY).get(ref.output)

    def _shown_key(self, key: Any) -> str:
        return shown_key(key, self._output)


def shown_key(key: Any, lookup: Callable[[Ref], str | None]) -> str:
    """The name of an entry of a collection: its values in a row where it has several (`8080 tcp http`).

    A reference in it shows as its id, else as its target's address.
    """
    if isinstance(key, str):
        return key

    def leaf(value: Any) -> Any:
        if isinstance(value, Ref):
            return lookup(value) or value.address
        return str(value) if isinstance(value, Id) else value

    shown = transform(key, leaf)
    if isinstance(shown, Fields):
        return " ".join(str(value) for _, value, _ in set_fields(shown) if value is not None)
    return str(shown)


_SHOWN_AS_THEY_ARE: Final = (str, int)


def shown_value(value: Any, lookup: Callable[[Ref], str | None]) -> Any:
    """A value as JSON, references as ids where known."""
    if value is None or isinstance(value, _SHOWN_AS_THEY_ARE):
        return value
    if isinstance(value, Ref):
        return lookup(value) or KNOWN_AFTER_APPLY
    if isinstance(value, Id):
        return value.value
    if isinstance(value, Template):
        return KNOWN_AFTER_APPLY
    if isinstance(value, Fields):
        return {
            member_name(name): shown_value(hidden(item) if traits.secret else item, lookup)
            for name, item, traits in set_fields(value)
        }
    if isinstance(value, frozenset):
        return sorted((shown_value(item, lookup) for item in value), key=str)
    if isinstance(value, tuple | list):
        return [shown_value(item, lookup) for item in value]
    if isinstance(value, Mapping):
        return {shown_key(key, lookup): shown_value(value[key], lookup) for key in sorted(value, key=str)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return shown_key(value, lookup)
    return None if isinstance(value, Marker) else value


_PLAIN_VALUES: Final = frozenset({str, int, bool, type(None), Ref})
"""Most values, asked for by exact type: each is one leaf."""


def _differences(
    path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]
) -> Iterator[tuple[str, Any, Any]]:
    """(path, observed, desired) of every leaf that differs; `None` where a side has nothing."""
    if present == wanted or wanted is UNSET or present is NOT_REPORTED:
        return
    if type(present) in _PLAIN_VALUES and type(wanted) in _PLAIN_VALUES:
        yield path, present, wanted
    elif isinstance(present, Fields) or isinstance(wanted, Fields):
        yield from _in_fields(path, present, wanted, key_text)
    elif type(present) is FrozenMap or type(wanted) is FrozenMap:
        yield from _in_map(path, present, wanted, key_text)
    elif isinstance(present, frozenset) or isinstance(wanted, frozenset):
        old, new = (side if isinstance(side, frozenset) else frozenset() for side in (present, wanted))
        for item in sorted(old ^ new, key=key_text):
            entry = f"{path}[{key_text(item)}]"
            yield (entry, PRESENT, None) if item in old else (entry, None, PRESENT)
    else:
        yield path, present, wanted


def _in_fields(path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]) -> Iterator[tuple[str, Any, Any]]:
    shape = type(wanted if isinstance(wanted, Fields) else present)
    one_sided = not (isinstance(present, Fields) and isinstance(wanted, Fields))
    if one_sided and (shape.as_presence or _says_nothing(wanted if isinstance(wanted, Fields) else present)):
        yield (path, None, PRESENT) if isinstance(wanted, Fields) else (path, PRESENT, None)
        return
    for name, traits in traits_of(shape).items():
        old, new = (getattr(side, name) if isinstance(side, Fields) else None for side in (present, wanted))
        if not traits.compared or isinstance(new, Marker) or old is NOT_REPORTED:
            continue
        old = None if old is UNSET else old
        if old == new or (one_sided and (old or new) in _NOTHING):
            continue
        inner = f"{path}.{member_name(name)}"
        if traits.secret:
            old, new = hidden(old), hidden(new)
        if traits.whole:
            yield inner, old, new
        else:
            yield from _differences(inner, old, new, key_text)


def _says_nothing(entry: Fields) -> bool:
    """Whether an entry is nothing but there."""
    return all(not traits.compared or value in _NOTHING for _, value, traits in set_fields(entry))


def _in_map(path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]) -> Iterator[tuple[str, Any, Any]]:
    old, new = (side if isinstance(side, FrozenMap) else FrozenMap[Any, Any]() for side in (present, wanted))
    for key in sorted({*old, *new}, key=key_text):
        yield from _differences(f"{path}[{key_text(key)}]", old.get(key), new.get(key), key_text)

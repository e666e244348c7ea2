"""Desired graph against snapshot: which live object is which, and what differs, as data. Pure.

The winner of an address is the live object that fits the desired one; only a winner's identity translates back to a
`Ref`. Whatever still points at a loser therefore differs by itself, and a replacement spreads without extra code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.leaves import PLAIN_VALUES, differences, leaves, shown_key, shown_value
from reconciler.leniency import Exempt, Leniency, leniency, overlaid
from reconciler.matching import Matching, aligned, is_going, translator
from reconciler.model import tags as own_tags
from reconciler.model.fields import (
    hidden,
    member_name,
    same_version,
    set_fields,
)
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.plan import Cause, Change
from reconciler.model.resource import Observed, Resource, ResourceType, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import (
    EMPTY,
    NOT_REPORTED,
    Ref,
    transform,
)


class Replaced(Frozen):
    """A live object that cannot become the desired one; `changes` include those that force that."""

    old: Observed[Any]
    changes: tuple[Change, ...]
    cause: Cause


class Comparison(Frozen):
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
    matching = Matching(graph, snapshot)
    winners = matching.winners
    translate = translator(matching.outputs)
    translated = {
        address: dataclasses.replace(winner, fields=aligned(graph, address, transform(winner.fields, translate)))
        for address, winner in winners.items()
    }
    differ = _Differ(graph, snapshot, translated, matching.outputs)
    compared = _Compared(graph, differ, today)
    for address, winner in translated.items():
        compared.add(address, winner)
    replaced = {address: differ.replaced(address, old, translate) for address, old in matching.incumbents.items()}
    absent = [a for a in graph.resources if a not in winners and a not in matching.unreadable and a not in replaced]
    missing = {a: differ.cause_of_absence(a) for a in absent if a not in matching.contested}
    return Comparison(
        graph=graph,
        snapshot=snapshot,
        winners=compared.winners,
        changes=compared.changes,
        replaced=_with_causes(graph, replaced, missing),
        missing=missing,
        stale=frozenset(compared.stale),
        retired=tuple(matching.retired),
        twins=tuple(matching.twins),
        contested=matching.contested,
        orphans=tuple(
            o for o in snapshot.live() if o.address not in graph.resources and not is_going(graph.types[o.type], o)
        ),
        unreadable=matching.unreadable,
        unresolved=matching.unresolved,
        failed=compared.failed,
        following=matching.following,
        converged_before=differ.converged_before,
        outputs=matching.outputs,
        lenient=compared.lenient,
        exempt=tuple(compared.exempt),
    )


class _Compared:
    """The objects that won their addresses, each held against what is wanted of it: see `Comparison` for the fields."""

    def __init__(self, graph: Graph, differ: _Differ, today: date | None) -> None:
        self._graph = graph
        self._differ = differ
        self._today = today
        self.winners: dict[str, Observed[Any]] = {}
        self.changes: dict[str, tuple[Change, ...]] = {}
        self.stale: set[str] = set()
        self.failed: dict[str, str] = {}
        self.lenient: dict[str, Resource[Any]] = {}
        self.exempt: list[Exempt] = []

    def add(self, address: str, winner: Observed[Any]) -> None:
        """What differs in one of them, and is not allowed to."""
        graph, found = self._graph, self._differ.changes(address, winner)
        self.winners[address] = winner
        if winner.state is State.REVERTED and not found:
            self.winners[address] = dataclasses.replace(winner, state=State.READY, detail="")
        elif winner.state in (State.FAILED, State.REVERTED) and winner.applied == graph.applied_digests[address]:
            self.failed[address] = winner.detail
        allowed = leniency(graph.stack, graph.resources[address].owner, self._today) if found else None
        if allowed is not None:
            found, left = self._differ.tolerated(allowed, found, self.exempt)
            if left:
                self.lenient[address] = self._differ.left_alone(address, winner, left)
        if found:
            self.changes[address] = found
        elif self._differ.is_stale(address, winner):
            self.stale.add(address)


def _with_causes(
    graph: Graph, replaced: Mapping[str, Replaced], missing: Mapping[str, Cause]
) -> Mapping[str, Replaced]:
    """What is replaced; for a reason of its holders where nothing of its own forces it."""
    causes = {**missing, **{address: one.cause for address, one in replaced.items()}}
    found = dict(replaced)
    for address, one in replaced.items():
        if not any(change.replaces for change in one.changes):
            found[address] = dataclasses.replace(one, cause=_cause_of_holders(graph, address, causes, one.cause))
    return found


def _cause_of_holders(graph: Graph, address: str, causes: Mapping[str, Cause], own: Cause) -> Cause:
    """Why an object is replaced that is as desired, and that a holder which is made anew cannot have: why that is."""
    found = {causes[holder] for holder in graph.holders.get(address, ()) if holder in causes}
    if not found:
        return own
    return Cause.PENDING if Cause.PENDING in found else Cause.DRIFT


def creation(comparison: Comparison, address: str, cause: Cause) -> tuple[Change, ...]:
    """Everything that a new object of an address would be given, as changes from nothing."""
    desired = comparison.graph.resolved(address, comparison.lookup)

    def key_text(key: Any) -> str:
        return shown_key(key, comparison.lookup)

    found = []
    for name, wanted, traits in set_fields(desired):
        if wanted is None or not traits.compared:
            continue
        path = member_name(name)
        value = hidden(wanted) if traits.secret else wanted
        whole = traits.whole or type(value) in PLAIN_VALUES
        for inner, leaf in ((path, value),) if whole else leaves(path, value, key_text):
            found.append(Change(address, inner, None, shown_value(leaf, comparison.lookup), name, cause))
    return tuple(found)


def anchors(graph: Graph) -> tuple[str, ...]:
    """The two addresses that carry the digest of the whole graph after a fully converged apply."""
    bearing = (a for a, r in graph.resources.items() if _bears_tags(graph.types[r.type]))
    return tuple(address for address, _ in zip(bearing, range(2), strict=False))


def _bears_tags(kind: ResourceType[Any]) -> bool:
    return kind.taggable and kind.collection is None


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
        desired = self._graph.resolved(address, self._output)
        cause = self._cause(address, winner)
        found: list[Change] = []
        for name, wanted, traits in set_fields(desired):
            present = getattr(winner.fields, name)
            if present == wanted or not traits.compared or present is NOT_REPORTED or name in winner.delegated:
                continue
            path = member_name(name)
            old, new = (hidden(present), hidden(wanted)) if traits.secret else (present, wanted)
            if traits.whole:
                pairs: Iterable[tuple[str, Any, Any]] = () if old == new else ((path, old, new),)
            else:
                pairs = differences(path, old, new, self._shown_key)
            found += [self._change(address, pair, name, cause) for pair in pairs]
        kind = self._graph.types[resource.type]
        if _bears_tags(kind) or (kind.marks_parts and winner.tags):
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
        desired = self._graph.resolved(address, self._output)
        live = aligned(self._graph, address, transform(incumbent.fields, translate))
        cause = self._cause(address, incumbent)
        found: list[Change] = []
        for name, wanted, traits in set_fields(desired):
            present = getattr(live, name)
            if not traits.compared or present is NOT_REPORTED:
                continue
            old, new = (hidden(present), hidden(wanted)) if traits.secret else (present, wanted)
            for pair in differences(member_name(name), old, new, self._shown_key):
                change = self._change(address, pair, name, cause)
                found.append(dataclasses.replace(change, replaces=traits.immutable or traits.follows))
        return Replaced(incumbent, tuple(found), cause)

    def is_stale(self, address: str, winner: Observed[Any]) -> bool:
        """Whether an object in its desired state has own tags that do not say so."""
        kind = self._graph.kind(address)
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
            history = self._graph.kind(other).keeps
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
        """Those of parts say no more than whose they are, and whether they stay when that is gone."""
        bears = _bears_tags(self._graph.kind(address))
        wanted = dict(self._graph.stack.tags) if bears else {}
        if self._graph.retains(address):
            wanted[own_tags.DELETION_POLICY] = own_tags.RETAIN
        ours = own_tags.listed_keys(winner.tags) | wanted.keys() | {own_tags.DELETION_POLICY}
        for key in sorted(ours):
            present, desired = winner.tags.get(key), wanted.get(key)
            if present != desired:
                yield Change(address, f"tags[{key}]", present, desired, "tags", cause)
        if bears and winner.applied is None:
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

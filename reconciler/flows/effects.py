"""What one change opens or closes: who reaches whom with it and without it."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from reconciler.flows.matrix import by_zone, nodes
from reconciler.flows.ranges import NOTHING, Ranges, difference, intersection, ports_text, union
from reconciler.flows.read import says_something, world_of_snapshot
from reconciler.flows.world import INTERNET_NAME, World
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph, Readables
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot

if TYPE_CHECKING:  # `validate` has flows and no plan, and starts sooner without one
    from reconciler.model.plan import Drifted

ONLY_INTERNET = "only traffic from and to the internet was compared; see matrix for the rest"
MUCH = 5_000
"""More tasks and load balancers times drifted objects than this: only what the internet reaches, and who reaches it, is
compared. To compare all takes about four seconds for each object among a thousand tasks."""
MOST = 50
"""Sentences about one object in each direction; a lost route closes as many ways as there are pairs of tasks."""


class Effect(Frozen):
    """Sentences: what traffic a change lets through that did not get through without it, and the other way round."""

    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    only_internet: bool = False
    """Only traffic from and to the internet was compared: there is too much to compare of all the rest."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of them, what was opened first."""
        return (*self.opened, *self.closed, *([ONLY_INTERNET] if self.only_internet else ()))


Key = tuple[str, str | None]
"""Address and id of a drifted object."""


def effects(graph: Graph, snapshot: Snapshot, types: Readables, drift: Iterable[Drifted]) -> Mapping[Key, Effect]:
    """What each drifted object opened or closed.

    Opened is what would not get through were this one object as it was left; closed what got through if all were as
    they were left, and does not because of this one.
    """
    items = list(drift)
    if not items:
        return {}
    comparing = _Comparing(graph, snapshot, types, items)
    return {(item.address, item.id): comparing.effect(item) for item in items}


class _Comparing:
    def __init__(self, graph: Graph, snapshot: Snapshot, types: Readables, items: list[Drifted]) -> None:
        self._graph = graph
        self._snapshot = snapshot
        self._types = types
        self._items = [item for item in items if says_something(types[item.type])]
        now = self._world([])
        self._only_internet = len(nodes(now)) * len(self._items) > MUCH
        self._now = self._reach(now)
        self._wanted = self._reach(self._world(self._items))

    def effect(self, item: Drifted) -> Effect:
        """What one of the objects does."""
        if item not in self._items:
            return Effect()
        others = [other for other in self._items if other != item]
        without, alone = self._reach(self._world([item])), self._reach(self._world(others))
        return Effect(
            opened=tuple(_gained(without, self._now, "now reaches")),
            closed=tuple(_gained(alone, self._wanted, "no longer reaches")),
            only_internet=self._only_internet,
        )

    def _world(self, undone: Iterable[Drifted]) -> World:
        """The network with some of the objects as they were left. What is missing has an id that is no address: only
        what differs from its address is taken for something of ours."""
        found = dict(self._snapshot.found)
        for item in undone:
            others = tuple(one for one in found.pop(item.address, ()) if one.id != item.id)
            wanted = self._graph.resources.get(item.address)
            if wanted is not None and not others:
                identity = item.id or f"missing {item.address}"
                others = (Observed(type=wanted.type, id=identity, fields=wanted.fields, address=item.address),)
            if others:
                found[item.address] = others
        snapshot = dataclasses.replace(self._snapshot, found=dict(sorted(found.items())))
        return world_of_snapshot(self._graph, snapshot, self._types)

    def _reach(self, world: World) -> frozenset[_Way]:
        """Who reaches whom; what is not known is left out."""
        rows = (
            [*by_zone(world, sources=[INTERNET_NAME]), *by_zone(world, targets=[INTERNET_NAME])]
            if self._only_internet
            else by_zone(world)
        )
        return frozenset(
            _Way(frozenset(row.sources), frozenset(row.targets), row.protocol, row.ports)
            for row in rows
            if not row.unknown
        )


class _Way(NamedTuple):
    """Each of `sources` reaches each of `targets`, both with their zones: `task/web in us-east-1a`. Those of one world
    have no pair, protocol and port in common."""

    sources: frozenset[str]
    targets: frozenset[str]
    protocol: str
    ports: Ranges

    def without(self, other: _Way) -> Iterator[_Way]:
        """What of it another has not."""
        sources, targets = self.sources & other.sources, self.targets & other.targets
        if self.protocol != other.protocol or not sources or not targets or not intersection(self.ports, other.ports):
            yield self
            return
        parts = (
            self._replace(sources=self.sources - sources),
            self._replace(sources=sources, targets=self.targets - targets),
            _Way(sources, targets, self.protocol, difference(self.ports, other.ports)),
        )
        yield from (part for part in parts if all(part))


def _gained(before: frozenset[_Way], after: frozenset[_Way], verb: str) -> Iterator[str]:
    """What `after` has and `before` has not; zones are named where it is not the same in all of them."""
    lost = before - after
    more: list[_Way] = []
    for way in after - before:
        left = [way]
        for other in lost:
            left = [part for one in left for part in one.without(other)]
        more += left
    pairs = sorted(
        {pair for way in more for pair in _first_pairs(way)}, key=lambda pair: (INTERNET_NAME not in pair, pair)
    )
    for source, target in sorted(pairs[:MOST]):
        places = _places(more, source, target)
        zones = _places(after, source, target)
        told = [
            f"{protocol} {ports_text(ports)}{_where(source, target, some, zones[protocol])}"
            for protocol, gained in sorted(places.items())
            for ports, some in _by_ports(gained)
        ]
        yield f"{_article(source)} {verb} {_article(target)} on {' and '.join(told)}"
    if len(pairs) > MOST:
        yield f"more than these {MOST} are concerned; see matrix for who reaches whom"


def _first_pairs(way: _Way) -> Iterable[tuple[str, str]]:
    """Some pairs of ends, as many as are told of at most and one more; those with the internet first."""
    sources, targets = (sorted({label.partition(" in ")[0] for label in side}) for side in (way.sources, way.targets))
    return itertools.islice(itertools.product(sources, targets), MOST + 1)


_Places = Mapping[str, Mapping[tuple[str, str], Ranges]]
"""Ports of a pair of ends by protocol and by the zones of both."""


def _places(ways: Iterable[_Way], source: str, target: str) -> _Places:
    found: dict[str, dict[tuple[str, str], Ranges]] = defaultdict(dict)
    for way in ways:
        here, there = (_zones(side, end) for side, end in ((way.sources, source), (way.targets, target)))
        for places in itertools.product(here, there):
            found[way.protocol][places] = union((found[way.protocol].get(places, NOTHING), way.ports))
    return found


def _zones(labels: frozenset[str], end: str) -> list[str]:
    return [zone for label, _, zone in (one.partition(" in ") for one in labels) if label == end]


def _by_ports(gained: Mapping[tuple[str, str], Ranges]) -> Iterable[tuple[Ranges, list[tuple[str, str]]]]:
    found: dict[Ranges, list[tuple[str, str]]] = defaultdict(list)
    for places, ports in sorted(gained.items()):
        found[ports].append(places)
    return found.items()


def _where(source: str, target: str, some: Iterable[tuple[str, str]], zones: Mapping[tuple[str, str], Ranges]) -> str:
    """The zones of some of the copies, of one side where the other is whole; nothing where it is all of them."""
    places = sorted(set(some))
    if len(places) == len(zones):
        return ""
    sides = []
    for label, side, word in ((source, 0, "from"), (target, 1, "in")):
        own = {place[side] for place in places}
        if label != INTERNET_NAME and own != {place[side] for place in zones}:
            sides.append(f"{word} {' and '.join(sorted(own))}")
    return f" ({', '.join(sides) or 'between some zones'})"


def _article(label: str) -> str:
    return f"the {label}" if label == INTERNET_NAME else label

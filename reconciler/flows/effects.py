"""What one change opens or closes: who reaches whom with it and without it."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping

from reconciler.flows.matrix import Row, by_zone, nodes
from reconciler.flows.ranges import NOTHING, Ranges, difference, ports_text, union
from reconciler.flows.read import world_of_snapshot
from reconciler.flows.world import INTERNET_NAME, World
from reconciler.model.graph import Graph, Readables
from reconciler.model.plan import Drifted
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot

ONLY_INTERNET = "only traffic from and to the internet was compared; see matrix for the rest"
FEW_NODES = 200
"""More tasks and load balancers than this: only what the internet reaches, and who reaches it, is compared."""


@dataclasses.dataclass(frozen=True, slots=True)
class Effect:
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
        self._items = items
        self._only_internet = False
        self._now = self._reach([])
        self._wanted = self._reach(items)

    def effect(self, item: Drifted) -> Effect:
        """What one of the objects does."""
        others = [other for other in self._items if other != item]
        without, alone = self._reach([item]), self._reach(others)
        return Effect(
            opened=tuple(_gained(without, self._now, "now reaches")),
            closed=tuple(_gained(alone, self._wanted, "no longer reaches")),
            only_internet=self._only_internet,
        )

    def _reach(self, undone: Iterable[Drifted]) -> _Reach:
        """Who reaches whom with some of the objects as they were left."""
        found = dict(self._snapshot.found)
        for item in undone:
            others = tuple(one for one in found.pop(item.address, ()) if one.id != item.id)
            wanted = self._graph.resources.get(item.address)
            if wanted is not None and not others:
                identity = item.id or item.address
                others = (Observed(type=wanted.type, id=identity, fields=wanted.fields, address=item.address),)
            if others:
                found[item.address] = others
        snapshot = dataclasses.replace(self._snapshot, found=dict(sorted(found.items())))
        world = world_of_snapshot(self._graph, snapshot, self._types)
        self._only_internet = self._only_internet or _is_large(world)
        return _reach(world)


_Reach = Mapping[tuple[str, str, str], Mapping[tuple[str, str], Ranges]]
"""Ports by source, target and protocol; for each by the zones of both."""


def _reach(world: World) -> _Reach:
    found: dict[tuple[str, str, str], dict[tuple[str, str], Ranges]] = defaultdict(dict)
    for row in _rows(world):
        if row.unknown:
            continue
        for source in row.sources:
            for target in row.targets:
                (one, _, here), (other, _, there) = source.partition(" in "), target.partition(" in ")
                known = found[one, other, row.protocol].get((here, there), NOTHING)
                found[one, other, row.protocol][here, there] = union((known, row.ports))
    return found


def _is_large(world: World) -> bool:
    return len(nodes(world)) > FEW_NODES


def _rows(world: World) -> list[Row]:
    if not _is_large(world):
        return by_zone(world)
    return [*by_zone(world, sources=[INTERNET_NAME]), *by_zone(world, targets=[INTERNET_NAME])]


def _gained(before: _Reach, after: _Reach, verb: str) -> list[str]:
    """What `after` has and `before` has not; zones are named where it is not the same in all of them."""
    sentences: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (source, target, protocol), zones in sorted(after.items()):
        gained: dict[Ranges, list[tuple[str, str]]] = defaultdict(list)
        for places, ports in sorted(zones.items()):
            more = difference(ports, before.get((source, target, protocol), {}).get(places, NOTHING))
            if more:
                gained[more].append(places)
        for more, some in gained.items():
            where = "" if len(some) == len(zones) else _where(source, target, some, zones)
            sentences[source, target].append(f"{protocol} {ports_text(more)}{where}")
    return [
        f"{_article(source)} {verb} {_article(target)} on {' and '.join(ports)}"
        for (source, target), ports in sentences.items()
    ]


def _where(source: str, target: str, some: Iterable[tuple[str, str]], zones: Mapping[tuple[str, str], Ranges]) -> str:
    """The zones of some of the copies, of one side where the other is whole."""
    places = sorted(set(some))
    sides = []
    for label, side, word in ((source, 0, "from"), (target, 1, "in")):
        own = {place[side] for place in places}
        if label != INTERNET_NAME and own != {place[side] for place in zones}:
            sides.append(f"{word} {' and '.join(sorted(own))}")
    return f" ({', '.join(sides) or 'between some zones'})"


def _article(label: str) -> str:
    return f"the {label}" if label == INTERNET_NAME else label

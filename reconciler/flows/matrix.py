"""Who reaches whom, on which ports: everything at once.

Ends that no rule can tell apart are asked once: what grows is the number of kinds of ends, not that of their pairs.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from reconciler.flows.explore import Aim, direct, requests_of, serving, through
from reconciler.flows.ranges import ALL_PORTS, NOTHING, Ranges, covers, intersection, union
from reconciler.flows.requests import Request
from reconciler.flows.world import INTERNET_NAME, End, Entry, Listener, World
from reconciler.model.frozen import Frozen

PROTOCOLS = ("tcp", "udp")


class Row(Frozen):
    """Each of `sources` reaches each of `targets` but itself on `ports`, through `via` where that is not empty.

    `unknown` names what is not modelled on the way; `ports` are then those that it may be.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    protocol: str
    ports: Ranges
    via: str = ""
    unknown: str = ""

    @property
    def is_open(self) -> bool:
        """Open to the internet."""
        return INTERNET_NAME in self.sources


class Node(Frozen):
    """One row or column: the internet, a task or a load balancer, with all its ends."""

    label: str
    name: str
    ends: tuple[End, ...]
    kind: str


def matrix(world: World, sources: Iterable[str] = (), targets: Iterable[str] = ()) -> list[Row]:
    """All rows, or those from and to the labels given. What reaches nothing has none."""
    return _Matrix(world, nodes(world)).rows(frozenset(sources), frozenset(targets))


def by_zone(world: World, sources: Iterable[str] = (), targets: Iterable[str] = ()) -> list[Row]:
    """Rows without anything in between, from and to the copies in each zone: `task/web in us-east-1a`."""
    whole = nodes(world)
    parts = [
        dataclasses.replace(node, label=zoned(world, node, end), ends=(end,)) for node in whole for end in node.ends
    ]
    chosen = [
        frozenset(part.label for part in parts if part.label.split(" ")[0] in set(ends)) for ends in (sources, targets)
    ]
    return _Matrix(world, parts).rows(*chosen, led=False)


def zoned(world: World, node: Node, end: End) -> str:
    """A label with the zone, where there is one."""
    zone = world.zone_of(end.segment)
    return f"{node.label} in {zone}" if zone else node.label


def nodes(world: World) -> list[Node]:
    """What a matrix is about."""
    found = [Node(INTERNET_NAME, INTERNET_NAME, (End(INTERNET_NAME, INTERNET_NAME, world.internet),), INTERNET_NAME)]
    stands = sorted(world.stands.values(), key=lambda one: one.label)
    found += [Node(s.label, s.name, world.ends_of(s), s.kind) for s in stands if s.kind in ("task", "proxy")]
    return found


_Reached = Mapping[str, tuple[Ranges, str]]
"""Ports by protocol, and what is not known of them."""
_Found = Sequence[tuple[Sequence[Node], _Reached]]
_Behind = Mapping[int, Mapping[str, set[int]]]
"""By port of a proxy: which stands get connections from it, at which ports."""


class _Matrix:
    def __init__(self, world: World, some: Sequence[Node]) -> None:
        self._world = world
        self._nodes = some
        self._alike = _Alike(world)
        self._known: dict[tuple[object, ...], _Found] = {}

    def rows(self, sources: frozenset[str], targets: frozenset[str], *, led: bool = True) -> list[Row]:
        wanted = [node for node in self._nodes if not sources or node.label in sources]
        proxies = [node for node in self._nodes if node.kind == "proxy"]
        behind = {node.label: self._behind(node, self._from(node)) for node in proxies} if led else {}
        rows: list[Row] = []
        for some in _grouped(wanted, self._alike.as_source):
            reached = self._from(some[0])
            labels = tuple(node.label for node in some)
            rows += _direct_rows(labels, reached)
            rows += _rows_through(labels, reached, behind) if led else ()
            rows += self._kept(labels, some[0], reached) if led else ()
        unread = next(iter(sorted(self._world.unread)), "")
        if unread:
            rows = [dataclasses.replace(row, unknown=row.unknown or unread) for row in rows]
        kept = (_narrowed(row, sources, targets) for row in rows)
        return sorted((row for row in kept if row.targets), key=_order)

    def _from(self, source: Node) -> _Found:
        """What a source, and all of its kind, reaches without anything in between, by kinds of targets."""
        kind = self._alike.as_source(source)
        if kind not in self._known:
            named = self._alike.named_by(source)
            found: list[tuple[Sequence[Node], _Reached]] = []
            for others in _grouped(self._nodes, lambda node: self._alike.as_target(node, named)):
                target = next((node for node in others if node != source), None)
                if target is not None and not (source.kind == target.kind == INTERNET_NAME):
                    reached = self._reached(source, target)
                    found += [(others, reached)] if reached else []
            self._known[kind] = found
        return self._known[kind]

    def _reached(self, source: Node, target: Node) -> _Reached:
        found: dict[str, tuple[Ranges, str]] = {}
        listened = self._listened(target)
        ends = target.ends
        if target.kind == "proxy":
            ends = tuple(end for end in ends if end.public) or ends
        for protocol in PROTOCOLS:
            asked = ALL_PORTS if target.kind != "proxy" else listened[protocol]
            if not asked:
                continue
            paths = direct(self._world, source.ends, ends, Aim(protocol, asked))
            ports = union(path.ports for path in paths if path.reaches and not path.spare)
            lost = [path for path in paths if path.unclear and not path.blocked]
            if ports:
                found[protocol] = (ports, "")
            elif lost:
                found[protocol] = (union(path.ports for path in lost), lost[0].unclear[0].component)
        return found

    def _listened(self, target: Node) -> Mapping[str, Ranges]:
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for entry in self._world.listeners.get(target.name, ()):
            for protocol in PROTOCOLS:
                if protocol in entry.transports:
                    found[protocol].append((entry.port, entry.port))
        return {protocol: union([tuple(sorted(found[protocol]))]) for protocol in PROTOCOLS}

    def _behind(self, proxy: Node, reached: _Found) -> _Behind:
        world = self._world
        allowed = {node.name: ports.get("tcp", (NOTHING, ""))[0] for others, ports in reached for node in others}
        labels = {node.name: node.label for node in self._nodes}
        found: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for entry in world.listeners.get(proxy.name, ()):
            for pool in (pool for pool in self._led(entry) if not world.keeping.get(pool)):
                for stand, port in world.members.get(pool, ()):
                    let_in = stand in labels and covers(allowed.get(stand, NOTHING), ((port, port),))
                    if let_in and (world.crosses(proxy.name, pool) or self._in_zone(proxy, stand, port)):
                        found[entry.port][labels[stand]].add(port)
        return found

    def _in_zone(self, proxy: Node, stand: str, port: int) -> bool:
        """Whether some node passes connections on to a target in its own zone."""
        world = self._world
        targets = world.ends_of(world.stands[stand])
        for node in serving(world, world.stands[proxy.name]):
            near = [target for target in targets if world.zone_of(target.segment) == world.zone_of(node.segment)]
            if any(path.reaches for path in direct(world, [node], near, Aim("tcp", ((port, port),)))):
                return True
        return False

    def _led(self, entry: Listener) -> Iterator[str]:
        """The pools that a listener passes anything on to."""
        for taken in requests_of(self._world, entry.component).taken(Request()):
            if taken.left:
                yield from (pool for pool, weight in taken.rule.pools.items() if weight > 0)

    def _kept(self, labels: tuple[str, ...], source: Node, reached: _Found) -> Iterator[Row]:
        """Through proxies whose targets see who asks: each way is gone for each of those who ask."""
        world = self._world
        for proxy in (node for others, _ in reached for node in others if node.kind == "proxy"):
            led: dict[tuple[str, int, str], list[str]] = defaultdict(list)
            for entry in world.listeners.get(proxy.name, ()):
                for pool in (pool for pool in self._led(entry) if world.keeping.get(pool)):
                    for name, port in world.members.get(pool, ()):
                        for protocol in sorted(entry.transports) if name in world.stands else ():
                            unknown = self._unknown(source, proxy, name, entry, Aim(protocol, ((port, port),)))
                            if unknown is not None:
                                led[protocol, port, unknown].append(world.stands[name].label)
            for (protocol, port, unknown), goals in led.items():
                yield Row(labels, tuple(sorted(goals)), protocol, ((port, port),), proxy.label, unknown)

    def _unknown(self, source: Node, proxy: Node, name: str, entry: Listener, aim: Aim) -> str | None:
        """What is not known of a way through a listener: nothing of one that is there, `None` of one that is not."""
        world = self._world
        goal = world.stands[name]
        paths = through(world, source.ends, world.stands[proxy.name], goal, world.ends_of(goal), aim, entry)
        if any(path.reaches for path in paths):
            return ""
        return next((path.unclear[0].component for path in paths if path.unclear and not path.blocked), None)


def _rows_through(labels: tuple[str, ...], reached: _Found, behind: Mapping[str, _Behind]) -> Iterator[Row]:
    """Through proxies, from what is reached of them and what they reach."""
    for others, ports in reached:
        open_ports, unknown = ports.get("tcp", (NOTHING, ""))
        for proxy in others:
            if proxy.kind != "proxy" or unknown:
                continue
            led: dict[str, set[int]] = defaultdict(set)
            for listener, stands in behind[proxy.label].items():
                if intersection(open_ports, ((listener, listener),)):
                    for label, numbers in stands.items():
                        led[label] |= numbers
            goals: dict[tuple[int, ...], list[str]] = defaultdict(list)
            for label, numbers in led.items():
                goals[tuple(sorted(numbers))].append(label)
            for same, goal_labels in goals.items():
                shown = union([tuple((number, number) for number in same)])
                yield Row(labels, tuple(sorted(goal_labels)), "tcp", shown, via=proxy.label)


def _grouped(some: Iterable[Node], key: Callable[[Node], object]) -> list[list[Node]]:
    found: dict[object, list[Node]] = defaultdict(list)
    for node in some:
        found[key(node)].append(node)
    return list(found.values())


def _direct_rows(labels: tuple[str, ...], found: _Found) -> Iterator[Row]:
    for others, reached in found:
        for protocol, (ports, unknown) in reached.items():
            yield Row(labels, tuple(node.label for node in others), protocol, ports, unknown=unknown)


def _narrowed(row: Row, sources: frozenset[str], targets: frozenset[str]) -> Row:
    """A row for what was asked, without what reaches only itself."""
    own = tuple(label for label in row.sources if not sources or label in sources)
    other = tuple(label for label in row.targets if not targets or label in targets)
    if len(own) == 1:
        other = tuple(label for label in other if label != own[0])
    return dataclasses.replace(row, sources=own, targets=other)


def _order(row: Row) -> tuple[object, ...]:
    return (not row.is_open, row.sources[:1], row.targets[:1], row.via, row.protocol)


_Direction = Literal["in", "out"]


class _Alike:
    """What makes two ends alike: where they stand, what their filters say, and who names their filters."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._peers = frozenset(
            entry.peer for (_, direction), found in world.entries.items() if direction == "in" for entry in found
        ) - {""}
        self._blocks = sorted(
            {entry.ranges for found in world.entries.values() for entry in found if entry.ranges}
            | {way.ranges for ways in world.ways.values() for way in ways if way.ranges}
        )
        self._rules: dict[tuple[frozenset[str], str], frozenset[object]] = {}
        self._sides: dict[Ranges, object] = {}

    def as_source(self, node: Node) -> tuple[object, ...]:
        """What the other side can tell of a source."""
        return (node.kind, *(self._source(end) for end in node.ends)) if node.kind != INTERNET_NAME else (node.label,)

    def as_target(self, node: Node, named: frozenset[str]) -> tuple[object, ...]:
        """What a source whose rules name some filters can tell of a target."""
        if node.kind == INTERNET_NAME:
            return (node.label,)
        listening = tuple((e.port, e.protocol) for e in self._world.listeners.get(node.name, ()))
        return (node.kind, listening, *(self._target(end, named) for end in node.ends))

    def named_by(self, node: Node) -> frozenset[str]:
        """The filters that the rules of a source name."""
        names = (name for end in node.ends for name in end.filters)
        return frozenset(e.peer for name in names for e in self._world.entries.get((name, "out"), ()) if e.peer)

    def _source(self, end: End) -> tuple[object, ...]:
        return (
            end.segment,
            self._said(end.filters, "out"),
            end.filters & self._peers,
            end.filtered,
            bool(end.public),
            end.ephemeral,
            self._side(end.ranges),
        )

    def _target(self, end: End, named: frozenset[str]) -> tuple[object, ...]:
        return (
            end.segment,
            self._said(end.filters, "in"),
            end.filters & named,
            end.filtered,
            bool(end.public),
            self._side(end.ranges),
        )

    def _said(self, filters: frozenset[str], direction: _Direction) -> frozenset[object]:
        key = filters, direction
        if key not in self._rules:
            entries: list[Entry] = [e for name in filters for e in self._world.entries.get((name, direction), ())]
            self._rules[key] = frozenset((e.protocol, e.ports, e.ranges, e.peer) for e in entries)
        return self._rules[key]

    def _side(self, ranges: Ranges) -> object:
        """Which blocks of rules and routes hold these addresses; across the edge of one they are their own kind."""
        if ranges not in self._sides:
            touched = [block for block in self._blocks if intersection(block, ranges)]
            whole = all(covers(block, ranges) for block in touched)
            self._sides[ranges] = tuple(touched) if whole else ranges
        return self._sides[ranges]

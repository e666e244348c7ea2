"""A network as people draw it, in Mermaid: zones, subnets, gateways, load balancers and tasks, a path marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from reconciler.flows.ranges import blocks_text
from reconciler.flows.trace import BLOCKED, UNKNOWN, Verdict
from reconciler.flows.world import INTERNET_NAME, Gateway, Stand, World

_STYLES = (
    "classDef passed stroke:#1a7f37,stroke-width:3px",
    "classDef blocked stroke:#cf222e,stroke-width:3px",
    "classDef unknown stroke:#9a6700,stroke-width:3px,stroke-dasharray:4",
)


def drawing(world: World, verdict: Verdict | None = None) -> str:
    """A Mermaid flowchart: everything, and the path of an answer over it."""
    return "\n".join(_Drawing(world, verdict).lines())


class _Drawing:
    def __init__(self, world: World, verdict: Verdict | None) -> None:
        self._world = world
        self._verdict = verdict
        self._nodes: dict[str, str] = {}
        self._edges = 0

    def lines(self) -> Iterator[str]:
        yield "flowchart LR"
        yield f'  {self._node(INTERNET_NAME)}(("internet"))'
        for network in sorted(self._world.networks):
            yield from self._network(network)
        marked = list(self._path())
        yield from self._plain(marked)
        yield from self._marked(marked)

    def _node(self, key: str) -> str:
        return self._nodes.setdefault(key, f"n{len(self._nodes)}")

    def _network(self, network: str) -> Iterator[str]:
        world = self._world
        yield f'  subgraph {self._node(network)}["{network} {blocks_text(world.networks[network])}"]'
        door = world.door_of(network)
        if door is not None:
            yield f'    {self._node(door.name)}{{{{"{door.name}"}}}}'
        for stand in self._stands(network, "proxy"):
            scheme = "internet-facing" if stand.public else "internal"
            yield f'    {self._node(stand.name)}["{stand.label}<br/>{scheme}"]'
        zones = sorted({zone for name, _, zone in world.segments.values() if name == network})
        for zone in zones:
            yield f'    subgraph {self._node(f"{network} {zone}")}["{zone}"]'
            for segment, (owner, ranges, place) in sorted(world.segments.items()):
                if (owner, place) == (network, zone):
                    side = "public" if self._is_public(segment) else "private"
                    yield f'      subgraph {self._node(segment)}["{side} {blocks_text(ranges)}"]'
                    yield from self._inhabitants(segment)
                    yield "      end"
            yield "    end"
        yield "  end"

    def _inhabitants(self, segment: str) -> Iterator[str]:
        world = self._world
        for gateway in self._lenders():
            if gateway.at == segment:
                yield f'        {self._node(gateway.name)}{{{{"{gateway.name}"}}}}'
        for stand in self._stands(world.network_of(segment), "task", "endpoint"):
            if any(end.segment == segment for end in world.ends_of(stand)):
                yield f'        {self._node(f"{stand.name} {segment}")}["{stand.label}"]'

    def _lenders(self) -> list[Gateway]:
        return [g for _, g in sorted(self._world.gateways.items()) if g.kind == "many-to-one"]

    def _stands(self, network: str, *kinds: str) -> list[Stand]:
        world = self._world
        return [
            stand
            for _, stand in sorted(world.stands.items())
            if stand.kind in kinds and any(world.network_of(segment) == network for segment in stand.segments)
        ]

    def _is_public(self, segment: str) -> bool:
        door = self._world.door_of(self._world.network_of(segment))
        ways = self._world.ways.get(self._world.table_of(segment), ())
        return door is not None and any(way.target == door.name for way in ways)

    def _plain(self, marked: list[tuple[str, str]]) -> Iterator[str]:
        """Who is wired to whom: gateways, and load balancers with the tasks that they forward to."""
        world = self._world
        found: list[tuple[str, str]] = []
        for network in sorted(world.networks):
            door = world.door_of(network)
            if door is None:
                continue
            found.append((INTERNET_NAME, door.name))
            found += [(door.name, stand.name) for stand in self._stands(network, "proxy") if stand.public]
            found += [(g.name, door.name) for g in self._lenders() if world.network_of(g.at) == network]
        for name, led in sorted(world.leading.items()):
            for proxy in sorted({proxy for proxy, _ in led}):
                found += [(proxy, f"{name} {end.segment}") for end in world.ends_of(world.stands[name])]
        for one, other in dict.fromkeys(found):
            if (one, other) not in marked and one in self._nodes and other in self._nodes:
                self._edges += 1
                yield f"  {self._node(one)} -.- {self._node(other)}"

    def _path(self) -> Iterator[tuple[str, str]]:
        """The pairs of drawn things that the shown path connects."""
        drawn = list(self._drawn())
        return ((one, other) for one, other in pairwise(drawn) if one != other)

    def _drawn(self) -> Iterable[str]:
        if self._verdict is None:
            return
        for hop in self._verdict.hops:
            for key in (f"{hop.component} {hop.segment}", hop.component):
                if key in self._nodes:
                    yield key
                    break

    def _marked(self, marked: list[tuple[str, str]]) -> Iterator[str]:
        if self._verdict is None:
            return
        blocked = self._verdict.verdict == BLOCKED
        arrow = "-. blocked .->" if blocked else "==>"
        colour = "#cf222e" if blocked else "#9a6700" if self._verdict.verdict == UNKNOWN else "#1a7f37"
        for one, other in marked:
            yield f"  {self._node(one)} {arrow} {self._node(other)}"
            yield f"  linkStyle {self._edges} stroke:{colour},stroke-width:3px"
            self._edges += 1
        yield from (f"  {style}" for style in _STYLES)
        stopping = {b.component for b in self._verdict.blockers} | self._filtered()
        lost = {one.component for one in self._verdict.unclear}
        for key in dict.fromkeys(self._drawn()):
            component = key.split(" ")[0]
            style = "blocked" if component in stopping else "unknown" if component in lost else "passed"
            yield f"  class {self._node(key)} {style}"

    def _filtered(self) -> set[str]:
        """What stands behind a filter that blocks."""
        blocking = {b.component for b in self._verdict.blockers} if self._verdict else set()
        return {name for name, stand in self._world.stands.items() if stand.filters & blocking}

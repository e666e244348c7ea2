"""One connection from end to end, hop by hop: what lets it through, and everything that does not.

A blocker is recorded and stepped over, so that a blocked walk is complete. What is not modelled ends the walk as
unknown. Codes are those of EC2 Reachability Analyzer ("Explanation codes") where it has one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from reconciler.flows.packets import Box, Packets, few, packets, ports_of, turned, within, without
from reconciler.flows.ranges import FEW, INTERNET, Ranges, addresses_text, covers, intersection, ports_text, size
from reconciler.flows.world import INTERNET_NAME, End, Entry, Gateway, Way, World, split


@dataclasses.dataclass(frozen=True, slots=True)
class Hop:
    """One component on the way, and what of it let the traffic through."""

    component: str
    allowed_by: str | None = None
    segment: str = ""
    """Where it stands, for an end."""


@dataclasses.dataclass(frozen=True, slots=True)
class Blocker:
    """One setting that stops traffic: all of it, or (`partial`) some. `about` is what a fix needs to know."""

    component: str
    code: str
    detail: str
    partial: bool = False
    about: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Unclear:
    """A component that the analysis does not model, on the way."""

    component: str
    detail: str


@dataclasses.dataclass(slots=True)
class Walk:
    """A walk so far. `found` are the packets that got here; `protocol` theirs."""

    world: World
    protocol: str
    found: Packets
    hops: list[Hop] = dataclasses.field(default_factory=list)
    blockers: list[Blocker] = dataclasses.field(default_factory=list)
    unclear: list[Unclear] = dataclasses.field(default_factory=list)
    weight: int = 1
    """How many destination addresses it stands for."""

    @property
    def ports(self) -> Ranges:
        """The destination ports that get through, where it reaches."""
        return ports_of(self.found)

    def branch(self, targets: Ranges) -> Walk:
        """A copy for a part of the destinations."""
        parts = (Box(box.source, intersection(box.target, targets), box.ports) for box in self.found)
        found = tuple(part for part in parts if part.target)
        return dataclasses.replace(
            self,
            found=found,
            hops=list(self.hops),
            blockers=list(self.blockers),
            unclear=list(self.unclear),
            weight=size(targets),
        )

    def hop(self, component: str, allowed_by: str | None = None) -> None:
        self.hops.append(Hop(component, allowed_by))

    def end(self, end: End) -> None:
        self.hops.append(Hop(end.name, None, end.segment))

    def block(self, component: str, code: str, detail: str, *about: str) -> None:
        self.blockers.append(Blocker(component, code, detail, about=about))

    def lose(self, component: str, detail: str) -> None:
        self.unclear.append(Unclear(component, detail))

    def state(self, component: str) -> None:
        """A component that is not in working order passes nothing on."""
        said = self.world.states.get(component)
        if said:
            self.block(component, "BAD_STATE", said)


def connections(world: World, source: End, target: End, protocol: str, ports: Ranges) -> list[Walk]:
    """The walks of a connection from one end to the other: one, or one for each part of the destination that routes
    differently."""
    if target.kind == "service":
        return [_served(world, source, target, protocol, ports)]
    if not target.segment:
        return _outward(world, source, target, protocol, ports)
    if not source.segment:
        return [_inward(world, source, target, protocol, ports)]
    if world.network_of(source.segment) != world.network_of(target.segment):
        return _outward(world, source, _public_side(target), protocol, ports)
    if target.kind == "proxy" and target.public:
        return _reflected(world, source, target, protocol, ports)
    return [_inside(world, source, target, protocol, ports)]


def _public_side(target: End) -> End:
    """A target as it is seen from outside of its network."""
    return End(target.name, target.label, target.public or target.ranges)


def _inside(world: World, source: End, target: End, protocol: str, ports: Ranges) -> Walk:
    """Between two interfaces of one network by private address."""
    walk = Walk(world, protocol, packets(source.ranges, target.ranges, ports))
    same = source.segment == target.segment
    walk.end(source)
    _filters(walk, source, target, "out")
    if not same:
        _edge(walk, source.segment, "out")
        _local(walk, source.segment, "to")
        _edge(walk, target.segment, "in")
    _filters(walk, target, source, "in")
    walk.end(target)
    if not same:
        reply = turned(walk.found, source.ephemeral)
        _edge(walk, target.segment, "out", reply)
        _edge(walk, source.segment, "in", reply)
        _local(walk, target.segment, "from")
    return walk


def _outward(world: World, source: End, target: End, protocol: str, ports: Ranges) -> list[Walk]:
    """From an interface to addresses outside of its network, each part of them by its own route."""
    start = Walk(world, protocol, packets(source.ranges, target.ranges, ports))
    start.end(source)
    _filters(start, source, target, "out")
    _edge(start, source.segment, "out")
    table = world.table_of(source.segment)
    walks = []
    serving = sorted(name for name, (_, tables) in world.services.items() if table in tables)
    for way, ranges in split(world.ways.get(table, ()), target.ranges):
        walk = start.branch(ranges)
        if way is None and serving and target.name != INTERNET_NAME and intersection(ranges, world.internet):
            walk.lose(serving[0], f"{table} leads there for addresses that only AWS knows: a prefix list")
        else:
            _leave(walk, source, ranges, way)
        walk.end(target)
        walks.append(walk)
    listed = [way for way in world.ways.get(table, ()) if not way.ranges]
    for walk in walks:
        for way in listed:
            walk.lose(way.destination, f"{table} sends it to {way.target}, and prefix lists are not modelled")
    return walks


def _served(world: World, source: End, target: End, protocol: str, ports: Ranges) -> Walk:
    """From an interface to a service of AWS that its table leads to, at public addresses that only AWS knows."""
    walk = Walk(world, protocol, packets(source.ranges, target.ranges, ports))
    walk.end(source)
    _filters(walk, source, target, "out")
    _edge(walk, source.segment, "out")
    table = world.table_of(source.segment)
    service, tables = world.services[target.name]
    if table in tables:
        walk.hop(table, f"{service} to {target.name}")
    else:
        detail = f"its route table {table} does not lead to {target.name}"
        walk.block(source.segment, "NO_ROUTE_TO_DESTINATION", detail, "endpoint", target.name)
    if protocol != "tcp":
        walk.block(target.name, "VPCE_GATEWAY_PROTOCOL_RESTRICTION", f"it carries tcp, not {protocol}")
    walk.state(target.name)
    walk.end(target)
    _edge(walk, source.segment, "in", turned(walk.found, source.ephemeral))
    return walk


def _leave(walk: Walk, source: End, ranges: Ranges, way: Way | None) -> None:
    """Through the gateway that a route leads to."""
    if way is None or way.dead or way.unmodelled:
        _no_way(walk, source.segment, way, ranges)
        return
    gateway = walk.world.gateways.get(way.target)
    if not way.target:
        walk.block(source.segment, "NO_POSSIBLE_DESTINATION", f"nothing in the network has {addresses_text(ranges)}")
        return
    if gateway is None:
        _no_gateway(walk, way)
        return
    walk.hop(way.table, way.text)
    walk.state(gateway.name)
    if gateway.kind == "one-to-one":
        _through_door(walk, source, gateway, ranges)
        _edge(walk, source.segment, "in", turned(walk.found, source.ephemeral))
    else:
        _through_translation(walk, source, gateway, ranges)


def _no_way(walk: Walk, segment: str, way: Way | None, ranges: Ranges) -> None:
    table = walk.world.table_of(segment)
    if way is None:
        walk.block(
            segment,
            "NO_ROUTE_TO_DESTINATION",
            f"its route table {table or 'of its own'} has no route to {_shown(walk.world, ranges)}",
            "out",
        )
    elif way.dead:
        walk.hop(way.table, None)
        walk.block(way.table, "BAD_STATE_ROUTE", f"its route {way.text} is a blackhole: the target is gone", segment)
    else:
        walk.hop(way.table, way.text)
        walk.lose(way.target, f"{way.table} sends {way.destination} to {way.unmodelled}, which is not modelled")


def _shown(world: World, ranges: Ranges) -> str:
    """Addresses as people call them: most of the internet is the internet."""
    return f"the {INTERNET_NAME}" if size(ranges) > size(world.internet) // 2 else addresses_text(ranges, 1)


def _no_gateway(walk: Walk, way: Way) -> None:
    """A route to what is not there: one of ours is gone, of anything else nothing is known."""
    if way.target in walk.world.owners:
        walk.block(way.table, "BAD_STATE_ROUTE", f"its route {way.text} leads to what is gone")
    else:
        walk.lose(way.target, f"{way.table} sends {way.destination} there, and what it is is not known")


def _through_door(walk: Walk, source: End, gateway: Gateway, ranges: Ranges) -> None:
    """A gateway that gives each interface its own public address."""
    network = walk.world.network_of(source.segment)
    if gateway.at != network:
        walk.block(gateway.name, "BAD_STATE_ATTACHMENT", f"it is not attached to {network}", network)
    if not source.public:
        walk.block(
            source.name,
            "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
            f"it has no public address, and {gateway.name} carries no private ones",
        )
    _public_only(walk, gateway, ranges)
    walk.hop(
        gateway.name, f"address translation: private to public address of {source.name}" if source.public else None
    )


def _public_only(walk: Walk, door: Gateway, ranges: Ranges) -> None:
    """A gateway to the internet carries nothing to private addresses."""
    if not intersection(ranges, INTERNET):
        detail = f"{addresses_text(ranges, 1)} is no address of the internet"
        walk.block(door.name, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", detail)


def _through_translation(walk: Walk, source: End, gateway: Gateway, ranges: Ranges) -> None:
    """A gateway that lends its own address to connections opened inside, and needs a way out of its own segment."""
    world, at = walk.world, gateway.at
    if at not in world.segments:
        walk.lose(gateway.name, "it stands in no segment that is known")
        return
    crossed = at != source.segment
    if crossed:
        _edge(walk, at, "in")
    walk.hop(gateway.name, f"address translation: {source.name} speaks from the address of {gateway.name}")
    own = tuple(Box(gateway.private, box.target, box.ports) for box in walk.found)
    _edge(walk, at, "out", own, answers=False)
    table = world.table_of(at)
    for way, part in split(world.ways.get(table, ()), ranges):
        _leave_translation(walk, gateway, way, part)
    _edge(walk, at, "in", turned(own, ((1024, 65535),)))
    if crossed:
        reply = turned(walk.found, source.ephemeral)
        _edge(walk, at, "out", reply)
        _edge(walk, source.segment, "in", reply)


def _leave_translation(walk: Walk, gateway: Gateway, way: Way | None, ranges: Ranges) -> None:
    if way is None or way.dead or way.unmodelled:
        _no_way(walk, gateway.at, way, ranges)
        return
    door = walk.world.gateways.get(way.target)
    walk.hop(way.table, way.text)
    if door is None or door.kind != "one-to-one":
        if way.target and door is None:
            _no_gateway(walk, way)
        else:
            walk.block(
                gateway.at,
                "NO_ROUTE_TO_DESTINATION",
                f"{gateway.name} stands in it, and its route table {way.table} sends {way.destination} to "
                f"{way.target or 'local'}, not to an internet gateway",
                "nat",
            )
        return
    walk.state(door.name)
    if door.at != walk.world.network_of(gateway.at):
        network = walk.world.network_of(gateway.at)
        walk.block(door.name, "BAD_STATE_ATTACHMENT", f"it is not attached to {network}", network)
    if not gateway.addresses:
        walk.block(
            gateway.name, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "it is private: it has no address of the internet"
        )
    _public_only(walk, door, ranges)
    walk.hop(door.name, f"address translation: private to public address of {gateway.name}")


def _inward(world: World, source: End, target: End, protocol: str, ports: Ranges) -> Walk:
    """From outside to an interface, by its public address."""
    walk = Walk(world, protocol, packets(source.ranges, target.ranges, ports))
    walk.end(source)
    network = world.network_of(target.segment)
    door = world.door_of(network)
    foreign = not intersection(source.ranges, INTERNET)
    if not foreign:
        if door is None:
            walk.block(network, "NO_ROUTE_TO_DESTINATION", "no internet gateway is attached to it", "in")
        else:
            walk.state(door.name)
            shown = f"address translation: public to private address of {target.name}" if target.public else None
            walk.hop(door.name, shown)
            if not target.public:
                walk.block(
                    target.name,
                    "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
                    "it has no public address",
                )
    _answers(walk, target, source, door, foreign=foreign)
    _edge(walk, target.segment, "in")
    _filters(walk, target, source, "in")
    walk.end(target)
    _edge(walk, target.segment, "out", turned(walk.found, source.ephemeral))
    return walk


def _answers(walk: Walk, target: End, source: End, door: Gateway | None, *, foreign: bool) -> None:
    """Answers must leave by the gateway that the connection came in by."""
    world = walk.world
    table = world.table_of(target.segment)
    for way, part in split(world.ways.get(table, ()), source.ranges):
        small = size(part) < FEW and not covers(part, source.ranges)
        if way is not None and way.unmodelled:
            if not small:
                walk.hop(way.table, way.text)
                walk.lose(way.target, f"{way.table} sends {way.destination} to {way.unmodelled}, which is not modelled")
        elif way is not None and door is not None and way.target == door.name and not way.dead and not foreign:
            if not small:
                walk.hop(way.table, way.text)
        elif not small:
            detail = (
                f"its route table {table} leads nowhere for {addresses_text(source.ranges, 1)}"
                if foreign
                else _no_way_back(world, target.segment, way)
            )
            walk.block(target.segment, "NO_ROUTE_TO_DESTINATION", detail, "in")


def _no_way_back(world: World, segment: str, way: Way | None) -> str:
    table = world.table_of(segment) or "of its own"
    gateway = world.gateways.get(way.target) if way is not None else None
    if gateway is not None and gateway.kind == "one-to-one" and gateway.at != world.network_of(segment):
        return f"its route table {table} leads to {gateway.name}, which is not attached to {world.network_of(segment)}"
    return f"its route table {table} has no route to the internet gateway{f' ({way.text})' if way is not None else ''}"


def _reflected(world: World, source: End, target: End, protocol: str, ports: Ranges) -> list[Walk]:
    """To a proxy by its public name from inside: out to the internet and in again (IGW_NAT_REFLECTION: two halves)."""
    walks = []
    shown = _public_side(target)
    ways = split(world.ways.get(world.table_of(source.segment), ()), shown.ranges)
    for out, (way, _) in zip(_outward(world, source, shown, protocol, ports), ways, strict=True):
        again = _inward(world, _heard_as(world, source, target, way), target, protocol, ports)
        walks.append(
            dataclasses.replace(
                out,
                found=again.found,
                hops=[*out.hops[:-1], *again.hops[1:]],
                blockers=[*out.blockers, *again.blockers],
                unclear=[*out.unclear, *again.unclear],
            )
        )
    return walks


def _heard_as(world: World, source: End, target: End, way: Way | None) -> End:
    """A source as the internet hears it: under its own public address and from its own ports, or under those that the
    gateway on its way lends it."""
    gateway = world.gateways.get(way.target) if way is not None else None
    if gateway is not None and gateway.kind == "many-to-one":
        return End(target.name, target.label, gateway.addresses or world.internet)
    return End(target.name, target.label, source.public or world.internet, ephemeral=source.ephemeral)


def _local(walk: Walk, segment: str, direction: str) -> None:
    """The route inside the network, which a more specific one may turn elsewhere."""
    table = walk.world.table_of(segment)
    boxes = walk.found
    ranges = boxes[0].target if direction == "to" else boxes[0].source
    for way, part in split(walk.world.ways.get(table, ()), ranges):
        if way is None:
            if table:
                walk.block(segment, "NO_ROUTE_TO_DESTINATION", f"{table} has no route to {addresses_text(part, 1)}")
        elif way.target or way.dead or way.unmodelled:
            if way.dead:
                walk.block(way.table, "BAD_STATE_ROUTE", f"its route {way.text} is a blackhole: the target is gone")
            else:
                walk.lose(way.target, f"{way.table} sends {way.destination} there, inside the network")
        elif direction == "to":
            walk.hop(way.table, way.text)


def _filters(walk: Walk, own: End, other: End, direction: str) -> None:
    """The stateful filters on an interface: answers need no rule."""
    if not own.filtered:
        return
    entries = [(name, entry) for name in sorted(own.filters) for entry in walk.world.entries.get((name, direction), ())]
    unread = [name for name in own.filters if not _known(walk.world, name)]
    passed, used, maybe = _sifted(walk, entries, other, direction)
    component = min(own.filters) if own.filters else own.name
    if used:
        component = used[0][0]
    _judge(walk, component, passed, used, direction, own, other, any(entries), [*unread, *maybe])


def _known(world: World, name: str) -> bool:
    return not world.observed or (name, "in") in world.entries or (name, "out") in world.entries or name in world.ids


def _judge(
    walk: Walk,
    component: str,
    passed: Packets,
    used: list[tuple[str, Entry]],
    direction: str,
    own: End,
    other: End,
    ruled: bool,
    maybe: Iterable[str],
) -> None:
    word = "ingress" if direction == "in" else "egress"
    shown = "; ".join(f"{word} {entry.text}" for _, entry in used[:3])
    peer = "from" if direction == "in" else "to"
    missing = _missing(walk.found, passed)
    unknown = list(maybe)
    if missing and unknown:
        walk.hop(component, shown or None)
        walk.lose(unknown[0], f"whether it lets this through {word} of {own.label} is not known")
        return
    walk.hop(component, shown if passed else None)
    about = (direction, *(walk.world.stands[e.stand].label if e.stand else e.label for e in (own, other)))
    if not passed:
        code = "ENI_SG_RULES_MISMATCH" if ruled else "SG_HAS_NO_RULES"
        ports = ports_text(ports_of(walk.found))
        detail = f"no {word} rule allows {walk.protocol} {ports} {peer} {other.label}"
        walk.blockers.append(Blocker(component, code, detail, about=about))
        return
    if missing:
        detail = f"no {word} rule allows {walk.protocol} {_missing_text(missing, direction)} {peer} {other.label}"
        walk.blockers.append(Blocker(component, "ENI_SG_RULES_MISMATCH", detail, partial=True, about=about))
    walk.found = passed


def _sifted(
    walk: Walk, entries: Iterable[tuple[str, Entry]], other: End, direction: str
) -> tuple[Packets, list[tuple[str, Entry]], list[str]]:
    """What rules that allow let through, which did, and which cannot be judged."""
    passed: list[Box] = []
    left = walk.found
    used: list[tuple[str, Entry]] = []
    maybe: list[str] = []
    for name, entry in entries:
        if entry.protocol not in (walk.protocol, "all"):
            continue
        if entry.peer.startswith("pl-"):
            maybe.append(entry.peer)
            continue
        for box in _box(entry, other, direction, left):
            common = within(left, box)
            if common:
                passed += common
                used.append((name, entry))
                left = without(left, box)
        if not left:
            break
    return tuple(passed), used, maybe


def _box(entry: Entry, other: End, direction: str, left: Packets) -> Iterator[Box]:
    """The packets that an entry speaks of; a filter as its peer stands for everything that it is on."""
    if entry.peer:
        if entry.peer in other.filters:
            for one in left:
                yield Box(one.source, one.target, entry.ports)
        return
    everything = ((0, 2**32 - 1),)
    source, target = (entry.ranges, everything) if direction == "in" else (everything, entry.ranges)
    yield Box(source, target, entry.ports)


def _edge(walk: Walk, segment: str, direction: str, reply: Packets | None = None, *, answers: bool = True) -> None:
    """The stateless filter at the edge of a segment: the first entry that matches decides; answers are asked too."""
    acl = walk.world.edges.get(segment)
    if acl is None:
        return
    asked = walk.found if reply is None else reply
    left = asked
    passed: list[Box] = []
    used: Entry | None = None
    denied: Entry | None = None
    for entry in walk.world.entries.get((acl, direction), ()):
        if entry.protocol not in (walk.protocol, "all"):
            continue
        everything = ((0, 2**32 - 1),)
        source, target = (entry.ranges, everything) if direction == "in" else (everything, entry.ranges)
        box = Box(source, target, entry.ports)
        common = within(left, box)
        if not common:
            continue
        left = without(left, box)
        if entry.accept:
            passed += common
            used = used or entry
        elif denied is None and not few(common, walk.world.internet, FEW):
            denied = entry
        if not left:
            break
    word = "inbound" if direction == "in" else "outbound"
    if reply is None:
        walk.hop(acl, f"{word} {used.text}" if used else None)
    missing = _missing(asked, tuple(passed))
    if missing:
        detail = f"{word} {denied.text}" if denied else f"no {word} entry allows it"
        what = "answers" if reply is not None and answers else "connections"
        ports = ports_text(ports_of(missing))
        detail = f"{detail}: {what} to ports {ports} are dropped at the edge of {segment}"
        walk.blockers.append(
            Blocker(acl, "SUBNET_ACL_RESTRICTION", detail, partial=bool(passed), about=(direction, segment))
        )
    if reply is None and passed:
        walk.found = tuple(passed)


def _missing(asked: Packets, passed: Packets) -> Packets:
    """What did not pass and matters: a few addresses of the internet do not, unless only a few are asked about."""
    if passed == asked:
        return ()
    left = asked
    for box in passed:
        left = without(left, box)
    return () if passed and few(left, INTERNET, FEW) and not few(asked, INTERNET, FEW) else left


def _missing_text(missing: Packets, direction: str) -> str:
    box = missing[0]
    peer = box.source if direction == "in" else box.target
    return f"{ports_text(box.ports)} of {addresses_text(peer, 1)}"

"""One connection from end to end, hop by hop: what lets it through, and everything that does not.

A blocker is recorded and stepped over, so that a blocked walk is complete. What is not modelled ends the walk as
unknown. Codes are those of EC2 Reachability Analyzer ("Explanation codes") where it has one.
"""

from __future__ import annotations

import dataclasses

from reconciler.flows.filters import edge, filters
from reconciler.flows.packets import Box, packets, turned
from reconciler.flows.ranges import FEW, INTERNET, Ranges, addresses_text, covers, intersection, size, union
from reconciler.flows.walking import Walk
from reconciler.flows.world import INTERNET_NAME, End, Gateway, Way, World, split


def connections(world: World, source: End, target: End, protocol: str, ports: Ranges) -> list[Walk]:
    """The walks of a connection from one end to the other: one, or one for each part of the destination that routes
    differently."""
    if target.kind == "service":
        return [_served(world, source, target, protocol, ports)]
    if not target.segment:
        return _outward(world, source, target, protocol, ports)
    if not source.segment:
        return [_inward(world, source, target, protocol, ports)]
    apart = world.network_of(source.segment) != world.network_of(target.segment)
    if target.public and (apart or target.kind == "proxy"):
        return _reflected(world, source, target, protocol, ports)
    if apart:
        return _outward(world, source, _public_side(target), protocol, ports)
    return [_inside(world, source, target, protocol, ports)]


def relayed(world: World, client: Walk, source: End, node: End, target: End, ports: Ranges) -> Walk:
    """From a node of a proxy to a target that sees the address of the client, after the client's walk to the node.

    Rules that name the node's groups hold for it still; answers go back by the node, whatever route there is to the
    client (NLB user guide, "Client IP preservation" and "Update the security groups").
    """
    heard = dataclasses.replace(
        node,
        label=f"{source.label} through {node.label}",
        ranges=union(box.source for box in client.found) or source.ranges or INTERNET,
        ephemeral=client.heard,
        behind=source.filters,
        stand="",
    )
    return _inside(world, heard, target, client.protocol, ports, kept=True)


def _public_side(target: End) -> End:
    """A target as it is seen from outside of its network."""
    return End(target.name, target.label, target.public or target.ranges)


def _inside(world: World, source: End, target: End, protocol: str, ports: Ranges, *, kept: bool = False) -> Walk:
    """Between two interfaces of one network by private address, or (`kept`) under an address that the source keeps
    though it is another's."""
    walk = Walk(world, protocol, packets(source.ranges, target.ranges, ports), source.ephemeral)
    same = source.segment == target.segment
    walk.end(source)
    filters(walk, source, target, "out")
    if not same:
        edge(walk, source.segment, "out")
        _local(walk, source.segment, "to")
        edge(walk, target.segment, "in")
    filters(walk, target, source, "in")
    walk.end(target)
    if not same:
        reply = turned(walk.found, source.ephemeral)
        edge(walk, target.segment, "out", reply)
        edge(walk, source.segment, "in", reply)
        if not kept:
            _local(walk, target.segment, "from")
    return walk


def _outward(world: World, source: End, target: End, protocol: str, ports: Ranges) -> list[Walk]:
    """From an interface to addresses outside of its network, each part of them by its own route."""
    start = Walk(world, protocol, packets(source.ranges, target.ranges, ports), source.ephemeral)
    start.end(source)
    filters(start, source, target, "out")
    edge(start, source.segment, "out")
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
    walk = Walk(world, protocol, packets(source.ranges, target.ranges, ports), source.ephemeral)
    walk.end(source)
    filters(walk, source, target, "out")
    edge(walk, source.segment, "out")
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
    edge(walk, source.segment, "in", turned(walk.found, source.ephemeral))
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
        edge(walk, source.segment, "in", turned(walk.found, source.ephemeral))
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
        edge(walk, at, "in")
    walk.hop(gateway.name, f"address translation: {source.name} speaks from the address of {gateway.name}")
    own = tuple(Box(gateway.private, box.target, box.ports) for box in walk.found)
    edge(walk, at, "out", own, answers=False)
    table = world.table_of(at)
    for way, part in split(world.ways.get(table, ()), ranges):
        _leave_translation(walk, gateway, way, part)
    edge(walk, at, "in", turned(own, ((1024, 65535),)))
    if crossed:
        reply = turned(walk.found, source.ephemeral)
        edge(walk, at, "out", reply)
        edge(walk, source.segment, "in", reply)


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
    walk = Walk(world, protocol, packets(source.ranges, target.ranges, ports), source.ephemeral)
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
    edge(walk, target.segment, "in")
    filters(walk, target, source, "in")
    walk.end(target)
    edge(walk, target.segment, "out", turned(walk.found, source.ephemeral))
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
    """By a public address from inside of a network: out to the internet and in again (IGW_NAT_REFLECTION)."""
    walks = []
    shown = _public_side(target)
    ways = split(world.ways.get(world.table_of(source.segment), ()), shown.ranges)
    for out, (way, _) in zip(_outward(world, source, shown, protocol, ports), ways, strict=True):
        again = _inward(world, _heard_as(world, source, target, way), target, protocol, ports)
        walks.append(
            dataclasses.replace(
                out,
                found=again.found,
                heard=again.heard,
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

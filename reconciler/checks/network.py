"""Network: blocks that fit into each other, zones of the region, gateways that have a place to stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.checks._acls import network_acls
from reconciler.checks._cidrs import Block, block, free_block, host_bits
from reconciler.checks._lookup import nearest, repeated
from reconciler.kinds import Object, Path, Problem
from reconciler.kinds._annotations import OF_RESOURCES
from reconciler.kinds._object import counted
from reconciler.kinds.network import GATEWAY_ENDPOINTS, KIND, PARTS, EndpointOptions, NetworkSpec, Subnets
from reconciler.load import StackObjects

LARGEST: Final = 16
SMALLEST: Final = 28
"""Prefix lengths of VPCs and subnets (EC2 API reference, CreateVpc and CreateSubnet)."""

EVERYWHERE: Final = "0.0.0.0/0"

OF_EXISTING: Final = ("existing", "availability_zones", "public", "private")
"""The fields that say which VPC and subnets are meant where they are not new ones."""

SMALLEST_CARVED: Final = SMALLEST - PARTS.bit_length() + 1
LAST_CARVED: Final = chr(ord("a") + PARTS // 2 - 1)


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every network by itself."""
    for network in objects.of(KIND):
        yield from _zones(network, objects.stack.spec.region)
        if network.spec.existing:
            yield from _existing(network)
        else:
            yield from _blocks(network)
            yield from _gateways(network)
            yield from _dns(network)
            yield from _elastic_ips(network)
            yield from _endpoint_options(network)
            yield from _routes(network)
            yield from network_acls(network)


def _zones(network: Object[NetworkSpec], region: str) -> Iterator[Problem]:
    path: Path = ("spec", "availabilityZones")
    zones = network.spec.availability_zones
    for index, zone in enumerate(zones):
        if zone[:-1] != region:
            yield network.problem((*path, index), f"{zone} is not in {region}", f"did you mean {region}{zone[-1]}?")
    for again, _ in repeated(((*path, i), zone) for i, zone in enumerate(zones)):
        yield network.problem(again, "is named twice", "name each zone once")


def _existing(network: Object[NetworkSpec]) -> Iterator[Problem]:
    """Of a VPC that is there already a spec names the VPC and its subnets, and nothing that would be made in it."""
    spec = network.spec
    existing = spec.existing
    if existing and bool(existing.id) == bool(existing.tags):
        yield network.problem(("spec", "existing"), "must say which VPC", "write either its id or tags that it has")
    for name, field in NetworkSpec.model_fields.items():
        if name in spec.model_fields_set and name not in OF_EXISTING:
            message = "is of no use with an existing VPC, which is only read"
            yield network.problem(("spec", field.alias or name), message, "remove it, or remove spec.existing")
    for key in network.metadata.annotations.keys() & set(OF_RESOURCES):
        yield network.problem(
            ("metadata", "annotations", key), "says nothing of an existing VPC, which is only read", "remove it"
        )
    if not (spec.public or spec.private):
        message = "names no subnets"
        yield network.problem(("spec",), message, "add spec.public or spec.private with ids or tags")
    for path, tier in _tiers(network):
        if tier.cidrs:
            yield network.problem(
                (*path, "cidrs"), "is of no use with an existing VPC", "name its subnets by ids or tags"
            )
        elif bool(tier.ids) == bool(tier.tags):
            message = "must say which subnets of the VPC"
            yield network.problem(path, message, "write either their ids or tags that they have")
        elif tier.ids:
            yield from _one_for_each_zone(network, (*path, "ids"), tier.ids, "id")
    places = [((*path, "ids", i), one) for path, tier in _tiers(network) for i, one in enumerate(tier.ids or ())]
    for again, _ in repeated(places):
        yield network.problem(again, "is named twice", "name each subnet once")


def _tiers(network: Object[NetworkSpec]) -> list[tuple[Path, Subnets]]:
    tiers = (("public", network.spec.public), ("private", network.spec.private))
    return [(("spec", name), tier) for name, tier in tiers if tier]


def _one_for_each_zone(network: Object[NetworkSpec], path: Path, values: Sequence[str], noun: str) -> Iterator[Problem]:
    zones = network.spec.availability_zones
    if len(values) != len(zones):
        message = f"has {counted(len(values), noun)} for {counted(len(zones), 'zone')}"
        yield network.problem(path, message, f"write one for each of {', '.join(zones)}")


def _blocks(network: Object[NetworkSpec]) -> Iterator[Problem]:
    cidr = network.spec.cidr
    if cidr is None:
        right = "write an IPv4 block such as 10.0.0.0/16, or name an existing VPC with spec.existing"
        yield network.problem(("spec",), "cidr is missing", right)
        return
    wrong = list(_size_and_bits(network, ("spec", "cidr"), cidr, "VPC"))
    yield from wrong
    taken: list[tuple[str, Block]] = []
    for path, tier in _tiers(network):
        for name, value in (("ids", tier.ids), ("tags", tier.tags)):
            if value is not None:
                message = "is for an existing VPC, the subnets of this one are new"
                yield network.problem((*path, name), message, "remove it, or name the VPC with spec.existing")
        if tier.cidrs is not None:
            yield from _one_for_each_zone(network, (*path, "cidrs"), tier.cidrs, "block")
            for index, one in enumerate(tier.cidrs):
                place = (*path, "cidrs", index)
                yield from _size_and_bits(network, place, one, "subnet")
                yield from _fits(network, cidr, place, one, taken)
                taken.append((one, block(one)))
        elif not wrong and (problem := _uncarvable(network, path, cidr)):
            yield problem
        elif not wrong:
            for one in network.spec.blocks(path[-1] == "public"):
                yield from _fits(network, cidr, path, one, taken)
                taken.append((one, block(one)))


def _uncarvable(network: Object[NetworkSpec], path: Path, cidr: str) -> Problem | None:
    """Why subnets cannot be carved from a network's block."""
    if block(cidr).prefixlen > SMALLEST_CARVED:
        message = f"{cidr} is too small to carve subnets from"
        return network.problem(path, message, f"make it /{SMALLEST_CARVED} or larger, or write cidrs")
    strange = [zone for zone in network.spec.availability_zones if zone[-1] > LAST_CARVED]
    if strange:
        message = f"{strange[0]} has no part of its own"
        return network.problem(path, message, f"write cidrs: parts are for zones a to {LAST_CARVED}")
    return None


def _size_and_bits(network: Object[NetworkSpec], path: Path, cidr: str, what: str) -> Iterator[Problem]:
    prefix = block(cidr).prefixlen
    if not LARGEST <= prefix <= SMALLEST:
        size = "large" if prefix < LARGEST else "small"
        nearest = LARGEST if prefix < LARGEST else SMALLEST
        right = f"write /{LARGEST} to /{SMALLEST}, such as {block(cidr).network_address!s}/{nearest}"
        yield network.problem(path, f"{cidr} is too {size} for a {what}", right)
    elif problem := host_bits(network, path, cidr):
        yield problem


def _fits(
    network: Object[NetworkSpec], around: str, path: Path, cidr: str, taken: list[tuple[str, Block]]
) -> Iterator[Problem]:
    whole, one = block(around), block(cidr)
    overlapping = [text for text, other in taken if other.overlaps(one)]
    outside = not one.subnet_of(whole)
    if not (outside or overlapping):
        return
    every = [other for _, other in taken] + [block(text) for _, tier in _tiers(network) for text in tier.cidrs or ()]
    free = free_block(whole, one.prefixlen, every)
    right = f"write a free block such as {free}" if free else f"make room in {around}"
    if outside:
        yield network.problem(path, f"{cidr} lies outside the network's {around}", right)
    for other in overlapping:
        yield network.problem(path, f"{cidr} overlaps {other}", right)


def _dns(network: Object[NetworkSpec]) -> Iterator[Problem]:
    """EC2 API reference, ModifyVpcAttribute and CreateVpcEndpoint."""
    spec = network.spec
    interfaces = [name for name in spec.endpoints if name not in GATEWAY_ENDPOINTS]
    if spec.dns_hostnames and not spec.dns_support:
        yield network.problem(("spec", "dnsHostnames"), "needs dnsSupport", "write false, or take dnsSupport away")
    interfaces = [name for name in interfaces if options_of(spec, name).private_dns is not False]
    if interfaces and spec.dns_support and not spec.dns_hostnames:
        message = f"is false, but the endpoint {interfaces[0]} is called by its name, for which AWS wants it"
        right = f"take it away, or write privateDns: false for {interfaces[0]}"
        yield network.problem(("spec", "dnsHostnames"), message, right)


def options_of(spec: NetworkSpec, endpoint: str) -> EndpointOptions:
    """What a spec says of an endpoint beside its name."""
    return spec.endpoint_options.get(endpoint, EndpointOptions())


def _endpoint_options(network: Object[NetworkSpec]) -> Iterator[Problem]:
    spec = network.spec
    for name, options in spec.endpoint_options.items():
        path: Path = ("spec", "endpointOptions", name)
        if name not in spec.endpoints:
            yield network.problem(
                path, "is no endpoint of this network", nearest(name, spec.endpoints, "it to endpoints")
            )
        elif name in GATEWAY_ENDPOINTS:
            for option, value in (("privateDns", options.private_dns), ("placement", options.placement)):
                if value is not None:
                    yield network.problem((*path, option), f"{name} is a gateway, which has none", "remove it")
        elif options.placement and getattr(spec, options.placement.lower()) is None:
            word = options.placement.lower()
            yield network.problem((*path, "placement"), f"there are no {word} subnets", f"add spec.{word}")


def _elastic_ips(network: Object[NetworkSpec]) -> Iterator[Problem]:
    path: Path = ("spec", "elasticIps")
    addresses, gateways = network.spec.elastic_ips, network.spec.nat_zones
    if addresses and len(addresses) != len(gateways):
        message = f"has {counted(len(addresses), 'address', 'addresses')} for {counted(len(gateways), 'NAT gateway')}"
        yield network.problem(path, message, "write one for each" if gateways else "remove it, or write nat")
    for again, _ in repeated(((*path, i), one) for i, one in enumerate(addresses)):
        yield network.problem(again, "is named twice", "a NAT gateway has an address of its own")


def _routes(network: Object[NetworkSpec]) -> Iterator[Problem]:
    """Source: EC2 API reference, CreateRoute; VPC user guide, "Route tables"."""
    spec = network.spec
    taken: dict[tuple[str, str], str] = {("Public", EVERYWHERE): "the internet gateway"}
    if spec.nat != "None":
        taken["Private", EVERYWHERE] = "NAT"
    for index, route in enumerate(spec.routes):
        path: Path = ("spec", "routes", index)
        is_block = not route.to.startswith("pl-")
        if is_block and (problem := host_bits(network, (*path, "to"), route.to)):
            yield problem
        inside = is_block and spec.cidr is not None and block(route.to).subnet_of(block(spec.cidr))
        if inside and not route.via.startswith("eni-"):
            message = f"{route.to} is in the network itself, where only a network interface can take packets elsewhere"
            yield network.problem((*path, "to"), message, f"write a block outside of {spec.cidr}")
        elif inside and spec.cidr is not None and block(route.to) == block(spec.cidr):
            yield network.problem((*path, "to"), f"{route.to} is the network itself", "write a smaller block")
        for tier in route.tiers:
            if getattr(spec, tier.lower()) is None and len(route.tiers) == 1:
                yield network.problem(
                    (*path, "tiers"), f"there are no {tier.lower()} subnets", f"add spec.{tier.lower()}"
                )
            other = taken.setdefault((tier, route.to), f"routes[{index}]")
            if other != f"routes[{index}]":
                message = f"{route.to} of the {tier.lower()} subnets leads to {other} already"
                yield network.problem((*path, "to"), message, "keep one")


def _gateways(network: Object[NetworkSpec]) -> Iterator[Problem]:
    spec = network.spec
    if spec.nat != "None" and not spec.public:
        yield network.problem(
            ("spec", "nat"),
            f"is {spec.nat}, but there are no public subnets for a NAT gateway to stand in",
            "add spec.public or write None",
        )
    path: Path = ("spec", "endpoints")
    for again, _ in repeated(((*path, i), name) for i, name in enumerate(spec.endpoints)):
        yield network.problem(again, "is named twice", "name each endpoint once")
    for index, name in enumerate(spec.endpoints):
        if name not in GATEWAY_ENDPOINTS and not (spec.public or spec.private):
            message = f"{name} is an interface endpoint, but there are no subnets for it"
            yield network.problem((*path, index), message, "add spec.private or spec.public")

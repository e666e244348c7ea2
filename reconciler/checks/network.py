"""Network: blocks that fit into each other, zones of the region, gateways that have a place to stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.checks._cidrs import Block, block, free_block, host_bits
from reconciler.checks._lookup import repeated
from reconciler.kinds import Object, Path, Problem
from reconciler.kinds._object import counted
from reconciler.kinds.network import GATEWAY_ENDPOINTS, KIND, NetworkSpec
from reconciler.load import StackObjects

LARGEST: Final = 16
SMALLEST: Final = 28
"""Prefix lengths of VPCs and subnets (EC2 API reference, CreateVpc and CreateSubnet)."""


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every network by itself."""
    for network in objects.of(KIND):
        yield from _zones(network, objects.stack.spec.region)
        yield from _blocks(network)
        yield from _gateways(network)


def _zones(network: Object[NetworkSpec], region: str) -> Iterator[Problem]:
    path: Path = ("spec", "availabilityZones")
    zones = network.spec.availability_zones
    for index, zone in enumerate(zones):
        if zone[:-1] != region:
            yield network.problem((*path, index), f"{zone} is not in {region}", f"did you mean {region}{zone[-1]}?")
    for again, _ in repeated(((*path, i), zone) for i, zone in enumerate(zones)):
        yield network.problem(again, "is named twice", "name each zone once")


def _tiers(network: Object[NetworkSpec]) -> list[tuple[Path, tuple[str, ...]]]:
    tiers = (("public", network.spec.public), ("private", network.spec.private))
    return [(("spec", name, "cidrs"), tier.cidrs) for name, tier in tiers if tier]


def _blocks(network: Object[NetworkSpec]) -> Iterator[Problem]:
    yield from _size_and_bits(network, ("spec", "cidr"), network.spec.cidr, "VPC")
    zones = network.spec.availability_zones
    taken: list[tuple[str, Block]] = []
    for path, cidrs in _tiers(network):
        if len(cidrs) != len(zones):
            message = f"has {counted(len(cidrs), 'block')} for {counted(len(zones), 'zone')}"
            yield network.problem(path, message, f"write one for each of {', '.join(zones)}")
        for index, cidr in enumerate(cidrs):
            place = (*path, index)
            yield from _size_and_bits(network, place, cidr, "subnet")
            yield from _fits(network, place, cidr, taken)
            taken.append((cidr, block(cidr)))


def _size_and_bits(network: Object[NetworkSpec], path: Path, cidr: str, what: str) -> Iterator[Problem]:
    prefix = block(cidr).prefixlen
    if not LARGEST <= prefix <= SMALLEST:
        size = "large" if prefix < LARGEST else "small"
        nearest = LARGEST if prefix < LARGEST else SMALLEST
        right = f"write /{LARGEST} to /{SMALLEST}, such as {block(cidr).network_address!s}/{nearest}"
        yield network.problem(path, f"{cidr} is too {size} for a {what}", right)
    elif problem := host_bits(network, path, cidr):
        yield problem


def _fits(network: Object[NetworkSpec], path: Path, cidr: str, taken: list[tuple[str, Block]]) -> Iterator[Problem]:
    whole, one = block(network.spec.cidr), block(cidr)
    overlapping = [text for text, other in taken if other.overlaps(one)]
    outside = not one.subnet_of(whole)
    if not (outside or overlapping):
        return
    every = [block(text) for _, cidrs in _tiers(network) for text in cidrs]
    free = free_block(whole, one.prefixlen, every)
    right = f"write a free block such as {free}" if free else f"make room in {network.spec.cidr}"
    if outside:
        yield network.problem(path, f"{cidr} lies outside the network's {network.spec.cidr}", right)
    for other in overlapping:
        yield network.problem(path, f"{cidr} overlaps {other}", right)


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

"""LoadBalancer: subnets that AWS accepts, listeners that do not collide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.checks._cidrs import block, peer_host_bits
from reconciler.checks._lookup import foreign_tasks, network_of, placed, repeated
from reconciler.kinds import Object, Path, Problem
from reconciler.kinds.load_balancer import KIND, LoadBalancerSpec
from reconciler.kinds.network import NetworkSpec
from reconciler.load import StackObjects

ZONES_OF_AN_ALB: Final = 2
SMALLEST_ALB_SUBNET: Final = 27
""""Subnets for your load balancer", Application Load Balancers user guide."""

PROTOCOL: Final = {"Application": "HTTP", "Network": "TCP"}


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every load balancer with the network that it lives in."""
    for balancer in objects.of(KIND):
        yield from _listeners(balancer)
        peers = placed(("spec", "allowFrom"), balancer.spec.allow_from)
        yield from peer_host_bits(balancer, peers)
        yield from foreign_tasks(objects, balancer, balancer.spec.network, peers)
        if network := network_of(objects, balancer.spec.network):
            yield from _subnets(balancer, network)


def _listeners(balancer: Object[LoadBalancerSpec]) -> Iterator[Problem]:
    path: Path = ("spec", "listeners")
    listeners = balancer.spec.listeners
    for again, _ in repeated(((*path, i, "name"), one.name) for i, one in enumerate(listeners)):
        yield balancer.problem(again, "is the name of two listeners", "rename one")
    for again, first in repeated(((*path, i, "port"), one.port) for i, one in enumerate(listeners)):
        other = listeners[int(first[2])].name
        yield balancer.problem(again, f"is the port of listener {other} already", "choose another port")
    for index, listener in enumerate(listeners):
        right = PROTOCOL[balancer.spec.type]
        if listener.protocol != right:
            message = f"{listener.protocol} is not for a load balancer of type {balancer.spec.type}"
            yield balancer.problem((*path, index, "protocol"), message, f"write {right}")


def _subnets(balancer: Object[LoadBalancerSpec], network: NetworkSpec) -> Iterator[Problem]:
    spec = balancer.spec
    path: Path = ("spec", "network")
    tier = network.public if spec.scheme == "InternetFacing" else network.private or network.public
    if tier is None:
        kind = "public " if spec.scheme == "InternetFacing" else ""
        right = f"add spec.public to Network/{spec.network}" + (", or write Internal" if kind else "")
        where = ("spec", "scheme") if kind else path
        yield balancer.problem(where, f"Network/{spec.network} has no {kind}subnets", right)
        return
    if spec.type != "Application":
        return
    if len(set(network.availability_zones)) < ZONES_OF_AN_ALB:
        message = f"Network/{spec.network} has one zone, a load balancer of type Application needs two"
        yield balancer.problem(path, message, "add a zone with its subnets, or write type: Network")
    for cidr in tier.cidrs:
        if block(cidr).prefixlen > SMALLEST_ALB_SUBNET:
            message = f"its subnet {cidr} is too small for a load balancer of type Application"
            right = f"make it {block(cidr).network_address}/{SMALLEST_ALB_SUBNET} or larger"
            yield balancer.problem(path, message, right)

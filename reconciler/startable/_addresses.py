"""Whether each subnet has an address for everything that is to stand in it."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from reconciler.load import StackObjects
from reconciler.model.graph import Graph
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import Id, Marker, Ref
from reconciler.resources.load_balancer import LoadBalancer
from reconciler.resources.nat_gateway import NatGateway
from reconciler.resources.network_interface import NetworkInterface
from reconciler.resources.scalable_target import ScalableTarget
from reconciler.resources.service import Service
from reconciler.resources.subnet import Subnet
from reconciler.resources.vpc_endpoint import VpcEndpoint
from reconciler.startable._doubt import Doubt, doubt

RESERVED = 5
"""Addresses of each subnet that AWS keeps (VPC user guide, "Subnet sizing for IPv4")."""
FOR_BALANCER = 8
"""Free addresses that an application load balancer wants in each subnet (ELB API reference, CreateLoadBalancer)."""
_MOST_PERCENT = 200
"""Share of the replicas that runs in a rollout where nothing is said (ECS API reference, DeploymentConfiguration)."""


_CERTAIN = ""


@dataclasses.dataclass(slots=True)
class _Demand:
    """Addresses that one subnet has to give: to `fixed` things always, with some to `spare`; to tasks as they are
    (`now`), while all of them are rolled out (`surge`), and the same at most as many as autoscaling makes them."""

    fixed: int = 0
    spare: int = 0
    now: int = 0
    surge: int = 0
    most: int = 0
    most_surge: int = 0


def doubts(stack: StackObjects, graph: Graph, snapshot: Snapshot) -> Iterator[Doubt]:
    """Each subnet that runs out of addresses, with when it does."""
    taken = _taken_by_others(snapshot)
    blocks = _blocks(graph, snapshot)
    for address, need in sorted(_demands(graph, snapshot).items()):
        if address not in blocks:
            continue
        others = taken.get(address, 0)
        room = ip_network(blocks[address]).num_addresses - RESERVED - others
        levels = (
            (need.now - need.spare, _CERTAIN),
            (need.now, "its tasks"),
            (need.surge, "its tasks while they are rolled out"),
            (need.most, "its tasks at autoscaling's maximum"),
            (need.most_surge, "its tasks at autoscaling's maximum while they are rolled out"),
        )
        beside_tasks = need.fixed + need.spare
        short = next(((count, what) for count, what in levels if beside_tasks + count > room), None)
        if short is None:
            continue
        count, what = max(short[0], need.now), short[1] or "its tasks"
        owner, tier = _owner(graph, address), address.split("/")[2]
        held = f" ({others} of them held by others)" if others else ""
        beside = f", and what stands beside them {beside_tasks}" if beside_tasks else ""
        message = f"{address} ({blocks[address]}) has {room + others} addresses{held}; {what} want {count}{beside}"
        hint = "give it a larger block, or run fewer tasks there"
        yield doubt(stack, owner, ("spec", tier), message, hint, possible=short[1] != _CERTAIN)


def _owner(graph: Graph, address: str) -> str:
    return (graph.resources.get(address) or graph.references[address]).owner


def _blocks(graph: Graph, snapshot: Snapshot) -> Mapping[str, str]:
    """The block of each subnet of the files; of one that is only referred to, what AWS says."""
    found = {a: r.fields.cidr_block for a, r in graph.resources.items() if isinstance(r.fields, Subnet)}
    seen = {one.id: one.fields.cidr_block for one in snapshot.everything() if isinstance(one.fields, Subnet)}
    referred = {a: seen[one.id] for a, one in snapshot.referred.items() if one.id in seen}
    return {**found, **referred}


def _demands(graph: Graph, snapshot: Snapshot) -> Mapping[str, _Demand]:
    found: dict[str, _Demand] = defaultdict(_Demand)
    scaling = {
        resource.fields.service.address: resource.fields.max_capacity
        for resource in graph.resources.values()
        if isinstance(resource.fields, ScalableTarget) and isinstance(resource.fields.service, Ref)
    }
    for address, resource in graph.resources.items():
        fields = resource.fields
        match fields:
            case Service():
                live = [one.fields.desired_count for one in snapshot.found.get(address, ()) if address in scaling]
                _of_service(
                    fields, max((n for n in live if isinstance(n, int)), default=0), scaling.get(address, 0), found
                )
            case LoadBalancer():
                for subnet in _refs(fields.subnets):
                    found[subnet].fixed += 1
                    found[subnet].spare += FOR_BALANCER - 1 if fields.type == "application" else 0
            case NatGateway():
                for subnet in _refs([fields.subnet_id]):
                    found[subnet].fixed += 1
            case VpcEndpoint():
                for subnet in _refs(fields.subnet_ids):
                    found[subnet].fixed += 1
    return found


def _of_service(service: Service, live: int, maximum: int, found: Mapping[str, _Demand]) -> None:
    """ECS spreads the tasks of a service over its zones (ECS developer guide, "Service scheduler"). `live` is how many
    autoscaling made of them."""
    configuration = service.network_configuration
    if configuration is None or isinstance(configuration, Marker) or not isinstance(service.desired_count, int):
        return
    subnets = _refs(configuration.awsvpc_configuration.subnets)
    deployment = service.deployment_configuration
    said = _MOST_PERCENT if isinstance(deployment, Marker) else deployment.maximum_percent
    percent = said if isinstance(said, int) else _MOST_PERCENT
    count = max(service.desired_count, live)
    most = max(count, maximum)
    for subnet in subnets:
        need = found[subnet]
        need.now += math.ceil(count / len(subnets))
        need.surge += math.ceil(count * percent // 100 / len(subnets))
        need.most += math.ceil(most / len(subnets))
        need.most_surge += math.ceil(most * percent // 100 / len(subnets))


def _refs(values: object) -> list[str]:
    if isinstance(values, Marker):
        return []
    assert isinstance(values, frozenset | list)
    return sorted(value.address for value in values if isinstance(value, Ref))


def _taken_by_others(snapshot: Snapshot) -> Mapping[str, int]:
    """Addresses of interfaces that are none of the stack's own, by subnet: what is ours carries groups of ours, but
    for NAT gateways, which have none."""
    ours = {one.id for one in snapshot.live() if one.type in ("security-group", "nat-gateway")}
    subnets = {one.id: address for address, (one, *_) in snapshot.found.items() if one.type == "subnet"}
    subnets |= {one.id: address for address, one in snapshot.referred.items()}
    found: dict[str, int] = defaultdict(int)
    for one in snapshot.evidence:
        if isinstance(one.fields, NetworkInterface) and not _is_ours(one, ours):
            found[subnets.get(one.fields.subnet_id.value, "")] += len(one.fields.private_ip_addresses)
    return found


def _is_ours(interface: Observed[NetworkInterface], ours: set[str]) -> bool:
    fields = interface.fields
    return bool(fields.groups & {Id(name) for name in ours}) or fields.description.rpartition(" ")[2] in ours

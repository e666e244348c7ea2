"""Where a network interface can send to and who may send to it: what decides whether a task starts and is healthy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

_HTTPS: Final = 443
_SOMEWHERE: Final = IPv4Address("52.94.0.1")
"""Any public address: a route and a rule that admit it lead to the internet."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interface stands: moto's EC2 backend, subnet and security groups, and whether it is public."""

    backend: Any
    subnet: Any
    groups: tuple[Any, ...]
    public: bool

    @classmethod
    def of(cls, backend: Any, interface: Any) -> Place:
        """The place of one of moto's network interfaces."""
        return cls(backend, interface.subnet, tuple(interface.group_set), bool(interface.public_ip))


def admitted(
    groups: Iterable[Any], port: int, addresses: Collection[str], peers: Collection[str], *, inbound: bool
) -> bool:
    """Whether a rule of the groups admits TCP on a port from (or to) one of the addresses or groups given by id."""
    sides = (group.ingress_rules if inbound else group.egress_rules for group in groups)
    return any(_rule_admits(rule, port, addresses, peers) for rules in sides for rule in rules)


def _rule_admits(rule: Any, port: int, addresses: Collection[str], peers: Collection[str]) -> bool:
    if rule.ip_protocol not in {"-1", "tcp"}:
        return False
    if rule.ip_protocol == "tcp" and not rule.from_port <= port <= rule.to_port:
        return False
    if rule.source_group.get("GroupId") in peers:
        return True
    if rule.prefix_list_id in peers:
        return True
    cidr = rule.cidr_ipv4
    return bool(cidr) and any(IPv4Address(address) in IPv4Network(cidr, strict=False) for address in addresses)


def route_table(backend: Any, subnet: Any) -> Any:
    """The route table of a subnet: the one associated with it, else the main one of its VPC."""
    tables = [table for table in backend.route_tables.values() if table.vpc_id == subnet.vpc_id]
    for table in tables:
        if subnet.id in table._associations.values():
            return table
    return next((table for table in tables if table.main_association_id), None)


def _route(backend: Any, subnet: Any, address: IPv4Address) -> Any:
    table = route_table(backend, subnet)
    candidates = [
        (network.prefixlen, index, route)
        for index, route in enumerate(table.routes if table else ())
        if route.destination_cidr_block
        and address in (network := IPv4Network(route.destination_cidr_block, strict=False))
    ]
    return max(candidates, default=(0, 0, None))[2]


def _to_internet_gateway(backend: Any, subnet: Any) -> bool:
    route = _route(backend, subnet, _SOMEWHERE)
    gateway = backend.internet_gateways.get(route.gateway.id) if route and route.gateway else None
    return bool(gateway and gateway.vpc and gateway.vpc.id == subnet.vpc_id)


def is_public_subnet(backend: Any, subnet: Any) -> bool:
    """Whether the route table of a subnet leads to an attached internet gateway."""
    return _to_internet_gateway(backend, subnet)


def reaches_internet(place: Place) -> bool:
    """Whether HTTPS to the internet works: a public address and an internet gateway, or a NAT gateway behind one.

    Source: ECS guide, "Fargate task networking".
    """
    if not admitted(place.groups, _HTTPS, [str(_SOMEWHERE)], (), inbound=False):
        return False
    if place.public and _to_internet_gateway(place.backend, place.subnet):
        return True
    route = _route(place.backend, place.subnet, _SOMEWHERE)
    if route is None or route.nat_gateway is None:
        return False
    nat = place.backend.nat_gateways.get(route.nat_gateway.id)
    if nat is None or nat.state != "available" or nat.connectivity_type != "public":
        return False
    return _to_internet_gateway(place.backend, place.backend.get_subnet(nat.subnet_id))


def reaches_service(place: Place, service: str) -> bool:
    """Whether HTTPS to an AWS service ("ecr.api") works: over the internet or an endpoint of the VPC.

    Source: ECS guide, "Amazon ECS interface VPC endpoints"; for `s3` only the gateway endpoint counts.
    """
    return reaches_internet(place) or any(
        _serves(place, endpoint) for endpoint in place.backend.vpc_end_points.values() if _names(endpoint, service)
    )


def _names(endpoint: Any, service: str) -> bool:
    kind = "Gateway" if service == "s3" else "Interface"
    name: str = endpoint.service_name
    return name.endswith(f".{service}") and (endpoint.vpc_endpoint_type or "Gateway") == kind


def _serves(place: Place, endpoint: Any) -> bool:
    if endpoint.state != "available" or endpoint.vpc_id != place.subnet.vpc_id:
        return False
    if (endpoint.vpc_endpoint_type or "Gateway") == "Gateway":
        table = route_table(place.backend, place.subnet)
        lists = [endpoint.destination_prefix_list_id]
        return (
            table is not None
            and table.id in endpoint.route_table_ids
            and admitted(place.groups, _HTTPS, [str(_SOMEWHERE)], lists, inbound=False)
        )
    vpc = place.backend.get_vpc(place.subnet.vpc_id)
    if not (endpoint.private_dns_enabled and _is_on(vpc.enable_dns_support) and _is_on(vpc.enable_dns_hostnames)):
        return False
    interfaces = [place.backend.enis.get(eni_id) for eni_id in endpoint.network_interface_ids]
    addresses = [interface.private_ip_address for interface in interfaces if interface]
    guards = [place.backend.get_security_group_from_id(group) for group in endpoint.security_group_ids]
    own = {group.id for group in place.groups}
    return admitted(place.groups, _HTTPS, addresses, endpoint.security_group_ids, inbound=False) and admitted(
        [guard for guard in guards if guard], _HTTPS, [str(place.subnet.cidr.network_address)], own, inbound=True
    )


def _is_on(value: Any) -> bool:
    return str(value).lower() == "true"

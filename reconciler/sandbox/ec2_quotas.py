"""How much of everything an account may have. Off unless the sandbox is given `Quotas`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

from .ec2_nat import LIVE
from .engine import engine
from .patch import Installer, patch
from .timings import Quotas

_Check = Callable[[Any, Quotas, Any], bool]
"""Whether one more would be too many: backend, quotas, the request's parameters."""


def _full(operation: str, code: str, what: str, too_many: _Check) -> Callable[[Installer], None]:
    def install(into: Installer) -> None:
        @into.wrap(EC2Response, operation)
        def create(original: Callable[..., Any], response: Any) -> Any:
            quotas = engine().quotas
            if quotas is not None and too_many(response.ec2_backend, quotas, response.params):
                raise EC2ClientError(code, f"The maximum number of {what} has been reached.")
            return original(response)

    return install


def _in_vpc(items: Any, params: Any) -> int:
    return sum(1 for item in items if item.vpc_id == params.get("VpcId"))


def _subnets(backend: Any) -> list[Any]:
    return [subnet for zone in backend.subnets.values() for subnet in zone.values()]


def _nat_gateways_in_zone(backend: Any, params: Any) -> int:
    zone = backend.get_subnet(params["SubnetId"]).availability_zone
    return sum(
        1
        for gateway in backend.nat_gateways.values()
        if gateway.state in (*LIVE, "deleting") and backend.get_subnet(gateway.subnet_id).availability_zone == zone
    )


def _entries(backend: Any, params: Any) -> int:
    entries = backend.get_network_acl(params["NetworkAclId"]).network_acl_entries
    return sum(1 for entry in entries if str(entry.egress).lower() == str(params["Egress"]).lower())


def _endpoints(backend: Any, params: Any) -> tuple[int, int]:
    """Gateway endpoints of the region, and interface endpoints of the VPC."""
    rows = list(backend.vpc_end_points.values())
    gateways = sum(1 for row in rows if row.vpc_endpoint_type == "Gateway")
    return gateways, _in_vpc([row for row in rows if row.vpc_endpoint_type != "Gateway"], params)


def _too_many_endpoints(backend: Any, quotas: Quotas, params: Any) -> bool:
    gateways, interfaces = _endpoints(backend, params)
    if params.get("VpcEndpointType", "Gateway") == "Gateway":
        return gateways >= quotas.gateway_endpoints
    return interfaces >= quotas.interface_endpoints_in_vpc


_QUOTAS = (
    _full("create_vpc", "VpcLimitExceeded", "VPCs", lambda b, q, _: len(b.vpcs) >= q.vpcs),
    _full(
        "create_internet_gateway",
        "InternetGatewayLimitExceeded",
        "internet gateways",
        lambda b, q, _: len(b.internet_gateways) >= q.internet_gateways,
    ),
    _full(
        "create_subnet",
        "SubnetLimitExceeded",
        "subnets of the VPC",
        lambda b, q, p: _in_vpc(_subnets(b), p) >= q.subnets_in_vpc,
    ),
    _full(
        "create_route_table",
        "RouteTableLimitExceeded",
        "route tables of the VPC",
        lambda b, q, p: _in_vpc(b.route_tables.values(), p) >= q.route_tables_in_vpc,
    ),
    _full(
        "create_route",
        "RouteLimitExceeded",
        "routes of the route table",
        lambda b, q, p: len(b.get_route_table(p["RouteTableId"])._routes) >= q.routes_in_table,
    ),
    _full(
        "allocate_address",
        "AddressLimitExceeded",
        "addresses",
        lambda b, q, _: len(b.addresses) >= q.addresses,
    ),
    _full(
        "create_nat_gateway",
        "NatGatewayLimitExceeded",
        "NAT gateways of the Availability Zone",
        lambda b, q, p: _nat_gateways_in_zone(b, p) >= q.nat_gateways_in_zone,
    ),
    _full(
        "create_security_group",
        "SecurityGroupLimitExceeded",
        "security groups",
        lambda b, q, _: sum(len(groups) for groups in b.groups.values()) >= q.security_groups,
    ),
    _full(
        "create_network_acl",
        "NetworkAclLimitExceeded",
        "network ACLs of the VPC",
        lambda b, q, p: _in_vpc(b.network_acls.values(), p) >= q.network_acls_in_vpc,
    ),
    _full(
        "create_network_acl_entry",
        "NetworkAclEntryLimitExceeded",
        "network ACL entries",
        lambda b, q, p: _entries(b, p) >= q.network_acl_rules,
    ),
    _full("create_vpc_endpoint", "VpcEndpointLimitExceeded", "VPC endpoints", _too_many_endpoints),
)


@patch("ec2-quotas", "VPC User Guide, Amazon VPC quotas; EC2 API Reference, Error codes: ...LimitExceeded")
def quotas(into: Installer) -> None:
    for install in _QUOTAS:
        install(into)


PATCHES = (quotas,)

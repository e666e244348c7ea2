"""Every field of Network."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Final

from row_parts import EXISTING
from rows import ABSENT, ALLOCATION, SUBNETS, TARGETS, VPCS, Row

_BY_TAGS: Final = (
    *EXISTING,
    ("Network/theirs existing", {"tags": {"Name": "one"}}),
    ("Network/theirs private", {"tags": {"tier": "private"}}),
)
_ROUTED: Final = (("Network/main routes", [{"to": "10.70.0.0/16", "via": TARGETS[0]}]),)
_LISTS: Final = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "*"}}'
_WITH_LOGS: Final = (("Network/main endpoints", ["s3", "logs"]), ("Network/main endpointOptions", {"logs": {}}))


def _extra_routes(destination: str) -> tuple[str, ...]:
    """A change of a route in all tables of the network `main`."""
    tables = ("public", "private/us-east-1a", "private/us-east-1b")
    return tuple(f"route-table/main/{table}/routes routes[{destination}]*" for table in tables)


_ACL_ENTRIES: Final = [
    {"ruleNumber": 100, "action": "Allow", "ports": "443", "cidr": "0.0.0.0/0"},
    {"ruleNumber": 110, "action": "Allow", "protocol": "icmp", "icmp": {"type": 8}, "cidr": "10.0.0.0/8"},
]
_ACL: Final = {"inbound": _ACL_ENTRIES, "outbound": copy.deepcopy(_ACL_ENTRIES)}
_WITH_ACL: Final = (("Network/other networkAcls", {"public": _ACL}),)


def _acl_rows(way: str, shown: str) -> Iterable[Row]:
    """Each field of the entries of one direction, in the network ACL of public subnets."""
    here, acl = f"Network/other networkAcls[public].{way}", f"network-acl/other/public {shown}"

    def row(path: str, value: Any, *shows: str, **more: Any) -> Row:
        return Row(f"{here}{path}", value, tuple(acl + line for line in shows), given=_WITH_ACL, **more)

    yield row("", [_ACL_ENTRIES[0]], "[110].*", removed=(f"{acl}[100].*",))
    yield row("[0].ruleNumber", 90, "[90].*", "[100].*")
    yield row("[0].action", "Deny", "[100].ruleAction")
    yield row("[0].protocol", "udp", "[100].protocol")
    no_ports = ((f"{here}[0].ports", ABSENT),)
    yield row("[0].protocol", "47", "[100].protocol", "[100].*Port", also=no_ports, removed=("*",))
    yield row("[0].ports", "400-500", "[100].fromPort", "[100].toPort")
    yield row("[0].cidr", "10.0.0.0/8", "[100].cidrBlock")
    icmp = tuple(f"[110].{name}" for name in ("icmpType", "icmpCode"))
    yield row("[1].icmp", {"type": 3, "code": 4}, *icmp, removed=tuple(acl + line for line in icmp))
    yield row("[1].icmp.type", 0, "[110].icmpType")
    yield row("[1].icmp.code", 0, "[110].icmpCode")


_MOVED_SUBNETS: Final = ("load-balancer/inner subnets[*",)
_MOVED_VPC: Final = (
    "load-balancer/inner vpcId",
    "load-balancer/inner subnets[*",
    "load-balancer/inner securityGroups[*",
    "security-group/load-balancer/inner vpcId",
    "security-group/load-balancer/inner/rules groupId",
    "listener/inner/http loadBalancerArn",
    "listener/inner/http/rules listenerArn",
)
_PUBLIC_TOO: Final = (*EXISTING, ("LoadBalancer/inner scheme", "InternetFacing"), ("Network/theirs private", ABSENT))
_PRIVATE: Final = (("Network/other private", {"cidrs": ["10.9.10.0/24", "10.9.11.0/24"]}),)

ROWS: Final = (
    Row(
        "Network/other cidr",
        "10.8.0.0/16",
        ("*/other* cidrBlock", "*/other* vpcId", "*/other* routeTableId", "*/other* subnetId", "*/routes *gatewayId"),
        also=(("Network/other public.cidrs", ["10.8.0.0/24", "10.8.1.0/24"]),),
        needed="cidr is missing",
    ),
    Row("Network/theirs existing", {"tags": {"Name": "two"}}, _MOVED_VPC, given=_BY_TAGS, needed="cidr is missing"),
    Row(
        "Network/theirs existing.id",
        VPCS[1],
        _MOVED_VPC,
        given=(*_BY_TAGS, ("Network/theirs existing", {"id": VPCS[0]})),
        needed="must say which VPC",
    ),
    Row("Network/theirs existing.tags", {"Name": "two"}, _MOVED_VPC, given=_BY_TAGS, needed="must say which VPC"),
    Row(
        "Network/theirs private.ids",
        list(SUBNETS[2:]),
        _MOVED_SUBNETS,
        given=EXISTING,
        needed="must say which subnets",
    ),
    Row(
        "Network/theirs private.tags",
        {"tier": "spare"},
        _MOVED_SUBNETS,
        given=_BY_TAGS,
        needed="must say which subnets",
    ),
    Row(
        "Network/theirs public.ids",
        list(SUBNETS[2:]),
        _MOVED_SUBNETS,
        given=(*_PUBLIC_TOO, ("Network/theirs public", {"ids": list(SUBNETS[:2])})),
        needed="must say which subnets",
    ),
    Row(
        "Network/theirs public.tags",
        {"tier": "spare"},
        _MOVED_SUBNETS,
        given=(*_PUBLIC_TOO, ("Network/theirs public", {"tags": {"tier": "private"}})),
        needed="must say which subnets",
    ),
    Row(
        "Network/other availabilityZones",
        ["us-east-1a", "us-east-1b", "us-east-1c"],
        ("+ route-table-association/other/public/us-east-1c", "+ subnet/other/public/us-east-1c"),
        also=(("Network/other public.cidrs", ["10.9.0.0/24", "10.9.1.0/24", "10.9.2.0/24"]),),
    ),
    Row(
        "Network/other public",
        {"cidrs": ["10.9.0.0/24", "10.9.2.0/24"]},
        (
            "route-table-association/other/public/us-east-1b subnetId",
            "subnet/other/public/us-east-1b cidrBlock",
        ),
        removed=("- */other/public*", "- internet-gateway/other"),
        given=_PRIVATE,
    ),
    Row(
        "Network/other public.cidrs",
        ["10.9.0.0/24", "10.9.2.0/24"],
        ("route-table-association/other/public/us-east-1b subnetId", "subnet/other/public/us-east-1b cidrBlock"),
        removed=("route-table-association/other/public/* subnetId", "subnet/other/public/* cidrBlock"),
    ),
    Row(
        "Network/other availabilityZones",
        ["us-east-1c", "us-east-1a", "us-east-1b"],
        ("+ route-table-association/other/public/us-east-1c", "+ subnet/other/public/us-east-1c"),
        given=(("Network/other public", {}),),
    ),
    Row(
        "Network/other private",
        {"cidrs": ["10.9.10.0/24", "10.9.11.0/24"]},
        (
            "+ subnet/other/private/*",
            "+ route-table/other/private/us-east-1?",
            "+ route-table/other/private/*/routes",
            "+ route-table-association/other/private/*",
        ),
        removed=(
            "- subnet/other/private/*",
            "- route-table/other/private/us-east-1?",
            "- route-table-association/other/private/*",
        ),
    ),
    Row(
        "Network/other private.cidrs",
        ["10.9.10.0/24", "10.9.12.0/24"],
        ("route-table-association/other/private/us-east-1b subnetId", "subnet/other/private/us-east-1b cidrBlock"),
        removed=("route-table-association/other/private/* subnetId", "subnet/other/private/* cidrBlock"),
        given=_PRIVATE,
    ),
    Row(
        "Network/other nat",
        "Single",
        (
            "+ elastic-ip/other/us-east-1a",
            "+ nat-gateway/other/us-east-1a",
            "route-table/other/private/us-east-1a/routes routes[0.0.0.0/0].natGatewayId",
            "route-table/other/private/us-east-1b/routes routes[0.0.0.0/0].natGatewayId",
        ),
        given=_PRIVATE,
    ),
    Row(
        "Network/other nat",
        "PerZone",
        (
            "+ elastic-ip/other/us-east-1?",
            "+ nat-gateway/other/us-east-1?",
            "route-table/other/private/us-east-1?/routes routes[0.0.0.0/0].natGatewayId",
        ),
        given=_PRIVATE,
    ),
    Row(
        "Network/main nat",
        "PerZone",
        (
            "+ elastic-ip/main/us-east-1b",
            "+ nat-gateway/main/us-east-1b",
            "route-table/main/private/us-east-1b/routes routes[0.0.0.0/0].natGatewayId",
        ),
        removed=("- elastic-ip/main/*", "- nat-gateway/main/*", "route-table/main/private/*/routes *.natGatewayId"),
        given=(("Task/api placement", "Public"),),
    ),
    Row(
        "Network/main endpointOptions",
        {"s3": {"policy": _LISTS}},
        ("vpc-endpoint/main/s3 policyDocument",),
    ),
    Row(
        "Network/main endpointOptions[s3].policy",
        _LISTS.replace("List", "Get"),
        ("vpc-endpoint/main/s3 policyDocument",),
        given=(("Network/main endpointOptions", {"s3": {"policy": _LISTS}}),),
    ),
    Row(
        "Network/main endpointOptions[logs].privateDns",
        False,
        ("vpc-endpoint/main/logs privateDnsEnabled",),
        given=_WITH_LOGS,
    ),
    Row(
        "Network/main endpointOptions[logs].placement",
        "Public",
        ("vpc-endpoint/main/logs subnetIds[*",),
        given=_WITH_LOGS,
    ),
    Row(
        "Network/main endpointOptions[logs].placement",
        "Private",
        ("vpc-endpoint/main/logs subnetIds[*",),
        given=(*_WITH_LOGS, ("Network/main endpointOptions[logs].placement", "Public")),
        removed=(),
    ),
    Row("Network/other dnsHostnames", False, ("vpc/other enableDnsHostnames",)),
    Row(
        "Network/other dnsSupport",
        False,
        ("vpc/other enableDnsSupport",),
        given=(("Network/other dnsHostnames", False),),
    ),
    Row(
        "Network/main elasticIps",
        [ALLOCATION],
        (
            "- elastic-ip/main/us-east-1a",
            "nat-gateway/main/us-east-1a allocationId",
            "route-table/main/private/us-east-1?/routes routes[0.0.0.0/0].natGatewayId",
        ),
    ),
    Row("Network/main routes", [{"to": "10.70.0.0/16", "via": TARGETS[0]}], _extra_routes("10.70.0.0/16")),
    Row("Network/main routes[0].to", "10.71.0.0/16", _extra_routes("10.7?.0.0/16"), given=_ROUTED),
    *(Row("Network/main routes[0].via", via, _extra_routes("10.70.0.0/16"), given=_ROUTED) for via in TARGETS[1:]),
    Row(
        "Network/main routes[0].tiers",
        ["Private"],
        ("route-table/main/public/routes routes[10.70.0.0/16]*",),
        given=_ROUTED,
    ),
    Row("Network/other networkAcls", {"public": _ACL}, ("+ network-acl/other/public",)),
    Row("Network/other networkAcls", {"private": _ACL}, ("+ network-acl/other/private",), given=_PRIVATE),
    *_acl_rows("inbound", "ingress"),
    *_acl_rows("outbound", "egress"),
    Row(
        "Network/main routes[0].tiers",
        ["Public"],
        ("route-table/main/private/us-east-1?/routes routes[10.70.0.0/16]*",),
        given=_ROUTED,
    ),
    Row(
        "Network/main endpoints",
        ["s3", "dynamodb"],
        ("+ vpc-endpoint/main/dynamodb",),
        removed=("- vpc-endpoint/main/*",),
    ),
    Row(
        "Network/main endpoints",
        ["s3", "logs"],
        ("+ security-group/network/main", "+ security-group/network/main/rules", "+ vpc-endpoint/main/logs"),
        removed=("- security-group/network/main", "- vpc-endpoint/main/s3", "- vpc-endpoint/main/logs"),
    ),
)

"""Samples of EC2's types: a network whose parts refer to each other, so that it can be built as it stands."""

from __future__ import annotations

from typing import Any

from type_sample import Sample

from reconciler.model.fields import Fields
from reconciler.model.resource import Resource
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._acl_tables import AclEntry
from reconciler.resources._policy import policy_document
from reconciler.resources.elastic_ip import ElasticIp
from reconciler.resources.internet_gateway import InternetGateway
from reconciler.resources.nat_gateway import NatGateway
from reconciler.resources.network_acl import NetworkAcl
from reconciler.resources.route_table import RouteTable
from reconciler.resources.route_table_association import RouteTableAssociation
from reconciler.resources.routes import Route, Routes
from reconciler.resources.security_group import SecurityGroup
from reconciler.resources.security_group_rules import EVERYWHERE, Rule, RuleKey, SecurityGroupRules
from reconciler.resources.subnet import Subnet
from reconciler.resources.vpc import Vpc
from reconciler.resources.vpc_endpoint import VpcEndpoint

VPC = Ref("vpc/main")
PUBLIC = "main/public/us-east-1a"
PRIVATE = "main/private/us-east-1a"


def _resource(address: str, fields: Fields, type_name: str = "") -> Resource[Any]:
    return Resource(address, type_name or address.split("/", 1)[0], fields, "Network/main")


def _rules(ingress: dict[RuleKey, Rule], egress: dict[RuleKey, Rule]) -> SecurityGroupRules:
    return SecurityGroupRules(group_id=_WEB, ingress=FrozenMap(ingress), egress=FrozenMap(egress))


def _routes(routes: dict[str, Route]) -> Routes:
    return Routes(route_table_id=Ref("route-table/main/public"), routes=FrozenMap(routes))


def _association(table: str) -> RouteTableAssociation:
    return RouteTableAssociation(subnet_id=Ref(f"subnet/{PUBLIC}"), route_table_id=Ref(table))


_READS = policy_document({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "logs:Get*", "Resource": "*"}})


def _interface_endpoint(**changes: Any) -> VpcEndpoint:
    fields: dict[str, Any] = {
        "vpc_id": VPC,
        "service_name": "com.amazonaws.us-east-1.logs",
        "vpc_endpoint_type": "Interface",
        "subnet_ids": frozenset({Ref(f"subnet/{PRIVATE}")}),
        "security_group_ids": frozenset({_WEB}),
        "private_dns_enabled": True,
        "policy_document": None,
    }
    return VpcEndpoint(**fields | changes)


def _gateway_endpoint(*tables: str) -> VpcEndpoint:
    return VpcEndpoint(
        vpc_id=VPC,
        service_name="com.amazonaws.us-east-1.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=frozenset(map(Ref, tables)),
    )


def _acl(*subnets: str, ingress: dict[int, AclEntry], egress: dict[int, AclEntry]) -> NetworkAcl:
    refs = frozenset[Ref | Id](Ref(f"subnet/{subnet}") for subnet in subnets)
    return NetworkAcl(vpc_id=VPC, subnet_ids=refs, ingress=FrozenMap(ingress), egress=FrozenMap(egress))


def _entry(protocol: str, *ports: int, action: str = "allow", block: str = "0.0.0.0/0", icmp: int = -1) -> AclEntry:
    from_port, to_port = ports or (None, None)
    message = {"icmp_type": icmp, "icmp_code": icmp} if protocol == "icmp" else {}
    ipv6 = ":" in block
    return AclEntry(
        rule_action=action,
        protocol=protocol,
        cidr_block=None if ipv6 else block,
        ipv6_cidr_block=block if ipv6 else None,
        from_port=from_port,
        to_port=to_port,
        **message,
    )


_WEB, _PUBLIC_LB = Ref("security-group/task/web"), Ref("security-group/load-balancer/public")
_HTTP = RuleKey("tcp", 80, 80, _PUBLIC_LB)
_TO_NAT = Route(nat_gateway_id=Ref("nat-gateway/main/us-east-1a"))
_TO_INTERNET = Route(gateway_id=Ref("internet-gateway/main"))

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-acl": (
        Sample(
            _resource(
                f"network-acl/{PUBLIC}",
                _acl(
                    PUBLIC,
                    ingress={
                        90: _entry("tcp", 22, 22, action="deny"),
                        100: _entry("-1"),
                        110: _entry("icmp"),
                        120: _entry("-1", block="::/0"),
                    },
                    egress={100: _entry("-1"), 120: _entry("-1", block="::/0")},
                ),
            ),
            others=(
                _acl(
                    PRIVATE,
                    ingress={
                        90: _entry("tcp", 22, 23, block="10.0.0.0/8"),
                        100: _entry("47"),
                        110: _entry("icmp", icmp=0),
                        120: _entry("-1", block="2001:db8::/32"),
                    },
                    egress={
                        100: _entry("-1", action="deny"),
                        120: _entry("tcp", 443, 443, block="2001:db8::/32"),
                        200: _entry("udp", 0, 65535),
                    },
                ),
            ),
        ),
    ),
    "vpc": (
        Sample(
            _resource("vpc/main", Vpc(cidr_block="10.0.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)),
            others=(Vpc(cidr_block="10.0.0.0/16", enable_dns_support=False, enable_dns_hostnames=False),),
        ),
    ),
    "subnet": (
        Sample(
            _resource(
                f"subnet/{PUBLIC}",
                Subnet(vpc_id=VPC, cidr_block="10.0.0.0/24", availability_zone="us-east-1a"),
            )
        ),
        Sample(
            _resource(
                f"subnet/{PRIVATE}",
                Subnet(vpc_id=VPC, cidr_block="10.0.10.0/24", availability_zone="us-east-1b"),
            )
        ),
    ),
    "internet-gateway": (
        Sample(
            _resource("internet-gateway/main", InternetGateway(vpc_id=VPC)),
            others=(InternetGateway(vpc_id=VPC, attached=False),),
        ),
    ),
    "elastic-ip": (Sample(_resource("elastic-ip/main/us-east-1a", ElasticIp())),),
    "nat-gateway": (
        Sample(
            _resource(
                "nat-gateway/main/us-east-1a",
                NatGateway(subnet_id=Ref(f"subnet/{PUBLIC}"), allocation_id=Ref("elastic-ip/main/us-east-1a")),
            )
        ),
        Sample(
            _resource(
                "nat-gateway/main/private",
                NatGateway(subnet_id=Ref(f"subnet/{PRIVATE}"), allocation_id=None, connectivity_type="private"),
            )
        ),
    ),
    "route-table": (
        Sample(_resource("route-table/main/public", RouteTable(vpc_id=VPC))),
        Sample(_resource("route-table/main/private/us-east-1a", RouteTable(vpc_id=VPC))),
    ),
    "routes": (
        Sample(
            _resource("route-table/main/public/routes", _routes({"0.0.0.0/0": _TO_INTERNET}), "routes"),
            others=(
                _routes({"0.0.0.0/0": _TO_NAT}),
                _routes({"0.0.0.0/0": _TO_INTERNET, "192.0.2.0/24": _TO_NAT}),
                _routes({"::/0": _TO_INTERNET}),
                _routes({}),
            ),
        ),
    ),
    "route-table-association": (
        Sample(
            _resource(f"route-table-association/{PUBLIC}", _association("route-table/main/public")),
            others=(_association("route-table/main/private/us-east-1a"),),
        ),
    ),
    "vpc-endpoint": (
        Sample(
            _resource("vpc-endpoint/main/logs", _interface_endpoint()),
            others=(
                _interface_endpoint(subnet_ids=frozenset({Ref(f"subnet/{PRIVATE}"), Ref(f"subnet/{PUBLIC}")})),
                _interface_endpoint(security_group_ids=frozenset({_PUBLIC_LB})),
                _interface_endpoint(private_dns_enabled=False),
                _interface_endpoint(policy_document=_READS),
            ),
        ),
        Sample(
            _resource("vpc-endpoint/main/s3", _gateway_endpoint("route-table/main/public")),
            others=(
                _gateway_endpoint("route-table/main/private/us-east-1a"),
                _gateway_endpoint("route-table/main/public", "route-table/main/private/us-east-1a"),
            ),
        ),
    ),
    "security-group": (
        Sample(_resource("security-group/task/web", SecurityGroup(vpc_id=VPC, description="Task/web"))),
        Sample(_resource(_PUBLIC_LB.address, SecurityGroup(vpc_id=VPC, description="LoadBalancer/public"))),
    ),
    "security-group-rules": (
        Sample(
            _resource(
                "security-group/task/web/rules",
                _rules({_HTTP: Rule(description="from the load balancer")}, {EVERYWHERE: Rule()}),
                "security-group-rules",
            ),
            others=(
                _rules({_HTTP: Rule(description="otherwise described")}, {EVERYWHERE: Rule()}),
                _rules({RuleKey("udp", 53, 54, "10.0.0.0/8"): Rule(description=None)}, {EVERYWHERE: Rule()}),
                _rules({RuleKey("icmpv6", 128, -1, "::/0"): Rule()}, {RuleKey("tcp", 443, 443, _WEB): Rule()}),
                _rules({}, {}),
            ),
        ),
    ),
}

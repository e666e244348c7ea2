"""AWS::EC2::NetworkInterface, only read: who has which address. AWS: EC2 DescribeNetworkInterfaces.

Those of tasks, load balancers, NAT gateways and endpoints are made and removed by the service that uses them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.facts import Fact, Interface, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._ec2 import in_vpcs
from reconciler.resources._ownership import tag_map


class NetworkInterface(Fields):
    """Where it stands, its addresses and its groups; a NAT gateway's has no groups.

    `private_ip_addresses` has the primary one first; `public_ips` are the public addresses by the private one that each
    stands for. `interface_type` is AWS's (`interface`, `nat_gateway`, `network_load_balancer`, `vpc_endpoint`, ...),
    `description` tells whose it is (`ELB app/NAME/ID`, `Interface for NAT Gateway nat-...`, the ARN of a task's
    attachment), `instance_owner_id` the account or service that attached it, `None` where it is attached to nothing.
    `status` is `in-use`, or `available` of one left over.
    """

    vpc_id: Id = field(immutable=True)
    subnet_id: Id = field(immutable=True)
    private_ip_addresses: tuple[str, ...]
    public_ips: FrozenMap[str, str]
    ipv6_addresses: tuple[str, ...]
    groups: frozenset[Id]
    interface_type: str
    description: str
    instance_owner_id: str | None
    requester_id: str | None
    status: str


_TASK = re.compile(r"arn:[^:]+:ecs:[^:]+:[0-9]+:attachment/")
"""How ECS describes the interface of a Fargate task (ECS developer guide, "Fargate task networking")."""


class NetworkInterfaceType(Readable[NetworkInterface]):
    name = "network-interface"
    cloudformation = "AWS::EC2::NetworkInterface"
    fields = NetworkInterface
    needs = ("vpc",)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[NetworkInterface]]:
        for interface in in_vpcs(reader, scope, "DescribeNetworkInterfaces", "NetworkInterfaces"):
            yield Observed(
                type=self.name,
                id=interface["NetworkInterfaceId"],
                fields=_fields(interface),
                outputs=FrozenMap({"id": interface["NetworkInterfaceId"]}),
                tags=FrozenMap(tag_map(interface.get("TagSet"))),
                evidence=True,
            )

    def facts(self, name: Name, fields: NetworkInterface, identity: str | None) -> Iterable[Fact]:
        for address in fields.private_ip_addresses if fields.status != "available" else ():
            yield Interface(
                name,
                segment=fields.subnet_id,
                filters=frozenset(fields.groups),
                address=address,
                public_address=fields.public_ips.get(address),
                belongs=fields.description,
                role="task" if _TASK.match(fields.description) else "other",
            )


def _fields(interface: Mapping[str, Any]) -> NetworkInterface:
    addresses = sorted(interface.get("PrivateIpAddresses", ()), key=lambda one: not one.get("Primary"))
    return NetworkInterface(
        vpc_id=Id(interface["VpcId"]),
        subnet_id=Id(interface["SubnetId"]),
        private_ip_addresses=tuple(one["PrivateIpAddress"] for one in addresses),
        public_ips=_public(interface, addresses),
        ipv6_addresses=tuple(one["Ipv6Address"] for one in interface.get("Ipv6Addresses", ())),
        groups=frozenset(Id(group["GroupId"]) for group in interface.get("Groups", ())),
        interface_type=interface.get("InterfaceType", "interface"),
        description=interface.get("Description", ""),
        instance_owner_id=interface.get("Attachment", {}).get("InstanceOwnerId"),
        requester_id=interface.get("RequesterId"),
        status=interface["Status"],
    )


def _public(interface: Mapping[str, Any], addresses: Iterable[Mapping[str, Any]]) -> FrozenMap[str, str]:
    """The association of the interface is that of its primary address, which AWS repeats there."""
    found = {interface.get("PrivateIpAddress", ""): interface.get("Association", {}).get("PublicIp")}
    found |= {
        one["PrivateIpAddress"]: one.get("Association", {}).get("PublicIp") for one in addresses if "Association" in one
    }
    return FrozenMap((private, public) for private, public in found.items() if public)


TYPE = NetworkInterfaceType()

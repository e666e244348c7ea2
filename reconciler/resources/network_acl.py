"""AWS::EC2::NetworkAcl, only read: what a subnet lets in and out. AWS: EC2 DescribeNetworkAcls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from reconciler.model.facts import ANY_PORT, Allow, Fact, Link, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._ec2 import cidr, in_vpcs
from reconciler.resources._ownership import tag_map


class AclEntry(Fields):
    """One entry. `rule_action` is `allow` or `deny`; `protocol` a name where rules of security groups have one (`tcp`),
    else a number, `-1` for all; ports are `None` where it has none, or all of them."""

    rule_action: str
    protocol: str
    cidr_block: str
    from_port: int | None
    to_port: int | None


Entries = FrozenMap[int, AclEntry]
"""Entries by rule number: the lowest that matches decides, 32767 is AWS's own and denies."""


class NetworkAcl(Fields):
    """The entries of a list and the subnets it holds for. It keeps no state: answers need entries of their own."""

    vpc_id: Id = field(immutable=True)
    is_default: bool
    subnet_ids: frozenset[Id]
    ingress: Entries
    egress: Entries


_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}


class NetworkAclType(Readable[NetworkAcl]):
    name = "network-acl"
    cloudformation = "AWS::EC2::NetworkAcl"
    fields = NetworkAcl
    needs = ("vpc",)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[NetworkAcl]]:
        for acl in in_vpcs(reader, scope, "DescribeNetworkAcls", "NetworkAcls"):
            yield Observed(
                type=self.name,
                id=acl["NetworkAclId"],
                fields=NetworkAcl(
                    vpc_id=Id(acl["VpcId"]),
                    is_default=acl["IsDefault"],
                    subnet_ids=frozenset(Id(one["SubnetId"]) for one in acl.get("Associations", ())),
                    ingress=_entries(acl, egress=False),
                    egress=_entries(acl, egress=True),
                ),
                outputs=FrozenMap({"id": acl["NetworkAclId"]}),
                tags=FrozenMap(tag_map(acl.get("Tags"))),
                evidence=True,
            )

    def facts(self, name: Name, fields: NetworkAcl, identity: str | None) -> Iterable[Fact]:
        yield from (Link(subnet, name, "edge") for subnet in fields.subnet_ids)
        for number, entry in fields.ingress.items():
            yield _allow(name, "in", number, entry)
        for number, entry in fields.egress.items():
            yield _allow(name, "out", number, entry)


def _entries(acl: Mapping[str, Any], *, egress: bool) -> Entries:
    """IPv4 and IPv6 entries have numbers of one range: a number is taken once in a direction."""
    return FrozenMap(
        (entry["RuleNumber"], _entry(entry)) for entry in acl.get("Entries", ()) if entry["Egress"] is egress
    )


def _allow(acl: Name, direction: Literal["in", "out"], number: int, entry: AclEntry) -> Allow:
    ports = ANY_PORT if entry.from_port is None or entry.to_port is None else (entry.from_port, entry.to_port)
    protocol = "all" if entry.protocol == "-1" else entry.protocol
    shown = f"{ports[0]}-{ports[1]} " if ports[0] != ports[1] else f"{ports[0]} "
    text = f"entry {number}: {entry.rule_action} {protocol} {'' if ports == ANY_PORT else shown}{entry.cidr_block}"
    return Allow(acl, direction, protocol, ports, entry.cidr_block, text, number, entry.rule_action == "allow")


def _entry(entry: Mapping[str, Any]) -> AclEntry:
    protocol, ports = entry["Protocol"], entry.get("PortRange", {})
    return AclEntry(
        rule_action=entry["RuleAction"],
        protocol=_PROTOCOLS.get(protocol, protocol),
        cidr_block=cidr(entry.get("CidrBlock") or entry["Ipv6CidrBlock"]),
        from_port=ports.get("From"),
        to_port=ports.get("To"),
    )


TYPE = NetworkAclType()

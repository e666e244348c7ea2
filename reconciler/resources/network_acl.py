"""AWS::EC2::NetworkAcl with its entries and the subnets it holds for. AWS: EC2 CreateNetworkAcl,
CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry, ReplaceNetworkAclAssociation.

A subnet has one list at any time: a new one the default list of its VPC, which cannot be deleted and is left alone. An
association gets another id whenever it moves, so that the id is looked up right before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from reconciler.model.facts import ANY_PORT, Allow, Fact, Link, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Exposed, Observed, Resource, ResourceType, Scope
from reconciler.model.values import FrozenMap, Id, LookedUp, Ref, Template
from reconciler.resources._acl_tables import AclEntry, Entries, Step, transition
from reconciler.resources._ec2 import cidr, in_vpcs
from reconciler.resources._ownership import Ec2Tags, ownership, specifications, tag_map


class NetworkAcl(Fields):
    """The entries of a list and the subnets it holds for. It keeps no state: answers need entries of their own."""

    vpc_id: Ref | Id = field(immutable=True)
    is_default: bool = field(default=False, immutable=True)
    subnet_ids: frozenset[Ref | Id] = field()
    ingress: Entries = field()
    egress: Entries = field()


LAST_RULE: Final = 32767
"""The number of AWS's own entry, which denies what no other one meets; for IPv6 it is the next (VPC user guide)."""

_NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_NUMBERS = {name: number for number, name in _NAMES.items()}
_GONE: Final = "InvalidAssociationID.NotFound"


class NetworkAclType(Ec2Tags, ResourceType[NetworkAcl]):
    name = "network-acl"
    cloudformation = "AWS::EC2::NetworkAcl"
    changed_by = (
        "ec2:CreateNetworkAcl",
        "ec2:CreateNetworkAclEntry",
        "ec2:ReplaceNetworkAclEntry",
        "ec2:DeleteNetworkAclEntry",
        "ec2:ReplaceNetworkAclAssociation",
        "ec2:DeleteNetworkAcl",
    )
    fields = NetworkAcl
    needs = ("vpc",)
    absent = frozenset({"InvalidNetworkAclID.NotFound", _GONE})

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
                evidence=acl["IsDefault"],
                **ownership(tag_map(acl.get("Tags"))),
            )

    def facts(self, name: Name, fields: NetworkAcl, identity: str | None) -> Iterable[Fact]:
        yield from (Link(subnet, name, "edge") for subnet in fields.subnet_ids)
        for number, entry in fields.ingress.items():
            yield _allow(name, "in", number, entry)
        for number, entry in fields.egress.items():
            yield _allow(name, "out", number, entry)

    def create(self, resource: Resource[NetworkAcl], context: Context) -> Sequence[Call]:
        """Entries come before subnets, so that none is under a list that denies everything."""
        fields, acl = resource.fields, Ref(resource.address)
        create = Call(
            "ec2",
            "CreateNetworkAcl",
            {
                "VpcId": fields.vpc_id,
                "ClientToken": context.token,
                "TagSpecifications": specifications("network-acl", context.tags),
            },
            save=FrozenMap({"id": "NetworkAcl.NetworkAclId"}),
        )
        nothing: Entries = FrozenMap()
        entries = _entry_calls(acl, fields, nothing, nothing)
        return [create, *entries, *(_associate(subnet, acl) for subnet in sorted(fields.subnet_ids, key=str))]

    def update(
        self,
        resource: Resource[NetworkAcl],
        observed: Observed[NetworkAcl],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        """Subnets go before entries change and come after, so that none is under entries that are not meant for it."""
        wanted, present = resource.fields, observed.fields
        added = sorted(wanted.subnet_ids - present.subnet_ids, key=str)
        removed = sorted(present.subnet_ids - wanted.subnet_ids, key=str)
        return [
            *(_associate(subnet, _default_of(wanted.vpc_id)) for subnet in removed),
            *_entry_calls(observed.id, wanted, present.ingress, present.egress),
            *(_associate(subnet, observed.id) for subnet in added),
        ]

    def exposes(
        self, resource: Resource[NetworkAcl], observed: Observed[NetworkAcl], context: Context
    ) -> Sequence[Exposed]:
        """What meets entries that change while the quota leaves no room for the old ones beside the new."""
        wanted, present = resource.fields, observed.fields
        return [
            Exposed(f"{word} {number}", _met(entry))
            for word, old, new in (
                ("inbound", present.ingress, wanted.ingress),
                ("outbound", present.egress, wanted.egress),
            )
            for number, entry in transition(old, new).exposed.items()
        ]

    def delete(self, observed: Observed[NetworkAcl], context: Context) -> Sequence[Call]:
        """AWS deletes no list that holds for a subnet: they go back to the default list."""
        fields = observed.fields
        back = [_associate(subnet, _default_of(fields.vpc_id)) for subnet in sorted(fields.subnet_ids, key=str)]
        return [*back, Call("ec2", "DeleteNetworkAcl", {"NetworkAclId": observed.id})]


def _entries(acl: Mapping[str, Any], *, egress: bool) -> Entries:
    """IPv4 and IPv6 entries have numbers of one range: a number is taken once in a direction. AWS's own last ones,
    which deny what is left, are none."""
    return FrozenMap(
        (entry["RuleNumber"], _entry(entry))
        for entry in acl.get("Entries", ())
        if entry["Egress"] is egress and entry["RuleNumber"] < LAST_RULE
    )


def _allow(acl: Name, direction: Literal["in", "out"], number: int, entry: AclEntry) -> Allow:
    ports = ANY_PORT if entry.from_port is None or entry.to_port is None else (entry.from_port, entry.to_port)
    protocol = "all" if entry.protocol == "-1" else entry.protocol
    shown = f"{ports[0]}-{ports[1]} " if ports[0] != ports[1] else f"{ports[0]} "
    text = f"entry {number}: {entry.rule_action} {protocol} {'' if ports == ANY_PORT else shown}{entry.block}"
    return Allow(acl, direction, protocol, ports, entry.block, text, number, entry.rule_action == "allow")


def _entry(entry: Mapping[str, Any]) -> AclEntry:
    protocol, ports, icmp = entry["Protocol"], entry.get("PortRange", {}), entry.get("IcmpTypeCode", {})
    block, ipv6_block = entry.get("CidrBlock"), entry.get("Ipv6CidrBlock")
    return AclEntry(
        rule_action=entry["RuleAction"],
        protocol=_NAMES.get(protocol, protocol),
        cidr_block=cidr(block) if block else None,
        ipv6_cidr_block=cidr(ipv6_block) if ipv6_block else None,
        from_port=ports.get("From"),
        to_port=ports.get("To"),
        icmp_type=icmp.get("Type"),
        icmp_code=icmp.get("Code"),
    )


def _entry_calls(acl: str | Ref, wanted: NetworkAcl, ingress: Entries, egress: Entries) -> list[Call]:
    """What brings both tables to what is wanted. Answers need the other direction, so what lets out comes first."""
    calls = []
    for out, old, new in ((True, egress, wanted.egress), (False, ingress, wanted.ingress)):
        calls += [_entry_call(acl, step, egress=out) for step in transition(old, new).steps]
    return calls


def _entry_call(acl: str | Ref, step: Step, *, egress: bool) -> Call:
    params: dict[str, Any] = {"NetworkAclId": acl, "RuleNumber": step.number, "Egress": egress}
    entry = step.entry
    if entry is None:
        return Call("ec2", "DeleteNetworkAclEntry", params)
    member = "CidrBlock" if entry.cidr_block else "Ipv6CidrBlock"
    protocol = _NUMBERS.get(entry.protocol, entry.protocol)
    params |= {"Protocol": protocol, "RuleAction": entry.rule_action, member: entry.block}
    if entry.from_port is not None:
        params["PortRange"] = {"From": entry.from_port, "To": entry.to_port}
    if entry.icmp_type is not None:
        params["IcmpTypeCode"] = {"Type": entry.icmp_type, "Code": entry.icmp_code}
    return Call("ec2", "ReplaceNetworkAclEntry" if step.replaces else "CreateNetworkAclEntry", params)


def _associate(subnet: Ref | Id, acl: str | Ref | LookedUp) -> Call:
    """A subnet moves from the list that holds for it, whichever that is, to another at once."""
    named: str | Ref = subnet if isinstance(subnet, Ref) else subnet.value
    association = LookedUp(
        "ec2",
        "DescribeNetworkAcls",
        "NetworkAcls",
        FrozenMap({"Filters": (FrozenMap({"Name": "association.subnet-id", "Values": (subnet,)}),)}),
        Template(("NetworkAcls[].Associations[] | [?SubnetId=='", named, "'].NetworkAclAssociationId | [0]")),
        _GONE,
    )
    return Call("ec2", "ReplaceNetworkAclAssociation", {"AssociationId": association, "NetworkAclId": acl})


def _default_of(vpc: Ref | Id) -> LookedUp:
    filters = (
        FrozenMap({"Name": "vpc-id", "Values": (vpc,)}),
        FrozenMap({"Name": "default", "Values": ("true",)}),
    )
    path = "NetworkAcls[0].NetworkAclId"
    params = FrozenMap({"Filters": filters})
    return LookedUp("ec2", "DescribeNetworkAcls", "NetworkAcls", params, path, "InvalidNetworkAclID.NotFound")


def _met(entry: AclEntry) -> FrozenMap[str, frozenset[str]]:
    """Which packets an entry speaks of, as a person would say it."""
    said = {"block": entry.block, "protocol": "all" if entry.protocol == "-1" else entry.protocol}
    if entry.from_port is not None:
        same = entry.from_port == entry.to_port
        said["ports"] = str(entry.from_port) if same else f"{entry.from_port}-{entry.to_port}"
    return FrozenMap({name: frozenset({value}) for name, value in said.items()})


TYPE = NetworkAclType()

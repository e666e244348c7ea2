"""AWS::EC2::VPC. AWS: EC2 CreateVpc, ModifyVpcAttribute, DescribeVpcAttribute."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import Fact, Name, Span
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Holder, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, UNSET, FrozenMap, Marker, Ref
from reconciler.resources._ec2 import cidr
from reconciler.resources._holders import inside, interfaces
from reconciler.resources._ownership import Ec2Tags, in_stacks, ownership, specifications, tag_map
from reconciler.resources._tag_index import knows_no_stray_group


class Vpc(Fields):
    """The address range and the two DNS switches; hostnames need support."""

    cidr_block: str = field(immutable=True)
    enable_dns_support: bool | Marker = field()
    enable_dns_hostnames: bool | Marker = field()
    other_cidr_blocks: frozenset[str] | Marker = field(default=UNSET, compared=False)
    """Blocks that were associated later: they are inside too."""


_ATTRIBUTES = {"enable_dns_support": "EnableDnsSupport", "enable_dns_hostnames": "EnableDnsHostnames"}
"""In the order in which they are switched on; they are switched off the other way round."""
_DEFAULTS = {"enable_dns_support": True, "enable_dns_hostnames": False}


class VpcType(Ec2Tags, ResourceType[Vpc]):
    name = "vpc"
    cloudformation = "AWS::EC2::VPC"
    changed_by = (
        "ec2:CreateVpc",
        "ec2:ModifyVpcAttribute",
        "ec2:AssociateDhcpOptions",
        "ec2:ModifyVpcTenancy",
        "ec2:AssociateVpcCidrBlock",
        "ec2:DisassociateVpcCidrBlock",
        "ec2:DeleteVpc",
    )
    fields = Vpc
    guarded = "network"
    absent = frozenset({"InvalidVpcID.NotFound"})

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        switches = [
            partial(_switch_of, reader, vpc, name) for vpc in scope.foreseen(self.name) for name in _ATTRIBUTES.values()
        ]
        return (partial(_inhabited, reader, scope), partial(reader.together, switches))

    def outline(self, reader: Reader, scope: Scope) -> Iterable[Observed[Vpc]]:
        ours = reader.pages("ec2", "DescribeVpcs", "Vpcs", Filters=[in_stacks(scope.stacks)])
        for vpc in ours:
            yield Observed(
                type=self.name,
                id=vpc["VpcId"],
                fields=_read(vpc),
                outputs=FrozenMap({"id": vpc["VpcId"]}),
                state=State.READY if vpc["State"] == "available" else State.PENDING,
                **ownership(tag_map(vpc.get("Tags"))),
            )
        inhabited = {vpc.id for vpc in scope.found.get("existing-vpc", ())} | _inhabited(reader, scope)
        yield from self._others(reader, sorted(inhabited - {vpc["VpcId"] for vpc in ours}))

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Vpc]]:
        """Its two switches, which AWS tells one by one, are asked for of networks of ours alone."""
        seen = list(self.outline(reader, scope))
        asked = [(vpc.id, name) for vpc in seen if not vpc.evidence for name in _ATTRIBUTES.values()]
        answers = reader.together(partial(_switch_of, reader, *one) for one in asked)
        switches = dict(zip(asked, answers, strict=True))
        for vpc in seen:
            known: dict[str, Any] = {
                name: switches[vpc.id, said] for name, said in _ATTRIBUTES.items() if (vpc.id, said) in switches
            }
            yield dataclasses.replace(vpc, fields=dataclasses.replace(vpc.fields, **known))

    def _others(self, reader: Reader, vpcs: list[str]) -> Iterable[Observed[Vpc]]:
        """The networks of others that something of ours lives in: where traffic can go depends on them too."""
        for vpc in reader.pages("ec2", "DescribeVpcs", "Vpcs", VpcIds=vpcs) if vpcs else ():
            yield Observed(
                type=self.name,
                id=vpc["VpcId"],
                fields=_read(vpc),
                outputs=FrozenMap({"id": vpc["VpcId"]}),
                evidence=True,
            )

    def facts(self, name: Name, fields: Vpc, identity: str | None) -> Iterable[Fact]:
        others = () if isinstance(fields.other_cidr_blocks, Marker) else sorted(fields.other_cidr_blocks)
        yield Span(name, (fields.cidr_block, *others))

    def holders(self, reader: Reader, identity: str) -> Sequence[Holder]:
        return [*inside(reader, identity), *interfaces(reader, "vpc-id", identity)]

    def create(self, resource: Resource[Vpc], context: Context) -> Sequence[Call]:
        create = Call(
            "ec2",
            "CreateVpc",
            {
                "CidrBlock": resource.fields.cidr_block,
                "TagSpecifications": specifications("vpc", context.tags),
            },
            save=FrozenMap({"id": "Vpc.VpcId"}),
        )
        changed = {name for name, default in _DEFAULTS.items() if getattr(resource.fields, name) != default}
        return [create, *_switch(Ref(resource.address), resource.fields, changed)]

    def update(
        self, resource: Resource[Vpc], observed: Observed[Vpc], changed: frozenset[str], context: Context
    ) -> Sequence[Call]:
        return _switch(observed.id, resource.fields, changed)

    def delete(self, observed: Observed[Vpc], context: Context) -> Sequence[Call]:
        return [Call("ec2", "DeleteVpc", {"VpcId": observed.id})]


def _later_blocks(vpc: Mapping[str, Any]) -> frozenset[str]:
    listed = vpc.get("CidrBlockAssociationSet", ())
    blocks = {cidr(one["CidrBlock"]) for one in listed if one["CidrBlockState"]["State"] == "associated"}
    return frozenset(blocks - {cidr(vpc["CidrBlock"])})


def _read(vpc: Mapping[str, Any]) -> Vpc:
    return Vpc(
        cidr_block=cidr(vpc["CidrBlock"]),
        enable_dns_support=NOT_REPORTED,
        enable_dns_hostnames=NOT_REPORTED,
        other_cidr_blocks=_later_blocks(vpc),
    )


def _inhabited(reader: Reader, scope: Scope) -> set[str]:
    """The VPCs that hold security groups of the stacks of a scope, which all that runs in a VPC has: where no file says
    any more which network it was, what lives in it is found all the same.

    A group that nobody wants, or that is there twice, is what they are looked for; an index that knows of none will do.
    """
    if knows_no_stray_group(reader, scope):
        return set()
    filters = [in_stacks(scope.stacks)]
    return {one["VpcId"] for one in reader.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=filters)}


def _switch_of(reader: Reader, vpc_id: str, attribute: str) -> bool:
    name = attribute[0].lower() + attribute[1:]
    value: bool = reader.get("ec2", "DescribeVpcAttribute", VpcId=vpc_id, Attribute=name)[attribute]["Value"]
    return value


def _switch(vpc: str | Ref, fields: Vpc, changed: Collection[str]) -> list[Call]:
    """One request per attribute: ModifyVpcAttribute takes no two at once, and no hostnames without support."""
    names = [name for name in _ATTRIBUTES if name in changed]
    if not fields.enable_dns_support:
        names.reverse()
    return [
        Call("ec2", "ModifyVpcAttribute", {"VpcId": vpc, _ATTRIBUTES[name]: {"Value": getattr(fields, name)}})
        for name in names
    ]


TYPE = VpcType()

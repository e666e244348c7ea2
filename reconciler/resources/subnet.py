"""AWS::EC2::Subnet. AWS: EC2 CreateSubnet; the same CIDR cannot exist twice in a VPC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_network

from reconciler.model.facts import Fact, Name, Span
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Holder, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._ec2 import cidr, in_vpcs
from reconciler.resources._holders import interfaces
from reconciler.resources._ownership import Ec2Tags, ownership, specifications, tag_map


class Subnet(Fields):
    """Where it lies and what addresses it has; nothing of it can change."""

    vpc_id: Ref | Id = field(immutable=True)
    cidr_block: str = field(immutable=True)
    availability_zone: str = field(immutable=True)


class SubnetType(Ec2Tags, ResourceType[Subnet]):
    name = "subnet"
    cloudformation = "AWS::EC2::Subnet"
    changed_by = (
        "ec2:CreateSubnet",
        "ec2:ModifySubnetAttribute",
        "ec2:DeleteSubnet",
    )
    fields = Subnet
    needs = ("vpc",)
    absent = frozenset({"InvalidSubnetID.NotFound"})

    def conflicts(self, desired: Subnet, observed: Subnet) -> str | None:
        ranges = [ip_network(fields.cidr_block) for fields in (desired, observed)]
        if desired.vpc_id != observed.vpc_id or not ranges[0].overlaps(ranges[1]):
            return None
        return (
            f"{desired.cidr_block} is not free while the subnet with {observed.cidr_block} is there: give the new one "
            "another range, or move what uses the old one out of it, apply, and put it back"
        )

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Subnet]]:
        for subnet in in_vpcs(reader, scope, "DescribeSubnets", "Subnets"):
            yield Observed(
                type=self.name,
                id=subnet["SubnetId"],
                fields=Subnet(
                    vpc_id=Id(subnet["VpcId"]),
                    cidr_block=cidr(subnet["CidrBlock"]),
                    availability_zone=subnet["AvailabilityZone"],
                ),
                outputs=FrozenMap({"id": subnet["SubnetId"]}),
                state=State.READY if subnet["State"] == "available" else State.PENDING,
                **ownership(tag_map(subnet.get("Tags"))),
            )

    def facts(self, name: Name, fields: Subnet, identity: str | None) -> Iterable[Fact]:
        yield Span(name, (fields.cidr_block,), within=fields.vpc_id, zone=fields.availability_zone)

    def holders(self, reader: Reader, identity: str) -> Sequence[Holder]:
        return interfaces(reader, "subnet-id", identity)

    def create(self, resource: Resource[Subnet], context: Context) -> Sequence[Call]:
        return [
            Call(
                "ec2",
                "CreateSubnet",
                {
                    "VpcId": resource.fields.vpc_id,
                    "CidrBlock": resource.fields.cidr_block,
                    "AvailabilityZone": resource.fields.availability_zone,
                    "TagSpecifications": specifications("subnet", context.tags),
                },
                save=FrozenMap({"id": "Subnet.SubnetId"}),
            )
        ]

    def update(
        self,
        resource: Resource[Subnet],
        observed: Observed[Subnet],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return []

    def delete(self, observed: Observed[Subnet], context: Context) -> Sequence[Call]:
        return [Call("ec2", "DeleteSubnet", {"SubnetId": observed.id})]


TYPE = SubnetType()

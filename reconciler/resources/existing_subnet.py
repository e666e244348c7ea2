"""AWS::EC2::Subnet that a spec refers to, only read. AWS: EC2 DescribeSubnets."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Referred
from reconciler.model.values import EMPTY, FrozenMap
from reconciler.resources._ec2 import described, lookup_filters
from reconciler.resources._ownership import tag_map


class ExistingSubnet(Fields):
    """What it is known by: its id, or its zone with tags that it has among others. It lies in one VPC, which has an id
    or tags."""

    vpc_id: str | None = None
    vpc_tags: FrozenMap[str, str] = field(default=EMPTY)
    availability_zone: str
    subnet_id: str | None = None
    tags: FrozenMap[str, str] = field(default=EMPTY)


class ExistingSubnetType(Referred[ExistingSubnet]):
    name = "existing-subnet"
    cloudformation = "AWS::EC2::Subnet"
    fields = ExistingSubnet
    put_right = "name a subnet of that VPC and zone, or take the zone out"

    def candidates(self, reader: Reader, wanted: ExistingSubnet) -> Iterable[Observed[ExistingSubnet]]:
        """Subnets in no other VPC than the one: where that is not known, none is."""
        vpcs = reader.pages(
            "ec2", "DescribeVpcs", "Vpcs", Filters=lookup_filters("vpc-id", wanted.vpc_id, wanted.vpc_tags)
        )
        if len(vpcs) != 1:
            return
        vpc = vpcs[0]["VpcId"]
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        for subnet in reader.pages("ec2", "DescribeSubnets", "Subnets", Filters=filters):
            tags = tag_map(subnet.get("Tags"))
            if (
                subnet["AvailabilityZone"] == wanted.availability_zone
                and wanted.subnet_id in (None, subnet["SubnetId"])
                and tags.items() >= wanted.tags.items()
            ):
                yield self.found(wanted, subnet["SubnetId"])

    def meant(self, wanted: ExistingSubnet) -> str:
        subnet = described("subnet", wanted.subnet_id, wanted.tags)
        return f"{subnet} in {wanted.availability_zone} in the {described('VPC', wanted.vpc_id, wanted.vpc_tags)}"


TYPE = ExistingSubnetType()

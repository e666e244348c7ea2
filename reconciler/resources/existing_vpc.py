"""AWS::EC2::VPC that a spec refers to, only read. AWS: EC2 DescribeVpcs."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Referred
from reconciler.model.values import EMPTY, FrozenMap
from reconciler.resources._ec2 import described, lookup_filters


class ExistingVpc(Fields):
    """What it is known by: its id, or tags that it has among others."""

    vpc_id: str | None = None
    tags: FrozenMap[str, str] = field(default=EMPTY)


class ExistingVpcType(Referred[ExistingVpc]):
    name = "existing-vpc"
    cloudformation = "AWS::EC2::VPC"
    fields = ExistingVpc
    put_right = "correct spec.existing, or the Stack's region"

    def candidates(self, reader: Reader, wanted: ExistingVpc) -> Iterable[Observed[ExistingVpc]]:
        filters = lookup_filters("vpc-id", wanted.vpc_id, wanted.tags)
        for vpc in reader.pages("ec2", "DescribeVpcs", "Vpcs", Filters=filters):
            yield self.found(wanted, vpc["VpcId"])

    def meant(self, wanted: ExistingVpc) -> str:
        return f"{described('VPC', wanted.vpc_id, wanted.tags)} in this account and region"


TYPE = ExistingVpcType()

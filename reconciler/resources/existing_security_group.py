"""AWS::EC2::SecurityGroup of a load balancer that a spec refers to, only read. AWS: ELBv2 DescribeLoadBalancers.

Whoever lets in one of the groups of a load balancer lets in the load balancer: the first of them is enough.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.fields import Fields
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Referred
from reconciler.resources._elb import described_balancer


class ExistingSecurityGroup(Fields):
    """The load balancer that it belongs to."""

    load_balancer_arn: str


class ExistingSecurityGroupType(Referred[ExistingSecurityGroup]):
    name = "existing-security-group"
    cloudformation = "AWS::EC2::SecurityGroup"
    fields = ExistingSecurityGroup
    put_right = "correct spec.existing.arn, or give the load balancer a security group"

    def candidates(self, reader: Reader, wanted: ExistingSecurityGroup) -> Iterable[Observed[ExistingSecurityGroup]]:
        for balancer in described_balancer(reader, wanted.load_balancer_arn):
            for group in sorted(balancer.get("SecurityGroups", ()))[:1]:
                yield self.found(wanted, group)

    def meant(self, wanted: ExistingSecurityGroup) -> str:
        return f"security group of the load balancer {wanted.load_balancer_arn}"


TYPE = ExistingSecurityGroupType()

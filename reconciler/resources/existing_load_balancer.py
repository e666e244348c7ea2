"""AWS::ElasticLoadBalancingV2::LoadBalancer that a spec refers to, only read. AWS: ELBv2 DescribeLoadBalancers."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.fields import Fields
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Referred
from reconciler.resources._elb import described_balancer


class ExistingLoadBalancer(Fields):
    """What it is known by."""

    load_balancer_arn: str


class ExistingLoadBalancerType(Referred[ExistingLoadBalancer]):
    name = "existing-load-balancer"
    cloudformation = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    fields = ExistingLoadBalancer
    put_right = "correct spec.existing.arn, or the Stack's region"

    def candidates(self, reader: Reader, wanted: ExistingLoadBalancer) -> Iterable[Observed[ExistingLoadBalancer]]:
        for balancer in described_balancer(reader, wanted.load_balancer_arn):
            arn = balancer["LoadBalancerArn"]
            yield self.found(
                wanted,
                arn,
                arn=arn,
                name=balancer["LoadBalancerName"],
                dnsName=balancer.get("DNSName", "").lower(),
                canonicalHostedZoneId=balancer.get("CanonicalHostedZoneId", ""),
            )

    def meant(self, wanted: ExistingLoadBalancer) -> str:
        return f"load balancer of type Application {wanted.load_balancer_arn} in this account and region"


TYPE = ExistingLoadBalancerType()

"""AWS::ElasticLoadBalancingV2::LoadBalancer that a spec refers to, only read. AWS: ELBv2 DescribeLoadBalancers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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

    def unresolved(
        self, wanted: ExistingLoadBalancer, found: Sequence[Observed[ExistingLoadBalancer]]
    ) -> tuple[str, str]:
        what = f"there is no load balancer of type Application {wanted.load_balancer_arn} in this account and region"
        return what, "correct spec.existing.arn, or the Stack's region"


TYPE = ExistingLoadBalancerType()

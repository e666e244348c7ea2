"""AWS::ElasticLoadBalancingV2::Listener that a spec refers to, only read. AWS: ELBv2 DescribeListeners."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from reconciler.model.fields import Fields
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Referred
from reconciler.resources._elb import unless_gone


class ExistingListener(Fields):
    """What it is known by: its load balancer and its port, which no other listener of that has, or its ARN too."""

    load_balancer_arn: str
    port: int
    protocol: str
    listener_arn: str | None = None


class ExistingListenerType(Referred[ExistingListener]):
    name = "existing-listener"
    cloudformation = "AWS::ElasticLoadBalancingV2::Listener"
    fields = ExistingListener
    put_right = "write the port and the protocol that it has, or correct spec.existing.arn"

    def candidates(self, reader: Reader, wanted: ExistingListener) -> Iterable[Observed[ExistingListener]]:
        balancer = wanted.load_balancer_arn
        asked = partial(reader.pages, "elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=balancer)
        for listener in unless_gone(asked) or ():
            arn = listener["ListenerArn"]
            if (listener["Port"], listener["Protocol"]) == (wanted.port, wanted.protocol) and wanted.listener_arn in (
                None,
                arn,
            ):
                yield self.found(wanted, arn, arn=arn)

    def meant(self, wanted: ExistingListener) -> str:
        what = wanted.listener_arn or f"of {wanted.load_balancer_arn}"
        return f"listener {what} with protocol {wanted.protocol} on port {wanted.port}"


TYPE = ExistingListenerType()

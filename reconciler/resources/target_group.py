"""AWS::ElasticLoadBalancingV2::TargetGroup. AWS: ELBv2 CreateTargetGroup; ECS registers the targets."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.resource import Naming
from reconciler.model.values import UNSET, Id, Marker, Ref
from reconciler.resources._ownership import ElbTags
from reconciler.resources._pending import Pending


class Matcher(Fields):
    """Which answers to a health check are healthy: `200`, `200-399`, `200,302`."""

    http_code: str | Marker | None = field(default=UNSET)
    grpc_code: str | Marker | None = field(default=UNSET)


class TargetGroup(Fields):
    """Where a load balancer sends requests, and how it checks health.

    AWS's defaults of health checks differ by protocol and between its own documents, so what is unset is not compared.
    `health_check_port` is text: a number or `traffic-port`. Seconds: interval 5 to 300, timeout 2 to 120.
    """

    vpc_id: Ref | Id = field(immutable=True)
    protocol: str = field(immutable=True)
    port: int = field(immutable=True)
    target_type: str = field(immutable=True)
    health_check_protocol: str | Marker | None = field(default=UNSET)
    health_check_port: str | Marker | None = field(default=UNSET)
    health_check_path: str | Marker | None = field(default=UNSET)
    health_check_interval_seconds: int | Marker | None = field(default=UNSET)
    health_check_timeout_seconds: int | Marker | None = field(default=UNSET)
    healthy_threshold_count: int | Marker | None = field(default=UNSET)
    unhealthy_threshold_count: int | Marker | None = field(default=UNSET)
    matcher: Matcher | Marker | None = field(default=UNSET)


class TargetGroupType(ElbTags, Pending):
    name = "target-group"
    cloudformation = "AWS::ElasticLoadBalancingV2::TargetGroup"
    fields = TargetGroup
    needs = ("vpc",)
    naming = Naming.DIGEST
    name_limit = 32


TYPE = TargetGroupType()

"""AWS::ElasticLoadBalancingV2::LoadBalancer, application and network. AWS: ELBv2 CreateLoadBalancer."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.resource import Naming
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._ownership import ElbTags
from reconciler.resources._pending import Pending


class LoadBalancer(Fields):
    """Where it stands and who may reach it.

    `type` is `application` or `network`, `scheme` `internet-facing` or `internal`. `vpc_id` is no parameter of AWS's
    (it follows from the subnets) but never changes.
    """

    vpc_id: Ref | Id = field(immutable=True)
    type: str = field(immutable=True)
    scheme: str = field(immutable=True)
    subnets: frozenset[Ref | Id] = field()
    security_groups: frozenset[Ref | Id] = field()


class LoadBalancerType(ElbTags, Pending):
    name = "load-balancer"
    cloudformation = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    fields = LoadBalancer
    needs = ("vpc",)
    after = FrozenMap({"internet-gateway": "vpc"})
    naming = Naming.DIGEST
    name_limit = 32
    settles = True
    guarded = "load balancer"


TYPE = LoadBalancerType()

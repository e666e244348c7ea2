"""AWS::ElasticLoadBalancingV2::Listener with its default actions. AWS: ELBv2 CreateListener."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.values import Id, Ref
from reconciler.resources._actions import Action
from reconciler.resources._ownership import ElbTags
from reconciler.resources._pending import Pending


class Listener(Fields):
    """One port of a load balancer and what it does with what no rule matches."""

    load_balancer_arn: Ref | Id = field(immutable=True)
    port: int = field()
    protocol: str = field()
    default_actions: tuple[Action, ...] = field(whole=True, exclusive=True)


class ListenerType(ElbTags, Pending):
    name = "listener"
    cloudformation = "AWS::ElasticLoadBalancingV2::Listener"
    fields = Listener
    needs = ("vpc",)


TYPE = ListenerType()

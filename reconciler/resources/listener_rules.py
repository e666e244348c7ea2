"""The rules of a listener as one collection, owned whole. AWS: ELBv2 CreateRule, ModifyRule, SetRulePriorities."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._actions import Action
from reconciler.resources._ownership import ElbTags
from reconciler.resources._pending import Pending

Conditions = FrozenMap[str, frozenset[str]]
"""Values by AWS's name of the condition (`path-pattern`, `host-header`, `http-request-method`, `source-ip`); any value
of a condition may match, all conditions must. Host names are lower case. The two that name what they look at carry it
in the key or the value: `http-header x-version`, `query-string` with `key=value`."""


class ListenerRule(Fields):
    """One rule: lower priorities (1 to 50000) are asked first."""

    priority: int
    conditions: Conditions = field(whole=True)
    actions: tuple[Action, ...] = field(whole=True)
    transforms: str | None = None
    """AWS's JSON of rewrites, which only others make."""
    rule_arn: str | None = field(default=None, compared=False)


class ListenerRules(Fields):
    """All rules of one listener but the default one, by the name they have in the spec."""

    listener_arn: Ref | Id = field(immutable=True)
    rules: FrozenMap[str, ListenerRule] = field(exclusive=True)


class ListenerRulesType(ElbTags, Pending):
    name = "listener-rules"
    cloudformation = "AWS::ElasticLoadBalancingV2::Listener"
    fields = ListenerRules
    needs = ("vpc",)
    collection = "rules"
    parent = "listener_arn"


TYPE = ListenerRulesType()

"""The rules of a listener as one collection, owned whole. AWS: ELBv2 CreateRule, ModifyRule, SetRulePriorities.

Network load balancers have no rules (ELBv2 API reference, CreateRule).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import Fact, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Exposed, Observed, Resource, ResourceType, Scope
from reconciler.model.tags import ADDRESS
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._actions import forwarded
from reconciler.resources._elb import LoadBalancing, described_rules, foreseen_rules, load_balancing, may_have_rules
from reconciler.resources._listener_rules import (
    Rules,
    aligned,
    calls,
    delete,
    in_order,
    number_of,
    quota_of,
    read_rules,
    tied,
    transition_of,
)
from reconciler.resources._ownership import ElbTags, ownership
from reconciler.resources._rule_tables import Transition


class ListenerRules(Fields):
    """All rules of one listener but the default one, by the name they have in the spec. No name has a space in it."""

    listener_arn: Ref | Id = field(immutable=True)
    rules: Rules = field(exclusive=True)
    room: int | Marker = field(default=UNSET, compared=False)
    """How many more rules AWS's quota lets the load balancer have."""


class ListenerRulesType(ElbTags, ResourceType[ListenerRules]):
    name = "listener-rules"
    cloudformation = "AWS::ElasticLoadBalancingV2::Listener"
    changed_by = (
        "elbv2:CreateRule",
        "elbv2:ModifyRule",
        "elbv2:SetRulePriorities",
        "elbv2:DeleteRule",
    )
    fields = ListenerRules
    needs = ("vpc",)
    collection = "rules"
    parent = "listener_arn"
    goes_around = frozenset({"default_actions"})
    absent = frozenset({"RuleNotFound", "ListenerNotFound"})
    not_yet = (("ListenerNotFound", ""), ("TargetGroupNotFound", ""))

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        return (partial(foreseen_rules, reader, scope),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[ListenerRules]]:
        seen = load_balancing(reader, scope)
        arns = [listener["ListenerArn"] for listener in seen.listeners if _has_rules_to_see(seen, listener)]
        answers = reader.together(partial(described_rules, reader, arn) for arn in arns)
        tables = {arn: read_rules(rules) for arn, rules in zip(arns, answers, strict=True)}
        rooms = _rooms(reader, scope, seen, tables)
        for arn, rules in tables.items():
            yield Observed(
                type=self.name,
                id=arn,
                fields=ListenerRules(listener_arn=Id(arn), rules=rules, room=rooms[arn]),
                outputs=FrozenMap({"listener": arn}),
                evidence=not seen.is_ours(arn),
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn], self.collection),
            )

    def facts(self, name: Name, fields: ListenerRules, identity: str | None) -> Iterable[Fact]:
        for rule, entry in fields.rules.items():
            yield forwarded(fields.listener_arn, rule, number_of(entry), entry.conditions, entry.actions)

    def create(self, resource: Resource[ListenerRules], context: Context) -> Sequence[Call]:
        return _calls(resource, FrozenMap(), UNSET, context)

    def update(
        self,
        resource: Resource[ListenerRules],
        observed: Observed[ListenerRules],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        present = aligned(resource.fields.rules, observed.fields.rules)
        return _calls(resource, present, observed.fields.room, context)

    def attach(self, observed: Observed[ListenerRules], old: frozenset[str], new: Iterable[Ref]) -> Call | None:
        return tied(observed.fields.rules, old, new)

    def exposes(
        self, resource: Resource[ListenerRules], observed: Observed[ListenerRules], context: Context
    ) -> Sequence[Exposed]:
        """What the rules take that go before their time, because the quota leaves no room for those that follow."""
        present = aligned(resource.fields.rules, observed.fields.rules)
        table = _table(resource, present, observed.fields.room, context)
        return [Exposed(name, present[name].conditions) for name in table.exposed]

    def delete(self, observed: Observed[ListenerRules], context: Context) -> Sequence[Call]:
        """From the last rule to the first: none is asked that was not asked before."""
        return [delete(rule) for _, rule in reversed(in_order(observed.fields.rules))]

    def align(self, desired: ListenerRules, observed: ListenerRules) -> ListenerRules:
        """The observed rules under the names of the desired ones, see `aligned`."""
        return dataclasses.replace(observed, rules=aligned(desired.rules, observed.rules))


def _has_rules_to_see(seen: LoadBalancing, listener: Mapping[str, Any]) -> bool:
    arn = listener["ListenerArn"]
    concerns_us = arn in seen.tags and (seen.is_ours(arn) or seen.is_ours(listener["LoadBalancerArn"]))
    return concerns_us and may_have_rules(listener)


def _rooms(reader: Reader, scope: Scope, seen: LoadBalancing, tables: Mapping[str, Rules]) -> Mapping[str, int]:
    """How many more rules each listener may have, whether its neighbours are as they are or as they are to be."""
    wanted: dict[str, int] = {}
    for resource in scope.expected.get("listener-rules", ()):
        listener = resource.address.rpartition("/")[0]
        wanted[listener] = max(wanted.get(listener, 0), len(resource.fields.rules))
    most = {arn: max(len(rules), wanted.get(seen.tags[arn].get(ADDRESS, ""), 0)) for arn, rules in tables.items()}
    balancers = {one["ListenerArn"]: one["LoadBalancerArn"] for one in seen.listeners}
    totals = Counter({balancers[arn]: 0 for arn in tables})
    for arn, count in most.items():
        totals[balancers[arn]] += count
    quota = quota_of(reader, max((totals[balancers[arn]] + len(rules) for arn, rules in tables.items()), default=0))
    return {arn: quota - totals[balancers[arn]] + most[arn] - len(rules) for arn, rules in tables.items()}


def _calls(resource: Resource[ListenerRules], present: Rules, room: int | Marker, context: Context) -> list[Call]:
    return calls(resource, present, _table(resource, present, room, context))


def _table(resource: Resource[ListenerRules], present: Rules, room: int | Marker, context: Context) -> Transition:
    return transition_of(
        resource.fields.rules,
        present,
        room=room,
        default=bool(context.parent_changes),
    )


TYPE = ListenerRulesType()

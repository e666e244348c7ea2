"""The rules of ours in a listener of somebody else. AWS: ELBv2 CreateRule, ModifyRule, SetRulePriorities.

The listener is not ours, so neither are the rules that others put there: each rule of ours carries our tags, nothing
else is touched, and our rules stand where no other does. Whose they are is known by those tags alone. A listener that
no spec refers to any more is found through the target groups that its rules lead to, through what the last converged
apply left in tags of ours (`Scope.places`), or through AWS's index of tags.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model import tags as ours
from reconciler.model.facts import Fact, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Exposed, Observed, Resource, ResourceType, Scope
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._actions import forwarded
from reconciler.resources._elb import ARNS_PER_CALL, described_rules, load_balancing, tags_of
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
from reconciler.resources._ownership import elb_tagging
from reconciler.resources._rule_tables import Numbers, Transition


class SharedRules(Fields):
    """Our rules in one listener by the name they have in the spec.

    Desired ones have priorities not before `first_priority`. `others` are observed: the rules that are not ours, but
    for the default one. `room` is how many more rules AWS's quota lets the load balancer have.
    """

    listener_arn: Ref | Id = field(immutable=True)
    rules: Rules = field(exclusive=True)
    first_priority: int | Marker = field(default=UNSET, compared=False)
    others: Rules | Marker = field(default=UNSET, compared=False)
    room: int | Marker = field(default=UNSET, compared=False)


_Place = tuple[str, str]
"""Stack and address."""


class SharedRulesType(ResourceType[SharedRules]):
    name = "shared-rules"
    cloudformation = "AWS::ElasticLoadBalancingV2::ListenerRule"
    changed_by = (
        "elbv2:CreateRule",
        "elbv2:ModifyRule",
        "elbv2:SetRulePriorities",
        "elbv2:DeleteRule",
    )
    fields = SharedRules
    needs = ("vpc",)
    taggable = False
    parent = "listener_arn"
    marks_parts = True
    absent = frozenset({"RuleNotFound", "ListenerNotFound"})
    not_yet = (("TargetGroupNotFound", ""),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[SharedRules]]:
        seen = load_balancing(reader, scope)
        arns = [one["ListenerArn"] for one in seen.listeners if one["LoadBalancerArn"] in seen.used]
        answers = reader.together(partial(described_rules, reader, arn) for arn in arns)
        tables = {arn: read_rules(rules) for arn, rules in zip(arns, answers, strict=True)}
        tags = tags_of(reader, (str(rule.rule_arn) for rules in tables.values() for rule in rules.values()))
        expected: dict[str, list[_Place]] = {arn: [] for arn in arns}
        for listener in scope.found.get("existing-listener", ()):
            expected.setdefault(listener.id, []).append((listener.stack or "", f"{listener.address}/{_PART}"))
        balancers = {one["ListenerArn"]: one["LoadBalancerArn"] for one in seen.listeners}
        totals: Counter[str] = Counter()
        for arn, rules in tables.items():
            totals[balancers[arn]] += len(rules)
        wanted = max((len(one.fields.rules) for one in scope.expected.get(self.name, ())), default=0)
        quota = quota_of(reader, max(totals.values(), default=0) + wanted)
        for arn, rules in tables.items():
            places = {key: _place(tags.get(str(rule.rule_arn), {})) for key, rule in rules.items()}
            for place in {*places.values(), *expected[arn]}:
                if place and place[0] in scope.stacks:
                    yield _observed(arn, place, rules, places, tags, quota - totals[balancers[arn]])

    def facts(self, name: Name, fields: SharedRules, identity: str | None) -> Iterable[Fact]:
        others = FrozenMap[str, Any]() if isinstance(fields.others, Marker) else fields.others
        for rule, entry in (*fields.rules.items(), *others.items()):
            yield forwarded(fields.listener_arn, rule, number_of(entry), entry.conditions, entry.actions)

    def create(self, resource: Resource[SharedRules], context: Context) -> Sequence[Call]:
        table = _table(resource.fields, SharedRules(listener_arn=resource.fields.listener_arn, rules=FrozenMap()))
        return calls(resource, FrozenMap(), table, context.tags)

    def update(
        self,
        resource: Resource[SharedRules],
        observed: Observed[SharedRules],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        present = self.align(resource.fields, observed.fields)
        return calls(resource, present.rules, _table(resource.fields, present), context.tags)

    def exposes(
        self, resource: Resource[SharedRules], observed: Observed[SharedRules], context: Context
    ) -> Sequence[Exposed]:
        """What the rules take that go before their time, because the quota leaves no room for those that follow."""
        present = self.align(resource.fields, observed.fields)
        return [Exposed(n, present.rules[n].conditions) for n in _table(resource.fields, present).exposed]

    def attach(self, observed: Observed[SharedRules], old: frozenset[str], new: Iterable[Ref]) -> Call | None:
        return tied(observed.fields.rules, old, new)

    def delete(self, observed: Observed[SharedRules], context: Context) -> Sequence[Call]:
        return [delete(rule) for _, rule in reversed(in_order(observed.fields.rules))]

    def tag_parts(
        self,
        observed: Observed[SharedRules],
        put: Mapping[str, str],
        remove: Sequence[str],
        resource: Resource[SharedRules] | None = None,
    ) -> Sequence[Call]:
        """Of the rules that stay, twenty in a request (ELBv2 API reference, AddTags)."""
        rules = observed.fields.rules
        if resource is not None:
            present = self.align(resource.fields, observed.fields).rules
            rules = FrozenMap((name, rule) for name, rule in present.items() if name in resource.fields.rules)
        arns = [str(rule.rule_arn) for _, rule in in_order(rules)]
        chunks = (arns[start : start + ARNS_PER_CALL] for start in range(0, len(arns), ARNS_PER_CALL))
        return [call for chunk in chunks for call in elb_tagging(chunk, put, remove)]

    def align(self, desired: SharedRules, observed: SharedRules) -> SharedRules:
        """The observed rules under the names of the desired ones, see `aligned`."""
        rules = aligned(desired.rules, observed.rules, _numbers(desired, observed.others))
        return dataclasses.replace(observed, rules=rules)


_PART = "rules"


def _place(tags: Mapping[str, str]) -> _Place | None:
    stack, address = tags.get(ours.STACK), tags.get(ours.ADDRESS)
    return (stack, address) if stack and address else None


def _observed(
    arn: str,
    place: _Place,
    rules: Rules,
    places: Mapping[str, _Place | None],
    tags: Mapping[str, Mapping[str, str]],
    room: int,
) -> Observed[SharedRules]:
    """What one stack has in a listener."""
    stack, address = place
    mine = FrozenMap((key, rule) for key, rule in rules.items() if places[key] == place)
    others = FrozenMap((key, rule) for key, rule in rules.items() if places[key] != place)
    theirs = [tags[str(rule.rule_arn)].items() for rule in mine.values()]
    common = {item for item in theirs[0] if all(item in other for other in theirs)} if theirs else set()
    owners: Iterator[str | None] = (tags[str(rule.rule_arn)].get(ours.OWNER) for rule in mine.values())
    return Observed(
        type=TYPE.name,
        id=arn,
        fields=SharedRules(listener_arn=Id(arn), rules=mine, others=others, room=room),
        address=address,
        stack=stack,
        owner=next(owners, None),
        outputs=FrozenMap({"listener": arn}),
        tags=FrozenMap(common),
    )


def _numbers(desired: SharedRules, others: Rules | Marker) -> Numbers:
    first = desired.first_priority if isinstance(desired.first_priority, int) else 1
    taken = frozenset() if isinstance(others, Marker) else frozenset(rule.priority for rule in others.values())
    return Numbers(first, taken)


def _table(desired: SharedRules, present: SharedRules) -> Transition:
    """From our rules there are, aligned, to those wanted."""
    numbers = _numbers(desired, present.others)
    return transition_of(desired.rules, present.rules, room=present.room, numbers=numbers)


TYPE = SharedRulesType()

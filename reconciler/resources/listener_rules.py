"""The rules of a listener as one collection, owned whole. AWS: ELBv2 CreateRule, ModifyRule, SetRulePriorities.

AWS keeps no name for a rule, so observed rules are called by their priority until `align` recognises them. Network
load balancers have no rules (ELBv2 API reference, CreateRule).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import Fact, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._actions import Action, action_params, forwarded, read_actions
from reconciler.resources._conditions import Conditions, condition_params, read_conditions
from reconciler.resources._elb import LoadBalancing, load_balancing
from reconciler.resources._ownership import ElbTags, ownership

_LAST_PRIORITY = 50_000


class ListenerRule(Fields):
    """One rule: lower priorities (1 to 50000) are asked first."""

    priority: int
    conditions: Conditions = field(whole=True)
    actions: tuple[Action, ...] = field(whole=True)
    transforms: str | None = None
    """AWS's JSON of rewrites, which only others make."""
    rule_arn: str | Marker = field(default=UNSET, compared=False)
    """AWS's name of an observed rule."""


Rules = FrozenMap[str, ListenerRule]


class ListenerRules(Fields):
    """All rules of one listener but the default one, by the name they have in the spec. No name has a space in it."""

    listener_arn: Ref | Id = field(immutable=True)
    rules: Rules = field(exclusive=True)


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
    absent = frozenset({"RuleNotFound", "ListenerNotFound"})
    not_yet = (("ListenerNotFound", ""), ("TargetGroupNotFound", ""))

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[ListenerRules]]:
        seen = load_balancing(reader, scope)
        arns = [listener["ListenerArn"] for listener in seen.listeners if _has_rules_to_see(seen, listener)]
        answers = reader.together(
            partial(reader.pages, "elbv2", "DescribeRules", "Rules", ListenerArn=arn) for arn in arns
        )
        for arn, rules in zip(arns, answers, strict=True):
            yield Observed(
                type=self.name,
                id=arn,
                fields=ListenerRules(listener_arn=Id(arn), rules=_read_rules(rules)),
                outputs=FrozenMap({"listener": arn}),
                evidence=not seen.is_ours(arn),
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn], self.collection),
            )

    def facts(self, name: Name, fields: ListenerRules, identity: str | None) -> Iterable[Fact]:
        for rule, entry in fields.rules.items():
            yield forwarded(fields.listener_arn, rule, entry.priority, entry.conditions, entry.actions)

    def create(self, resource: Resource[ListenerRules], context: Context) -> Sequence[Call]:
        return _transition(resource, FrozenMap())

    def update(
        self,
        resource: Resource[ListenerRules],
        observed: Observed[ListenerRules],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return _transition(resource, _aligned(resource.fields.rules, observed.fields.rules))

    def delete(self, observed: Observed[ListenerRules], context: Context) -> Sequence[Call]:
        return [_delete(rule) for _, rule in _by_priority(observed.fields.rules)]

    def align(self, desired: ListenerRules, observed: ListenerRules) -> ListenerRules:
        """The observed rules under the names of the desired ones that they are, or may become with the least change:
        those with equal contents, then those of equal priority, then those with equal conditions."""
        return ListenerRules(listener_arn=observed.listener_arn, rules=_aligned(desired.rules, observed.rules))


def _has_rules_to_see(seen: LoadBalancing, listener: Mapping[str, Any]) -> bool:
    arn = listener["ListenerArn"]
    concerns_us = arn in seen.tags and (seen.is_ours(arn) or seen.is_ours(listener["LoadBalancerArn"]))
    return concerns_us and listener["Protocol"] in ("HTTP", "HTTPS")


def _read_rules(answer: Iterable[Mapping[str, Any]]) -> Rules:
    rules = {}
    for rule in answer:
        if rule["IsDefault"]:
            continue
        transforms = rule.get("Transforms")
        rules[f"priority {rule['Priority']}"] = ListenerRule(
            priority=int(rule["Priority"]),
            conditions=read_conditions(rule["Conditions"]),
            actions=read_actions(rule["Actions"]),
            transforms=json.dumps(transforms, sort_keys=True) if transforms else None,
            rule_arn=rule["RuleArn"],
        )
    return FrozenMap(rules)


def _content(rule: ListenerRule) -> Any:
    return (rule.conditions, rule.actions, rule.transforms)


_LIKENESSES: tuple[Callable[[ListenerRule], Any], ...] = (
    lambda rule: (rule.priority, _content(rule)),
    _content,
    lambda rule: rule.priority,
    lambda rule: rule.conditions,
)
"""What two rules can have in common, the most telling first."""


def _by_priority(rules: Rules) -> list[tuple[str, ListenerRule]]:
    return sorted(rules.items(), key=lambda entry: (entry[1].priority, entry[0]))


def _aligned(desired: Rules, observed: Rules) -> Rules:
    names: dict[str, str] = {}
    unmatched = dict(_by_priority(desired))
    for likeness in _LIKENESSES:
        candidates: dict[Any, list[str]] = {}
        for key, rule in _by_priority(observed):
            if key not in names:
                candidates.setdefault(likeness(rule), []).append(key)
        for name, rule in list(unmatched.items()):
            alike = candidates.get(likeness(rule))
            if alike:
                names[alike.pop(0)] = name
                del unmatched[name]
    return FrozenMap((names.get(key, f"priority {rule.priority}"), rule) for key, rule in observed.items())


def _transition(resource: Resource[ListenerRules], present: Rules) -> list[Call]:
    """From the rules there are to those wanted, in an order in which no priority is ever taken twice.

    New rules come first: at their own priority where nothing has to make room, else behind all others, to be moved
    with the rest by one atomic SetRulePriorities. Rules that go do so last, out of everyone's way.
    """
    wanted = resource.fields.rules
    new = [(name, rule) for name, rule in _by_priority(wanted) if name not in present]
    kept = [(name, rule, present[name]) for name, rule in _by_priority(wanted) if name in present]
    gone = [rule for name, rule in _by_priority(present) if name not in wanted]
    moved = any(rule.priority != old.priority for _, rule, old in kept)
    taken = {rule.priority for rule in present.values()}
    crowded = moved or any(rule.priority in taken for _, rule in new)
    spare = _free(taken | {rule.priority for rule in wanted.values()}, len(new) + len(gone))
    calls: list[Call] = []
    priorities: list[dict[str, Any]] = []
    for name, rule in new:
        calls.append(_create(resource, name, rule, next(spare) if crowded else rule.priority))
        priorities.append({"RuleArn": Ref(resource.address, _output(name)), "Priority": rule.priority})
    calls += [call for _, rule, old in kept if (call := _modify(rule, old)) is not None]
    if crowded:
        targets = {rule.priority for rule in wanted.values()}
        priorities += [
            {"RuleArn": old.rule_arn, "Priority": rule.priority}
            for _, rule, old in kept
            if rule.priority != old.priority
        ]
        priorities += [{"RuleArn": rule.rule_arn, "Priority": next(spare)} for rule in gone if rule.priority in targets]
        calls.append(Call("elbv2", "SetRulePriorities", {"RulePriorities": priorities}))
    return [*calls, *map(_delete, gone)]


def _free(taken: set[int], count: int) -> Iterator[int]:
    """The last free priorities, in order: what stands there is asked after all else."""
    found: list[int] = []
    priority = _LAST_PRIORITY
    while len(found) < count and priority > 0:
        if priority not in taken:
            found.append(priority)
        priority -= 1
    return iter(reversed(found))


def _output(name: str) -> str:
    return f"rules[{name}]"


def _create(resource: Resource[ListenerRules], name: str, rule: ListenerRule, priority: int) -> Call:
    params = {
        "ListenerArn": resource.fields.listener_arn,
        "Priority": priority,
        "Conditions": condition_params(rule.conditions),
        "Actions": action_params(rule.actions),
    }
    return Call("elbv2", "CreateRule", params, save=FrozenMap({_output(name): "Rules[0].RuleArn"}))


def _modify(wanted: ListenerRule, present: ListenerRule) -> Call | None:
    """One request with what differs; AWS leaves alone what it is not given."""
    params: dict[str, Any] = {}
    if wanted.conditions != present.conditions:
        params["Conditions"] = condition_params(wanted.conditions)
    if wanted.actions != present.actions:
        params["Actions"] = action_params(wanted.actions)
    if present.transforms is not None:
        params["ResetTransforms"] = True
    return Call("elbv2", "ModifyRule", {"RuleArn": present.rule_arn, **params}) if params else None


def _delete(rule: ListenerRule) -> Call:
    return Call("elbv2", "DeleteRule", {"RuleArn": rule.rule_arn})


TYPE = ListenerRulesType()

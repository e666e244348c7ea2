"""The rules of a listener as one collection, owned whole. AWS: ELBv2 CreateRule, ModifyRule, SetRulePriorities.

AWS keeps no name for a rule, so observed rules are called by their priority until `align` recognises them. Network
load balancers have no rules (ELBv2 API reference, CreateRule).
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.errors import AwsError
from reconciler.model.facts import Fact, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Exposed, Observed, Resource, ResourceType, Scope
from reconciler.model.tags import ADDRESS
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._actions import Action, action_params, forwarded, read_actions
from reconciler.resources._conditions import Conditions, condition_params, read_conditions
from reconciler.resources._elb import LoadBalancing, load_balancing
from reconciler.resources._ownership import ElbTags, ownership
from reconciler.resources._rule_tables import Deed, Row, Step, Transition, priorities, staying, transition


class ListenerRule(Fields):
    """One rule: lower priorities (1 to 50000) are asked first. Only their order matters."""

    priority: int
    conditions: Conditions = field(whole=True)
    actions: tuple[Action, ...] = field(whole=True)
    transforms: str | None = None
    """AWS's JSON of rewrites, which only others make."""
    rule_arn: str | Marker = field(default=UNSET, compared=False)
    """AWS's name of an observed rule."""
    placed: int | Marker = field(default=UNSET, compared=False)
    """AWS's priority of an observed rule, where `priority` is that of the desired rule that it is as good as."""


_QUOTA = 100

Rules = FrozenMap[str, ListenerRule]
Content = tuple[Conditions, tuple[Action, ...]]
"""When a rule applies, and what it does."""


def rules_of(table: Mapping[str, Content]) -> Rules:
    """The rules of a table, given in the order in which they are to be asked."""
    return FrozenMap(
        (name, ListenerRule(priority=priority, conditions=conditions, actions=actions))
        for priority, (name, (conditions, actions)) in zip(priorities(len(table)), table.items(), strict=True)
    )


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

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[ListenerRules]]:
        seen = load_balancing(reader, scope)
        arns = [listener["ListenerArn"] for listener in seen.listeners if _has_rules_to_see(seen, listener)]
        answers = reader.together(
            partial(reader.pages, "elbv2", "DescribeRules", "Rules", ListenerArn=arn) for arn in arns
        )
        tables = {arn: _read_rules(rules) for arn, rules in zip(arns, answers, strict=True)}
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
            yield forwarded(fields.listener_arn, rule, entry.priority, entry.conditions, entry.actions)

    def create(self, resource: Resource[ListenerRules], context: Context) -> Sequence[Call]:
        return _calls(resource, FrozenMap(), UNSET, context.parent_changes)

    def update(
        self,
        resource: Resource[ListenerRules],
        observed: Observed[ListenerRules],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        present = _aligned(resource.fields.rules, observed.fields.rules)
        return _calls(resource, present, observed.fields.room, context.parent_changes)

    def exposes(
        self, resource: Resource[ListenerRules], observed: Observed[ListenerRules], context: Context
    ) -> Sequence[Exposed]:
        """What the rules take that go before their time, because the quota leaves no room for those that follow."""
        present = _aligned(resource.fields.rules, observed.fields.rules)
        table = _transition(resource.fields.rules, present, observed.fields.room, context.parent_changes)
        return [Exposed(name, present[name].conditions) for name in table.exposed]

    def delete(self, observed: Observed[ListenerRules], context: Context) -> Sequence[Call]:
        """From the last rule to the first: none is asked that was not asked before."""
        return [_delete(rule) for _, rule in reversed(_in_order(observed.fields.rules))]

    def align(self, desired: ListenerRules, observed: ListenerRules) -> ListenerRules:
        """The observed rules under the names of the desired ones that they are, or may become with the least change:
        those with equal contents, then those with equal conditions, then those in one place. A rule that stands in
        the right order among the others has the right priority."""
        return dataclasses.replace(observed, rules=_aligned(desired.rules, observed.rules))


def _has_rules_to_see(seen: LoadBalancing, listener: Mapping[str, Any]) -> bool:
    arn = listener["ListenerArn"]
    concerns_us = arn in seen.tags and (seen.is_ours(arn) or seen.is_ours(listener["LoadBalancerArn"]))
    return concerns_us and listener["Protocol"] in ("HTTP", "HTTPS")


def _rooms(reader: Reader, scope: Scope, seen: LoadBalancing, tables: Mapping[str, Rules]) -> Mapping[str, int]:
    """How many more rules each listener may have, whether its neighbours are as they are or as they are to be.

    The quota is of a load balancer, default rules not counted, and never less than `_QUOTA` (ALB guide, "Quotas"), so
    it is asked for only where that could matter.
    """
    wanted: dict[str, int] = {}
    for resource in scope.expected.get("listener-rules", ()):
        listener = resource.address.rpartition("/")[0]
        wanted[listener] = max(wanted.get(listener, 0), len(resource.fields.rules))
    most = {arn: max(len(rules), wanted.get(seen.tags[arn].get(ADDRESS, ""), 0)) for arn, rules in tables.items()}
    balancers = {one["ListenerArn"]: one["LoadBalancerArn"] for one in seen.listeners}
    totals = Counter({balancers[arn]: 0 for arn in tables})
    for arn, count in most.items():
        totals[balancers[arn]] += count
    crowded = any(totals[balancers[arn]] + len(rules) > _QUOTA for arn, rules in tables.items())
    quota = _quota(reader) if crowded else _QUOTA
    return {arn: quota - totals[balancers[arn]] + most[arn] - len(rules) for arn, rules in tables.items()}


def _quota(reader: Reader) -> int:
    try:
        limits = reader.pages("elbv2", "DescribeAccountLimits", "Limits")
    except AwsError:
        return _QUOTA
    return next((int(one["Max"]) for one in limits if one["Name"] == "rules-per-application-load-balancer"), _QUOTA)


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


_LIKENESSES: tuple[Callable[[ListenerRule], Any], ...] = (
    lambda rule: (rule.conditions, _answer(rule)),
    lambda rule: rule.conditions,
)
"""What two rules can have in common, the most telling first."""


def _answer(rule: ListenerRule) -> Any:
    return (rule.actions, rule.transforms)


def _number(rule: ListenerRule) -> int:
    return rule.placed if isinstance(rule.placed, int) else rule.priority


def _in_order(rules: Rules) -> list[tuple[str, ListenerRule]]:
    return sorted(rules.items(), key=lambda entry: (_number(entry[1]), entry[0]))


def _rows(rules: Rules) -> list[Row]:
    return [Row(name, _number(rule), rule.conditions, _answer(rule)) for name, rule in _in_order(rules)]


def _aligned(desired: Rules, observed: Rules) -> Rules:
    names: dict[str, str] = {}
    unmatched = dict(_in_order(desired))
    for likeness in _LIKENESSES:
        candidates: dict[Any, list[str]] = {}
        for key, rule in _in_order(observed):
            if key not in names:
                candidates.setdefault(likeness(rule), []).append(key)
        for name, rule in list(unmatched.items()):
            alike = candidates.get(likeness(rule))
            if alike:
                names[alike.pop(0)] = name
                del unmatched[name]
    names |= _in_one_place(desired, observed, names)
    found = {names.get(key, f"priority {_number(rule)}"): rule for key, rule in observed.items()}
    stay = staying(_rows(FrozenMap(found)), _rows(desired))
    return FrozenMap(
        (
            name,
            dataclasses.replace(
                rule, placed=_number(rule), priority=desired[name].priority if name in stay else _number(rule)
            ),
        )
        for name, rule in found.items()
    )


def _in_one_place(desired: Rules, observed: Rules, names: Mapping[str, str]) -> dict[str, str]:
    """Names for observed rules that nothing is like, of rules that are to stand right where they do: behind the same
    rule that stays."""
    called = {name: key for key, name in names.items()}
    strangers: dict[str, list[str]] = {}
    known = FrozenMap((names.get(key, ""), rule) for key, rule in observed.items() if key in names)
    stay = staying(_rows(known), _rows(desired))
    behind = ""
    for key, _ in _in_order(observed):
        if key not in names:
            strangers.setdefault(behind, []).append(key)
        elif names[key] in stay:
            behind = key
    found: dict[str, str] = {}
    behind = ""
    for name, _ in _in_order(desired):
        if name in stay:
            behind = called[name]
        elif name not in called and strangers.get(behind):
            found[strangers[behind].pop(0)] = name
    return found


def _calls(
    resource: Resource[ListenerRules], present: Rules, room: int | Marker, parent_changes: frozenset[str]
) -> list[Call]:
    """The requests that make the rules there are those wanted, see `_rule_tables`."""
    table = _transition(resource.fields.rules, present, room, parent_changes)
    wanted = resource.fields.rules
    calls: list[Call] = []
    after_parent = False
    for step in table.steps:
        name = step.name
        match step.deed:
            case Deed.DEFAULT:
                after_parent = True
                continue
            case Deed.CREATE:
                call = _create(resource, name, wanted[name], step.number)
            case Deed.CHANGE:
                call = _modify(wanted[name], present[name])
            case Deed.DELETE:
                call = _delete(present[name])
            case Deed.MOVE:
                call = _move(resource, present, step)
        calls.append(dataclasses.replace(call, after_parent=after_parent))
    return calls


def _transition(wanted: Rules, present: Rules, room: int | Marker, parent_changes: frozenset[str]) -> Transition:
    return transition(
        _rows(present),
        _rows(wanted),
        room=room if isinstance(room, int) else None,
        default=bool(parent_changes),
    )


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


def _move(resource: Resource[ListenerRules], present: Rules, step: Step) -> Call:
    priorities = [
        {"RuleArn": present[name].rule_arn if is_old else Ref(resource.address, _output(name)), "Priority": number}
        for name, is_old, number in step.moves
    ]
    return Call("elbv2", "SetRulePriorities", {"RulePriorities": priorities})


def _modify(wanted: ListenerRule, present: ListenerRule) -> Call:
    """One request with what differs; AWS leaves alone what it is not given."""
    params: dict[str, Any] = {}
    if wanted.conditions != present.conditions:
        params["Conditions"] = condition_params(wanted.conditions)
    if wanted.actions != present.actions:
        params["Actions"] = action_params(wanted.actions)
    if present.transforms is not None:
        params["ResetTransforms"] = True
    return Call("elbv2", "ModifyRule", {"RuleArn": present.rule_arn, **params})


def _delete(rule: ListenerRule) -> Call:
    return Call("elbv2", "DeleteRule", {"RuleArn": rule.rule_arn})


TYPE = ListenerRulesType()

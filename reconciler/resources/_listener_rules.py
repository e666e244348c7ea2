"""Rules of a listener: read, recognised, and brought from what they are to what they should be.

AWS keeps no name for a rule, so observed rules are called by their priority until `aligned` recognises them.
AWS: ELBv2 CreateRule, ModifyRule, SetRulePriorities.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.model.errors import AwsError
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Resource
from reconciler.model.values import EMPTY, UNSET, FrozenMap, Marker, Ref
from reconciler.resources._actions import Action, action_params, read_actions, with_idle
from reconciler.resources._conditions import Conditions, condition_params, read_conditions
from reconciler.resources._ownership import tag_list
from reconciler.resources._rule_tables import ALL_NUMBERS, Deed, Numbers, Row, Step, Transition, staying, transition


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


Rules = FrozenMap[str, ListenerRule]
Content = tuple[Conditions, tuple[Action, ...]]
"""When a rule applies, and what it does."""


def rules_of(table: Mapping[str, Content], first: int = 1) -> Rules:
    """The rules of a table, given in the order in which they are to be asked, with priorities not before `first`."""
    numbers = Numbers(first).spread(len(table))
    return FrozenMap(
        (name, ListenerRule(priority=priority, conditions=conditions, actions=actions))
        for priority, (name, (conditions, actions)) in zip(numbers, table.items(), strict=True)
    )


def read_rules(answer: Iterable[Mapping[str, Any]]) -> Rules:
    """The rules of an answer of DescribeRules but the default one."""
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


def quota_of(reader: Reader, most: int) -> int:
    """How many rules a load balancer may have, default rules not counted, all listeners together.

    Never less than a hundred (ALB guide, "Quotas"), so AWS is asked only where `most` could come to more.
    """
    if most <= _QUOTA:
        return _QUOTA
    try:
        limits = reader.pages("elbv2", "DescribeAccountLimits", "Limits")
    except AwsError:
        return _QUOTA
    return next((int(one["Max"]) for one in limits if one["Name"] == "rules-per-application-load-balancer"), _QUOTA)


_QUOTA = 100

_LIKENESSES: tuple[Callable[[ListenerRule], Any], ...] = (
    lambda rule: (rule.conditions, _answer(rule)),
    lambda rule: rule.conditions,
)
"""What two rules can have in common, the most telling first."""


def _answer(rule: ListenerRule) -> Any:
    return (rule.actions, rule.transforms)


def number_of(rule: ListenerRule) -> int:
    """The priority that a rule has in AWS; of a desired one, that it would best have."""
    return rule.placed if isinstance(rule.placed, int) else rule.priority


def in_order(rules: Rules) -> list[tuple[str, ListenerRule]]:
    """The rules in the order in which they are asked."""
    return sorted(rules.items(), key=lambda entry: (number_of(entry[1]), entry[0]))


def _rows(rules: Rules) -> list[Row]:
    return [Row(name, number_of(rule), rule.conditions, _answer(rule)) for name, rule in in_order(rules)]


def aligned(desired: Rules, observed: Rules, numbers: Numbers = ALL_NUMBERS) -> Rules:
    """The observed rules under the names of the desired ones that they are, or may become with the least change:
    those with equal contents, then those with equal conditions, then those in one place. A rule that stands in the
    right order among the others, at a number that it may have, has the right priority."""
    names: dict[str, str] = {}
    unmatched = dict(in_order(desired))
    for likeness in _LIKENESSES:
        candidates: dict[Any, list[str]] = {}
        for key, rule in in_order(observed):
            if key not in names:
                candidates.setdefault(likeness(rule), []).append(key)
        for name, rule in list(unmatched.items()):
            alike = candidates.get(likeness(rule))
            if alike:
                names[alike.pop(0)] = name
                del unmatched[name]
    names |= _in_one_place(desired, observed, names)
    found = {names.get(key, f"priority {number_of(rule)}"): rule for key, rule in observed.items()}
    stay = staying(_rows(FrozenMap(found)), _rows(desired), numbers)
    return FrozenMap(
        (
            name,
            dataclasses.replace(
                rule, placed=number_of(rule), priority=desired[name].priority if name in stay else number_of(rule)
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
    for key, _ in in_order(observed):
        if key not in names:
            strangers.setdefault(behind, []).append(key)
        elif names[key] in stay:
            behind = key
    found: dict[str, str] = {}
    behind = ""
    for name, _ in in_order(desired):
        if name in stay:
            behind = called[name]
        elif name not in called and strangers.get(behind):
            found[strangers[behind].pop(0)] = name
    return found


def calls(resource: Resource[Any], present: Rules, table: Transition, tags: Mapping[str, str] = EMPTY) -> list[Call]:
    """The requests of the steps of a transition, see `_rule_tables`. `resource` has `listener_arn` and `rules`; rules
    that are made carry `tags`."""
    wanted: Rules = resource.fields.rules
    found: list[Call] = []
    late = False
    for step in table.steps:
        name = step.name
        match step.deed:
            case Deed.DEFAULT:
                late = True
                continue
            case Deed.CREATE:
                call = _create(resource, name, wanted[name], step.number, tags)
            case Deed.CHANGE:
                call = _modify(wanted[name], present[name])
            case Deed.DELETE:
                call = delete(present[name])
            case Deed.MOVE:
                call = _move(resource, present, step)
        found.append(dataclasses.replace(call, late=late, beside=step.beside))
    return found


def transition_of(
    wanted: Rules,
    present: Rules,
    *,
    room: int | Marker,
    default: bool = False,
    numbers: Numbers = ALL_NUMBERS,
) -> Transition:
    """The steps from the rules there are to those wanted, see `_rule_tables.transition`."""
    left = room if isinstance(room, int) else None
    return transition(_rows(present), _rows(wanted), room=left, default=default, numbers=numbers)


def tied(observed: Rules, old: frozenset[str], new: Iterable[Ref]) -> Call | None:
    """The request that puts new target groups beside an old one, see `with_idle`."""
    for _, rule in in_order(observed):
        actions = with_idle(rule.actions, old, new)
        if actions is not None:
            return Call("elbv2", "ModifyRule", {"RuleArn": rule.rule_arn, "Actions": action_params(actions)})
    return None


def _output(name: str) -> str:
    return f"rules[{name}]"


def _create(resource: Resource[Any], name: str, rule: ListenerRule, priority: int, tags: Mapping[str, str]) -> Call:
    params: dict[str, Any] = {
        "ListenerArn": resource.fields.listener_arn,
        "Priority": priority,
        "Conditions": condition_params(rule.conditions),
        "Actions": action_params(rule.actions),
    }
    if tags:
        params["Tags"] = tag_list(tags)
    return Call("elbv2", "CreateRule", params, save=FrozenMap({_output(name): "Rules[0].RuleArn"}))


def _move(resource: Resource[Any], present: Rules, step: Step) -> Call:
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


def delete(rule: ListenerRule) -> Call:
    """The request that removes an observed rule."""
    return Call("elbv2", "DeleteRule", {"RuleArn": rule.rule_arn})

"""The rules of a listener: recognised without names, and changed without two ever having one priority."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.resource import Call, Context, Observed, Resource
from reconciler.model.values import UNSET, FrozenMap, Ref
from reconciler.resources._actions import FixedResponse, action_params, read_actions
from reconciler.resources._conditions import condition_params, read_conditions
from reconciler.resources.listener_rules import TYPE, ListenerRule, ListenerRules, Rules

ADDRESS = "listener/public/http/rules"
LISTENER = Ref("listener/public/http")
CONTEXT = Context(stack="shop", account="123456789012", region="us-east-1", partition="aws")


def rule(priority: int, path: str, status: str = "200", arn: str | None = None) -> ListenerRule:
    return ListenerRule(
        priority=priority,
        conditions=FrozenMap({"path-pattern": frozenset({path})}),
        actions=(FixedResponse(status_code=status),),
        rule_arn=arn or UNSET,
    )


def table(rules: dict[str, ListenerRule]) -> ListenerRules:
    return ListenerRules(listener_arn=LISTENER, rules=FrozenMap(rules))


def as_observed(rules: list[ListenerRule]) -> ListenerRules:
    return table({f"priority {r.priority}": dataclasses.replace(r, rule_arn=f"arn-{r.priority}") for r in rules})


class Listener:
    """A listener that refuses what ELBv2 refuses: a priority twice, a rule that is not there."""

    def __init__(self, rules: Rules) -> None:
        self.rules = {str(r.rule_arn): dataclasses.replace(r, rule_arn=UNSET) for r in rules.values()}
        self._saved: dict[str, str] = {}

    def perform(self, call: Call) -> None:
        params = dict(call.params)
        match call.operation:
            case "CreateRule":
                self._create(call, params)
            case "ModifyRule":
                self._modify(params)
            case "SetRulePriorities":
                for one in params["RulePriorities"]:
                    self._edit(self._arn(one["RuleArn"]), priority=one["Priority"])
                self._check()
            case "DeleteRule":
                del self.rules[params["RuleArn"]]

    def _create(self, call: Call, params: dict[str, Any]) -> None:
        arn = f"arn-new-{len(self._saved)}"
        self._saved |= dict.fromkeys(call.save, arn)
        self.rules[arn] = ListenerRule(
            priority=params["Priority"],
            conditions=read_conditions(params["Conditions"]),
            actions=read_actions(params["Actions"]),
        )
        self._check()

    def _modify(self, params: dict[str, Any]) -> None:
        changes: dict[str, Any] = {}
        if "Conditions" in params:
            changes["conditions"] = read_conditions(params["Conditions"])
        if "Actions" in params:
            changes["actions"] = read_actions(params["Actions"])
        if params.get("ResetTransforms"):
            changes["transforms"] = None
        self._edit(params["RuleArn"], **changes)

    def _arn(self, named: str | Ref) -> str:
        return self._saved[named.output] if isinstance(named, Ref) else named

    def _edit(self, arn: str, **changes: Any) -> None:
        self.rules[arn] = dataclasses.replace(self.rules[arn], **changes)

    def _check(self) -> None:
        taken = [r.priority for r in self.rules.values()]
        assert len(taken) == len(set(taken)), "PriorityInUse"
        assert all(1 <= priority <= 50_000 for priority in taken)


def update(desired: ListenerRules, observed: ListenerRules) -> list[Call]:
    resource = Resource(ADDRESS, TYPE.name, desired, "Route/shop")
    live = Observed(type=TYPE.name, id="arn-of-listener", fields=TYPE.align(desired, observed))
    return list(TYPE.update(resource, live, frozenset({"rules"}), CONTEXT))


contents = st.tuples(st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["200", "404"]))
tables = st.dictionaries(st.integers(1, 6), contents, max_size=5).map(
    lambda found: [rule(priority, *content) for priority, content in found.items()]
)
names = st.permutations(["api", "web", "admin", "legacy", "beta"])


@given(tables, tables, names)
def test_align_keeps_every_observed_rule_under_a_name_of_its_own(
    wanted: list[ListenerRule], present: list[ListenerRule], called: list[str]
) -> None:
    desired, observed = table(dict(zip(called, wanted, strict=False))), as_observed(present)
    aligned = TYPE.align(desired, observed)
    assert sorted(map(repr, aligned.rules.values())) == sorted(map(repr, observed.rules.values()))
    strangers = {r.priority for name, r in aligned.rules.items() if name not in desired.rules}
    absent = {r.priority for name, r in desired.rules.items() if name not in aligned.rules}
    assert not strangers & absent, "a rule that goes and one that comes at its place are one rule that changes"
    assert TYPE.align(desired, aligned) == aligned


@given(tables, names, st.randoms())
def test_rules_that_are_as_wanted_get_their_names_and_no_request(
    wanted: list[ListenerRule], called: list[str], shuffle: Any
) -> None:
    desired = table(dict(zip(called, wanted, strict=False)))
    shuffle.shuffle(wanted)
    aligned = TYPE.align(desired, as_observed(wanted))
    assert {n: dataclasses.replace(r, rule_arn=UNSET) for n, r in aligned.rules.items()} == dict(desired.rules)
    assert update(desired, aligned) == []


@given(tables, tables, names)
def test_any_table_becomes_any_other_with_no_priority_twice_and_one_move_at_most(
    wanted: list[ListenerRule], present: list[ListenerRule], called: list[str]
) -> None:
    desired, observed = table(dict(zip(called, wanted, strict=False))), as_observed(present)
    calls = update(desired, observed)
    listener = Listener(observed.rules)
    for call in calls:
        listener.perform(call)
    assert sorted(map(repr, listener.rules.values())) == sorted(map(repr, desired.rules.values()))
    assert [c.operation for c in calls].count("SetRulePriorities") <= 1


def operations(desired: ListenerRules, observed: ListenerRules) -> list[str]:
    return [call.operation for call in update(desired, observed)]


def test_a_swap_is_one_request() -> None:
    desired = table({"api": rule(1, "/api"), "web": rule(2, "/web")})
    assert operations(desired, as_observed([rule(2, "/api"), rule(1, "/web")])) == ["SetRulePriorities"]


def test_a_rule_in_front_of_others_is_made_behind_them_and_then_moved_with_them() -> None:
    desired = table({"new": rule(1, "/new"), "api": rule(2, "/api"), "web": rule(3, "/web")})
    calls = update(desired, as_observed([rule(1, "/api"), rule(2, "/web")]))
    assert [call.operation for call in calls] == ["CreateRule", "SetRulePriorities"]
    assert calls[0].params["Priority"] == 50_000
    assert {"RuleArn": Ref(ADDRESS, "rules[new]"), "Priority": 1} in calls[1].params["RulePriorities"]


def test_a_rule_behind_others_is_made_where_it_belongs() -> None:
    desired = table({"api": rule(1, "/api"), "new": rule(2, "/new")})
    calls = update(desired, as_observed([rule(1, "/api")]))
    assert [(call.operation, call.params["Priority"]) for call in calls] == [("CreateRule", 2)]


def test_a_changed_answer_of_one_rule_changes_that_rule_alone() -> None:
    desired = table({"api": rule(1, "/api"), "web": rule(2, "/web", "404")})
    calls = update(desired, as_observed([rule(1, "/api"), rule(2, "/web")]))
    assert [dict(call.params) for call in calls] == [
        {"RuleArn": "arn-2", "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}
    ]


def test_a_foreign_rule_is_called_by_its_priority_and_goes_last() -> None:
    desired = table({"api": rule(1, "/api")})
    observed = as_observed([rule(1, "/api"), rule(7, "/theirs")])
    assert "priority 7" in TYPE.align(desired, observed).rules
    assert operations(desired, observed) == ["DeleteRule"]


def test_rewrites_that_others_added_are_taken_back() -> None:
    desired = table({"api": rule(1, "/api")})
    rewritten = dataclasses.replace(rule(1, "/api"), transforms='[{"Type": "url-rewrite"}]')
    calls = update(desired, as_observed([rewritten]))
    assert [dict(call.params) for call in calls] == [{"RuleArn": "arn-1", "ResetTransforms": True}]


@pytest.mark.parametrize("priority", [1, 50_000])
def test_what_is_created_says_what_was_wanted(priority: int) -> None:
    wanted = rule(priority, "/api")
    calls = TYPE.create(Resource(ADDRESS, TYPE.name, table({"api": wanted}), "Route/shop"), CONTEXT)
    assert [dict(call.params) for call in calls] == [
        {
            "ListenerArn": LISTENER,
            "Priority": priority,
            "Conditions": condition_params(wanted.conditions),
            "Actions": action_params(wanted.actions),
        }
    ]

"""The rules of a listener: recognised without names, and changed in few requests."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.resource import Call, Context, Observed, Resource
from reconciler.model.values import UNSET, FrozenMap, Ref
from reconciler.resources._actions import FixedResponse, action_params
from reconciler.resources._conditions import condition_params
from reconciler.resources._listener_rules import ListenerRule
from reconciler.resources.listener_rules import TYPE, ListenerRules

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


def update(desired: ListenerRules, observed: ListenerRules) -> list[Call]:
    resource = Resource(ADDRESS, TYPE.name, desired, "Route/shop")
    live = Observed(type=TYPE.name, id="arn-of-listener", fields=TYPE.align(desired, observed))
    return list(TYPE.update(resource, live, frozenset({"rules"}), CONTEXT))


contents = st.tuples(st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["200", "404"]))
tables = st.dictionaries(st.integers(1, 6), contents, max_size=5).map(
    lambda found: [rule(priority, *content) for priority, content in found.items()]
)
names = st.permutations(["api", "web", "admin", "legacy", "beta"])


def known(rules: ListenerRules) -> list[str]:
    """Rules by what AWS knows of them."""
    return sorted(repr((r.rule_arn, r.conditions, r.actions)) for r in rules.rules.values())


@given(tables, tables, names)
def test_align_keeps_every_observed_rule_under_a_name_of_its_own(
    wanted: list[ListenerRule], present: list[ListenerRule], called: list[str]
) -> None:
    desired, observed = table(dict(zip(called, wanted, strict=False))), as_observed(present)
    aligned = TYPE.align(desired, observed)
    assert known(aligned) == known(observed)
    assert TYPE.align(desired, aligned) == aligned


@given(tables, names, st.randoms(), st.lists(st.integers(1, 50_000), min_size=5, max_size=5, unique=True))
def test_rules_that_are_in_order_get_their_names_and_no_request_whatever_their_priorities(
    wanted: list[ListenerRule], called: list[str], shuffle: Any, numbers: list[int]
) -> None:
    desired = table(dict(zip(called, wanted, strict=False)))
    in_order = sorted(wanted, key=lambda one: one.priority)
    found = [dataclasses.replace(one, priority=n) for one, n in zip(in_order, sorted(numbers), strict=False)]
    shuffle.shuffle(found)
    aligned = TYPE.align(desired, as_observed(found))
    as_wanted = {n: dataclasses.replace(r, rule_arn=UNSET, placed=UNSET) for n, r in aligned.rules.items()}
    assert as_wanted == dict(desired.rules)
    assert update(desired, aligned) == []


def operations(desired: ListenerRules, observed: ListenerRules) -> list[str]:
    return [call.operation for call in update(desired, observed)]


def test_a_swap_is_one_request() -> None:
    desired = table({"api": rule(1, "/api"), "web": rule(2, "/web")})
    assert operations(desired, as_observed([rule(2, "/api"), rule(1, "/web")])) == ["SetRulePriorities"]


def test_a_rule_in_front_of_others_is_made_behind_them_and_then_moved_with_them() -> None:
    desired = table({"new": rule(1, "/new"), "api": rule(2, "/api"), "web": rule(3, "/web")})
    calls = update(desired, as_observed([rule(1, "/api"), rule(2, "/web")]))
    assert [call.operation for call in calls] == ["CreateRule", "SetRulePriorities"]
    assert calls[0].params["Priority"] > 2
    assert {"RuleArn": Ref(ADDRESS, "rules[new]"), "Priority": 100} in calls[1].params["RulePriorities"]


def test_a_rule_that_finds_room_between_others_is_made_there() -> None:
    desired = table({"api": rule(100, "/api"), "new": rule(200, "/new"), "web": rule(300, "/web")})
    calls = update(desired, as_observed([rule(100, "/api"), rule(200, "/web")]))
    assert [(call.operation, call.params["Priority"]) for call in calls] == [("CreateRule", 150)]


def test_a_rule_behind_others_is_made_where_it_belongs() -> None:
    desired = table({"api": rule(100, "/api"), "new": rule(200, "/new")})
    calls = update(desired, as_observed([rule(100, "/api")]))
    assert [(call.operation, call.params["Priority"]) for call in calls] == [("CreateRule", 200)]


def test_a_rule_that_goes_is_one_request_and_the_others_stay_where_they_are() -> None:
    desired = table({"api": rule(100, "/api"), "web": rule(200, "/web")})
    assert operations(desired, as_observed([rule(100, "/api"), rule(200, "/b"), rule(300, "/web")])) == ["DeleteRule"]


def test_a_rule_that_goes_and_one_that_comes_at_its_place_are_one_rule_that_changes() -> None:
    desired = table({"api": rule(100, "/api"), "new": rule(200, "/new"), "web": rule(300, "/web")})
    calls = update(desired, as_observed([rule(100, "/api"), rule(200, "/old"), rule(300, "/web")]))
    assert [(call.operation, call.params["RuleArn"]) for call in calls] == [("ModifyRule", "arn-200")]


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

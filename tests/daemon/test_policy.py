"""What the daemon may do, decided without AWS: policies, windows, guards, contests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from worlds import edited, graph, observed, world

from reconciler import policy
from reconciler.diff import compare
from reconciler.engine import empty_graph
from reconciler.kinds._annotations import faults, policy_of
from reconciler.model.graph import Graph
from reconciler.model.plan import Verb
from reconciler.model.policy import Accepted, Window
from reconciler.model.values import FrozenMap
from reconciler.plan import Choices, make
from reconciler.resources.security_group_rules import Rule, RuleKey

SATURDAYS = Window("0 2 * * 6", 7200, "Europe/Berlin", frozenset({"Promote"}))


def annotated(task: str, key: str, value: str) -> Graph:
    """The reference with one annotation on one task."""
    return graph(
        edit=lambda text: text.replace(
            f"metadata: {{name: {task}}}\nspec:\n  cluster",
            f'metadata: {{name: {task}, annotations: {{reconciler.dev/{key}: "{value}"}}}}\nspec:\n  cluster',
        )
    )


def scaled(desired: Graph, count: int) -> Any:
    return edited(world(desired), "service/orders", desired_count=count)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-28T00:59:59", False),
        ("2026-11-28T01:00:00", True),
        ("2026-11-28T02:59:59", True),
        ("2026-11-28T03:00:00", False),
        ("2026-11-29T01:30:00", False),
        ("2026-07-04T00:00:00", True),
    ],
)
def test_a_window_opens_by_its_own_zone_summer_and_winter(at: str, is_open: bool) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert policy.is_open([SATURDAYS], "Promote", now) is is_open
    assert policy.is_open([SATURDAYS], "Heal", now), "the window says nothing of healing"


def test_one_open_window_of_several_is_enough() -> None:
    daily = Window("0 12 * * *", 600, "UTC", frozenset({"Heal", "Promote"}))
    assert policy.is_open([SATURDAYS, daily], "Promote", datetime(2026, 11, 25, 12, 5, tzinfo=UTC))


def test_three_times_in_ten_minutes_is_a_contest_and_three_times_in_an_hour_is_not() -> None:
    assert policy.is_contested([0, 300, 599], 599)
    assert not policy.is_contested([0, 300, 601], 601)
    assert not policy.is_contested([0, 300], 300)


def test_an_ignored_field_is_neither_shown_nor_written() -> None:
    desired = annotated("orders", "ignore-fields", "desiredCount")
    assert "Task/orders" in desired.stack.objects
    plan = make(compare(desired, scaled(desired, 7)))
    assert (plan.drift, plan.actions) == ((), ())


def test_what_is_written_beside_an_ignored_entry_leaves_that_entry_as_it_is() -> None:
    """The rules of a group are written as a whole: one foreign rule is ignored, another is revoked."""
    desired = annotated("orders", "ignore-fields", "ingress[tcp 22 0.0.0.0/0]")
    address = "security-group/task/orders/rules"
    live = observed(desired, address).fields
    mine, other = (RuleKey("tcp", port, port, "0.0.0.0/0") for port in (22, 23))
    snapshot = edited(world(desired), address, ingress=FrozenMap({**live.ingress, mine: Rule(), other: Rule()}))
    plan = make(compare(desired, snapshot))
    (action,) = plan.actions
    assert [c.path for c in action.changes] == ["ingress[tcp 23 0.0.0.0/0]"]
    assert "22" not in repr([call.params for call in action.calls])
    assert "23" in repr([call.params for call in action.calls])


def test_an_accepted_value_counts_as_in_sync_until_its_day_is_over_and_only_that_value() -> None:
    desired = annotated("orders", "accept-drift", "desiredCount=7 until 2027-01-31 because of the sale")
    comparison = compare(desired, scaled(desired, 7), date(2027, 1, 31))
    assert make(comparison).drift == ()
    assert [(e.change.path, e.by.because) for e in comparison.exempt] == [("desiredCount", "of the sale")]
    assert len(make(compare(desired, scaled(desired, 7), date(2027, 2, 1))).drift) == 1
    assert len(make(compare(desired, scaled(desired, 8), date(2027, 1, 31))).drift) == 1


def test_the_policy_of_an_object_goes_before_that_of_its_stack() -> None:
    desired = annotated("orders", "drift", "Alert")
    now = datetime(2026, 11, 25, tzinfo=UTC)
    owners = {r.owner for r in desired.resources.values()}
    choices = policy.choices(desired.stack, now, owners, {})
    snapshot = edited(scaled(desired, 7), "service/web", desired_count=7)
    plan = make(compare(desired, snapshot), choices)
    assert {d.address for d in plan.drift} == {"service/orders", "service/web"}
    assert [a.address for a in plan.actions] == ["service/web"]
    ignoring = annotated("orders", "drift", "Ignore")
    assert policy.told(ignoring.stack, make(compare(ignoring, scaled(ignoring, 7))).drift) == []


def test_what_needs_something_that_is_not_healed_is_left_out_too() -> None:
    desired = annotated("orders", "drift", "Alert")
    gone = world(desired, without=["service/orders", "task-definition/orders"])
    plan = make(compare(desired, gone), Choices(unhealed=frozenset({"Task/orders"})))
    assert (plan.actions, plan.blocked) == ((), ())
    assert {d.address for d in plan.drift} == {"service/orders", "task-definition/orders"}


def test_without_promotion_nothing_new_is_rolled_out_and_drift_is_still_healed() -> None:
    before = graph()
    desired = graph(edit=lambda text: text.replace("nginx:1.27", "nginx:1.28"))
    snapshot = edited(world(before), "service/orders", desired_count=7)
    plan = make(compare(desired, snapshot), Choices(promote=False))
    assert [(a.address, a.verb) for a in plan.actions] == [("service/orders", Verb.UPDATE)]
    assert make(compare(desired, snapshot), Choices(promote=False, heal=False)).actions == ()


def test_healing_replaces_no_more_than_is_allowed_and_pending_work_is_not_healing() -> None:
    desired = graph()
    groups = [a for a in desired.resources if a.startswith("target-group/")]
    snapshot = world(desired)
    for address in groups:
        snapshot = edited(snapshot, address, port=9)
    plan = make(compare(desired, snapshot))
    found = policy.disruption(plan, desired.stack)
    assert len(groups) == 2
    assert len(found.reasons) == 1
    assert "maxDisruption is 1" in found.reasons[0]
    assert found.is_covered(found.keys)
    assert not found.is_covered(list(found.keys)[1:])
    one = make(compare(desired, edited(world(desired), groups[0], port=9)))
    assert policy.disruption(one, desired.stack).reasons == ()
    ports = graph(edit=lambda text: text.replace("containerPort: 8080", "containerPort: 8081"))
    assert policy.disruption(make(compare(ports, world(desired))), ports.stack).reasons == ()


def test_annotations_are_read_and_their_faults_are_told() -> None:
    said = policy_of(
        {
            "reconciler.dev/ignore-fields": "desiredCount, tags[a,b]",
            "reconciler.dev/accept-drift": "desiredCount=3 until 2027-01-31 because x; "
            "tags[t]=a b until 2027-02-01 because y",
            "reconciler.dev/paused": "true",
        }
    )
    assert said.ignored == ("desiredCount", "tags[a,b]")
    assert said.accepted[1] == Accepted("tags[t]", "a b", date(2027, 2, 1), "y")
    assert said.paused
    wrong = {
        "reconciler.dev/drfit": "Heal",
        "reconciler.dev/drift": "heal",
        "reconciler.dev/paused": "yes",
        "reconciler.dev/ignore-fields": " ,",
        "reconciler.dev/accept-drift": "desiredCount=3 until tomorrow because x",
        "example.com/drift": "anything",
    }
    told = {fault.key.partition("/")[2]: fault.hint for fault in faults(wrong, of_stack=False)}
    assert told["drfit"] == 'did you mean "reconciler.dev/drift"?'
    assert told["drift"] == 'did you mean "Heal"?'
    assert set(told) == {"drfit", "drift", "paused", "ignore-fields", "accept-drift"}
    assert "until 2027-01-31 because" in told["accept-drift"]
    (of_stack,) = faults({"reconciler.dev/drift": "Heal"}, of_stack=True)
    assert "spec.drift.policy" in of_stack.hint


def test_an_approval_is_of_each_thing_that_is_taken_away_and_of_nothing_else() -> None:
    stack = graph().stack
    plan = make(compare(empty_graph(stack, graph().types), world(graph())))
    found = policy.disruption(plan, stack)
    taken = {action.key for action in plan.actions if action.verb is Verb.DELETE}
    assert found.keys == taken
    assert found.is_covered(taken)
    assert not found.is_covered(taken - {next(iter(taken))})
    nothing = policy.disruption(make(compare(graph(), world(graph(), without=["log-group/web"]))), stack)
    assert (nothing.reasons, nothing.keys) == ((), frozenset())

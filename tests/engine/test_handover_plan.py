"""The plan of a target group that has to be replaced: who waits for whom, and what is said of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from worlds import graph, observed, world

from reconciler.cli._documents import plan_document
from reconciler.diff import compare
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Plan, Reason
from reconciler.model.resource import Observed, State
from reconciler.model.values import FrozenMap, Id
from reconciler.plan import make

TWO_TIER = graph()
SERVICE, GROUP = "service/web", "target-group/public/web/http"
DEFINITION = "task-definition/web"
RULES, LISTENER = "listener/public/http/rules", "listener/public/http"
DESIRED = graph(edit=lambda text: text.replace("containerPort: 80,", "containerPort: 8088,"))


def service(desired: Graph = TWO_TIER, generation: str = "1", **changes: Any) -> Observed[Any]:
    return dataclasses.replace(observed(desired, SERVICE, generation), **{"in_use": True, **changes})


def planned(*services: Observed[Any], more: tuple[Observed[Any], ...] = ()) -> Plan:
    return make(compare(DESIRED, world(TWO_TIER, without=[SERVICE], more=[*services, *more])))


def needs(plan: Plan, key: str) -> frozenset[str]:
    return action(plan, key).needs


def action(plan: Plan, start: str) -> Action:
    (found,) = (a for a in plan.actions if f"{a.key} ".startswith(f"{start} "))
    return found


def test_rules_wait_for_a_second_service_and_the_first_goes_after_them() -> None:
    plan = planned(service())
    tied = action(plan, "attach")
    assert tied.needs == {f"create {GROUP}"}
    (call,) = tied.calls
    assert sorted(weight["Weight"] for weight in weights(call.params)) == [0, 1]
    making = action(plan, f"create {SERVICE}")
    assert (making.reason, making.handed_over) == (Reason.CASCADE, True)
    assert action(plan, f"create {GROUP}").handed_over, "what is handed over interrupts no flow"
    assert tied.key in making.needs
    for switch in (f"update {RULES}", f"update {LISTENER}"):
        assert making.key in needs(plan, switch)
        assert switch not in making.needs
        assert switch in needs(plan, f"delete {SERVICE}")
    assert f"delete {SERVICE}" in " ".join(needs(plan, f"delete {GROUP}"))


def weights(params: Any) -> list[dict[str, Any]]:
    (one,) = params.get("Actions") or params["DefaultActions"]
    return list(one["ForwardConfig"]["TargetGroups"])


def test_a_way_to_the_old_port_is_closed_when_nothing_leads_there() -> None:
    plan = planned(service())
    rules = "security-group/task/web/rules"
    opened, closed = action(plan, f"prepare {rules}"), action(plan, f"update {rules}")
    assert "AuthorizeSecurityGroupIngress" in {call.operation for call in opened.calls}
    assert {call.operation for call in closed.calls} == {"RevokeSecurityGroupIngress"}
    assert opened.key in needs(plan, f"create {SERVICE}")
    assert f"update {RULES}" in closed.needs


def test_a_service_says_why_it_is_replaced() -> None:
    document = plan_document(planned(service()), DESIRED, [])
    found = {a["address"]: a for a in document["actions"]}
    assert (found[SERVICE]["action"], found[SERVICE]["order"]) == ("replace", "create-first")
    assert found[SERVICE]["reason"] == "cascade"


def test_nobody_waits_for_a_service_that_takes_over_from_no_task() -> None:
    plan = planned(service(in_use=False))
    assert not action(plan, f"create {SERVICE}").handed_over
    assert not [a for a in plan.actions if a.key.startswith("attach")]


def test_as_many_tasks_begin_as_autoscaling_had_come_to() -> None:
    plan = planned(service(delegated=FrozenMap({"desired_count": "Application Auto Scaling"})))
    scaled = service(delegated=FrozenMap({"desired_count": "Application Auto Scaling"}))
    seven = dataclasses.replace(scaled, fields=dataclasses.replace(scaled.fields, desired_count=7))
    counts = [
        call.params["desiredCount"]
        for one in (plan, planned(seven))
        for call in action(one, f"create {SERVICE}").calls
        if call.operation == "CreateService"
    ]
    assert counts == [scaled.fields.desired_count, 7]


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED, State.READY])
def test_rules_go_over_to_a_second_service_of_an_earlier_run_when_it_is_at_work(state: State) -> None:
    group = observed(DESIRED, GROUP, "2")
    second = service(DESIRED, "2", state=state)
    led_to = {dataclasses.replace(one, target_group_arn=Id(group.id)) for one in second.fields.load_balancers}
    second = dataclasses.replace(second, fields=dataclasses.replace(second.fields, load_balancers=frozenset(led_to)))
    made = [service(), second, group, observed(DESIRED, DEFINITION)]
    plan = make(compare(DESIRED, world(TWO_TIER, without=[SERVICE, DEFINITION], more=made)))
    keys = {a.key for a in plan.actions if a.address in (RULES, LISTENER, SERVICE, GROUP)}
    if state is State.FAILED:
        assert {b.address for b in plan.blocked} == {RULES, LISTENER}
        assert keys == set()
        return
    waiting = f"refresh {SERVICE}"
    assert not plan.blocked
    assert len(keys - {waiting}) == 5, "rules, the default between their parts, and the two that go"
    assert (waiting in needs(plan, f"update {RULES}")) == (state is State.PENDING)
    if state is State.PENDING:
        assert action(plan, waiting).handed_over

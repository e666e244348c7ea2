"""One word for what an object is like."""

from __future__ import annotations

import pytest
from worlds import graph, world

from reconciler.conditions import conditions_of, status_of, with_flows
from reconciler.diff import compare
from reconciler.flows import Judged
from reconciler.plan import Choices, make


@pytest.mark.parametrize(("holds", "word"), [(True, "Ready"), (False, "Broken"), (None, "Unknown")])
def test_a_flow_and_its_stack_are_ready_only_where_the_traffic_is_as_declared(holds: bool | None, word: str) -> None:
    desired = graph()
    comparison = compare(desired, world(desired))
    plan = make(comparison)
    flows = [Judged("reach", "Reachable", "Blocked", holds, "no route", None)]

    def status(obj: str) -> str:
        return status_of(with_flows(obj, conditions_of(obj, comparison, plan), flows))

    assert [status("Flow/reach"), status("Stack/shop")] == [word, word]
    assert [status("Task/web"), status("Route/orders")] == ["Ready", "Ready"]


def test_a_route_is_as_the_listener_that_it_is_a_part_of() -> None:
    desired = graph()

    def status(route: str, *missing: str, converged: bool = True) -> str:
        comparison = compare(desired, world(desired, without=missing, converged=converged))
        return status_of(with_flows(route, conditions_of(route, comparison, make(comparison)), []))

    rules = "listener/internal/http/rules"
    assert [status("Route/orders"), status("Route/shop")] == ["Ready", "Ready"]
    assert [status("Route/orders", rules), status("Route/shop", rules)] == ["Drifted", "Ready"]
    assert status("Route/orders", *desired.resources, converged=False) == "Pending"


def test_what_a_flow_begins_or_ends_at_says_whether_it_holds() -> None:
    desired = graph()
    comparison = compare(desired, world(desired))
    ends = ("internet", "loadBalancer/public")
    flows = [Judged("reach", "Reachable", "Blocked", False, "no route", None, ends)]

    def said(obj: str) -> dict[str, str]:
        conditions = with_flows(obj, conditions_of(obj, comparison, make(comparison)), flows)
        return {condition.type: condition.reason for condition in conditions}

    well = {"Ready": "Available", "Synced": "AsDesired", "Drifted": "NoDrift", "Stalled": "NotBlocked"}
    assert said("LoadBalancer/public") == {**well, "FlowsHold": "Broken"}
    assert said("LoadBalancer/internal") == well


def test_what_is_blocked_stalls_its_own_object_only() -> None:
    desired = graph(edit=lambda text: text.replace("cidr: 10.0.0.0/16", "cidr: 10.0.0.0/15"))
    comparison = compare(desired, world(graph()))
    plan = make(comparison, Choices(withheld={"vpc/main": ("it is contested", "see who changes it")}))
    said = {obj: {c.type: c for c in conditions_of(obj, comparison, plan)} for obj in ("Network/main", "Cluster/main")}
    assert (said["Network/main"]["Stalled"].status, said["Network/main"]["Stalled"].reason) == ("True", "Blocked")
    assert "it is contested" in said["Network/main"]["Stalled"].message
    assert (said["Cluster/main"]["Stalled"].status, said["Cluster/main"]["Stalled"].reason) == ("False", "NotBlocked")

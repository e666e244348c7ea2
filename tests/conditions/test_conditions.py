"""One word for what an object is like."""

from __future__ import annotations

import pytest
from worlds import graph, world

from reconciler.conditions import conditions_of, status_of, with_flows
from reconciler.diff import compare
from reconciler.flows import Judged
from reconciler.plan import make


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

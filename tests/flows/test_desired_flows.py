"""Where traffic can go by what the files say, before anything is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler import flows
from reconciler.compile import graph_of
from reconciler.flows import Judged, Query, Verdict
from reconciler.load import load

SPECS = Path(__file__).parents[2] / "specs"

Edit = Callable[[str], str]


def unchanged(text: str) -> str:
    return text


def replaced(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new)

    return edit


def judged(name: str, edit: Edit = unchanged) -> dict[str, Judged]:
    (stack,) = load({name: edit((SPECS / name).read_text()).encode()}).stacks.values()
    world = flows.world_of_graph(graph_of(stack.stack, stack.objects))
    declared = [obj for (kind, _), obj in sorted(stack.objects.items()) if kind == "Flow"]
    return {found.name: found for found in flows.judged(world, declared)}


def traced(query: Query, name: str = "two-tier.yaml", edit: Edit = unchanged) -> Verdict:
    (stack,) = load({name: edit((SPECS / name).read_text()).encode()}).stacks.values()
    return flows.trace(flows.world_of_graph(graph_of(stack.stack, stack.objects)), query)


def codes(verdict: Verdict) -> set[tuple[str, str]]:
    return {(blocker.component, blocker.code) for blocker in verdict.blockers}


@pytest.mark.parametrize("name", ["two-tier.yaml", "peers.yaml"])
def test_the_flows_of_the_reference_files_hold(name: str) -> None:
    found = judged(name)
    assert len(found) == 4
    assert {name: flow.holds for name, flow in found.items()} == dict.fromkeys(found, True)
    assert all(flow.actual == flow.expect for flow in found.values())


@pytest.mark.parametrize(
    ("edit", "broken"),
    [
        (replaced("allowFrom: [internet]", "allowFrom: [10.0.0.0/16]"), "internet-reaches-web"),
        (replaced("scheme: InternetFacing         #", "scheme: Internal  #"), "internet-reaches-web"),
        (
            replaced(
                'match: {paths: ["/api/*"]}\n      forward: [{task: web, port: http}]',
                'match: {paths: ["/api/*"]}\n      fixedResponse: {statusCode: 404}',
            ),
            "internet-reaches-web",
        ),
        (replaced("allowFrom: [task/web]", "allowFrom: []"), "web-reaches-orders"),
        (replaced('paths: ["/orders", "/orders/*"]', 'paths: ["/orders"]'), "web-reaches-orders"),
        (replaced("nat: Single ", "nat: None "), "orders-reaches-internet"),
    ],
)
def test_a_change_of_the_files_breaks_the_flow_that_needs_it(edit: Edit, broken: str) -> None:
    found = judged("two-tier.yaml", edit)
    assert [name for name, flow in found.items() if flow.holds is False] == [broken]


def test_a_task_that_is_opened_to_the_internet_breaks_the_flow_that_forbids_it() -> None:
    def opened(text: str) -> str:
        head, tail = text.split("metadata: {name: orders}\nspec:\n", 1)
        tail = tail.replace("placement: Private", "placement: Public\n  allowFrom: [internet]", 1)
        return f"{head}metadata: {{name: orders}}\nspec:\n{tail}"

    found = judged("two-tier.yaml", opened)
    assert found["internet-never-reaches-orders"].holds is False
    assert found["internet-never-reaches-orders"].actual == "Reachable"


def test_a_blocked_path_names_every_setting_that_blocks_it() -> None:
    verdict = traced(Query("internet", "task/orders"))
    assert verdict.verdict == "Blocked"
    assert codes(verdict) == {
        ("service/orders", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"),
        ("subnet/main/private/us-east-1a", "NO_ROUTE_TO_DESTINATION"),
        ("subnet/main/private/us-east-1b", "NO_ROUTE_TO_DESTINATION"),
        ("security-group/task/orders", "ENI_SG_RULES_MISMATCH"),
    }


def test_the_path_of_a_request_decides_which_rule_takes_it() -> None:
    admin = traced(Query("internet", "task/web", path="/admin/users"))
    assert codes(admin) == {("listener/public/http", "ELBV2_LISTENER_RULE_RESTRICTION")}
    assert "blocked-admin" in admin.blockers[0].detail
    assert traced(Query("internet", "task/web", path="/elsewhere")).verdict == "Reachable"


def test_containers_of_one_task_reach_each_other_over_loopback() -> None:
    verdict = traced(Query("task/web/nginx", "task/web/app", port=3000))
    assert verdict.verdict == "Reachable"
    assert [hop.component for hop in verdict.hops] == ["task/web/nginx", "loopback", "task/web/app"]


def test_a_port_that_another_container_opens_is_blocked() -> None:
    assert traced(Query("task/web/nginx", "task/web/app", port=80)).verdict == "Blocked"


def test_tasks_reach_an_internet_facing_load_balancer_by_its_public_address() -> None:
    verdict = traced(Query("task/orders", "loadBalancer/public", port="http"))
    assert verdict.verdict == "Reachable"
    assert "nat-gateway/main/us-east-1a" in {hop.component for hop in verdict.hops}


def test_an_end_that_is_not_there_is_an_error_that_lists_what_is() -> None:
    with pytest.raises(flows.NoSuchEndError, match="task/orders, task/web"):
        traced(Query("task/nobody", "internet"))


def test_a_port_that_is_not_there_is_an_error_that_lists_what_is() -> None:
    with pytest.raises(flows.NoSuchEndError, match="no port admin; it has app, http"):
        traced(Query("internet", "task/web", port="admin"))

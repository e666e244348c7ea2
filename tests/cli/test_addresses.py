"""What of addresses and names a plan says is another afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from worlds import graph, world

from reconciler.cli._addresses import NewAddresses
from reconciler.diff import compare
from reconciler.model.plan import Plan
from reconciler.plan import make
from reconciler.resources import discover

TASKS, OUT = "tasks' addresses", "public address for outgoing traffic"


def nat(mode: str) -> Callable[[str], str]:
    return lambda text: text.replace("nat: Single", f"nat: {mode}")


def named(plan: Plan) -> dict[str, list[str]]:
    addresses = NewAddresses(plan, discover())
    return {action.address: addresses.of(action) for action in plan.visible if addresses.of(action)}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (str, lambda text: text.replace("nginx:1.27", "nginx:1.28"), {"service/web": [TASKS]}),
        (str, lambda text: text.replace("replicas: 2", "replicas: 3"), {}),
        (nat("Single"), nat("PerZone"), {"route-table/main/private/us-east-1b/routes": [OUT]}),
        (
            nat("PerZone"),
            nat("Single"),
            {
                "route-table/main/private/us-east-1b/routes": [OUT],
                "elastic-ip/main/us-east-1b": ["public address"],
            },
        ),
    ],
)
def test_a_plan_names_the_addresses_that_people_may_have_written_down(
    before: Callable[[str], str], after: Callable[[str], str], said: dict[str, list[str]]
) -> None:
    plan = make(compare(graph(edit=after), world(graph(edit=before))))
    assert plan.visible
    assert named(plan) == said


@pytest.mark.parametrize(
    ("name", "gone", "said"),
    [
        ("two-tier.yaml", ["nat-gateway/main/us-east-1a"], {}),
        (
            "two-tier.yaml",
            ["nat-gateway/main/us-east-1a", "elastic-ip/main/us-east-1a"],
            {f"route-table/main/private/us-east-1{zone}/routes": [OUT] for zone in "ab"},
        ),
        ("connected.yaml", ["nat-gateway/main/us-east-1a"], {}),
    ],
)
def test_a_gateway_that_is_made_again_with_the_same_elastic_ip_has_the_same_address(
    name: str, gone: list[str], said: dict[str, list[str]]
) -> None:
    plan = make(compare(graph(name), world(graph(name), without=gone)))
    assert {action.address for action in plan.visible} >= set(gone)
    assert named(plan) == said


def test_a_gateway_that_gets_another_elastic_ip_has_another_address() -> None:
    other = graph("connected.yaml", variables={"addresses": "eipalloc-0123456789abcdef7,eipalloc-0123456789abcdef1"})
    assert named(make(compare(other, world(graph("connected.yaml"))))) == {
        "nat-gateway/main/us-east-1a": ["public address"],
        "route-table/main/private/us-east-1a/routes": [OUT],
    }

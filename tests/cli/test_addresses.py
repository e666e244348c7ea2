"""What of addresses and names a plan says is another afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from worlds import graph, world

from reconciler.cli._documents import new_addresses
from reconciler.diff import compare
from reconciler.plan import make
from reconciler.resources import discover

TASKS, OUT = "tasks' addresses", "public address for outgoing traffic"


def nat(mode: str) -> Callable[[str], str]:
    return lambda text: text.replace("nat: Single", f"nat: {mode}")


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
    found = {action.address: new_addresses(action, discover()[action.type]) for action in plan.visible}
    assert plan.visible
    assert {address: names for address, names in found.items() if names} == said

"""What plans say of resources that stay and that are taken over: golden files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from test_retention import annotated
from worlds import graph, observed, world

from reconciler.cli._text import plan_text
from reconciler.diff import compare
from reconciler.engine import empty_graph
from reconciler.model.graph import Graph
from reconciler.model.snapshot import Snapshot
from reconciler.model.tags import NONE
from reconciler.model.values import FrozenMap
from reconciler.plan import make

Golden = Callable[[str, str], None]
TIER = "two-tier.yaml"
VPC = "vpc-0123456789abcdef0"


def text(desired: Graph, snapshot: Snapshot) -> str:
    return plan_text(make(compare(desired, snapshot)), (), colour=False)


def test_a_plan_says_what_stays_and_what_needs_it(golden: Golden) -> None:
    kept = graph(TIER, annotated("Task/web", "deletion-policy", "Retain"))
    golden("plan-release.txt", text(empty_graph(kept.stack, kept.types), world(kept)))


def test_a_plan_says_what_is_taken_over_and_what_changes_of_it(golden: Golden) -> None:
    desired = graph(TIER, annotated("Network/main", "adopt", VPC))
    live = observed(desired, "vpc/main")
    theirs = dataclasses.replace(
        live,
        id=VPC,
        outputs=FrozenMap({"id": VPC}),
        fields=dataclasses.replace(live.fields, enable_dns_hostnames=False),
        tags=FrozenMap({"team": "checkout"}),
        applied=NONE,
    )
    empty = dataclasses.replace(world(desired, without=desired.resources), found={"vpc/main": (theirs,)})
    shown = text(desired, dataclasses.replace(empty, claimed={VPC: {"team": "checkout"}}))
    lines = shown.splitlines()
    start = next(number for number, line in enumerate(lines) if VPC in line and line.startswith("  >"))
    golden("plan-adopt.txt", "\n".join([*lines[start : start + 4], lines[-1]]))


def test_a_plan_says_what_must_not_be_replaced_and_what_waits_for_that(golden: Golden) -> None:
    protect = annotated("LoadBalancer/public", "prevent-replace", "true")
    moved = graph(TIER, lambda text: protect(text).replace("scheme: InternetFacing", "scheme: Internal"))
    golden("plan-prevented.txt", text(moved, world(graph(TIER))))

"""What trace, matrix and the drawing print, word for word. `pytest tests/flows --update-golden` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Callable

from seen import EVERYONE, Seen, entry

from reconciler import flows
from reconciler.cli._tracing import trace_document, trace_text
from reconciler.cli.matrix import matrix_document, matrix_text
from reconciler.flows import Query
from reconciler.model.values import Id

Golden = Callable[[str, str], None]


def told(golden: Golden, name: str, world: flows.World, query: Query, where: str) -> None:
    verdict = flows.trace(world, query)
    golden(f"{name}.txt", trace_text(world, verdict, where=where, colour=False))
    golden(f"{name}.json", json.dumps(trace_document(world, verdict), indent=2))


def test_a_reachable_path(golden: Golden) -> None:
    world = flows.world_of_graph(Seen().graph)
    told(golden, "trace-reachable", world, Query("internet", "task/web", path="/api/items"), "desired")


def test_a_blocked_path_with_everything_that_blocks_it(golden: Golden) -> None:
    seen = Seen().with_acl(["private/us-east-1a"], {90: entry("deny", "tcp", ports=(80, 80))}, {})
    seen.without_rules("load-balancer/internal", "ingress")
    seen.changed("service/orders", desired_count=0)
    told(golden, "trace-blocked", seen.world, Query("task/web", "task/orders", path="/orders/1"), "observed")


def test_an_unknown_path(golden: Golden) -> None:
    seen = Seen()
    for zone in ("private/us-east-1a", "private/us-east-1b"):
        seen.with_route(zone, EVERYONE, transit_gateway_id=Id("tgw-0123"))
    told(golden, "trace-unknown", seen.world, Query("task/orders", "internet", port=443), "observed")


def test_who_reaches_whom(golden: Golden) -> None:
    rows = flows.matrix(flows.world_of_graph(Seen().graph))
    golden("matrix.txt", matrix_text(rows, {}, colour=False))
    golden("matrix.json", json.dumps(matrix_document(rows, {}), indent=2))


def test_what_is_open_to_the_internet_is_marked_and_what_is_not_modelled_is_named(golden: Golden) -> None:
    seen = Seen("peers.yaml").with_rule("task/public-1", "ingress", (22, 22), EVERYONE)
    for zone in ("private/us-east-1a", "private/us-east-1b"):
        seen.with_route(zone, EVERYONE, transit_gateway_id=Id("tgw-0123"))
    golden("matrix-open.txt", matrix_text(flows.matrix(seen.world), {}, colour=False))


def test_the_drawing_of_a_path(golden: Golden) -> None:
    world = flows.world_of_graph(Seen().graph)
    reached = flows.trace(world, Query("internet", "task/web", path="/api/items"))
    blocked = flows.trace(world, Query("internet", "task/orders"))
    golden("drawing-reachable.mmd", flows.drawing(world, reached))
    golden("drawing-blocked.mmd", flows.drawing(world, blocked))

"""Ends that a question names: what is not known is answered with what was meant."""

from __future__ import annotations

import pytest
from seen import Seen
from test_desired_flows import traced

from reconciler import flows
from reconciler.flows import NoSuchEndError, Query


@pytest.mark.parametrize(
    ("source", "target", "port", "said"),
    [
        ("intrenet", "task/web", None, "intrenet is not known; did you mean internet?"),
        ("internet", "task/ordrs", None, "did you mean task/orders?"),
        ("internet", "task/web/ngin", None, "did you mean nginx? It has app, nginx"),
        ("internet", "task/web", "htpp", "did you mean http? It has app, http"),
        ("10.0.0.0/33", "task/web", None, "10.0.0.0/33 is not known; write internet, an IPv4 address or block"),
        ("2001:db8::/129", "task/web", None, "2001:db8::/129 is not known"),
        ("2001:db8::1", "task/wep", None, "did you mean task/web?"),
        ("internet", "8.8.8.8", None, "neither internet nor 8.8.8.8 lies in a network of this stack"),
        ("internet", "internet", None, "neither internet nor internet"),
    ],
)
def test_what_is_not_known_is_answered_with_what_was_meant(
    source: str, target: str, port: str | None, said: str
) -> None:
    with pytest.raises(NoSuchEndError) as caught:
        traced(Query(source, target, port=port))
    assert said in str(caught.value)


def test_of_a_block_the_part_inside_is_asked_about() -> None:
    """The internet's way to the internet is nobody's."""
    found = traced(Query("0.0.0.0/0", "0.0.0.0/0", port=80))
    assert all(path.source.segment or len(path.hops) > 2 for path in found.paths)
    assert all(blocker.component for blocker in found.blockers)


def test_names_that_mermaid_knows_as_words_stand_in_quotes_only() -> None:
    seen = Seen(edit=lambda text: text.replace("name: orders}", "name: end}").replace("task: orders", "task: end"))
    world = flows.world_of_graph(seen.graph)
    drawn = flows.drawing(world, flows.trace(world, Query("internet", "task/end", port=8080)))
    assert '["task/end"]' in drawn
    bare = [line.split('"')[::2] for line in drawn.splitlines()]
    words = [word for parts in bare for word in " ".join(parts).split() if "task" in word or "loadBalancer" in word]
    assert words == []
    assert drawn.count("subgraph ") == sum(1 for line in drawn.splitlines() if line.strip() == "end")


def test_of_a_live_address_the_fix_is_that_of_the_task_behind_it() -> None:
    seen = Seen().with_interface("eni-1", "orders", "private/us-east-1a", "10.0.10.9")
    for target in ("10.0.10.9", "eni-1", "task/orders"):
        found = seen.trace("internet", target, port=22)
        fix = {b.component: f for b, f in zip(found.blockers, flows.fixes(seen.world, found), strict=True)}
        assert fix["security-group/task/orders"] == "Task/orders: add internet to spec.allowFrom"
        assert "Task/orders: set spec.placement to Public" in " ".join(fix.values())
    seen.without_rules("task/orders", "ingress")
    found = seen.trace("loadBalancer/internal", "10.0.10.9", port=8080)
    fixes = flows.fixes(seen.world, found)
    assert fixes == ["apply: the files want it open already (Task/orders)"]


def test_what_is_in_the_files_and_not_in_aws_is_not_taken_for_a_misspelling() -> None:
    with pytest.raises(NoSuchEndError, match=r"task/web is in the files and not in AWS$") as raised:
        Seen().without("service/web").trace("internet", "task/web", port=80)
    assert raised.value.fix == "apply makes it; --desired asks about the files"


def test_a_route_to_a_detached_gateway_is_not_called_no_route() -> None:
    found = Seen().changed("internet-gateway/main", vpc_id=None).trace("internet", "task/web", port=80)
    details = {blocker.component: blocker.detail for blocker in found.blockers}
    assert details["vpc/main"] == "no internet gateway is attached to it"
    assert details["subnet/main/public/us-east-1a"] == (
        "its route table route-table/main/public leads to internet-gateway/main, which is not attached to vpc/main"
    )


@pytest.mark.parametrize(
    ("address", "ends"),
    [
        ("vpc/main", {"subnet/main/public/us-east-1a", "subnet/main/private/us-east-1b"}),
        ("subnet/main/private/us-east-1a", {"subnet/main/private/us-east-1a"}),
        ("security-group/task/orders", {"service/orders"}),
        ("target-group/public/web/http", {"service/web"}),
        ("load-balancer/public", {"load-balancer/public"}),
        ("nat-gateway/main/us-east-1a", {"nat-gateway/main/us-east-1a"}),
    ],
)
def test_the_id_of_a_resource_is_what_it_stands_for(address: str, ends: set[str]) -> None:
    seen = Seen()
    found = seen.trace(seen.id(address).value, "203.0.113.9", port=443)
    by_id = {seen.id(name).value: name for name in (*ends, address)}
    assert ends <= {by_id.get(path.source.name, path.source.name) for path in found.paths} | (
        {path.source.segment for path in found.paths} if address.startswith(("vpc", "subnet")) else set()
    )
    assert found.verdict in ("Reachable", "Blocked")


def test_an_internet_gateway_stands_for_the_internet_and_a_table_for_nothing() -> None:
    seen = Seen()
    assert seen.trace(seen.id("internet-gateway/main").value, "task/web", path="/api/x").verdict == "Reachable"
    with pytest.raises(NoSuchEndError, match="is route-table/main/public, which neither opens nor takes connections"):
        seen.trace(seen.id("route-table/main/public").value, "task/web")

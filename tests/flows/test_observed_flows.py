"""Where traffic can go by what AWS has: everything that somebody may have done beside us."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from seen import ALLOW_ALL, EVERYONE, Seen, codes, entry

from reconciler.model.resource import State
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._actions import FixedResponse
from reconciler.resources.route_table import RouteTable
from reconciler.resources.routes import Route, Routes
from reconciler.resources.running_task import RunningTask
from reconciler.resources.target_health import Target, TargetHealth

PRIVATE = ["private/us-east-1a", "private/us-east-1b"]


@pytest.mark.parametrize("name", ["two-tier.yaml", "peers.yaml"])
def test_what_was_applied_holds_all_flows(name: str) -> None:
    found = Seen(name).judged()
    assert {flow.name: flow.holds for flow in found.values()} == dict.fromkeys(found, True)


def test_a_foreign_acl_breaks_a_flow_and_is_named() -> None:
    denied = {90: entry("deny", "tcp", ports=(80, 80)), **ALLOW_ALL}
    seen = Seen().with_acl(PRIVATE, denied, ALLOW_ALL)
    assert seen.broken() == ["web-reaches-orders"]
    assert seen.judged()["web-reaches-orders"].why.startswith("acl-foreign: inbound entry 90: deny tcp 80")


def test_a_flow_through_a_load_balancer_that_is_gone_says_so() -> None:
    seen = Seen().without("load-balancer/internal", "listener/internal/http", "listener/internal/http/rules")
    assert seen.broken() == ["web-reaches-orders"]
    why = "load-balancer/internal: loadBalancer/internal is in the files and not in AWS"
    assert seen.judged()["web-reaches-orders"].why == why


def test_an_acl_keeps_no_state_so_answers_need_an_entry() -> None:
    only_requests = {100: entry("allow", "tcp", ports=(80, 80))}
    seen = Seen().with_acl(PRIVATE, ALLOW_ALL, only_requests)
    verdict = seen.trace("task/web", "task/orders", port=8080, path="/orders")
    assert verdict.verdict == "Blocked"
    assert codes(verdict) == {("acl-foreign", "SUBNET_ACL_RESTRICTION")}
    assert all("answers" in blocker.detail for blocker in verdict.blockers)


def test_inside_one_subnet_no_acl_is_asked() -> None:
    seen = Seen().with_acl(PRIVATE, {}, {})
    verdict = seen.trace("loadBalancer/internal", "task/orders", port=8080)
    assert (verdict.verdict, verdict.partial) == ("Blocked", True)
    assert {path.place for path in verdict.paths if path.whole} == {
        f"from {zone} to {zone}" for zone in ("us-east-1a", "us-east-1b")
    }


def test_answers_to_some_of_the_ports_that_clients_use_are_not_enough() -> None:
    half = {100: entry("allow", "tcp", ports=(40000, 65535))}
    verdict = (
        Seen()
        .with_acl(["public/us-east-1a", "public/us-east-1b"], ALLOW_ALL, half)
        .trace("internet", "loadBalancer/public", port=80)
    )
    assert verdict.verdict == "Blocked"
    assert verdict.partial
    assert "1024-39999" in verdict.blockers[0].detail


def test_the_lowest_entry_that_matches_decides() -> None:
    low = entry("deny", "tcp", ports=(1, 1023))
    allowed_first = {10: entry("allow", "tcp", ports=(80, 80)), 20: low, **ALLOW_ALL}
    assert Seen().with_acl(PRIVATE, allowed_first, ALLOW_ALL).broken() == []
    assert Seen().with_acl(PRIVATE, {**allowed_first, 5: low}, ALLOW_ALL).broken() == ["web-reaches-orders"]


def test_one_abusive_address_that_is_kept_out_breaks_no_flow() -> None:
    kept_out = {10: entry("deny", cidr="198.51.100.7/32"), **ALLOW_ALL}
    seen = Seen().with_acl(["public/us-east-1a", "public/us-east-1b"], kept_out, ALLOW_ALL)
    assert seen.broken() == []
    assert seen.trace("198.51.100.7", "loadBalancer/public", port=80).verdict == "Blocked"


UNMODELLED: list[tuple[dict[str, Any], str]] = [
    ({"transit_gateway_id": Id("tgw-1")}, "tgw-1"),
    ({"vpc_peering_connection_id": Id("pcx-1")}, "pcx-1"),
    ({"gateway_id": Id("vgw-1")}, "vgw-1"),
    ({"network_interface_id": Id("eni-1")}, "eni-1"),
    ({"gateway_id": Id("vpce-1")}, "vpce-1"),
]


@pytest.mark.parametrize(("target", "component"), UNMODELLED)
def test_what_is_not_modelled_is_unknown_and_named(target: dict[str, Any], component: str) -> None:
    seen = Seen()
    for zone in PRIVATE:
        seen.with_route(zone, EVERYONE, **target)
    verdict = seen.trace("task/orders", "internet", port=443)
    assert verdict.verdict == "Unknown"
    assert {lost.component for lost in verdict.unclear} == {component}
    flow = seen.judged()["orders-reaches-internet"]
    assert (flow.actual, flow.holds) == ("Unknown", None)


def test_a_transit_gateway_beside_the_way_changes_nothing() -> None:
    seen = Seen()
    for zone in PRIVATE:
        seen.with_route(zone, "10.99.0.0/16", transit_gateway_id=Id("tgw-1"))
    assert seen.broken() == []
    assert seen.trace("task/orders", "10.99.0.7", port=443).verdict == "Unknown"
    assert seen.trace("task/orders", "10.98.0.7", port=443).verdict == "Blocked"


def test_a_rule_for_a_prefix_list_is_unknown() -> None:
    seen = Seen().without_rules("task/orders", "egress").with_rule("task/orders", "egress", (443, 443), "pl-1")
    verdict = seen.trace("task/orders", "internet", port=443)
    assert (verdict.verdict, verdict.unclear[0].component) == ("Unknown", "pl-1")


def test_a_rule_for_ipv6_lets_no_ipv4_in() -> None:
    seen = Seen().without_rules("load-balancer/public", "ingress")
    seen.with_rule("load-balancer/public", "ingress", (80, 80), "::/0")
    assert seen.broken() == ["internet-reaches-web"]


def test_a_blackhole_wins_the_lookup_and_drops() -> None:
    seen = Seen()
    for zone in PRIVATE:
        seen.with_route(zone, EVERYONE, nat_gateway_id=Id("nat-gone"), state="blackhole")
    verdict = seen.trace("task/orders", "internet", port=443)
    assert {code for _, code in codes(verdict)} == {"BAD_STATE_ROUTE"}


def test_the_longest_prefix_wins() -> None:
    seen = Seen()
    for zone in PRIVATE:
        seen.with_route(zone, "203.0.113.0/24", nat_gateway_id=Id("nat-gone"), state="blackhole")
    assert seen.trace("task/orders", "203.0.113.9", port=443).verdict == "Blocked"
    assert seen.trace("task/orders", "203.0.112.9", port=443).verdict == "Reachable"
    assert seen.broken() == [], "a partner's network is not the internet"


def test_a_nat_gateway_needs_the_route_of_its_own_subnet() -> None:
    verdict = Seen().without_routes("public").trace("task/orders", "internet", port=443)
    assert codes(verdict) == {("subnet/main/public/us-east-1a", "NO_ROUTE_TO_DESTINATION")}


def test_a_subnet_without_a_table_of_its_own_follows_the_main_one() -> None:
    seen = Seen().without(*(f"route-table-association/main/{zone}" for zone in PRIVATE))
    seen.with_evidence("route-table", "rtb-main", RouteTable(vpc_id=seen.id("vpc/main"), main=True))
    assert seen.broken() == ["orders-reaches-internet"]
    nat = Route(nat_gateway_id=seen.id("nat-gateway/main/us-east-1a"))
    routes = Routes(route_table_id=Id("rtb-main"), routes=FrozenMap({EVERYONE: nat}))
    assert seen.with_evidence("routes", "rtb-main", routes).broken() == []


def test_a_gateway_that_is_not_attached_passes_nothing() -> None:
    seen = Seen().changed("internet-gateway/main", attached=False)
    verdict = seen.trace("task/orders", "internet", port=443)
    assert codes(verdict) == {("internet-gateway/main", "BAD_STATE_ATTACHMENT")}


def test_a_nat_gateway_that_is_not_ready_drops() -> None:
    seen = Seen().changed("nat-gateway/main/us-east-1a", observed_state=State.PENDING)
    assert codes(seen.trace("task/orders", "internet", port=443)) == {("nat-gateway/main/us-east-1a", "BAD_STATE")}


def test_a_load_balancer_that_is_not_active_passes_nothing() -> None:
    seen = Seen().changed("load-balancer/public", observed_state=State.PENDING, observed_detail="provisioning")
    assert ("load-balancer/public", "BAD_STATE") in codes(seen.trace("internet", "task/web", path="/api/x"))


def test_a_rule_that_somebody_added_breaks_the_flow_that_forbids_it() -> None:
    seen = Seen("peers.yaml").with_rule("task/public-1", "ingress", (80, 80), Id("id:security-group/task/public-2#1"))
    assert seen.broken() == ["not-the-other-way"]


def test_filters_keep_state_so_answers_need_no_rule() -> None:
    seen = Seen("peers.yaml").without_rules("task/public-2", "egress")
    assert seen.judged()["public-peers"].holds is True


def test_a_group_as_peer_is_not_seen_through_the_internet() -> None:
    seen = Seen().without_rules("load-balancer/public", "ingress")
    seen.with_rule("load-balancer/public", "ingress", (80, 80), seen.id("security-group/task/web"))
    assert seen.trace("task/web", "loadBalancer/public", port=80).verdict == "Blocked"


def test_targets_that_fail_their_checks_get_nothing_while_another_is_healthy() -> None:
    seen = Seen().with_interface("eni-1", "orders", "private/us-east-1a", "10.0.10.5")
    group = seen.id("target-group/internal/orders/http")
    sick = Target(id="10.0.10.5", port=8080, availability_zone="us-east-1a", state="unhealthy", reason="Target.Timeout")
    well = Target(id="10.0.11.5", port=8080, availability_zone="us-east-1b", state="healthy")
    seen.with_evidence("target-health", group.value, TargetHealth(target_group_arn=group, targets=(sick, well)))
    verdict = seen.trace("task/web", "task/orders", port=8080, path="/orders")
    assert ("target-group/internal/orders/http", "TARGET_UNHEALTHY") in codes(verdict)


def test_where_no_target_is_healthy_all_get_requests() -> None:
    seen = Seen().with_interface("eni-1", "orders", "private/us-east-1a", "10.0.10.5")
    group = seen.id("target-group/internal/orders/http")
    sick = Target(id="10.0.10.5", port=8080, availability_zone="us-east-1a", state="unhealthy")
    seen.with_evidence("target-health", group.value, TargetHealth(target_group_arn=group, targets=(sick,)))
    seen.changed("service/web", desired_count=1)
    verdict = seen.trace("task/web", "task/orders", port=8080, path="/orders")
    assert verdict.verdict == "Reachable"


def test_live_interfaces_and_their_addresses_are_ends() -> None:
    seen = Seen("peers.yaml")
    seen.with_interface("eni-1", "private-1", "private/us-east-1a", "10.8.10.5")
    seen.with_interface("eni-2", "private-2", "private/us-east-1b", "10.8.11.5")
    for source, target in (("eni-1", "eni-2"), ("10.8.10.5", "10.8.11.5"), ("eni-1", "10.8.11.5")):
        assert seen.trace(source, target, port=80).verdict == "Reachable"
        assert seen.trace(target, source, port=80).verdict == "Blocked"


def test_addresses_of_the_network_count_as_hosts_without_a_group() -> None:
    seen = Seen("peers.yaml")
    assert seen.trace("10.8.0.9", "task/private-2", port=80).verdict == "Reachable"
    assert seen.trace("10.8.1.9", "task/private-2", port=80).verdict == "Blocked"
    part = seen.trace("10.8.0.0/23", "task/private-2", port=80)
    assert (part.verdict, part.partial) == ("Blocked", True)


def test_a_gateway_endpoint_is_reached_from_the_tables_it_hangs_in() -> None:
    seen = Seen()
    assert seen.trace("task/orders", "vpc-endpoint/main/s3", port=443).verdict == "Reachable"
    seen.changed("vpc-endpoint/main/s3", route_table_ids=frozenset())
    assert {code for _, code in codes(seen.trace("task/orders", "vpc-endpoint/main/s3"))} == {"NO_ROUTE_TO_DESTINATION"}


def test_an_address_that_may_be_behind_a_gateway_endpoint_is_unknown() -> None:
    seen = Seen()
    for zone in PRIVATE:
        seen.without_routes(zone)
    verdict = seen.trace("task/orders", "52.216.0.1", port=443)
    assert (verdict.verdict, verdict.unclear[0].component) == ("Unknown", "vpc-endpoint/main/s3")
    assert seen.trace("task/orders", "internet", port=443).verdict == "Blocked"


def test_a_service_that_wants_no_copies_is_not_reached() -> None:
    verdict = Seen().changed("service/orders", desired_count=0).trace("task/web", "task/orders", path="/orders")
    assert ("service/orders", "NO_POSSIBLE_DESTINATION") in codes(verdict)


def test_the_names_of_rules_are_those_of_the_files() -> None:
    verdict = Seen().trace("internet", "task/web", path="/api/x")
    assert any(hop.allowed_by and hop.allowed_by.startswith("rule api (100)") for hop in verdict.hops)


def test_rules_are_asked_in_the_order_of_the_numbers_that_they_have_in_aws() -> None:
    """Ours may stand at any numbers in the right order, with what somebody put in between."""
    seen, address = Seen(), "listener/internal/http/rules"
    (ours,) = seen.snapshot.found[address][0].fields.rules.values()
    theirs = dataclasses.replace(ours, priority=200, actions=(FixedResponse(status_code="503"),))
    moved = {"priority 300": dataclasses.replace(ours, priority=300)}
    verdict = seen.changed(address, rules=FrozenMap(moved)).trace("task/web", "task/orders", path="/orders")
    assert any(hop.allowed_by and hop.allowed_by.startswith("rule orders (300)") for hop in verdict.hops)
    assert seen.changed(address, rules=FrozenMap({"priority 200": theirs, **moved})).broken() == ["web-reaches-orders"]


def test_a_live_task_is_known_by_its_id() -> None:
    seen = Seen("peers.yaml").with_interface("eni-1", "private-1", "private/us-east-1a", "10.8.10.5")
    arn = "arn:aws:ecs:us-east-1:123456789012:task/peers-main/0123456789abcdef"
    fields = RunningTask(
        cluster=seen.id("cluster/main"),
        service="private-1",
        task_definition=Id("arn:aws:ecs:us-east-1:123456789012:task-definition/x:1"),
        last_status="RUNNING",
        health_status="UNKNOWN",
        network_interface_id=Id("eni-1"),
    )
    seen.with_evidence("running-task", arn, fields)
    for name in (arn, "0123456789abcdef"):
        verdict = seen.trace(name, "task/private-2", port=80)
        assert verdict.verdict == "Reachable"
        assert verdict.place.startswith("from us-east-1a")


def test_a_subnet_stands_for_any_host_in_it() -> None:
    seen = Seen("peers.yaml")
    assert seen.trace("subnet/main/public/us-east-1a", "task/private-2", port=80).verdict == "Reachable"
    assert seen.trace("subnet/main/public/us-east-1b", "task/private-2", port=80).verdict == "Blocked"


@pytest.mark.parametrize("type_name", ["network-acl", "security-group-rules", "routes", "nat-gateway"])
def test_what_could_not_be_read_makes_every_answer_unknown(type_name: str) -> None:
    seen = Seen()
    seen.snapshot = dataclasses.replace(seen.snapshot, unknown={type_name: "UnauthorizedOperation"})
    assert {flow.holds for flow in seen.judged().values()} == {None}
    assert seen.trace("internet", "task/web").unclear[0].component == type_name


def test_what_only_refines_an_answer_may_be_unread() -> None:
    seen = Seen()
    seen.snapshot = dataclasses.replace(seen.snapshot, unknown={"target-health": "UnauthorizedOperation"})
    assert seen.broken() == []


def test_a_target_outside_of_the_zones_of_its_load_balancer_gets_nothing() -> None:
    seen = Seen().with_interface("eni-1", "web", "public/us-east-1b", "10.0.1.5", "203.0.113.5")
    (balancer,) = seen.snapshot.found["load-balancer/public"]
    here = frozenset(subnet for subnet in balancer.fields.subnets if "us-east-1a" in str(subnet))
    verdict = seen.changed("load-balancer/public", subnets=here).trace("internet", "task/web", path="/api/x")
    assert ("target-group/public/web/http", "ELB_INSTALLED_AZ_RESTRICTION") in codes(verdict)


def test_an_interface_endpoint_is_a_host_of_the_network() -> None:
    seen = Seen(edit=lambda text: text.replace("endpoints: [s3]", "endpoints: [s3, ecr.api]"))
    assert seen.trace("task/orders", "vpc-endpoint/main/ecr.api").verdict == "Reachable"
    assert seen.trace("task/orders", "vpc-endpoint/main/ecr.api", port=80).verdict == "Blocked"
    assert seen.trace("internet", "vpc-endpoint/main/ecr.api").verdict == "Blocked"

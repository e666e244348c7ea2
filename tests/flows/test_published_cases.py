"""The connectivity tables of AWS's own documentation, one test each; the page is named.

Each builds what the table says and shows that traffic flows, then takes out one row after the other and shows that what
the row was for does not.
"""

from __future__ import annotations

import pytest
from seen import ALLOW_ALL, EVERYONE, Seen, entry

from reconciler.flows.patterns import matches
from reconciler.model.values import FrozenMap, Id
from reconciler.resources.route_table import RouteTable
from reconciler.resources.routes import Route, Routes
from reconciler.resources.security_group_rules import EVERYWHERE, Rule, RuleKey

PUBLIC = ["public/us-east-1a", "public/us-east-1b"]
PRIVATE = ["private/us-east-1a", "private/us-east-1b"]
BALANCER, TASK = "load-balancer/public", "task/web"


def only(seen: Seen, group: str, direction: str, *rules: tuple[int, str | Id]) -> Seen:
    """A group has these TCP rules and no others in a direction."""
    keys = {RuleKey("tcp", port, port, peer): Rule() for port, peer in rules}
    return seen.changed(f"security-group/{group}/rules", **{direction: FrozenMap(keys)})


def reaches(seen: Seen, source: str, target: str, port: int, **asked: str) -> bool:
    return seen.trace(source, target, port=port, **asked).verdict == "Reachable"


def test_default_rules_of_a_group_let_nothing_in_and_everything_out() -> None:
    """VPC user guide, "Security group rules": no inbound rule, one outbound rule to 0.0.0.0/0."""
    seen = Seen("peers.yaml")
    for direction, rules in (("ingress", {}), ("egress", {EVERYWHERE: Rule()})):
        seen.changed("security-group/task/public-2/rules", **{direction: FrozenMap(rules)})
    assert not reaches(seen, "task/public-1", "task/public-2", 80)
    assert reaches(seen, "task/public-2", "internet", 443)


def test_members_of_a_group_that_names_itself_reach_each_other() -> None:
    """VPC user guide, "Default security groups": the source is the group itself."""
    seen = Seen("peers.yaml")
    own = seen.id("security-group/task/private-1")
    only(seen, "task/private-1", "ingress", (80, own))
    seen.with_interface("eni-1", "private-1", "private/us-east-1a", "10.8.10.4")
    seen.with_interface("eni-2", "private-1", "private/us-east-1b", "10.8.11.4")
    seen.with_interface("eni-3", "private-2", "private/us-east-1b", "10.8.11.5")
    assert reaches(seen, "eni-1", "eni-2", 80)
    assert not reaches(seen, "eni-3", "eni-2", 80)


@pytest.mark.parametrize("port", [80, 443])
def test_web_servers_take_requests_from_everywhere(port: int) -> None:
    """VPC user guide, "Security group rules for different use cases", web server rules: 80 and 443 from 0.0.0.0/0."""
    seen = only(Seen("peers.yaml"), "task/public-1", "ingress", (80, EVERYONE), (443, EVERYONE))
    assert reaches(seen, "internet", "task/public-1", port)
    assert not reaches(seen, "internet", "task/public-1", 22)


def test_database_servers_take_connections_from_the_group_of_web_servers_only() -> None:
    """VPC user guide, "Security group rules for different use cases", database server rules: 5432 from a group."""
    seen = Seen("peers.yaml")
    only(seen, "task/private-2", "ingress", (5432, seen.id("security-group/task/public-1")))
    assert reaches(seen, "task/public-1", "task/private-2", 5432)
    assert not reaches(seen, "task/public-2", "task/private-2", 5432)


INBOUND = {
    100: entry("allow", "tcp", EVERYONE, (80, 80)),
    110: entry("allow", "tcp", EVERYONE, (443, 443)),
    120: entry("allow", "tcp", "192.0.2.0/24", (22, 22)),
    140: entry("allow", "tcp", EVERYONE, (32768, 65535)),
}
OUTBOUND = {
    100: entry("allow", "tcp", EVERYONE, (80, 80)),
    110: entry("allow", "tcp", EVERYONE, (443, 443)),
    140: entry("allow", "tcp", EVERYONE, (1024, 65535)),
}


def with_custom_acl(inbound: dict[int, object], outbound: dict[int, object]) -> Seen:
    seen = only(Seen("peers.yaml"), "task/public-1", "ingress", (80, EVERYONE), (443, EVERYONE), (22, EVERYONE))
    return seen.with_acl(PUBLIC, inbound, outbound)  # type: ignore[arg-type]


def test_the_custom_network_acl_of_the_guide() -> None:
    """VPC user guide, "Custom network ACLs": web traffic in, SSH from one network, answers by ephemeral ports; those to
    clients of any kind as "Ephemeral ports" of the same guide has them, 1024-65535."""
    seen = with_custom_acl(INBOUND, OUTBOUND)
    assert reaches(seen, "internet", "task/public-1", 80)
    assert reaches(seen, "internet", "task/public-1", 443)
    assert reaches(seen, "192.0.2.9", "task/public-1", 22)
    assert not reaches(seen, "198.51.100.9", "task/public-1", 22)
    assert reaches(seen, "task/public-1", "internet", 443)
    assert not reaches(seen, "task/public-1", "internet", 25)


@pytest.mark.parametrize(
    ("direction", "row", "source", "target", "port"),
    [
        ("in", 100, "internet", "task/public-1", 80),
        ("in", 110, "internet", "task/public-1", 443),
        ("in", 120, "192.0.2.9", "task/public-1", 22),
        ("in", 140, "task/public-1", "internet", 443),
        ("out", 110, "task/public-1", "internet", 443),
        ("out", 140, "internet", "task/public-1", 80),
    ],
)
def test_each_row_of_the_custom_network_acl_is_needed(
    direction: str, row: int, source: str, target: str, port: int
) -> None:
    """VPC user guide, "Custom network ACLs", and "Ephemeral ports" for the last rows of both tables."""
    inbound = {n: e for n, e in INBOUND.items() if (direction, n) != ("in", row)}
    outbound = {n: e for n, e in OUTBOUND.items() if (direction, n) != ("out", row)}
    assert not reaches(with_custom_acl(inbound, outbound), source, target, port)


@pytest.mark.parametrize("lost", ["route", "gateway", "address", "group", "acl", None])
def test_what_the_internet_needs_to_reach_an_interface(lost: str | None) -> None:
    """VPC user guide, "Enable internet access for a VPC using an internet gateway": gateway, route, public address,
    and rules of group and ACL."""
    seen = only(Seen("peers.yaml"), "task/public-1", "ingress", *(() if lost == "group" else ((80, EVERYONE),)))
    seen.with_interface(
        "eni-1", "public-1", "public/us-east-1a", "10.8.0.4", None if lost == "address" else "203.0.113.4"
    )
    if lost == "route":
        seen.without_routes("public")
    if lost == "gateway":
        seen.changed("internet-gateway/main", attached=False)
    if lost == "acl":
        seen.with_acl(PUBLIC, {}, ALLOW_ALL)
    assert reaches(seen, "internet", "eni-1", 80) is (lost is None)


@pytest.mark.parametrize("lost", ["route of the subnet", "route of the gateway", "gateway", None])
def test_private_servers_reach_the_internet_through_a_nat_gateway(lost: str | None) -> None:
    """VPC user guide, "NAT gateways": private subnet to NAT gateway, public subnet to internet gateway."""
    seen = Seen()
    if lost == "route of the subnet":
        for zone in PRIVATE:
            seen.without_routes(zone)
    if lost == "route of the gateway":
        seen.without_routes("public")
    if lost == "gateway":
        seen.changed("nat-gateway/main/us-east-1a", allocation_id=None, connectivity_type="private")
    assert reaches(seen, "task/orders", "internet", 443) is (lost is None)


def test_the_internet_opens_no_connection_through_a_nat_gateway() -> None:
    """VPC user guide, "NAT gateways": external services cannot initiate a connection with those instances."""
    seen = only(Seen(), "task/orders", "ingress", (8080, EVERYONE))
    assert not reaches(seen, "internet", "task/orders", 8080)


def test_the_most_specific_route_is_taken() -> None:
    """VPC user guide, "Route priority": the longest prefix that matches."""
    seen = Seen().with_route("private/us-east-1a", "203.0.113.0/24", transit_gateway_id=Id("tgw-1"))
    seen.with_route("private/us-east-1b", "203.0.113.0/24", transit_gateway_id=Id("tgw-1"))
    assert seen.trace("task/orders", "203.0.113.1", port=443).verdict == "Unknown"
    assert seen.trace("task/orders", "203.0.112.1", port=443).verdict == "Reachable"


def test_subnets_without_a_table_use_the_main_one() -> None:
    """VPC user guide, "Subnet route tables": implicitly associated with the main route table."""
    seen = Seen().without(*(f"route-table-association/main/{zone}" for zone in PUBLIC))
    seen.with_evidence("route-table", "rtb-main", RouteTable(vpc_id=seen.id("vpc/main"), main=True))
    assert not reaches(seen, "internet", "loadBalancer/public", 80)
    door = Route(gateway_id=seen.id("internet-gateway/main"))
    seen.with_evidence("routes", "rtb-main", Routes(route_table_id=Id("rtb-main"), routes=FrozenMap({EVERYONE: door})))
    assert reaches(seen, "internet", "loadBalancer/public", 80)


@pytest.mark.parametrize("lost", ["in of the balancer", "out of the balancer", "in of the target", None])
def test_the_recommended_rules_of_an_internet_facing_load_balancer(lost: str | None) -> None:
    """ALB user guide, "Security groups for your Application Load Balancer", and "Target security groups"."""
    seen = Seen()
    task, balancer = seen.id(f"security-group/{TASK}"), seen.id(f"security-group/{BALANCER}")
    only(seen, BALANCER, "ingress", *(() if lost == "in of the balancer" else ((80, EVERYONE),)))
    only(seen, BALANCER, "egress", *(() if lost == "out of the balancer" else ((80, task),)))
    only(seen, TASK, "ingress", *(() if lost == "in of the target" else ((80, balancer),)))
    assert reaches(seen, "internet", "task/web", 80, path="/api/x") is (lost is None)


def test_the_recommended_rules_of_an_internal_load_balancer() -> None:
    """ALB user guide, "Security groups for your Application Load Balancer": inbound from the VPC's CIDR only."""
    seen = only(Seen(), "load-balancer/internal", "ingress", (80, "10.0.0.0/16"))
    assert reaches(seen, "10.0.0.9", "loadBalancer/internal", 80)
    assert reaches(seen, "task/web", "task/orders", 8080, path="/orders")
    assert not reaches(seen, "internet", "loadBalancer/internal", 80)


BALANCER_IN = {100: entry("allow", "tcp", EVERYONE, (80, 80)), 110: entry("allow", "tcp", "10.0.0.0/16", (1024, 65535))}
BALANCER_OUT = {
    100: entry("allow", "tcp", "10.0.0.0/16", (80, 80)),
    110: entry("allow", "tcp", EVERYONE, (1024, 65535)),
}


@pytest.mark.parametrize("lost", [("in", 100), ("in", 110), ("out", 100), ("out", 110), None])
def test_the_recommended_network_acl_of_a_load_balancer(lost: tuple[str, int] | None) -> None:
    """ALB user guide, "Network ACLs for your load balancer": listener in, answers of targets in, targets out, answers
    to clients out. The targets stand in subnets of their own."""
    inbound = {n: e for n, e in BALANCER_IN.items() if lost != ("in", n)}
    outbound = {n: e for n, e in BALANCER_OUT.items() if lost != ("out", n)}
    seen = Seen().with_acl(PUBLIC, inbound, outbound)
    configuration = seen.snapshot.found["service/orders"][0].fields.network_configuration
    seen.changed("service/web", network_configuration=_moved(seen, configuration))
    assert reaches(seen, "internet", "task/web", 80, path="/api/x") is (lost is None)


def _moved(seen: Seen, other: object) -> object:
    """The web tasks' own group, in the subnets of the other service."""
    import dataclasses

    own = seen.snapshot.found["service/web"][0].fields.network_configuration.awsvpc_configuration
    subnets = other.awsvpc_configuration.subnets  # type: ignore[attr-defined]
    moved = dataclasses.replace(own, subnets=subnets, assign_public_ip="DISABLED")
    return dataclasses.replace(other, awsvpc_configuration=moved)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("/img/*", "/img/picture.jpg", True),
        ("/img/*", "/IMG/picture.jpg", False),
        ("/img/*/pics", "/img/a/b/pics", True),
        ("/img/*/pics", "/img/pics", False),
        ("*.example.com", "test.example.com", True),
        ("*.example.com", "example.com", False),
        ("/page?", "/page1", True),
        ("/page?", "/page", False),
    ],
)
def test_patterns_of_the_guide(pattern: str, text: str, fits: bool) -> None:
    """ALB user guide, "Condition types for listener rules": path and host conditions."""
    assert matches(pattern, text) is fits


@pytest.mark.parametrize(("public", "route", "works"), [(True, True, True), (True, False, False), (False, True, False)])
def test_a_fargate_task_in_a_public_subnet_needs_a_public_address_and_the_route(
    public: bool, route: bool, works: bool
) -> None:
    """ECS developer guide, "Fargate task networking": to pull images, a public subnet needs assignPublicIp."""
    seen = Seen("peers.yaml")
    seen.with_interface("eni-1", "public-1", "public/us-east-1a", "10.8.0.4", "203.0.113.4" if public else None)
    if not route:
        seen.without_routes("public")
    assert reaches(seen, "eni-1", "internet", 443) is works

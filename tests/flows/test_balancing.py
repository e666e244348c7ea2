"""How load balancers pass connections on: to which zones, under whose address."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from seen import ALLOW_ALL, Seen, codes, entry

from reconciler import flows
from reconciler.flows import Query, Verdict
from reconciler.model.values import FrozenMap
from reconciler.resources._balancing import Balancing
from reconciler.resources.target_health import Target, TargetHealth

PUBLIC = ["public/us-east-1a", "public/us-east-1b"]
GROUP, BALANCER = "target-group/public/web/http", "load-balancer/public"


def network(text: str) -> str:
    """The reference with a public load balancer of type Network."""
    text = text.replace("type: Application              # Application | Network", "type: Network", 1)
    text = text.replace("- {name: http, port: 80, protocol: HTTP}", "- {name: http, port: 80, protocol: TCP}", 1)
    before, _, after = text.partition("  rules:                         # first match wins")
    return before + "  default:" + after.partition("  default:")[2]


def balancing(seen: Seen, address: str, protocol: str | None, **attributes: str) -> Seen:
    """AWS says this of the attributes of a load balancer or target group."""
    given = FrozenMap({key.replace("__", "."): value for key, value in attributes.items()})
    fields = Balancing(of=seen.id(address), protocol=protocol, attributes=given)
    kind = "application-balancing" if protocol == "HTTP" else "network-balancing"
    return seen.with_evidence(kind, seen.id(address).value, fields)


def keeping(seen: Seen) -> Seen:
    """Targets see the client's address."""
    return balancing(seen, GROUP, "TCP", preserve_client_ip__enabled="true")


def udp(seen: Seen) -> Seen:
    """The listener, its group and the rules of their groups are for UDP."""
    seen.changed("listener/public/http", protocol="UDP").changed(GROUP, protocol="UDP")
    for group in ("load-balancer/public", "task/web"):
        address = f"security-group/{group}/rules"
        fields = seen.snapshot.found[address][0].fields
        for direction in ("ingress", "egress"):
            rules = {
                dataclasses.replace(key, protocol="udp" if key.protocol == "tcp" else key.protocol): rule
                for key, rule in getattr(fields, direction).items()
            }
            seen.changed(address, **{direction: FrozenMap(rules)})
    return seen


def two_copies(seen: Seen) -> Seen:
    seen.with_interface("eni-1", "web", PUBLIC[0], "10.0.0.5", "203.0.113.5")
    return seen.with_interface("eni-2", "web", PUBLIC[1], "10.0.1.5", "203.0.113.6")


def one_copy(seen: Seen) -> Seen:
    return seen.with_interface("eni-2", "web", PUBLIC[1], "10.0.1.5", "203.0.113.6")


def through(seen: Seen, source: str = "internet", **asked: Any) -> Verdict:
    return seen.trace(source, "task/web", port=80, via=("loadBalancer/public",), **asked)


def places(verdict: Verdict) -> set[str]:
    return {path.place for path in verdict.paths}


def test_a_network_load_balancer_that_crosses_zones_has_all_its_nodes() -> None:
    seen = one_copy(Seen(edit=network))
    assert places(through(seen)) == {"through us-east-1b to us-east-1b"}
    balancing(seen, BALANCER, None, load_balancing__cross_zone__enabled="true")
    assert places(through(seen)) == {"through us-east-1b to us-east-1b", "through us-east-1a to us-east-1b"}
    assert through(seen).verdict == "Reachable"


def test_a_target_group_has_its_own_word_on_zones() -> None:
    seen = one_copy(Seen(edit=network))
    balancing(seen, GROUP, "TCP", load_balancing__cross_zone__enabled="true")
    assert len(places(through(seen))) == 2
    seen = one_copy(Seen(edit=network))
    balancing(seen, BALANCER, None, load_balancing__cross_zone__enabled="true")
    balancing(seen, GROUP, "TCP", load_balancing__cross_zone__enabled="false")
    assert places(through(seen)) == {"through us-east-1b to us-east-1b"}


def test_what_the_files_say_of_zones_holds_before_anything_is_made() -> None:
    def crossing(text: str) -> str:
        return network(text).replace("type: Network", "type: Network\n  crossZone: true", 1)

    for edit, many in ((network, 2), (crossing, 2)):
        world = flows.world_of_graph(Seen(edit=edit).graph)
        asked = Query("internet", "task/web", port="http", via=("loadBalancer/public",))
        assert len({path.place for path in flows.trace(world, asked).paths}) == many
        assert world.crosses(BALANCER, GROUP) is (edit is crossing)


def test_an_application_target_group_may_keep_to_its_zone() -> None:
    seen = one_copy(Seen())
    assert len(places(through(seen, path="/api/x"))) == 2
    balancing(seen, GROUP, "HTTP", load_balancing__cross_zone__enabled="false")
    assert places(through(seen, path="/api/x")) == {"through us-east-1b to us-east-1b"}


def test_where_no_zone_has_a_healthy_target_of_every_group_all_nodes_answer() -> None:
    """ELB guides, "Target group health": a zone that fails leaves DNS, unless all do."""
    seen = two_copies(Seen(edit=network))
    group = seen.id(GROUP)

    def with_states(*states: str) -> Seen:
        targets = tuple(
            Target(id=address, port=80, availability_zone=None, state=state)
            for address, state in zip(("10.0.0.5", "10.0.1.5"), states, strict=True)
        )
        other = two_copies(Seen(edit=network))
        return other.with_evidence("target-health", group.value, TargetHealth(target_group_arn=group, targets=targets))

    assert places(through(with_states("unhealthy", "healthy"))) == {"through us-east-1b to us-east-1b"}
    assert places(through(with_states("unhealthy", "unhealthy"))) == {
        f"through {zone} to {zone}" for zone in ("us-east-1a", "us-east-1b")
    }


def test_udp_gets_through_a_network_load_balancer_by_the_group_of_its_own() -> None:
    """NLB user guide, "Security groups": a rule that names its group lets clients in whose address is kept."""
    seen = two_copies(udp(Seen(edit=network)))
    assert through(seen, protocol="udp").verdict == "Reachable"
    assert through(seen, protocol="tcp").verdict == "Blocked"
    rows = [row for row in flows.matrix(seen.world, ["internet"]) if row.protocol == "udp"]
    assert [(row.targets, row.via, row.ports) for row in rows] == [
        (("loadBalancer/public",), "", ((80, 80),)),
        (("task/web",), "loadBalancer/public", ((80, 80),)),
    ]


def test_a_listener_for_tcp_takes_no_udp() -> None:
    seen = two_copies(Seen(edit=network))
    verdict = seen.trace("internet", "loadBalancer/public", port=80, protocol="udp")
    assert ("load-balancer/public", "ELBV2_LISTENERS_MISMATCH") in codes(verdict)


@pytest.mark.parametrize("kept", [True, False])
def test_a_kept_address_is_what_rules_by_address_see(kept: bool) -> None:
    seen = two_copies(Seen(edit=network)).without_rules("task/web", "ingress")
    seen.with_rule("task/web", "ingress", (80, 80), "198.51.100.0/24" if kept else "10.0.0.0/16")
    if kept:
        keeping(seen)
    assert through(seen, "198.51.100.7").verdict == "Reachable"
    other = two_copies(Seen(edit=network)).without_rules("task/web", "ingress")
    other.with_rule("task/web", "ingress", (80, 80), "10.0.0.0/16" if kept else "198.51.100.0/24")
    if kept:
        keeping(other)
    verdict = through(other, "198.51.100.7")
    assert ("security-group/task/web", "ENI_SG_RULES_MISMATCH") in codes(verdict)


def test_a_kept_address_is_what_network_acls_see_on_the_way_and_back() -> None:
    inside = {100: entry("allow", cidr="10.0.0.0/16")}
    other_zone = keeping(one_copy(Seen(edit=network)))
    balancing(other_zone, BALANCER, None, load_balancing__cross_zone__enabled="true")
    for ingress, egress in ((inside, ALLOW_ALL), (ALLOW_ALL, inside)):
        seen = keeping(one_copy(Seen(edit=network)))
        balancing(seen, BALANCER, None, load_balancing__cross_zone__enabled="true")
        seen.with_acl([PUBLIC[1]], ingress, egress)
        found = [path for path in through(seen, "198.51.100.7").paths if path.place.startswith("through us-east-1a")]
        assert found
        assert all(
            ("acl-foreign", "SUBNET_ACL_RESTRICTION") in {(b.component, b.code) for b in path.blockers}
            for path in found
        )
    assert through(other_zone, "198.51.100.7").verdict == "Reachable"


def test_no_route_to_the_client_is_needed_where_answers_go_back_by_the_node() -> None:
    seen = keeping(Seen("two-tier.yaml", edit=lambda text: network(text)))
    assert through(seen).verdict == "Reachable"
    walked = {hop.component: hop.allowed_by for path in through(seen).paths for hop in path.hops}
    assert walked[GROUP] == "task/web port 80; under the address of the client"


def test_whether_a_rule_for_the_clients_group_holds_is_not_guessed() -> None:
    seen = keeping(two_copies(Seen(edit=network))).without_rules("task/web", "ingress")
    seen.with_rule("task/web", "ingress", (80, 80), seen.id("security-group/task/orders"))
    verdict = through(seen, "task/orders")
    assert (verdict.verdict, verdict.unclear[0].component) == ("Unknown", "security-group/task/orders")


def test_who_keeps_its_address_does_not_reach_itself() -> None:
    """NLB user guide, "Requests time out from a target to its load balancer"."""
    seen = one_copy(Seen(edit=network))
    assert (GROUP, "ELBV2_SOURCE_ADDRESS_PRESERVATION") not in codes(through(seen, "task/web"))
    assert (GROUP, "ELBV2_SOURCE_ADDRESS_PRESERVATION") in codes(through(keeping(seen), "task/web"))


def test_who_reaches_whom_keeps_to_zones_too() -> None:
    seen = Seen(edit=network).with_interface("eni-1", "web", PUBLIC[1], "10.0.1.5", "203.0.113.5")
    seen.changed(BALANCER, subnets=frozenset({seen.id(f"subnet/main/{PUBLIC[0]}")}))

    def led() -> list[str]:
        return [row.via for row in flows.matrix(seen.world, ["internet"], ["task/web"]) if row.via]

    assert led() == []


def test_a_block_that_was_associated_later_is_inside_of_the_network() -> None:
    seen = Seen()
    assert seen.trace("100.64.0.9", "task/web", port=80).verdict == "Blocked"
    seen.changed("vpc/main", other_cidr_blocks=frozenset({"100.64.0.0/16"}))
    seen.changed(f"subnet/main/{PUBLIC[1]}", cidr_block="100.64.0.0/24")
    verdict = seen.trace("task/orders", "100.64.0.9", port=443)
    assert verdict.verdict == "Reachable"
    assert all(hop.component != "internet-gateway/main" for hop in verdict.hops)


@pytest.mark.parametrize(
    ("source", "target"),
    [("2001:db8::1", "task/web"), ("task/web", "2001:db8::/32"), ("internet", "::1"), ("::/0", "2001:db8::/32")],
)
def test_an_address_of_ipv6_is_unknown_and_not_an_error(source: str, target: str) -> None:
    verdict = Seen().trace(source, target)
    assert (verdict.verdict, [lost.component for lost in verdict.unclear]) == ("Unknown", ["IPv6"])
    assert flows.fixes(Seen().world, verdict) == []


FAR = """
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: far}
spec: {cidr: 10.9.0.0/16, availabilityZones: [us-east-1a], public: {cidrs: [10.9.0.0/24]}}
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: far}
spec:
  {cluster: main, network: far, placement: Public, replicas: 1, cpu: 256, memory: 512, allowFrom: [WHO], containers: [
    {name: app, image: "public.ecr.aws/nginx/nginx:1.27", ports: [{name: http, containerPort: 80}]}]}
"""


@pytest.mark.parametrize(("who", "verdict"), [("internet", "Reachable"), ("203.0.113.0/24", "Blocked")])
def test_a_public_address_in_another_network_is_reached_as_its_rules_say(who: str, verdict: str) -> None:
    seen = Seen("peers.yaml", edit=lambda text: text + FAR.replace("WHO", who))
    seen.with_interface("eni-1", "public-1", "public/us-east-1a", "10.8.0.9", "198.51.100.9")
    found = seen.trace("task/public-1", "task/far", port=80)
    assert found.verdict == verdict
    assert {hop.component for hop in found.hops} >= {"internet-gateway/main", "internet-gateway/far"}

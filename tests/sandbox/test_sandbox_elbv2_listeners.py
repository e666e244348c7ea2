"""Listeners and rules in the sandbox behave as the documents named in each test say."""

from typing import Any

import pytest
from fargate_world import World, client, refused
from moto.acm.models import acm_backends

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


@pytest.fixture
def balancer(world: World) -> str:
    return str(world.load_balancer()["LoadBalancerArn"])


@pytest.fixture
def listener(world: World, balancer: str) -> str:
    return str(world.listener(balancer)["ListenerArn"])


NOT_FOUND = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def make_rule(listener: str, priority: int = 1, *conditions: dict[str, Any], **settings: Any) -> dict[str, Any]:
    asked = {"Conditions": list(conditions) or [path("/a")], "Actions": [NOT_FOUND]} | settings
    made = client("elbv2").create_rule(ListenerArn=listener, Priority=priority, **asked)
    return dict(made["Rules"][0])


def rules_of(listener: str) -> list[dict[str, Any]]:
    return list(client("elbv2").describe_rules(ListenerArn=listener)["Rules"])


def test_the_same_listener_twice_is_one(world: World, balancer: str) -> None:
    """ELB API, CreateListener: idempotent for the same settings."""
    first = world.listener(balancer)
    assert world.listener(balancer)["ListenerArn"] == first["ListenerArn"]


def test_a_port_has_one_listener(world: World, balancer: str) -> None:
    """ELB API, CreateListener, errors: DuplicateListener."""
    world.listener(balancer)
    with refused("DuplicateListener"):
        world.listener(balancer, world.target_group())


def test_a_listener_cannot_move_to_a_taken_port(world: World, balancer: str, listener: str) -> None:
    """ELB API, ModifyListener, errors: DuplicateListener."""
    world.listener(balancer, port=81)
    with refused("DuplicateListener"):
        client("elbv2").modify_listener(ListenerArn=listener, Port=81)


def test_protocols_of_listener_and_target_group_fit(world: World, balancer: str) -> None:
    """ELB API, CreateListener, errors: IncompatibleProtocols."""
    group = world.target_group(Protocol="TCP")
    with refused("IncompatibleProtocols"):
        world.listener(balancer, group)


def test_a_target_group_serves_one_load_balancer(world: World, balancer: str) -> None:
    """ELB API, CreateListener, errors: TargetGroupAssociationLimit."""
    group = world.target_group()
    world.listener(balancer, group)
    other = world.load_balancer("other")["LoadBalancerArn"]
    with refused("TargetGroupAssociationLimit", group):
        world.listener(other, group)


def test_a_target_group_of_another_vpc_is_refused(world: World, balancer: str) -> None:
    """ALB guide, "Target groups": of the same VPC as the load balancer."""
    group = World.build(world.sandbox).target_group()
    with refused("ValidationError", "same VPC"):
        world.listener(balancer, group)


def test_https_needs_a_certificate(world: World, balancer: str) -> None:
    """ELB API, CreateListener, Certificates: one is required for HTTPS."""
    with refused("ValidationError", "certificate"):
        world.listener(balancer, Protocol="HTTPS", Port=443)


def test_a_pending_certificate_is_not_supported(world: World, balancer: str) -> None:
    """ELB API, CreateListener, errors: UnsupportedCertificate, until ACM has issued it."""
    arn = client("acm").request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    with refused("UnsupportedCertificate"):
        world.listener(balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": arn}])


def test_only_tls_listeners_have_a_policy(world: World, balancer: str) -> None:
    """ELB API, Listener, SslPolicy: of HTTPS and TLS listeners."""
    assert "SslPolicy" not in world.listener(balancer)


def test_a_single_forward_is_shown_both_ways(world: World, balancer: str) -> None:
    """ELB API, Action: TargetGroupArn and ForwardConfig for one target group."""
    group = world.target_group()
    action = {"Type": "forward", "TargetGroupArn": group}
    (shown,) = world.listener(balancer, DefaultActions=[action])["DefaultActions"]
    assert shown["TargetGroupArn"] == group
    assert shown["ForwardConfig"] == {
        "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }


def test_a_redirect_is_filled_in(world: World, balancer: str) -> None:
    """ELB API, RedirectActionConfig: the defaults keep the parts of the request."""
    redirect = {"Type": "redirect", "RedirectConfig": {"Port": "443", "StatusCode": "HTTP_301"}}
    (shown,) = world.listener(balancer, DefaultActions=[redirect])["DefaultActions"]
    assert shown["RedirectConfig"] == {
        "Protocol": "#{protocol}",
        "Host": "#{host}",
        "Port": "443",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


def test_a_redirect_to_itself_is_refused(world: World, balancer: str) -> None:
    """ELB API, RedirectActionConfig: at least one of protocol, host, port and path must change."""
    redirect = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}
    with refused("InvalidLoadBalancerAction", "loop"):
        world.listener(balancer, DefaultActions=[redirect])


def test_exactly_one_action_ends_a_request(world: World, balancer: str) -> None:
    """ELB API, CreateListener, DefaultActions: one forward, redirect or fixed response, and it comes last."""
    with refused("InvalidLoadBalancerAction"):
        world.listener(balancer, DefaultActions=[NOT_FOUND | {"Order": 1}, NOT_FOUND | {"Order": 2}])


def test_weights_have_a_range(world: World, balancer: str) -> None:
    """ELB API, TargetGroupTuple, Weight: 0 to 999."""
    groups = [{"TargetGroupArn": world.target_group(), "Weight": 1000}]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    with refused("ValidationError", "Weight"):
        world.listener(balancer, DefaultActions=[action])


def test_unknown_listeners_beside_known_ones_are_not_found(listener: str) -> None:
    """ELB API, DescribeListeners, errors: ListenerNotFound."""
    missing = listener[:-16] + "0" * 16
    with refused("ListenerNotFound"):
        client("elbv2").describe_listeners(ListenerArns=[listener, missing])


@pytest.mark.parametrize("priority", [50_001, 99_999])
def test_priorities_have_a_range(listener: str, priority: int) -> None:
    """ELB API, CreateRule, Priority: 1 to 50000."""
    with refused("ValidationError"):
        make_rule(listener, priority)


def test_a_rule_has_a_condition(listener: str) -> None:
    """ELB API, CreateRule, Conditions: required."""
    with refused("ValidationError", "condition"):
        client("elbv2").create_rule(ListenerArn=listener, Priority=1, Conditions=[], Actions=[NOT_FOUND])


def test_legacy_values_are_shown_typed_too(listener: str) -> None:
    """ELB API, RuleCondition: Values and the typed configuration, whichever was given."""
    (shown,) = make_rule(listener, 1, {"Field": "path-pattern", "Values": ["/a"]})["Conditions"]
    assert shown == {"Field": "path-pattern", "Values": ["/a"], "PathPatternConfig": {"Values": ["/a"]}}


def test_typed_values_are_shown_in_the_older_form_too(listener: str) -> None:
    """ELB API, RuleCondition: Values and the typed configuration, whichever was given."""
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com", "b.example.com"]}}
    (shown,) = make_rule(listener, 1, host)["Conditions"]
    assert shown == host | {"Values": ["a.example.com", "b.example.com"]}


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param([path("/a", "/b", "/c"), path("/d")], id="one path condition"),
        pytest.param([path("/a", "/b", "/c", "/d", "/e", "/f")], id="five values"),
        pytest.param([path("/*/*/*/*/*/*")], id="five wildcards"),
        pytest.param([{"Field": "host-header", "HostHeaderConfig": {"Values": ["nodot"]}}], id="a dot in a host"),
        pytest.param([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0"]}}], id="a CIDR block"),
        pytest.param(
            [{"Field": "source-ip", "SourceIpConfig": {"Values": ["255.255.255.255/32"]}}], id="not broadcast"
        ),
    ],
)
def test_conditions_keep_to_the_limits(listener: str, conditions: list[dict[str, Any]]) -> None:
    """ALB guide, "Condition types for listener rules" and "Quotas"."""
    with refused("ValidationError"):
        make_rule(listener, 1, *conditions)


def test_rules_are_listed_by_priority(listener: str) -> None:
    """ALB guide, "Listener rules": evaluated from the lowest priority up, the default rule last."""
    make_rule(listener, 20)
    make_rule(listener, 3)
    assert [rule["Priority"] for rule in rules_of(listener)] == ["3", "20", "default"]


def test_priorities_swap_in_one_call(listener: str) -> None:
    """ELB API, SetRulePriorities: sets the priorities of all the rules given, at once."""
    first, second = make_rule(listener, 1)["RuleArn"], make_rule(listener, 2)["RuleArn"]
    wanted = [{"RuleArn": first, "Priority": 2}, {"RuleArn": second, "Priority": 1}]
    client("elbv2").set_rule_priorities(RulePriorities=wanted)
    assert [rule["RuleArn"] for rule in rules_of(listener)][:2] == [second, first]


def test_a_swap_with_a_third_rule_is_refused_whole(listener: str) -> None:
    """ELB API, SetRulePriorities, errors: PriorityInUse, and then no priority changes."""
    first, second, third = (make_rule(listener, priority)["RuleArn"] for priority in (1, 2, 3))
    wanted = [{"RuleArn": first, "Priority": 2}, {"RuleArn": second, "Priority": 3}]
    with refused("PriorityInUse"):
        client("elbv2").set_rule_priorities(RulePriorities=wanted)
    assert [rule["RuleArn"] for rule in rules_of(listener)][:3] == [first, second, third]
    client("elbv2").set_rule_priorities(RulePriorities=[*wanted, {"RuleArn": third, "Priority": 1}])
    assert [rule["RuleArn"] for rule in rules_of(listener)][:3] == [third, first, second]


def test_the_default_rule_cannot_be_deleted(listener: str) -> None:
    """ELB API, DeleteRule: you can't delete the default rule; OperationNotPermitted."""
    (default,) = rules_of(listener)
    with refused("OperationNotPermitted"):
        client("elbv2").delete_rule(RuleArn=default["RuleArn"])


def test_the_default_rule_changes_with_its_listener_only(listener: str) -> None:
    """ELB API, ModifyRule, errors: OperationNotPermitted."""
    (default,) = rules_of(listener)
    with refused("OperationNotPermitted"):
        client("elbv2").modify_rule(RuleArn=default["RuleArn"], Actions=[NOT_FOUND])


def test_a_missing_rule_is_not_found(listener: str) -> None:
    """ELB API, DeleteRule, errors: RuleNotFound."""
    arn = make_rule(listener)["RuleArn"]
    client("elbv2").delete_rule(RuleArn=arn)
    with refused("RuleNotFound"):
        client("elbv2").delete_rule(RuleArn=arn)


def test_a_hundred_rules_on_all_listeners_of_a_load_balancer_and_no_more(
    world: World, balancer: str, listener: str
) -> None:
    """ALB guide, "Quotas": 100 rules per load balancer, the default ones not counted."""
    other = world.listener(balancer, port=81)["ListenerArn"]
    for priority in range(1, 101):
        make_rule(listener if priority % 2 else other, priority)
    with refused("TooManyRules"):
        make_rule(listener, 101)


def test_a_network_listener_has_no_rules(world: World) -> None:
    """NLB guide, "Listeners": no rules but the default one."""
    balancer = world.load_balancer("net", Type="network")["LoadBalancerArn"]
    group = world.target_group(Protocol="TCP")
    listener = world.listener(balancer, group, Protocol="TCP")["ListenerArn"]
    with refused("OperationNotPermitted"):
        make_rule(listener, Actions=[{"Type": "forward", "TargetGroupArn": group}])


def test_a_rule_may_not_borrow_a_target_group(world: World, listener: str) -> None:
    """ELB API, CreateRule, errors: TargetGroupAssociationLimit."""
    group = world.served_group("other")
    with refused("TargetGroupAssociationLimit"):
        make_rule(listener, Actions=[{"Type": "forward", "TargetGroupArn": group}])


def test_a_modified_rule_frees_its_target_group(world: World, listener: str) -> None:
    """ELB API, TargetGroup, LoadBalancerArns: those that route to it now."""
    group = world.target_group()
    arn = make_rule(listener, Actions=[{"Type": "forward", "TargetGroupArn": group}])["RuleArn"]
    client("elbv2").modify_rule(RuleArn=arn, Actions=[NOT_FOUND])
    (shown,) = client("elbv2").describe_target_groups()["TargetGroups"]
    assert shown.get("LoadBalancerArns", []) == []


def test_a_certificate_that_a_listener_has_cannot_be_deleted(world: World, balancer: str) -> None:
    """ACM API, DeleteCertificate, errors: ResourceInUseException; DescribeCertificate, InUseBy."""
    acm = client("acm")
    arn = acm.request_certificate(DomainName="example.com")["CertificateArn"]
    acm_backends["123456789012"]["us-east-1"].get_certificate(arn).status = "ISSUED"
    listener = world.listener(balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": arn}])
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == [balancer]
    with refused("ResourceInUseException"):
        acm.delete_certificate(CertificateArn=arn)
    client("elbv2").delete_listener(ListenerArn=listener["ListenerArn"])
    acm.delete_certificate(CertificateArn=arn)

"""Attributes in the sandbox: the whole default sets, and values that AWS refuses."""

import pytest
from fargate_world import World, client, refused

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


def of_balancer(arn: str) -> dict[str, str]:
    found = client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {entry["Key"]: entry["Value"] for entry in found}


def of_group(arn: str) -> dict[str, str]:
    found = client("elbv2").describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {entry["Key"]: entry["Value"] for entry in found}


def of_listener(arn: str) -> dict[str, str]:
    found = client("elbv2").describe_listener_attributes(ListenerArn=arn)["Attributes"]
    return {entry["Key"]: entry.get("Value", "") for entry in found}


def test_an_application_load_balancer_has_its_defaults(world: World) -> None:
    """ELB API, LoadBalancerAttribute: the defaults of Application Load Balancers."""
    found = of_balancer(world.load_balancer()["LoadBalancerArn"])
    assert len(found) == 23
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["routing.http2.enabled"] == "true"
    assert found["load_balancing.cross_zone.enabled"] == "true"
    assert found["ipv6.deny_all_igw_traffic"] == "false"
    assert "dns_record.client_routing_policy" not in found


def test_an_internal_load_balancer_denies_gateway_traffic(world: World) -> None:
    """ELB API, LoadBalancerAttribute: ipv6.deny_all_igw_traffic is true for internal load balancers."""
    found = of_balancer(world.load_balancer(Scheme="internal")["LoadBalancerArn"])
    assert found["ipv6.deny_all_igw_traffic"] == "true"


def test_a_network_load_balancer_has_its_defaults(world: World) -> None:
    """ELB API, LoadBalancerAttribute: the defaults of Network Load Balancers."""
    found = of_balancer(world.load_balancer(Type="network")["LoadBalancerArn"])
    assert found["load_balancing.cross_zone.enabled"] == "false"
    assert found["dns_record.client_routing_policy"] == "any_availability_zone"
    assert "idle_timeout.timeout_seconds" not in found


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("idle_timeout.timeout_seconds", "4001", "ValidationError"),
        ("idle_timeout.timeout_seconds", "soon", "ValidationError"),
        ("routing.http2.enabled", "yes", "ValidationError"),
        ("routing.http.desync_mitigation_mode", "lax", "ValidationError"),
        ("load_balancing.cross_zone.enabled", "false", "ValidationError"),
        ("connection_logs.s3.enabled", "true", "InvalidConfigurationRequest"),
        ("secondary_ips.auto_assigned.per_subnet", "1", "InvalidConfigurationRequest"),
        ("no.such.key", "1", "ValidationError"),
    ],
)
def test_values_of_a_load_balancer_are_checked(world: World, key: str, value: str, code: str) -> None:
    """ELB API, LoadBalancerAttribute: the values of each key, and which type of load balancer has it."""
    arn = world.load_balancer()["LoadBalancerArn"]
    with refused(code, key.partition(".")[0]):
        client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])


def test_secondary_addresses_only_grow(world: World) -> None:
    """ELB API, LoadBalancerAttribute: secondary_ips.auto_assigned.per_subnet cannot be decreased."""
    elb, arn = client("elbv2"), world.load_balancer(Type="network")["LoadBalancerArn"]
    key = "secondary_ips.auto_assigned.per_subnet"
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": "3"}])
    with refused("InvalidConfigurationRequest", "decreased"):
        elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": "2"}])


def test_an_http_target_group_has_its_defaults(world: World) -> None:
    """ELB API, TargetGroupAttribute: the defaults of Application Load Balancers, as strings."""
    found = of_group(world.target_group())
    assert found["deregistration_delay.timeout_seconds"] == "300"
    assert found["stickiness.type"] == "lb_cookie"
    assert found["stickiness.lb_cookie.duration_seconds"] == "86400"
    assert found["load_balancing.algorithm.anomaly_mitigation"] == "off"
    assert found["target_group_health.dns_failover.minimum_healthy_targets.count"] == "1"
    assert "preserve_client_ip.enabled" not in found
    assert "waf.fail_open.enabled" not in found


@pytest.mark.parametrize(("protocol", "preserved"), [("TCP", "false"), ("UDP", "true")])
def test_client_addresses_are_preserved_by_protocol(world: World, protocol: str, preserved: str) -> None:
    """ELB API, TargetGroupAttribute: preserve_client_ip.enabled is false for ip targets over TCP and TLS."""
    assert of_group(world.target_group(Protocol=protocol))["preserve_client_ip.enabled"] == preserved


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("slow_start.duration_seconds", "29", "ValidationError"),
        ("stickiness.enabled", "on", "ValidationError"),
        ("load_balancing.algorithm.type", "random", "ValidationError"),
        ("no.such.key", "1", "ValidationError"),
    ],
)
def test_values_of_a_target_group_are_checked(world: World, key: str, value: str, code: str) -> None:
    """ELB API, TargetGroupAttribute: the values of each key."""
    arn = world.target_group()
    with refused(code, key):
        client("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{"Key": key, "Value": value}])


def test_an_hour_is_the_longest_deregistration_delay(world: World) -> None:
    """ELB API, TargetGroupAttribute: deregistration_delay.timeout_seconds is 0 to 3600."""
    elb, arn = client("elbv2"), world.target_group()
    key = "deregistration_delay.timeout_seconds"
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{"Key": key, "Value": "3600"}])
    with refused("ValidationError"):
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{"Key": key, "Value": "3601"}])


def test_a_change_answers_with_all_attributes(world: World) -> None:
    """ELB API, ModifyTargetGroupAttributes, Attributes: information about the attributes."""
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
    answer = client("elbv2").modify_target_group_attributes(TargetGroupArn=world.target_group(), Attributes=[delay])
    assert delay in answer["Attributes"]
    assert len(answer["Attributes"]) == 14


def test_an_http_listener_has_header_attributes(world: World) -> None:
    """ELB API, ListenerAttribute: header attributes of Application Load Balancers, empty by default."""
    listener = world.listener(world.load_balancer()["LoadBalancerArn"])["ListenerArn"]
    found = of_listener(listener)
    assert found["routing.http.response.server.enabled"] == "true"
    assert found["routing.http.response.x_frame_options.header_value"] == ""
    assert "tcp.idle_timeout.seconds" not in found


def test_values_of_a_listener_are_checked(world: World) -> None:
    """ELB API, ListenerAttribute: tcp.idle_timeout.seconds is 60 to 6000."""
    balancer = world.load_balancer(Type="network")["LoadBalancerArn"]
    listener = world.listener(balancer, world.target_group(Protocol="TCP"), Protocol="TCP")["ListenerArn"]
    with refused("ValidationError"):
        client("elbv2").modify_listener_attributes(
            ListenerArn=listener, Attributes=[{"Key": "tcp.idle_timeout.seconds", "Value": "59"}]
        )

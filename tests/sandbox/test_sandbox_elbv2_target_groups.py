"""Target groups and targets in the sandbox behave as the documents named in each test say."""

from typing import Any

import pytest
from fargate_world import World, client, container, refused

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


def register(group: str, *targets: tuple[str, int]) -> None:
    entries = [{"Id": address, "Port": port} for address, port in targets]
    client("elbv2").register_targets(TargetGroupArn=group, Targets=entries)


def test_the_same_settings_give_the_same_target_group(world: World) -> None:
    """ELB API, CreateTargetGroup: idempotent for the same settings."""
    assert world.target_group(HealthCheckPath="/") == world.target_group()


def test_a_taken_name_with_other_settings_is_refused(world: World) -> None:
    """ELB API, CreateTargetGroup, errors: DuplicateTargetGroupName, for the same name with other settings."""
    world.target_group()
    with refused("DuplicateTargetGroupName", "different settings"):
        world.target_group(Port=81)


@pytest.mark.parametrize(
    "settings",
    [
        {"HealthCheckIntervalSeconds": 301},
        {"HealthCheckIntervalSeconds": 130, "HealthCheckTimeoutSeconds": 121},
        {"HealthyThresholdCount": 11},
        {"UnhealthyThresholdCount": 11},
        {"HealthCheckPath": "healthz"},
        {"HealthCheckPort": "http"},
        {"Port": 70000},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()),
)
def test_health_checks_have_ranges(world: World, settings: dict[str, Any]) -> None:
    """ELB API, CreateTargetGroup: the ranges of the health check settings and of Port."""
    with refused("ValidationError"):
        world.target_group(**settings)


def test_an_http_group_is_checked_over_http(world: World) -> None:
    """ALB guide, "Health check settings": HTTP or HTTPS."""
    with refused("InvalidConfigurationRequest", "TCP"):
        world.target_group(HealthCheckProtocol="TCP")


def test_an_https_group_is_checked_over_http_by_default(world: World) -> None:
    """ELB API, CreateTargetGroup, HealthCheckProtocol: HTTP is the default for Application Load Balancers."""
    world.target_group(Protocol="HTTPS")
    (shown,) = client("elbv2").describe_target_groups()["TargetGroups"]
    assert shown["HealthCheckProtocol"] == "HTTP"


def test_a_grpc_group_has_defaults_of_its_own(world: World) -> None:
    """ELB API, CreateTargetGroup, HealthCheckPath and Matcher for gRPC."""
    world.target_group(ProtocolVersion="GRPC")
    (shown,) = client("elbv2").describe_target_groups()["TargetGroups"]
    assert shown["HealthCheckPath"] == "/AWS.ALB/healthcheck"
    assert shown["Matcher"] == {"GrpcCode": "12"}


def test_changed_checks_have_ranges_too(world: World) -> None:
    """ELB API, ModifyTargetGroup: the same ranges, and nothing changes where one is broken."""
    arn = world.target_group()
    with refused("ValidationError"):
        client("elbv2").modify_target_group(TargetGroupArn=arn, HealthCheckTimeoutSeconds=40, HealthCheckPath="/x")
    (shown,) = client("elbv2").describe_target_groups()["TargetGroups"]
    assert (shown["HealthCheckTimeoutSeconds"], shown["HealthCheckPath"]) == (5, "/")


def test_a_missing_target_group_is_deleted_already(world: World) -> None:
    """ELB API, DeleteTargetGroup: no error but ResourceInUse."""
    arn = world.target_group()
    client("elbv2").delete_target_group(TargetGroupArn=arn)
    client("elbv2").delete_target_group(TargetGroupArn=arn)


def test_a_target_group_is_in_use_a_little_longer_than_its_listener(world: World) -> None:
    """ELB API, DeleteTargetGroup, errors: ResourceInUse; it takes a while until references are gone."""
    elb, group = client("elbv2"), world.target_group()
    listener = world.listener(world.load_balancer()["LoadBalancerArn"], group)["ListenerArn"]
    elb.delete_listener(ListenerArn=listener)
    with refused("ResourceInUse"):
        elb.delete_target_group(TargetGroupArn=group)
    world.sandbox.clock.advance(30)
    elb.delete_target_group(TargetGroupArn=group)


def test_targets_are_told_apart_by_port(world: World) -> None:
    """ALB guide, "Register targets": an address may be registered with several ports."""
    group = world.target_group()
    register(group, ("10.0.0.9", 80), ("10.0.0.9", 81))
    assert len(world.health(group)) == 2


@pytest.mark.parametrize("address", ["nonsense", "8.8.8.8", "192.168.1.1"])
def test_addresses_no_load_balancer_can_reach_are_refused(world: World, address: str) -> None:
    """ALB guide, "Target type": addresses of the VPC, or private ones with zone `all`."""
    code = "InvalidTarget" if address == "8.8.8.8" else "ValidationError"
    with refused(code, address):
        register(world.target_group(), (address, 80))


def test_targets_of_a_group_without_a_listener_are_unused(world: World) -> None:
    """ELB API, TargetHealth, Reason: Target.NotInUse."""
    group = world.target_group()
    register(group, ("10.0.0.9", 80))
    assert world.health(group) == [("unused", "Target.NotInUse")]


def test_targets_of_a_zone_that_is_not_enabled_are_unused(world: World) -> None:
    """ELB API, TargetHealth, Reason: Target.NotInUse, for a target in a zone that is not enabled."""
    world.subnet("10.0.2.0/24", "us-east-1c")
    group = world.served_group()
    register(group, ("10.0.2.9", 80))
    assert world.health(group) == [("unused", "Target.NotInUse")]


def test_a_target_is_initial_then_healthy(world: World) -> None:
    """ELB API, TargetHealth, State: initial (registration, first checks), then healthy."""
    group = world.served_group()
    world.service(group)
    world.after(18)
    assert world.health(group) == [("initial", "Elb.RegistrationInProgress")] * 2
    world.after(9)
    assert world.health(group) == [("initial", "Elb.InitialHealthChecking")] * 2
    world.after(20)
    assert world.health(group) == [("healthy", None)] * 2


def test_nothing_answers_at_an_address_without_a_task(world: World) -> None:
    """ELB API, TargetHealth, Reason: Target.Timeout."""
    group = world.served_group()
    register(group, ("10.0.0.9", 80))
    world.sandbox.clock.advance(60)
    assert world.health(group) == [("unhealthy", "Target.Timeout")]


def served_task(world: World, group: str, **settings: Any) -> None:
    world.definition(container(**settings))
    task = world.run_task()
    addresses = {entry["name"]: entry["value"] for entry in task["attachments"][0]["details"]}
    world.sandbox.clock.advance(60)
    register(group, (addresses["privateIPv4Address"], 80))
    world.sandbox.clock.advance(60)


def test_a_task_that_listens_is_healthy(world: World) -> None:
    """ALB guide, "Health checks for your target groups"."""
    group = world.served_group()
    served_task(world, group)
    (health,) = world.health(group)
    assert health == ("healthy", None)
    register(group, ("10.0.0.200", 80))
    world.sandbox.clock.advance(60)
    assert ("unhealthy", "Target.Timeout") in world.health(group)


def test_a_port_nobody_listens_on_fails(world: World) -> None:
    """ELB API, TargetHealth, Reason: Target.FailedHealthChecks."""
    group = world.served_group(HealthCheckPort="8080")
    served_task(world, group)
    assert world.health(group) == [("unhealthy", "Target.FailedHealthChecks")]


def test_a_wrong_answer_is_named(world: World) -> None:
    """ELB API, TargetHealth, Reason: Target.ResponseCodeMismatch."""
    group = world.served_group(Matcher={"HttpCode": "201,204-299"})
    served_task(world, group)
    assert world.health(group) == [("unhealthy", "Target.ResponseCodeMismatch")]


def test_a_closed_security_group_times_out(world: World) -> None:
    """ALB guide, "Security groups": targets must admit the load balancer on the health check port."""
    world.group = world.security_group("closed", "192.0.2.0/24")
    group = world.served_group()
    served_task(world, group)
    assert world.health(group) == [("unhealthy", "Target.Timeout")]


def test_a_group_reference_admits_the_load_balancer(world: World) -> None:
    """VPC guide, "Security group rules": a reference to a group admits the interfaces that have it."""
    ec2, group = client("ec2"), world.served_group()
    edge, world.group = world.group, world.security_group("tasks")
    pair = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": edge}]}
    ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[pair])
    served_task(world, group)
    assert world.health(group) == [("healthy", None)]
    ec2.revoke_security_group_ingress(GroupId=world.group, IpPermissions=[pair])
    world.sandbox.clock.advance(90)
    assert world.health(group) == [("unhealthy", "Target.Timeout")]


def test_a_deregistered_target_drains(world: World) -> None:
    """ALB guide, "Deregistration delay": draining for 300 seconds unless told otherwise."""
    group = world.served_group()
    register(group, ("10.0.0.9", 80))
    target = [{"Id": "10.0.0.9", "Port": 80}]
    client("elbv2").deregister_targets(TargetGroupArn=group, Targets=target)
    world.sandbox.clock.advance(290)
    assert world.health(group) == [("draining", "Target.DeregistrationInProgress")]
    world.sandbox.clock.advance(20)
    assert world.health(group) == []
    (gone,) = client("elbv2").describe_target_health(TargetGroupArn=group, Targets=target)["TargetHealthDescriptions"]
    assert gone["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_the_deregistration_delay_is_kept_to(world: World) -> None:
    """ELB API, TargetGroupAttribute: deregistration_delay.timeout_seconds."""
    group = world.served_group()
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "10"}
    client("elbv2").modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    register(group, ("10.0.0.9", 80))
    client("elbv2").deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.9", "Port": 80}])
    assert world.health(group) == [("draining", "Target.DeregistrationInProgress")]
    world.sandbox.clock.advance(11)
    assert world.health(group) == []


def test_a_load_balancer_without_target_groups_has_an_empty_list(world: World) -> None:
    """ELB API, DescribeTargetGroups, LoadBalancerArn: a filter, and nothing is no error."""
    arn = world.load_balancer()["LoadBalancerArn"]
    assert client("elbv2").describe_target_groups(LoadBalancerArn=arn)["TargetGroups"] == []

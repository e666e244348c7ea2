"""Tasks in the sandbox live, and fail, as the documents named in each test say."""

import ipaddress
import json
from typing import Any

import pytest
from fargate_world import World, client, container, details, refused

from reconciler.sandbox import Sandbox, Timings

pytestmark = pytest.mark.stricter_than_moto

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"
ROLE = "arn:aws:iam::123456789012:role/execution"


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


def run(world: World, *containers: dict[str, Any], network: dict[str, Any] | None = None, **settings: Any) -> str:
    """Run a task of these containers; returns its ARN."""
    world.definition(*containers, **settings)
    return str(world.run_task(networkConfiguration=network or world.network())["taskArn"])


def end(world: World, *containers: dict[str, Any], network: dict[str, Any] | None = None, **settings: Any) -> Any:
    """The task a minute after it was run."""
    arn = run(world, *containers, network=network, **settings)
    world.sandbox.clock.advance(60)
    return world.task(arn)


def reason(task: dict[str, Any]) -> str:
    assert task["lastStatus"] == "STOPPED", task["lastStatus"]
    assert task["stopCode"] == "TaskFailedToStart"
    return str(task["stoppedReason"])


def test_a_task_goes_through_its_states(world: World) -> None:
    """ECS guide, "Amazon ECS task lifecycle"."""
    arn = run(world, container())
    seen = [world.task(arn)["lastStatus"]]
    for _ in range(30):
        world.sandbox.clock.advance(1)
        seen.append(world.task(arn)["lastStatus"])
    client("ecs").stop_task(cluster="main", task=arn)
    for _ in range(30):
        seen.append(world.task(arn)["lastStatus"])
        world.sandbox.clock.advance(1)
    assert list(dict.fromkeys(seen)) == [
        "PROVISIONING",
        "PENDING",
        "ACTIVATING",
        "RUNNING",
        "STOPPING",
        "DEPROVISIONING",
        "STOPPED",
    ]


def test_a_task_behind_a_load_balancer_is_deactivated_first(world: World) -> None:
    """ECS guide, "Amazon ECS task lifecycle": DEACTIVATING while targets are deregistered."""
    world.service(world.served_group())
    world.after(60)
    arn = world.tasks()[0]["taskArn"]
    stopped = client("ecs").stop_task(cluster="main", task=arn)["task"]
    assert (stopped["lastStatus"], stopped["desiredStatus"]) == ("DEACTIVATING", "STOPPED")
    world.sandbox.clock.advance(295)
    assert world.task(arn)["lastStatus"] == "DEACTIVATING"
    world.sandbox.clock.advance(6)
    assert world.task(arn)["lastStatus"] == "STOPPING"


def test_every_container_is_listed(world: World) -> None:
    """ECS API, Task, containers: all of the task definition's."""
    task = end(world, container(), container(name="side", port=None))
    assert [one["name"] for one in task["containers"]] == ["app", "side"]
    assert [one["lastStatus"] for one in task["containers"]] == ["RUNNING", "RUNNING"]
    address = details(task)["privateIPv4Address"]
    assert all(one["networkInterfaces"][0]["privateIpv4Address"] == address for one in task["containers"])


def test_a_task_has_one_interface_in_its_subnet(world: World) -> None:
    """ECS guide, "Fargate task networking": one interface with a private address of the subnet."""
    task = world.task(run(world, container()))
    shown = details(task)
    (interface,) = world.interfaces()
    assert interface["NetworkInterfaceId"] == shown["networkInterfaceId"]
    assert interface["PrivateIpAddress"] == shown["privateIPv4Address"]
    assert ipaddress.ip_address(shown["privateIPv4Address"]) in ipaddress.ip_network("10.0.0.0/24")
    assert task["availabilityZone"] == "us-east-1a"
    attachment = task["attachments"][0]["id"]
    assert interface["Description"] == f"arn:aws:ecs:us-east-1:123456789012:attachment/{attachment}"


def test_the_interface_goes_with_the_task(world: World) -> None:
    """ECS guide, "Fargate task networking": the interface is deleted when the task stops, and blocks till then."""
    ec2, arn = client("ec2"), run(world, container())
    world.sandbox.clock.advance(60)
    client("ecs").stop_task(cluster="main", task=arn)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=world.subnets[0])
    world.sandbox.clock.advance(30)
    assert world.interfaces() == []
    ec2.delete_subnet(SubnetId=world.subnets[0])


def test_a_public_address_only_when_assigned(world: World) -> None:
    """ECS guide, "Fargate task networking": assignPublicIp, in a public subnet."""
    run(world, container())
    assert "PublicIp" in world.interfaces()[0]["Association"]
    run(world, container(), network=world.network(public=False))
    assert sum("Association" in one for one in world.interfaces()) == 1


def test_no_public_address_in_a_private_subnet(sandbox: Sandbox) -> None:
    """ECS guide, "Fargate task networking": a public subnet has a route to an internet gateway."""
    world = World.build(sandbox, internet=False)
    run(world, container())
    assert not any("Association" in one for one in world.interfaces())


def test_tasks_spread_over_zones(world: World) -> None:
    """ECS guide, "Fargate task placement": tasks are spread over Availability Zones."""
    world.service(desiredCount=4)
    world.after(60)
    zones = sorted(task["availabilityZone"] for task in world.tasks())
    assert zones == ["us-east-1a"] * 2 + ["us-east-1b"] * 2
    addresses = {details(task)["privateIPv4Address"] for task in world.tasks()}
    assert len(addresses) == 4


def test_a_full_subnet_fails_the_task(world: World) -> None:
    """ECS guide, "TaskFailedToStart errors": Unexpected EC2 error while attempting to Create Network Interface."""
    tight = world.subnet("10.0.9.0/28", "us-east-1a")
    for _ in range(11):
        client("ec2").create_network_interface(SubnetId=tight)
    task = end(world, container(), network=world.network(subnets=[tight]))
    assert reason(task) == (
        "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in "
        f"subnet '{tight}': InsufficientFreeAddressesInSubnet"
    )


def test_without_internet_a_public_image_cannot_be_pulled(world: World) -> None:
    """ECS guide, "CannotPullContainer task errors": no route to the internet."""
    task = end(world, container(), network=world.network(public=False))
    assert reason(task).startswith("CannotPullContainerError: ")
    assert task["containers"][0]["reason"] == task["stoppedReason"]


def test_without_internet_ecr_cannot_be_asked(world: World) -> None:
    """ECS guide, "ResourceInitializationError": unable to pull secrets or registry auth."""
    task = end(world, container(ECR), network=world.network(public=False), executionRoleArn=ROLE)
    assert reason(task).startswith("ResourceInitializationError: unable to pull secrets or registry auth")


def test_without_internet_secrets_cannot_be_read(world: World) -> None:
    """ECS guide, "ResourceInitializationError": unable to pull secrets or registry auth."""
    secret = [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:a"}]
    task = end(world, container(secrets=secret), network=world.network(public=False), executionRoleArn=ROLE)
    assert reason(task).startswith("ResourceInitializationError: unable to pull secrets or registry auth")


def test_a_closed_egress_keeps_the_task_from_the_internet(world: World) -> None:
    """ECS guide, "CannotPullContainer task errors": the security group must allow HTTPS out."""
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    client("ec2").revoke_security_group_egress(GroupId=world.group, IpPermissions=[everything])
    assert reason(end(world, container())).startswith("CannotPullContainerError: ")


def private_subnet(world: World) -> tuple[str, str]:
    """A subnet with a route table of its own."""
    ec2 = client("ec2")
    subnet = world.subnet("10.0.8.0/24", "us-east-1a")
    table = ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return subnet, table


def test_a_nat_gateway_leads_to_the_internet_once_it_is_there(world: World) -> None:
    """VPC guide, "NAT gateways": a private subnet reaches the internet through one that is available."""
    ec2 = client("ec2")
    subnet, table = private_subnet(world)
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=world.subnets[0], AllocationId=allocation)["NatGateway"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=made["NatGatewayId"])
    network = world.network(subnets=[subnet], public=False)
    assert reason(end(world, container(), network=network)).startswith("CannotPullContainerError: ")
    world.sandbox.clock.advance(120)
    assert end(world, container(), network=network)["lastStatus"] == "RUNNING"


def test_endpoints_stand_in_for_the_internet(world: World) -> None:
    """ECS guide, "Amazon ECS interface VPC endpoints": ecr.api, ecr.dkr, logs and the gateway endpoint of s3."""
    ec2 = client("ec2")
    subnet, table = private_subnet(world)
    client("logs").create_log_group(logGroupName="app")
    for switch in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=world.vpc, **{switch: {"Value": True}})
    options = {"awslogs-group": "app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"}
    logs = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    network = world.network(subnets=[subnet], public=False)

    def ended() -> dict[str, Any]:
        world.sandbox.clock.advance(120)
        return dict(end(world, container(ECR, **logs), network=network, executionRoleArn=ROLE))

    def endpoint(service: str, **settings: Any) -> None:
        name = f"com.amazonaws.us-east-1.{service}"
        ec2.create_vpc_endpoint(VpcId=world.vpc, ServiceName=name, **settings)

    interface = {"VpcEndpointType": "Interface", "SubnetIds": [subnet], "SecurityGroupIds": [world.group]}
    endpoint("ecr.api", PrivateDnsEnabled=True, **interface)
    endpoint("ecr.dkr", PrivateDnsEnabled=True, **interface)
    assert reason(ended()).startswith("CannotPullContainerError: ")
    endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=[table])
    assert "There is a connection issue between the task and Amazon CloudWatch" in reason(ended())
    endpoint("logs", PrivateDnsEnabled=True, **interface)
    assert ended()["lastStatus"] == "RUNNING"


def logging(**options: str) -> dict[str, Any]:
    filled = {"awslogs-group": "app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"} | options
    return {"logConfiguration": {"logDriver": "awslogs", "options": filled}}


def test_a_missing_log_group_fails_the_task(world: World) -> None:
    """ECS guide, "ResourceInitializationError": failed to validate logger args ... log group does not exist."""
    task = end(world, container(**logging()), executionRoleArn=ROLE)
    assert reason(task).startswith("ResourceInitializationError: failed to validate logger args")
    assert "The specified log group does not exist" in reason(task)


def test_a_log_group_may_be_made_by_the_task(world: World) -> None:
    """ECS guide, "Send Amazon ECS logs to CloudWatch": awslogs-create-group."""
    task = end(world, container(**logging(**{"awslogs-create-group": "true"})), executionRoleArn=ROLE)
    assert task["lastStatus"] == "RUNNING"
    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"] == "app"


@pytest.mark.parametrize(
    ("tag", "start"), [("fail-pull", "CannotPullContainerError: "), ("fail-start", "CannotStartContainerError: ")]
)
def test_an_image_may_fail(world: World, tag: str, start: str) -> None:
    """ECS guide, "Stopped tasks error codes"."""
    task = end(world, container(), container(f"public.ecr.aws/x/y:{tag}", name="side", port=None))
    assert reason(task).startswith(start)
    reasons = {one["name"]: one.get("reason") for one in task["containers"]}
    assert reasons == {"app": None, "side": task["stoppedReason"]}


def test_two_containers_cannot_bind_one_port(world: World) -> None:
    """ECS guide, "Fargate task networking": the containers of a task share one network; the loser exits."""
    task = end(world, container(), container(name="side"))
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert [one.get("exitCode") for one in task["containers"]] == [None, 1]


def make_role(principal: str = "ecs-tasks.amazonaws.com") -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").create_role(RoleName="execution", AssumeRolePolicyDocument=policy)


def test_a_role_must_trust_ecs_tasks(world: World) -> None:
    """ECS guide, "Amazon ECS task execution IAM role": trust of ecs-tasks.amazonaws.com."""
    make_role("ec2.amazonaws.com")
    task = end(world, container(), executionRoleArn=ROLE)
    assert reason(task).startswith(f"ECS was unable to assume the role '{ROLE}'")


def test_a_new_role_takes_a_while(plain_moto: bool) -> None:
    """IAM guide, "Changes that I make are not always immediately visible"; off unless a delay is set."""
    with Sandbox(strict=not plain_moto, timings=Timings(role_propagation=30.0)) as sandbox:
        world = World.build(sandbox)
        make_role()
        assert reason(end(world, container(), executionRoleArn=ROLE)).startswith("ECS was unable to assume the role")
        assert end(world, container(), executionRoleArn=ROLE)["lastStatus"] == "RUNNING"


def test_a_token_starts_a_task_once(world: World) -> None:
    """ECS API, RunTask, clientToken: the same tasks; ConflictException for another request."""
    world.definition()
    first = world.run_task(clientToken="once")
    assert world.run_task(clientToken="once")["taskArn"] == first["taskArn"]
    assert len(world.tasks()) == 1
    with refused("ConflictException"):
        world.run_task(clientToken="once", count=2)


def test_ten_tasks_at_a_time(world: World) -> None:
    """ECS API, RunTask, count: up to 10."""
    world.definition()
    with refused("InvalidParameterException"):
        client("ecs").run_task(
            cluster="main", taskDefinition="web", launchType="FARGATE", networkConfiguration=world.network(), count=11
        )


def test_a_stopped_task_says_who_stopped_it(world: World) -> None:
    """ECS API, Task: stopCode, stoppedReason and the times."""
    arn = run(world, container())
    world.sandbox.clock.advance(60)
    client("ecs").stop_task(cluster="main", task=arn, reason="enough")
    world.sandbox.clock.advance(60)
    task = world.task(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["createdAt"] < task["pullStartedAt"] < task["startedAt"] < task["stoppingAt"] < task["stoppedAt"]


def test_a_stopped_task_is_kept_for_an_hour(world: World) -> None:
    """ECS API, ListTasks: recently stopped tasks appear for at least one hour."""
    arn = run(world, container("public.ecr.aws/x/y:fail-pull"))
    world.sandbox.clock.advance(3600)
    assert world.task(arn)["lastStatus"] == "STOPPED"
    world.sandbox.clock.advance(600)
    answer = client("ecs").describe_tasks(cluster="main", tasks=[arn])
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]


def test_lists_show_what_is_meant_to_run(world: World) -> None:
    """ECS API, ListTasks, desiredStatus: RUNNING by default; filters by service, family and starter."""
    world.service()
    world.after(60)
    alone = run(world, container(), family="alone")
    ecs = client("ecs")
    assert len(ecs.list_tasks(cluster="main")["taskArns"]) == 3
    assert len(ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]) == 2
    deployment = world.look()["deployments"][0]["id"]
    assert len(ecs.list_tasks(cluster="main", startedBy=deployment)["taskArns"]) == 2
    ecs.stop_task(cluster="main", task=alone)
    assert len(ecs.list_tasks(cluster="main")["taskArns"]) == 2
    with refused("ServiceNotFoundException"):
        ecs.list_tasks(cluster="main", serviceName="gone")


def test_lists_of_tasks_are_paged(world: World) -> None:
    """ECS API, ListTasks: maxResults and nextToken."""
    world.service(desiredCount=3)
    world.after(60)
    first = client("ecs").list_tasks(cluster="main", maxResults=2)
    assert len(first["taskArns"]) == 2
    assert len(client("ecs").list_tasks(cluster="main", maxResults=2, nextToken=first["nextToken"])["taskArns"]) == 1


def test_an_unknown_task_is_refused_to_be_stopped(world: World) -> None:
    """ECS API, StopTask, errors: InvalidParameterException."""
    with refused("InvalidParameterException", "not found"):
        client("ecs").stop_task(cluster="main", task="0" * 32)

"""Services in the sandbox are checked, kept and filled in as the documents named in each test say."""

from typing import Any

import pytest
from fargate_world import World, client, container, refused

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


def delete(world: World) -> None:
    client("ecs").delete_service(cluster="main", service="web", force=True)
    world.sandbox.clock.advance(60)


def test_a_name_is_taken_once(world: World) -> None:
    """ECS API, CreateService: a second one of that name is refused."""
    definition = world.definition()
    world.service(definition=definition)
    with refused("InvalidParameterException", "Creation of service was not idempotent."):
        world.service(definition=definition)


def test_the_same_token_gives_the_same_service(world: World) -> None:
    """ECS API, CreateService, clientToken: idempotency of the request."""
    definition = world.definition()
    first = world.service(definition=definition, clientToken="once", tags=[{"key": "team", "value": "a"}])
    world.after(60)
    again = world.service(definition=definition, clientToken="once", tags=[{"key": "team", "value": "a"}])
    assert again["createdAt"] == first["createdAt"]
    assert again["runningCount"] == 2
    with refused("InvalidParameterException", "not idempotent"):
        world.service(definition=definition, clientToken="once", desiredCount=3)


def test_a_target_group_needs_a_load_balancer_first(world: World) -> None:
    """ECS guide, "Service load balancing considerations": the target group has an associated load balancer."""
    group = world.target_group()
    with refused("InvalidParameterException", "does not have an associated load balancer"):
        world.service(group)


def test_the_container_and_its_port_exist(world: World) -> None:
    """ECS API, LoadBalancer, containerName and containerPort: as in the task definition."""
    group = world.served_group()
    entry = {"targetGroupArn": group, "containerName": "app", "containerPort": 80}
    with refused("InvalidParameterException", "container gone does not exist"):
        world.service(loadBalancers=[entry | {"containerName": "gone"}])
    with refused("InvalidParameterException", "container port 81"):
        world.service(loadBalancers=[entry | {"containerPort": 81}])


def test_targets_are_addresses(world: World) -> None:
    """ECS guide, "Service load balancing considerations": target type ip with awsvpc."""
    group = world.served_group(TargetType="instance")
    with refused("InvalidParameterException", "target type instance"):
        world.service(group)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"networkConfiguration": {}}, "Network Configuration must be provided"),
        ({"healthCheckGracePeriodSeconds": 10}, "only valid for services configured to use load balancers"),
        ({"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, "but not both"),
        ({"serviceName": "a b"}, "invalid characters"),
        ({"deploymentConfiguration": {"maximumPercent": 50, "minimumHealthyPercent": 100}}, "maximumPercent"),
        ({"placementStrategy": [{"type": "spread"}]}, "not supported"),
        ({"clientToken": "t" * 37}, "clientToken"),
        (
            {"deploymentConfiguration": {"maximumPercent": 100}, "availabilityZoneRebalancing": "ENABLED"},
            "rebalancing",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(world: World, settings: dict[str, Any], message: str) -> None:
    """ECS API, CreateService: InvalidParameterException."""
    with refused("InvalidParameterException", message):
        world.service(**settings)


def test_a_provider_belongs_to_the_cluster(world: World) -> None:
    """ECS API, CreateService, capacityProviderStrategy: providers that are associated with the cluster."""
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    network = {"networkConfiguration": world.network(), "desiredCount": 1}
    create = {"cluster": "main", "taskDefinition": world.definition(), "capacityProviderStrategy": strategy}
    with refused("InvalidParameterException", "FARGATE_SPOT"):
        client("ecs").create_service(serviceName="web", **create, **network)
    client("ecs").put_cluster_capacity_providers(
        cluster="main", capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    made = client("ecs").create_service(serviceName="web", **create, **network)["service"]
    assert "launchType" not in made
    world.after(60)
    assert [task["capacityProviderName"] for task in world.tasks()] == ["FARGATE_SPOT"]


def test_an_inactive_task_definition_is_refused(world: World) -> None:
    """ECS API, DeregisterTaskDefinition: an INACTIVE revision can't be used for new services."""
    arn = world.definition()
    client("ecs").deregister_task_definition(taskDefinition=arn)
    with refused("ClientException", "inactive"):
        world.service(definition=arn)


def test_fargate_needs_a_task_definition_for_it(world: World) -> None:
    """ECS API, CreateService, launchType: the task definition must be compatible."""
    arn = world.definition(container(memory=128), requiresCompatibilities=["EC2"], cpu="128", memory="128")
    with refused("InvalidParameterException", "FARGATE"):
        world.service(definition=arn)


def test_a_group_of_another_vpc_is_refused(world: World) -> None:
    """ECS API, AwsVpcConfiguration, securityGroups: all of the same VPC as the subnets."""
    group = World.build(world.sandbox).group
    with refused("InvalidParameterException", group):
        world.service(networkConfiguration=world.network(securityGroups=[group]))


def test_security_groups_may_be_left_out(world: World) -> None:
    """ECS API, AwsVpcConfiguration, securityGroups: the default group of the VPC."""
    network = {"awsvpcConfiguration": {"subnets": world.subnets, "assignPublicIp": "ENABLED"}}
    world.service(networkConfiguration=network)
    world.after(60)
    groups = {one["GroupName"] for found in world.interfaces() for one in found["Groups"]}
    assert groups == {"default"}


def test_a_service_has_its_defaults(world: World) -> None:
    """ECS API, Service and DeploymentConfiguration: the defaults of each member."""
    definition = world.definition()
    network = {"awsvpcConfiguration": {"subnets": world.subnets}}
    made = world.service(definition=definition.rpartition("/")[2], networkConfiguration=network)
    assert made["taskDefinition"] == definition
    assert made["deploymentConfiguration"] == {
        "strategy": "ROLLING",
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "bakeTimeInMinutes": 0,
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    }
    expected = {
        "status": "ACTIVE",
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "availabilityZoneRebalancing": "ENABLED",
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
    }
    assert {name: made.get(name) for name in expected} == expected
    assert made["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    assert "healthCheckGracePeriodSeconds" not in made
    assert made["deployments"][0]["platformVersion"] == "1.4.0"


def test_what_is_asked_for_is_kept(world: World) -> None:
    """ECS API, CreateService: what was set reads back."""
    breaker = {"enable": True, "rollback": True}
    deployment = {"maximumPercent": 150, "minimumHealthyPercent": 50, "deploymentCircuitBreaker": breaker}
    world.service(
        world.served_group(),
        deploymentConfiguration=deployment,
        healthCheckGracePeriodSeconds=30,
        enableExecuteCommand=True,
        propagateTags="SERVICE",
        enableECSManagedTags=True,
    )
    shown = world.look()
    assert deployment.items() <= shown["deploymentConfiguration"].items()
    assert shown["healthCheckGracePeriodSeconds"] == 30
    assert shown["enableExecuteCommand"] is True
    assert shown["propagateTags"] == "SERVICE"
    assert shown["enableECSManagedTags"] is True
    assert shown["roleArn"].endswith("/AWSServiceRoleForECS")


def test_tags_reach_the_tasks(world: World) -> None:
    """ECS API, CreateService, propagateTags and enableECSManagedTags."""
    world.service(tags=[{"key": "team", "value": "a"}], propagateTags="SERVICE", enableECSManagedTags=True)
    world.after(60)
    arns = client("ecs").list_tasks(cluster="main")["taskArns"]
    task = client("ecs").describe_tasks(cluster="main", tasks=arns, include=["TAGS"])["tasks"][0]
    tags = {tag["key"]: tag["value"] for tag in task["tags"]}
    assert tags == {"team": "a", "aws:ecs:serviceName": "web", "aws:ecs:clusterName": "main"}


def test_ten_services_per_look(world: World) -> None:
    """ECS API, DescribeServices, services: up to 10."""
    with refused("InvalidParameterException"):
        client("ecs").describe_services(cluster="main", services=[f"s{number}" for number in range(11)])


def test_lists_hold_ten_by_default(world: World) -> None:
    """ECS API, ListServices, maxResults: 10 by default."""
    definition = world.definition()
    for number in range(12):
        world.service(definition=definition, serviceName=f"s{number}", desiredCount=0)
    first = client("ecs").list_services(cluster="main")
    assert len(first["serviceArns"]) == 10
    assert len(client("ecs").list_services(cluster="main", nextToken=first["nextToken"])["serviceArns"]) == 2


def test_a_missing_service_is_a_failure_with_its_cluster(world: World) -> None:
    """ECS API, DescribeServices, failures: MISSING; long ARN format."""
    answer = client("ecs").describe_services(cluster="main", services=["gone"])
    arn = "arn:aws:ecs:us-east-1:123456789012:service/main/gone"
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]


def test_a_service_above_zero_is_not_deleted_without_force(world: World) -> None:
    """ECS API, DeleteService, force; and a service drains before it is gone."""
    ecs = client("ecs")
    world.service()
    with refused("InvalidParameterException", "scaled above 0"):
        ecs.delete_service(cluster="main", service="web")
    assert ecs.delete_service(cluster="main", service="web", force=True)["service"]["status"] == "DRAINING"


def test_a_deleted_service_drains_then_is_inactive(world: World) -> None:
    """ECS API, DeleteService: ACTIVE, DRAINING while tasks stop, then INACTIVE, and still described."""
    group = world.served_group()
    world.service(group)
    world.after(90)
    client("ecs").delete_service(cluster="main", service="web", force=True)
    draining = world.after(200)
    assert (draining["status"], draining["desiredCount"], draining["runningCount"]) == ("DRAINING", 0, 2)
    inactive = world.after(110)
    assert (inactive["status"], inactive["runningCount"]) == ("INACTIVE", 0)
    assert world.interfaces(description="*attachment*") != [], "interfaces of stopping tasks outlive the service"
    world.after(60)
    assert world.interfaces(description="*attachment*") == []


def test_a_draining_service_is_not_listed(world: World) -> None:
    """ECS API, DeleteService: DRAINING services can't be listed, but can be described."""
    world.service()
    world.after(60)
    client("ecs").delete_service(cluster="main", service="web", force=True)
    assert client("ecs").list_services(cluster="main")["serviceArns"] == []
    assert world.look()["status"] == "DRAINING"


def test_a_draining_name_is_taken(world: World) -> None:
    """ECS API, CreateService: a service that is still draining keeps its name; an inactive one does not."""
    definition = world.definition()
    world.service(definition=definition)
    world.after(60)
    client("ecs").delete_service(cluster="main", service="web", force=True)
    with refused("InvalidParameterException", "still Draining"):
        world.service(definition=definition)
    world.sandbox.clock.advance(60)
    assert world.service(definition=definition)["status"] == "ACTIVE"


def test_only_active_services_are_updated(world: World) -> None:
    """ECS API, UpdateService, errors: ServiceNotActiveException and ServiceNotFoundException."""
    world.service()
    world.after(60)
    client("ecs").delete_service(cluster="main", service="web", force=True)
    with refused("ServiceNotActiveException"):
        world.update(desiredCount=1)
    world.sandbox.clock.advance(60)
    with refused("ServiceNotFoundException"):
        world.update(desiredCount=1)


@pytest.mark.parametrize(
    "change",
    ["taskDefinition", "networkConfiguration", "platformVersion", "loadBalancers", "forceNewDeployment"],
)
def test_a_change_of_what_tasks_are_is_a_deployment(world: World, change: str) -> None:
    """ECS API, UpdateService: these start a new deployment."""
    world.service(world.served_group())
    world.after(90)
    changes = {
        "taskDefinition": world.definition(),
        "networkConfiguration": world.network(subnets=world.subnets[:1]),
        "platformVersion": "1.4.0",
        "loadBalancers": [],
        "forceNewDeployment": True,
    }
    before = world.look()["deployments"][0]["id"]
    updated = world.update(**{change: changes[change]})
    assert [one["status"] for one in updated["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert updated["deployments"][1]["id"] == before


def test_a_change_of_anything_else_is_none(world: World) -> None:
    """ECS API, UpdateService: these take effect without a new deployment, and so does what is already so."""
    world.service(world.served_group())
    before = world.after(90)
    updated = world.update(
        desiredCount=3,
        deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 100},
        healthCheckGracePeriodSeconds=5,
        enableExecuteCommand=True,
        propagateTags="SERVICE",
        taskDefinition=before["taskDefinition"],
        networkConfiguration=world.network(subnets=world.subnets[::-1]),
    )
    assert [one["id"] for one in updated["deployments"]] == [before["deployments"][0]["id"]]
    assert (updated["desiredCount"], updated["runningCount"]) == (3, 2)
    assert updated["healthCheckGracePeriodSeconds"] == 5


def test_what_an_update_leaves_out_stays(world: World) -> None:
    """ECS API, UpdateService: an omitted member is unchanged, within the deployment configuration too."""
    breaker = {"enable": True, "rollback": True}
    world.service(world.served_group(), deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    shown = world.update(deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 100})
    assert shown["deploymentConfiguration"]["deploymentCircuitBreaker"] == breaker
    assert len(shown["loadBalancers"]) == 1


def test_an_ec2_service_without_instances_says_so(world: World) -> None:
    """ECS guide, "Service event messages": unable to place a task because no container instance met ..."""
    world.service(launchType="EC2", networkConfiguration={"awsvpcConfiguration": {"subnets": world.subnets}})
    world.after(10)
    assert "No Container Instances were found in your cluster" in world.events()[0]

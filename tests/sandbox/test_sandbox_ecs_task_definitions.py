"""Task definitions in the sandbox are checked and filled in as the documents named in each test say."""

from typing import Any

import pytest
from fargate_world import NGINX, World, client, container, refused

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto

ROLE = "arn:aws:iam::123456789012:role/execution"


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World(sandbox)


def logs(**options: str) -> dict[str, Any]:
    return {"logConfiguration": {"logDriver": "awslogs", "options": options}}


LOGS = {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}


@pytest.mark.parametrize(
    ("containers", "settings"),
    [
        pytest.param([container()], {"cpu": "256", "memory": "4096"}, id="a pair of cpu and memory"),
        pytest.param([container()], {"cpu": "300"}, id="a cpu size"),
        pytest.param([container()], {"networkMode": "bridge"}, id="awsvpc"),
        pytest.param([container()], {"family": "a b"}, id="a family name"),
        pytest.param([container(), container(port=81)], {}, id="names once"),
        pytest.param([container(name="a b")], {}, id="a container name"),
        pytest.param([container(essential=False)], {}, id="an essential container"),
        pytest.param([container(port=70000)], {}, id="a port in range"),
        pytest.param(
            [container(portMappings=[{"containerPort": 80, "hostPort": 8080}], port=None)], {}, id="equal ports"
        ),
        pytest.param([container(**logs(**LOGS))], {}, id="a role for awslogs"),
        pytest.param([container(**logs(**{"awslogs-group": "g"}))], {"executionRoleArn": ROLE}, id="awslogs options"),
        pytest.param([container("123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1")], {}, id="a role for ECR"),
        pytest.param([container(secrets=[{"name": "A", "valueFrom": "/a"}])], {}, id="a role for secrets"),
        pytest.param([container(memory=1024)], {}, id="memory within the task's"),
        pytest.param([container(cpu=512)], {}, id="cpu within the task's"),
        pytest.param([container(memory=256, memoryReservation=512)], {}, id="reservation within memory"),
        pytest.param([container(privileged=True)], {}, id="nothing privileged"),
        pytest.param([container(links=["x"])], {}, id="no links"),
        pytest.param(
            [container(dependsOn=[{"containerName": "gone", "condition": "START"}])], {}, id="a known container"
        ),
        pytest.param(
            [
                container(dependsOn=[{"containerName": "b", "condition": "START"}]),
                container(name="b", port=81, dependsOn=[{"containerName": "app", "condition": "START"}]),
            ],
            {},
            id="no cycle",
        ),
        pytest.param(
            [container(dependsOn=[{"containerName": "b", "condition": "HEALTHY"}]), container(name="b", port=81)],
            {},
            id="a health check to wait for",
        ),
        pytest.param(
            [container(dependsOn=[{"containerName": "b", "condition": "SUCCESS"}]), container(name="b", port=81)],
            {},
            id="no end of an essential container",
        ),
        pytest.param([container(stopTimeout=121)], {}, id="two minutes to stop"),
        pytest.param(
            [container(healthCheck={"command": ["CMD", "true"], "interval": 4})], {}, id="health check interval"
        ),
        pytest.param([container()], {"ephemeralStorage": {"sizeInGiB": 20}}, id="21 GiB of storage"),
        pytest.param(
            [container(user="1000:0", firelensConfiguration={"type": "fluentbit"})], {}, id="root that routes"
        ),
        pytest.param([container(name=f"c{n}", port=None) for n in range(11)], {}, id="ten containers"),
    ],
)
def test_fargate_asks_for(world: World, containers: list[dict[str, Any]], settings: dict[str, Any]) -> None:
    """ECS API, RegisterTaskDefinition; ECS guide, "Fargate task definition considerations": ClientException."""
    with refused("ClientException"):
        world.definition(*containers, **settings)


def registered(world: World, *containers: dict[str, Any], **settings: Any) -> dict[str, Any]:
    arn = world.definition(*containers, **settings)
    return dict(client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"])


def test_port_mappings_are_filled_in(world: World) -> None:
    """ECS API, PortMapping: with awsvpc the host port is the container port; the protocol is tcp."""
    (one,) = registered(world)["containerDefinitions"]
    assert one["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]


def test_health_checks_are_filled_in(world: World) -> None:
    """ECS API, HealthCheck: 30 seconds, 5 seconds, 3 retries."""
    (one,) = registered(world, container(healthCheck={"command": ["CMD", "true"]}))["containerDefinitions"]
    assert one["healthCheck"] == {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}


def test_log_configurations_are_filled_in(world: World) -> None:
    """ECS API, LogConfiguration: secretOptions reads back as a list."""
    (one,) = registered(world, container(**logs(**LOGS)), executionRoleArn=ROLE)["containerDefinitions"]
    assert one["logConfiguration"] == {"logDriver": "awslogs", "options": LOGS, "secretOptions": []}


def test_the_environment_comes_back_in_another_order(world: World) -> None:
    """ECS API, ContainerDefinition, environment: a set of variables, whose order is not kept."""
    given = [{"name": f"V{number}", "value": str(number)} for number in range(8)]
    (one,) = registered(world, container(environment=given))["containerDefinitions"]
    assert one["environment"] != given
    assert sorted(one["environment"], key=lambda entry: entry["name"]) == given


def test_sizes_may_be_written_with_units(world: World) -> None:
    """ECS API, RegisterTaskDefinition, cpu and memory: "1 vCPU" and "2 GB" are converted to units and MiB."""
    shown = registered(world, cpu="1 vCPU", memory="2 GB")
    assert (shown["cpu"], shown["memory"]) == ("1024", "2048")


def test_it_says_when_it_was_registered(world: World) -> None:
    """ECS API, TaskDefinition: registeredAt, deregisteredAt, registeredBy."""
    shown = registered(world)
    assert shown["registeredAt"].timestamp() == world.sandbox.clock.now()
    assert "registeredBy" in shown
    gone = client("ecs").deregister_task_definition(taskDefinition=shown["taskDefinitionArn"])
    assert "deregisteredAt" in gone["taskDefinition"]


def test_compatibilities_are_those_that_fit(world: World) -> None:
    """ECS API, TaskDefinition, compatibilities: FARGATE where networking mode and sizes allow it."""
    shown = registered(world, requiresCompatibilities=["EC2"])
    assert shown["compatibilities"] == ["EC2", "FARGATE"]


def test_role_names_become_arns(world: World) -> None:
    """ECS API, RegisterTaskDefinition, executionRoleArn: a name is expanded."""
    assert registered(world, executionRoleArn="execution")["executionRoleArn"] == ROLE


def test_a_family_means_its_latest_active_revision(world: World) -> None:
    """ECS API, DescribeTaskDefinition, taskDefinition: the latest ACTIVE revision of a family."""
    world.definition()
    second = world.definition()
    client("ecs").deregister_task_definition(taskDefinition=second)
    shown = client("ecs").describe_task_definition(taskDefinition="web")["taskDefinition"]
    assert shown["revision"] == 1


def test_a_revision_number_is_never_used_again(world: World) -> None:
    """ECS API, DeleteTaskDefinitions: the family remembers its revisions."""
    ecs, first = client("ecs"), world.definition()
    ecs.deregister_task_definition(taskDefinition=first)
    ecs.delete_task_definitions(taskDefinitions=[first])
    assert world.definition().endswith(":2")


def test_lists_are_paged_and_sorted(world: World) -> None:
    """ECS API, ListTaskDefinitions: sort, maxResults and nextToken."""
    arns = [world.definition() for _ in range(3)]
    page = client("ecs").list_task_definitions(familyPrefix="web", sort="DESC", maxResults=2)
    assert page["taskDefinitionArns"] == arns[:0:-1]
    rest = client("ecs").list_task_definitions(
        familyPrefix="web", sort="DESC", maxResults=2, nextToken=page["nextToken"]
    )
    assert rest["taskDefinitionArns"] == arns[:1]


def test_a_container_may_leave_its_memory_to_the_task(world: World) -> None:
    """ECS guide, "Task size": container sizes are optional on Fargate, and such a task runs."""
    built = World.build(world.sandbox)
    built.definition(container(NGINX))
    assert built.run_task()["memory"] == "512"

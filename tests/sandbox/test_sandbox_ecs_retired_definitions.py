"""Task definitions on their way out, as ECS keeps them."""

import pytest
from fargate_world import World, client

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto

HOUR = 3600.0


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


def status_of(arn: str) -> str:
    return client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]["status"]


def deleted(arn: str) -> str:
    """Deregistered and deleted."""
    client("ecs").deregister_task_definition(taskDefinition=arn)
    client("ecs").delete_task_definitions(taskDefinitions=[arn])
    return arn


def test_a_deleted_one_is_still_seen_for_a_while(world: World) -> None:
    """ECS API, DeleteTaskDefinitions: it transitions from INACTIVE to DELETE_IN_PROGRESS."""
    arn = deleted(world.definition())
    assert status_of(arn) == "DELETE_IN_PROGRESS"
    listed = client("ecs").list_task_definitions(familyPrefix="web", status="DELETE_IN_PROGRESS")
    assert listed["taskDefinitionArns"] == [arn]


def test_a_deleted_one_stays_while_a_service_runs_it(world: World) -> None:
    """ECS API, DeleteTaskDefinitions: DELETE_IN_PROGRESS until all tasks and services have been terminated."""
    arn, ecs = world.definition(), client("ecs")
    unused = deleted(world.definition())
    service = world.service(definition=arn)
    deleted(arn)
    world.sandbox.clock.advance(HOUR)
    assert status_of(arn) == "DELETE_IN_PROGRESS"
    with pytest.raises(ecs.exceptions.ClientException):
        status_of(unused)
    ecs.delete_service(cluster=service["clusterArn"], service=service["serviceArn"], force=True)
    world.sandbox.clock.advance(HOUR)
    ecs.list_clusters()
    world.sandbox.clock.advance(HOUR)
    with pytest.raises(ecs.exceptions.ClientException):
        status_of(arn)


def test_families_are_found_by_their_status(world: World) -> None:
    """ECS API, ListTaskDefinitionFamilies, status: INACTIVE is a family without an ACTIVE revision."""
    ecs, first = client("ecs"), world.definition()
    assert ecs.list_task_definition_families(familyPrefix="web", status="INACTIVE")["families"] == []
    ecs.deregister_task_definition(taskDefinition=first)
    assert ecs.list_task_definition_families(familyPrefix="web", status="INACTIVE")["families"] == ["web"]
    assert ecs.list_task_definition_families(familyPrefix="web", status="ACTIVE")["families"] == []

"""Clusters and scalable targets in the sandbox behave as the documents named in each test say."""

import pytest
from fargate_world import World, client, refused

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


def status_of(name: str = "main") -> str:
    return str(client("ecs").describe_clusters(clusters=[name])["clusters"][0]["status"])


def test_a_cluster_made_again_stays_as_it_was(sandbox: Sandbox) -> None:
    """ECS API, CreateCluster: an ACTIVE cluster of that name is returned as it is."""
    ecs = client("ecs")
    ecs.create_cluster(clusterName="main", tags=[{"key": "team", "value": "a"}])
    again = ecs.create_cluster(clusterName="main", tags=[{"key": "team", "value": "b"}])["cluster"]
    assert again["tags"] == [{"key": "team", "value": "a"}]


def test_a_cluster_name_has_a_pattern(sandbox: Sandbox) -> None:
    """ECS API, CreateCluster, clusterName: letters, numbers, underscores and hyphens."""
    with refused("InvalidParameterException"):
        client("ecs").create_cluster(clusterName="a b")


def test_settings_are_described_when_asked_for(sandbox: Sandbox) -> None:
    """ECS API, DescribeClusters, include: SETTINGS."""
    ecs = client("ecs")
    ecs.create_cluster(clusterName="main")
    assert ecs.describe_clusters(clusters=["main"])["clusters"][0].get("settings", []) == []
    (shown,) = ecs.describe_clusters(clusters=["main"], include=["SETTINGS"])["clusters"]
    assert shown["settings"] == [{"name": "containerInsights", "value": "disabled"}]


def test_a_cluster_with_services_is_not_deleted(world: World) -> None:
    """ECS API, DeleteCluster, errors: ClusterContainsServicesException, for draining services too."""
    ecs = client("ecs")
    world.service()
    with refused("ClusterContainsServicesException"):
        ecs.delete_cluster(cluster="main")
    world.after(60)
    ecs.delete_service(cluster="main", service="web", force=True)
    with refused("ClusterContainsServicesException"):
        ecs.delete_cluster(cluster="main")
    world.sandbox.clock.advance(60)
    ecs.delete_cluster(cluster="main")


def test_a_cluster_with_tasks_is_not_deleted(world: World) -> None:
    """ECS API, DeleteCluster, errors: ClusterContainsTasksException, until the last has stopped."""
    ecs = client("ecs")
    world.definition()
    task = world.run_task()
    with refused("ClusterContainsTasksException"):
        ecs.delete_cluster(cluster="main")
    ecs.stop_task(cluster="main", task=task["taskArn"])
    with refused("ClusterContainsTasksException"):
        ecs.delete_cluster(cluster="main")
    world.sandbox.clock.advance(60)
    ecs.delete_cluster(cluster="main")
    assert status_of() == "INACTIVE"


def test_an_inactive_cluster_takes_nothing_in(world: World) -> None:
    """ECS API, CreateService, errors: ClusterNotFoundException."""
    client("ecs").delete_cluster(cluster="main")
    with refused("ClusterNotFoundException"):
        world.service()


def test_a_deleted_cluster_is_listed_no_more(world: World) -> None:
    """ECS API, DeleteCluster: the cluster transitions to INACTIVE; ListClusters lists the others."""
    client("ecs").delete_cluster(cluster="main")
    assert client("ecs").list_clusters()["clusterArns"] == []


def test_a_cluster_counts_what_is_in_it(world: World) -> None:
    """ECS API, Cluster: activeServicesCount, runningTasksCount, pendingTasksCount."""
    world.service()
    world.after(10)
    (pending,) = client("ecs").describe_clusters(clusters=["main"])["clusters"]
    world.after(60)
    (running,) = client("ecs").describe_clusters(clusters=["main"])["clusters"]
    assert (pending["pendingTasksCount"], pending["runningTasksCount"]) == (2, 0)
    assert (running["pendingTasksCount"], running["runningTasksCount"]) == (0, 2)
    assert running["activeServicesCount"] == 1


TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def test_a_scalable_target_holds_the_service_within_its_limits(world: World) -> None:
    """Application Auto Scaling API, RegisterScalableTarget: desired capacity out of range is set into it."""
    scaling = client("application-autoscaling")
    world.service()
    scaling.register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=5)
    assert world.look()["desiredCount"] == 3
    assert len(world.tasks()) == 0
    world.sandbox.clock.advance(60)
    assert len(world.tasks()) == 3


def test_a_maximum_is_no_less_than_the_minimum(world: World) -> None:
    """Application Auto Scaling API, RegisterScalableTarget, MinCapacity and MaxCapacity: ValidationException."""
    world.service()
    with refused("ValidationException"):
        client("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=2)


def test_a_missing_scalable_target_has_a_code_of_its_own(sandbox: Sandbox) -> None:
    """Application Auto Scaling API, DeregisterScalableTarget, errors: ObjectNotFoundException."""
    with refused("ObjectNotFoundException"):
        client("application-autoscaling").deregister_scalable_target(**TARGET)


def test_a_policy_needs_its_target(world: World) -> None:
    """Application Auto Scaling API, PutScalingPolicy, errors: ObjectNotFoundException."""
    world.service()
    with refused("ObjectNotFoundException"):
        client("application-autoscaling").put_scaling_policy(
            **TARGET,
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 50.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        )


def test_policies_go_with_their_target(world: World) -> None:
    """Application Auto Scaling API, DeregisterScalableTarget: deletes the scaling policies too."""
    scaling = client("application-autoscaling")
    world.service()
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=5)
    scaling.put_scaling_policy(
        **TARGET,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []


def test_a_scalable_target_keeps_its_tags(world: World) -> None:
    """Application Auto Scaling API, ListTagsForResource."""
    scaling = client("application-autoscaling")
    world.service()
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=5, Tags={"team": "a"})[
        "ScalableTargetARN"
    ]
    scaling.tag_resource(ResourceARN=arn, Tags={"env": "test"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"env": "test"}


@pytest.mark.parametrize("keys", [["aws:own"], [f"k{number}" for number in range(51)]], ids=["AWS's own", "too many"])
def test_tags_have_limits(world: World, keys: list[str]) -> None:
    """ECS API, TagResource, tags: at most 50, and no keys that begin with aws:."""
    arn = client("ecs").describe_clusters(clusters=["main"])["clusters"][0]["clusterArn"]
    with refused("InvalidParameterException"):
        client("ecs").tag_resource(resourceArn=arn, tags=[{"key": key, "value": "v"} for key in keys])

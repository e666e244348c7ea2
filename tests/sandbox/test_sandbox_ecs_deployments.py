"""Rolling deployments in the sandbox run as the documents named in each test say."""

import itertools
from typing import Any

import pytest
from fargate_world import NGINX, World, client, container, rollouts

from reconciler.sandbox import Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


@pytest.fixture
def group(world: World) -> str:
    """A served target group whose targets drain in ten seconds."""
    arn = world.served_group()
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "10"}
    client("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
    return arn


def tagged(tag: str) -> dict[str, Any]:
    return container(NGINX.replace("1.27", tag))


def percent(low: int, high: int, *, breaker: bool = False, rollback: bool = False) -> dict[str, Any]:
    return {
        "deploymentConfiguration": {
            "minimumHealthyPercent": low,
            "maximumPercent": high,
            "deploymentCircuitBreaker": {"enable": breaker, "rollback": rollback},
        }
    }


BREAKER = percent(100, 200, breaker=True, rollback=True)


def test_a_new_service_is_in_progress_until_steady(world: World, group: str) -> None:
    """ECS API, Deployment, rolloutState: IN_PROGRESS, COMPLETED when the service reaches a steady state."""
    made = world.service(group)
    assert rollouts(made) == [("PRIMARY", "web:1", 0, "IN_PROGRESS")]
    assert rollouts(world.after(30)) == [("PRIMARY", "web:1", 2, "IN_PROGRESS")]
    done = world.after(30)
    assert rollouts(done) == [("PRIMARY", "web:1", 2, "COMPLETED")]
    deployment = done["deployments"][0]["id"]
    assert deployment.startswith("ecs-svc/")
    assert done["deployments"][0]["rolloutStateReason"] == f"ECS deployment {deployment} completed."
    ids = [task["taskArn"].rpartition("/")[2] for task in world.tasks()]
    assert world.events() == [
        f"(service web) has started 2 tasks: (task {ids[0]}) (task {ids[1]}).",
        f"(service web) registered 1 targets in (target-group {group})",
        f"(service web) registered 1 targets in (target-group {group})",
        f"(service web) (deployment {deployment}) deployment completed.",
        "(service web) has reached a steady state.",
    ]


def test_old_tasks_stay_until_new_ones_are_healthy(world: World, group: str) -> None:
    """ECS guide, "Deploy Amazon ECS services by replacing tasks": 100 and 200 percent double the tasks first."""
    world.service(group)
    world.after(90)
    world.update(taskDefinition=world.definition())
    assert rollouts(world.after(30)) == [
        ("PRIMARY", "web:2", 2, "IN_PROGRESS"),
        ("ACTIVE", "web:1", 2, "COMPLETED"),
    ]
    healthy = world.after(15)
    assert rollouts(healthy) == [
        ("PRIMARY", "web:2", 2, "IN_PROGRESS"),
        ("ACTIVE", "web:1", 2, "COMPLETED"),
    ]
    assert world.health(group).count(("draining", "Target.DeregistrationInProgress")) == 2
    assert rollouts(world.after(30)) == [("PRIMARY", "web:2", 2, "COMPLETED")]


def test_a_deployment_waits_for_the_deregistration_delay(world: World) -> None:
    """ECS guide, "Optimize load balancer connection draining": tasks stop after the delay, 300 seconds."""
    world.service(world.served_group())
    world.after(90)
    world.update(taskDefinition=world.definition())
    assert len(rollouts(world.after(300))) == 2
    assert rollouts(world.after(100)) == [("PRIMARY", "web:2", 2, "COMPLETED")]


def test_without_room_above_tasks_are_replaced_in_place(world: World, group: str) -> None:
    """ECS API, DeploymentConfiguration: 50 and 100 percent stop one of two before one is started."""
    world.service(group, **percent(50, 100))
    world.after(90)
    world.update(taskDefinition=world.definition())
    most, least = 0, 9
    for _ in range(30):
        world.sandbox.clock.advance(5)
        live = world.tasks()
        most = max(most, len(live))
        least = min(least, sum(task["lastStatus"] == "RUNNING" for task in live))
    assert (most, least) == (2, 1)
    assert rollouts(world.look()) == [("PRIMARY", "web:2", 2, "COMPLETED")]


def test_percentages_may_leave_nothing_to_do(world: World, group: str) -> None:
    """ECS guide, "Service event messages": was unable to stop or start tasks during a deployment because ..."""
    world.service(group, **percent(100, 100))
    world.after(90)
    world.update(taskDefinition=world.definition())
    stuck = world.after(600)
    assert rollouts(stuck) == [("PRIMARY", "web:2", 0, "IN_PROGRESS"), ("ACTIVE", "web:1", 2, "COMPLETED")]
    assert sum("because of the service deployment configuration" in event for event in world.events()) == 1


def test_a_task_without_checks_is_healthy_after_forty_seconds(world: World) -> None:
    """ECS API, DeploymentConfiguration, minimumHealthyPercent: 40 seconds after RUNNING without health checks."""
    world.service()
    world.after(60)
    world.update(taskDefinition=world.definition())
    assert len(rollouts(world.after(55))) == 2
    assert rollouts(world.after(20)) == [("PRIMARY", "web:2", 2, "COMPLETED")]


def test_the_circuit_breaker_rolls_back(world: World, group: str) -> None:
    """ECS guide, "How the Amazon ECS deployment circuit breaker detects failures": 3 at least, then rollback."""
    world.service(group, **BREAKER)
    before = world.after(90)
    world.update(taskDefinition=world.definition(tagged("fail-pull")))
    rolled_back = world.after(300)
    assert rollouts(rolled_back) == [("PRIMARY", "web:1", 2, "COMPLETED")]
    assert rolled_back["taskDefinition"] == before["taskDefinition"]
    deployment = before["deployments"][0]["id"]
    assert rolled_back["deployments"][0]["id"] == deployment
    assert f"(service web) rolling back to deployment {deployment}." in world.events()
    assert sum("deployment failed: tasks failed to start." in event for event in world.events()) == 1
    assert [task["lastStatus"] for task in world.tasks()] == ["RUNNING", "RUNNING"]


def test_a_rollback_in_progress_is_seen(world: World) -> None:
    """ECS API, Deployment: the failed one is FAILED, the one rolled back to is PRIMARY again."""
    group = world.served_group()
    world.service(group, **BREAKER)
    world.after(90)
    world.update(taskDefinition=world.definition(tagged("fail-health")))
    seen = world.after(150)
    assert rollouts(seen) == [("PRIMARY", "web:1", 2, "IN_PROGRESS"), ("ACTIVE", "web:2", 4, "FAILED")]
    back, failed = seen["deployments"]
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert failed["failedTasks"] == 4
    assert back["rolloutStateReason"].startswith("ECS deployment circuit breaker: rolling back to deploymentId")


def test_a_rollback_brings_the_network_back(world: World, group: str) -> None:
    """ECS guide, "Deployment circuit breaker": back to the last completed deployment, all of it."""
    world.service(group, **BREAKER)
    world.after(90)
    world.update(
        taskDefinition=world.definition(tagged("fail-start")),
        networkConfiguration=world.network(subnets=world.subnets[:1]),
    )
    network = world.after(300)["networkConfiguration"]["awsvpcConfiguration"]
    assert network["subnets"] == world.subnets


def test_a_broken_circuit_without_rollback_stays_failed(world: World, group: str) -> None:
    """ECS API, Deployment, rolloutState: FAILED, and a FAILED deployment doesn't launch any new tasks."""
    world.service(group, **percent(100, 200, breaker=True))
    world.after(90)
    world.update(taskDefinition=world.definition(tagged("fail-start")))
    assert rollouts(world.after(300))[0] == ("PRIMARY", "web:2", 0, "FAILED")
    stopped = len(world.tasks("STOPPED"))
    world.after(1200)
    assert len(world.tasks("STOPPED")) == stopped
    assert [task["taskDefinitionArn"][-1] for task in world.tasks()] == ["1", "1"]


def test_a_first_deployment_has_nothing_to_roll_back_to(world: World) -> None:
    """ECS guide, "Deployment circuit breaker": without a completed deployment the service stays FAILED."""
    world.service(definition=world.definition(tagged("fail-pull")), **BREAKER)
    assert rollouts(world.after(300)) == [("PRIMARY", "web:1", 0, "FAILED")]


@pytest.mark.parametrize(("desired", "failures"), [(2, 4), (4, 4), (10, 10)])
def test_the_threshold_is_half_of_the_desired_count(world: World, desired: int, failures: int) -> None:
    """ECS guide, "Failure threshold": half of the desired count, at least 3; tasks start as many at a time."""
    definition = world.definition(tagged("fail-pull"))
    failed = world.service(definition=definition, desiredCount=desired, **BREAKER)
    failed = world.after(600)
    assert failed["deployments"][0]["failedTasks"] == failures
    assert failed["deployments"][0]["rolloutState"] == "FAILED"


def test_without_a_breaker_ecs_tries_for_ever_and_more_slowly(world: World) -> None:
    """ECS guide, "Service throttle logic": the time between attempts grows up to 15 minutes."""
    world.service(definition=world.definition(tagged("fail-pull")), desiredCount=1)
    first_hour = world.after(3600)
    assert rollouts(first_hour) == [("PRIMARY", "web:1", 0, "IN_PROGRESS")]
    starts = [event["createdAt"] for event in reversed(first_hour["events"]) if "has started" in event["message"]]
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(starts)]
    assert gaps[0] < 60
    assert gaps == sorted(gaps)
    assert 850 < gaps[-1] < 960
    assert sum("unable to consistently start tasks" in event for event in world.events()) == 1


def test_an_unhealthy_target_is_replaced(world: World, group: str) -> None:
    """ECS guide, "Service event messages": is unhealthy in (target-group ...) due to (reason ...)."""
    world.service(group, definition=world.definition(tagged("fail-health")), desiredCount=1)
    world.after(60)
    (stopped, *_) = world.tasks("STOPPED")
    assert stopped["stoppedReason"] == f"Task failed ELB health checks in (target-group {group})"
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    reason = "due to (reason Health checks failed with these codes: [503])"
    assert any(f"is unhealthy in (target-group {group}) {reason}" in event for event in world.events())
    assert len(world.tasks()) == 1


def test_a_grace_period_delays_the_replacement(world: World, group: str) -> None:
    """ECS API, CreateService, healthCheckGracePeriodSeconds: failures are ignored after a task started."""
    definition = world.definition(tagged("fail-health"))
    world.service(group, definition=definition, desiredCount=1, healthCheckGracePeriodSeconds=120)
    world.after(130)
    assert world.tasks("STOPPED") == []
    world.after(20)
    assert len(world.tasks("STOPPED")) == 1


def test_a_failed_container_check_replaces_the_task(world: World) -> None:
    """ECS guide, "Service event messages": (task ...) failed container health checks."""
    check = {"command": ["CMD", "true"], "interval": 5, "retries": 2}
    world.service(definition=world.definition(tagged("fail-health") | {"healthCheck": check}), desiredCount=1)
    world.after(45)
    assert any("failed container health checks" in event for event in world.events())
    assert world.tasks("STOPPED")[0]["stoppedReason"] == "Task failed container health checks"


def test_a_container_check_is_waited_for(world: World) -> None:
    """ECS API, Task, healthStatus: UNKNOWN until the container's check has passed, then HEALTHY."""
    check = {"command": ["CMD", "true"], "interval": 30}
    world.service(definition=world.definition(container(healthCheck=check)), desiredCount=1)
    assert world.after(30)["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert world.tasks()[0]["healthStatus"] == "UNKNOWN"
    assert world.after(30)["deployments"][0]["rolloutState"] == "COMPLETED"
    assert world.tasks()[0]["healthStatus"] == "HEALTHY"


def test_a_stopped_task_is_replaced(world: World) -> None:
    """ECS guide, "Amazon ECS services": the scheduler launches another task to keep the desired number."""
    world.service()
    world.after(60)
    first, second = world.tasks()
    client("ecs").stop_task(cluster="main", task=first["taskArn"], reason="by hand")
    assert world.look()["runningCount"] == 1
    assert world.after(60)["runningCount"] == 2
    assert first["taskArn"] not in [task["taskArn"] for task in world.tasks()]
    assert second["taskArn"] in [task["taskArn"] for task in world.tasks()]


def test_scaling_in_drains_and_scaling_out_starts(world: World, group: str) -> None:
    """ECS guide, "Service event messages": has stopped, deregistered, has begun draining connections."""
    world.service(group)
    world.after(90)
    world.update(desiredCount=1)
    assert (world.after(5)["runningCount"], len(world.tasks())) == (2, 1)
    assert world.after(30)["runningCount"] == 1
    texts = " ".join(world.events())
    assert "has stopped 1 running tasks: (task " in texts
    assert f"deregistered 1 targets in (target-group {group})" in texts
    assert "has begun draining connections on 1 tasks." in texts
    assert world.tasks("STOPPED")[0]["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")
    world.update(desiredCount=3)
    assert world.after(60)["runningCount"] == 3


def test_a_second_update_supersedes_the_first(world: World, group: str) -> None:
    """ECS guide, "Deploy Amazon ECS services by replacing tasks": one PRIMARY deployment, the latest."""
    world.service(group)
    world.after(90)
    world.update(taskDefinition=world.definition())
    world.after(15)
    world.update(taskDefinition=world.definition())
    assert [row[:2] for row in rollouts(world.look())] == [
        ("PRIMARY", "web:3"),
        ("ACTIVE", "web:2"),
        ("ACTIVE", "web:1"),
    ]
    assert rollouts(world.after(120)) == [("PRIMARY", "web:3", 2, "COMPLETED")]


def test_a_deployment_without_a_listener_is_never_done(world: World, group: str) -> None:
    """ECS API, DeploymentConfiguration: a task counts once its target group says that it is healthy."""
    listeners = client("elbv2").describe_load_balancers()["LoadBalancers"]
    arn = listeners[0]["LoadBalancerArn"]
    world.service(group)
    client("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    assert rollouts(world.after(600)) == [("PRIMARY", "web:1", 2, "IN_PROGRESS")]
    assert world.health(group) == [("unused", "Target.NotInUse")] * 2

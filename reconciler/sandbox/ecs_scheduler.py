"""The service scheduler: keeps the desired number of tasks, rolls deployments out and rolls failed ones back.

It looks at a service when something about it changed, after a little while, as ECS does. Source: ECS guide, "Amazon
ECS services", "Deploy Amazon ECS services by replacing tasks", "How the deployment circuit breaker detects failures".
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final
from uuid import uuid4

from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from .ecs_lifecycle import begin, new_containers, stop
from .ecs_records import Deployment, Fields, Service, Tags, Task
from .engine import engine
from .eventbridge_ecs import deployment_state_changed, service_acted

DEPLOYED_SETTINGS: Final = (
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "platformVersion",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
"""A change of one of these, or of the task definition, is a new deployment; a rollback brings them back."""

_UNCHECKED_SECONDS: Final = 40.0
"""How long a task without any health check runs before it counts as healthy in a rollout."""
_LEAST_FAILURES, _MOST_FAILURES = 3, 200
_PATIENT_WAVES: Final = 3
_FIRST_DELAY, _LONGEST_DELAY = 30.0, 900.0
_BY_SCHEDULER: Final = "ServiceSchedulerInitiated"
_GUIDE: Final = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def new_deployment(definition: Any, settings: Fields) -> Deployment:
    """A deployment that begins now."""
    deployment = Deployment(f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}", definition, dict(settings))
    deployment.reason = f"ECS deployment {deployment.id} in progress."
    return deployment


def deploy(service: Service, definition: Any) -> None:
    """Begin a new deployment of a service; the one before is replaced task by task."""
    service.primary.status = "ACTIVE"
    service.deployments.insert(0, new_deployment(definition, service.settings))
    begin_deployment(service)


def begin_deployment(service: Service) -> None:
    """Have the scheduler take up a deployment that is PRIMARY from here on."""
    service.steady = False
    deployment_state_changed(service, service.primary)
    wake(service)


def wake(service: Service, seconds: float | None = None) -> None:
    """Have the scheduler look at a service before long."""
    if seconds is None:
        if service.pass_due:
            return
        service.pass_due = True
        seconds = engine().timings.service_scheduling
    engine().after(service.backend, seconds, lambda: _look(service))


def _look(service: Service) -> None:
    service.pass_due = False
    service.tasks = [task for task in service.tasks if task.status != "STOPPED"]
    if service.status == "DRAINING":
        _drain(service)
    elif service.status == "ACTIVE" and service.launch_type == "EC2":
        _place_on_instances(service)
    elif service.status == "ACTIVE":
        _replace_unhealthy(service)
        _break_circuit(service)
        _forget_deployments(service)
        _scale(service)
        _settle(service)


def _drain(service: Service) -> None:
    _stop_tasks(service, [task for task in service.tasks if task.live])
    if any(task.at_work or task.starting for task in service.tasks):
        return
    service.status = "INACTIVE"
    key = f"{service.cluster_name}:{service.name}"

    def forget() -> None:
        if service.backend.services.get(key) is service:
            del service.backend.services[key]

    engine().after(service.backend, engine().timings.task_row_kept, forget)


def _place_on_instances(service: Service) -> None:
    if service.desired_count and not service.events:
        service.say(
            "was unable to place a task because no container instance met all of its requirements. Reason: No "
            f"Container Instances were found in your cluster. {_GUIDE}"
        )
        service_acted(service, "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE")


def _passes_checks(task: Task) -> bool:
    """Whether a task runs and no health check of it is open or failed."""
    return (
        task.status == "RUNNING"
        and all(target.state == "healthy" for _, target in task.targets)
        and len(task.targets) == len(task.load_balancers)
        and (not task.checked_containers or task.health == "HEALTHY")
    )


def _counts_as_healthy(task: Task) -> bool:
    """Whether a task counts towards the minimum healthy percent. Source: API, `minimumHealthyPercent`."""
    if not _passes_checks(task) or task.started is None:
        return False
    if task.targets or task.checked_containers:
        return True
    rest = task.started + _UNCHECKED_SECONDS - engine().now()
    if rest > 0 and task.service is not None:
        wake(task.service, rest)
    return rest <= 0


def _replace_unhealthy(service: Service) -> None:
    grace = float(service.settings.get("healthCheckGracePeriodSeconds") or 0)
    for task in service.tasks:
        if not task.live or task.status != "RUNNING" or task.started is None:
            continue
        event = _complaint(task)
        if event is None:
            continue
        rest = task.started + grace - engine().now()
        if rest > 0:
            wake(service, rest)
            continue
        message, reason = event
        service.say(message)
        stop(task, _BY_SCHEDULER, reason)
        _count_health_failure(service, task)


def _complaint(task: Task) -> tuple[str, str] | None:
    """The event and the stopped reason of a task that fails a health check."""
    for group, target in task.targets:
        if target.state == "unhealthy":
            return (
                f"(task {task.id}) (port {target.port}) is unhealthy in (target-group {group.arn}) due to "
                f"(reason {target.verdict.description})",
                f"Task failed ELB health checks in (target-group {group.arn})",
            )
    if task.health == "UNHEALTHY":
        return f"(task {task.id}) failed container health checks.", "Task failed container health checks"
    return None


def _deployment_of(service: Service, task: Task) -> Deployment | None:
    return next((one for one in service.deployments if one.id == task.started_by), None)


def _count_health_failure(service: Service, task: Task) -> None:
    deployment = _deployment_of(service, task)
    if deployment is None:
        return
    if deployment.rollout == "IN_PROGRESS":
        deployment.failed_tasks += 1
    _back_off(service, deployment)


def task_changed(task: Task) -> None:
    """Take note of what became of a task of a service."""
    service = task.service
    if service is None:
        return
    deployment = _deployment_of(service, task)
    if deployment is not None:
        if task.status == "RUNNING" and not deployment.ran:
            deployment.ran, deployment.failed_tasks, deployment.waves = True, 0, 0
        if task.failed_to_start and task.status == "DEPROVISIONING":
            if not deployment.ran:
                deployment.failed_tasks += 1
            _back_off(service, deployment)
    wake(service)


def _back_off(service: Service, deployment: Deployment) -> None:
    """Wait longer and longer where the tasks of a deployment keep failing."""
    live = any(task.live for task in service.tasks_of(deployment))
    if live:
        return
    deployment.waves += 1
    if deployment.waves < _PATIENT_WAVES:
        return
    delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (deployment.waves - _PATIENT_WAVES))
    deployment.retry_at = engine().now() + delay
    if deployment.waves == _PATIENT_WAVES:
        service.say(f"is unable to consistently start tasks successfully. {_GUIDE}")
        service_acted(service, "WARN", "SERVICE_TASK_START_IMPAIRED")


def failure_threshold(desired_count: int) -> int:
    """How many failed tasks break the circuit. Source: ECS guide, "Failure threshold"."""
    return min(max(math.ceil(desired_count * 0.5), _LEAST_FAILURES), _MOST_FAILURES)


def _break_circuit(service: Service) -> None:
    failed = service.primary
    breaker = service.settings["deploymentConfiguration"]["deploymentCircuitBreaker"]
    if not breaker.get("enable") or failed.rollout != "IN_PROGRESS":
        return
    if failed.failed_tasks < failure_threshold(service.desired_count):
        return
    failed.set_rollout("FAILED", "ECS deployment circuit breaker: tasks failed to start.")
    service.say(f"(deployment {failed.id}) deployment failed: tasks failed to start.")
    deployment_state_changed(service, failed)
    target = service.rollback
    if not breaker.get("rollback") or target is None:
        return
    service.say(f"rolling back to deployment {target.id}.")
    failed.status, target.status = "ACTIVE", "PRIMARY"
    others = [one for one in service.deployments if one is not target]
    service.deployments = [target, *others]
    target.failed_tasks, target.waves, target.retry_at, target.ran = 0, 0, 0.0, False
    target.set_rollout("IN_PROGRESS", f"ECS deployment circuit breaker: rolling back to deploymentId {target.id}.")
    deployment_state_changed(service, target)
    for name in DEPLOYED_SETTINGS:
        service.settings.pop(name, None)
        if name in target.settings:
            service.settings[name] = target.settings[name]


def _forget_deployments(service: Service) -> None:
    """Drop deployments that are no longer wanted and have no task at work or on its way."""
    service.deployments = [
        one
        for one in service.deployments
        if one.status == "PRIMARY" or any(task.at_work or task.starting for task in service.tasks_of(one))
    ]


def _scale(service: Service) -> None:
    """Stop and start as many tasks as the percentages of the deployment configuration allow."""
    primary, desired = service.primary, service.desired_count
    if primary.rollout == "FAILED":
        return
    config = service.settings["deploymentConfiguration"]
    lower = math.ceil(desired * config["minimumHealthyPercent"] / 100)
    upper = math.floor(desired * config["maximumPercent"] / 100)
    own = [task for task in service.tasks_of(primary) if task.live]
    old = [task for task in service.tasks if task.live and task.started_by != primary.id]
    surplus = sorted(own, key=lambda task: (_passes_checks(task), -task.created))[: max(0, len(own) - desired)]
    _stop_tasks(service, surplus)
    healthy_own = sum(_counts_as_healthy(task) for task in own if task.live)
    useless = [task for task in old if not _passes_checks(task)]
    useful = [task for task in old if task not in useless]
    spare = max(0, healthy_own + len(useful) - lower)
    leaving = useless + useful[:spare]
    _stop_tasks(service, leaving)
    live = sum(task.live for task in service.tasks)
    missing = desired - sum(task.live for task in own)
    room = (upper if old else max(upper, desired)) - live
    count = max(0, min(missing, room))
    if count:
        _start_tasks(service, primary, count)
    elif old and missing > 0 and not leaving and not primary.stuck:
        primary.stuck = True
        service.say(
            "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
            "Update the minimumHealthyPercent or maximumPercent value and try again."
        )


def _stop_tasks(service: Service, tasks: list[Task]) -> None:
    if not tasks:
        return
    service.steady = False
    deployment = service.primary.id
    names = " ".join(f"(task {task.id})" for task in tasks)
    service.say(f"has stopped {len(tasks)} running tasks: {names}.")
    for task in tasks:
        stop(task, _BY_SCHEDULER, f"Scaling activity initiated by (deployment {deployment})")


def _start_tasks(service: Service, deployment: Deployment, count: int) -> None:
    rest = deployment.retry_at - engine().now()
    if rest > 0:
        wake(service, rest)
        return
    service.steady = False
    tasks = [_start_task(service, deployment) for _ in range(count)]
    names = " ".join(f"(task {task.id})" for task in tasks)
    service.say(f"has started {count} tasks: {names}.")


def _start_task(service: Service, deployment: Deployment) -> Task:
    settings, cluster, backend = deployment.settings, service.cluster, service.backend
    network = settings["networkConfiguration"]["awsvpcConfiguration"]
    strategy = settings.get("capacityProviderStrategy") or []
    task_id = uuid4().hex
    task = Task(
        backend=backend,
        cluster=cluster,
        definition=deployment.definition,
        arn=f"arn:{backend.partition}:ecs:{backend.region_name}:{backend.account_id}:task/{cluster.name}/{task_id}",
        group=f"service:{service.name}",
        launch_type="FARGATE",
        containers=new_containers(backend, cluster, deployment.definition, task_id),
        network=network,
        load_balancers=settings.get("loadBalancers") or [],
        tags=_task_tags(service, deployment),
        started_by=deployment.id,
        capacity_provider=strategy[0]["capacityProvider"] if strategy else None,
        enable_execute_command=bool(service.settings.get("enableExecuteCommand")),
        service=service,
        on_change=task_changed,
    )
    subnet = least_used_subnet(backend, network["subnets"], service.tasks)
    service.tasks.append(task)
    begin(task, subnet)
    return task


def least_used_subnet(backend: Any, subnet_ids: list[str], tasks: list[Task]) -> str:
    """The subnet for the next task: in the zone with the fewest tasks, whether it has room or not."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    zones = {subnet.id: subnet.availability_zone for by_id in ec2.subnets.values() for subnet in by_id.values()}
    used = Counter(task.subnet.availability_zone for task in tasks if task.live and task.subnet)
    in_subnet = Counter(task.subnet.id for task in tasks if task.live and task.subnet)
    return min(subnet_ids, key=lambda one: (used[zones.get(one, "")], in_subnet[one]))


def _task_tags(service: Service, deployment: Deployment) -> Tags:
    source = {"SERVICE": service.tags, "TASK_DEFINITION": deployment.definition.tags}
    tags = list(source.get(str(service.settings.get("propagateTags")), []))
    if service.settings.get("enableECSManagedTags"):
        tags.append({"key": "aws:ecs:serviceName", "value": service.name})
        tags.append({"key": "aws:ecs:clusterName", "value": service.cluster_name})
    return tags


def _settle(service: Service) -> None:
    """Complete the deployment, and say when the service is steady."""
    primary = service.primary
    working = [task for task in service.tasks if task.at_work or task.starting]
    if primary.rollout == "FAILED" or len(working) != service.desired_count:
        return
    if not all(task.live and task.started_by == primary.id and _passes_checks(task) for task in working):
        return
    if primary.rollout == "IN_PROGRESS":
        primary.set_rollout("COMPLETED", f"ECS deployment {primary.id} completed.")
        primary.failed_tasks, primary.waves = 0, 0
        service.deployments, service.rollback = [primary], primary
        service.say(f"(deployment {primary.id}) deployment completed.")
        deployment_state_changed(service, primary)
    if not service.steady:
        service.steady = True
        service.say("has reached a steady state.")
        service_acted(service, "INFO", "SERVICE_STEADY_STATE")

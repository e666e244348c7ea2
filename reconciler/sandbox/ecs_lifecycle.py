"""The life of a task on the clock, from its network interface to its end.

PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED. Source: ECS guide,
"Amazon ECS task lifecycle".
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from . import elbv2_targets, eni
from .ecs_failures import Failure, why_not_started
from .ecs_network import is_public_subnet
from .ecs_records import FAIL_HEALTH, Container, Task, TasksByAddress
from .elbv2_targets import Target
from .engine import engine, state
from .eventbridge_ecs import task_state_changed

STOPPING_SECONDS: Final = 2.0
"""How long a well-behaved program takes to end after SIGTERM."""


def new_containers(backend: Any, cluster: Any, definition: Any, task_id: str) -> list[Container]:
    """The containers of a task that is about to start, all those of its task definition."""
    prefix = f"arn:{backend.partition}:ecs:{backend.region_name}:{backend.account_id}:container"
    return [Container(one, f"{prefix}/{cluster.name}/{task_id}/{uuid4()}") for one in definition.container_definitions]


def begin(task: Task, subnet_id: str) -> None:
    """Start a task in a subnet: it gets its network interface, or fails for want of one."""
    task.backend.tasks.setdefault(task.cluster.name, {})[task.arn] = task
    _enter(task, "PROVISIONING")
    try:
        _attach(task, subnet_id)
    except EC2ClientError as error:
        switch = "enabled" if _wants_public(task) else "disabled"
        failure = Failure(
            f"Unexpected EC2 error while attempting to Create Network Interface with public IP assignment {switch} "
            f"in subnet '{subnet_id}': {error.code}"
        )
        engine().after(task.backend, engine().timings.task_provisioning, lambda: _fail(task, failure))
        return
    engine().after(task.backend, engine().timings.task_provisioning, lambda: _pull(task))


def _enter(task: Task, status: str) -> None:
    task.status = status
    task_state_changed(task)


def _ec2(task: Task) -> Any:
    return ec2_backends[task.backend.account_id][task.backend.region_name]


def _wants_public(task: Task) -> bool:
    return bool(task.network.get("assignPublicIp") == "ENABLED")


def _attach(task: Task, subnet_id: str) -> None:
    backend = _ec2(task)
    subnet = backend.get_subnet(subnet_id)
    groups = task.network.get("securityGroups") or [backend.get_default_security_group(subnet.vpc_id).id]
    owner = task.backend
    interface = eni.create(
        backend,
        subnet_id,
        groups,
        f"arn:{owner.partition}:ecs:{owner.region_name}:{owner.account_id}:attachment/{task.attachment_id}",
        owner.account_id,
        public=_wants_public(task) and is_public_subnet(backend, subnet),
    )
    task.subnet, task.interface_id = subnet, interface.id
    task.attachment = {
        "subnetId": subnet_id,
        "networkInterfaceId": interface.id,
        "macAddress": interface.mac_address,
        "privateDnsName": f"ip-{interface.private_ip_address.replace('.', '-')}.ec2.internal",
        "privateIPv4Address": interface.private_ip_address,
    }
    state(owner, TasksByAddress).found[subnet.vpc_id, interface.private_ip_address] = task


def _pull(task: Task) -> None:
    if task.status != "PROVISIONING":
        return
    task.pull_started = engine().now()
    _enter(task, "PENDING")
    engine().after(task.backend, engine().timings.task_pending, lambda: _activate(task))


def _activate(task: Task) -> None:
    if task.status != "PENDING":
        return
    failure = why_not_started(task)
    if failure is not None:
        _fail(task, failure)
        return
    task.pull_stopped = engine().now()
    _enter(task, "ACTIVATING")
    for container in task.containers:
        container.status, container.runtime_id = "RUNNING", f"{task.id}-{uuid4().hex[:10]}"
    for settings in task.load_balancers:
        _register(task, settings["targetGroupArn"], settings["containerPort"])
    engine().after(task.backend, engine().timings.task_activating, lambda: _run(task))


def _register(task: Task, group_arn: str, port: int) -> None:
    """Register a task in one target group of its service, and say so in the service's events."""
    backend = elbv2_backends[task.backend.account_id][task.backend.region_name]
    group = backend.target_groups.get(group_arn)
    if group is None:
        _say(task, f"failed to register targets in (target-group {group_arn}) with (error target group not found)")
        return
    target = elbv2_targets.register(
        backend,
        group,
        str(task.address),
        port,
        task.subnet.availability_zone,
        lambda found: _target_changed(task, found),
    )
    task.targets.append((group, target))
    _say(task, f"registered 1 targets in (target-group {group_arn})")


def _say(task: Task, message: str) -> None:
    if task.service is not None:
        task.service.say(message)


def _target_changed(task: Task, target: Target) -> None:
    if target.state != "unused":
        task.changed()
        return
    task.targets = [(group, one) for group, one in task.targets if one is not target]
    if not task.targets and task.status == "DEACTIVATING":
        _terminate(task)


def _run(task: Task) -> None:
    if task.status != "ACTIVATING":
        return
    task.started = engine().now()
    _enter(task, "RUNNING")
    for container in task.checked_containers:
        _arrange_health_check(task, container)
    task.changed()


def _arrange_health_check(task: Task, container: Container) -> None:
    check = container.definition["healthCheck"]
    failing = container.image_tag == FAIL_HEALTH
    seconds = check["interval"] * check["retries"] + (check.get("startPeriod") or 0) if failing else check["interval"]

    def found() -> None:
        if task.status == "RUNNING":
            container.health = "UNHEALTHY" if failing else "HEALTHY"
            task.changed()

    engine().after(task.backend, seconds, found)


def _fail(task: Task, failure: Failure) -> None:
    if not task.live:
        return
    task.desired_status, task.failed_to_start = "STOPPED", True
    task.stop_code, task.stopped_reason = failure.code, failure.reason
    task.stopping = engine().now()
    for container in task.containers:
        container.status = "STOPPED"
        if container.name == failure.container:
            container.exit_code = failure.exit_code
            container.reason = failure.reason if failure.exit_code is None else None
    _deprovision(task)


def stop(task: Task, code: str, reason: str) -> None:
    """Begin to stop a task: it leaves its target groups, drains, ends and gives its network interface back."""
    if not task.live:
        return
    task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
    task.stopping = engine().now()
    if task.status in {"PROVISIONING", "PENDING"}:
        _deprovision(task)
    elif task.targets:
        _drain(task)
    else:
        _terminate(task)


def _drain(task: Task) -> None:
    _enter(task, "DEACTIVATING")
    backend = elbv2_backends[task.backend.account_id][task.backend.region_name]
    for group, target in list(task.targets):
        _say(task, f"deregistered 1 targets in (target-group {group.arn})")
        elbv2_targets.deregister(backend, group, target)
    _say(task, "has begun draining connections on 1 tasks.")


def _terminate(task: Task) -> None:
    for container in task.containers:
        container.status = "STOPPED"
        container.exit_code = 0
    _enter(task, "STOPPING")
    task.changed()
    engine().after(task.backend, STOPPING_SECONDS, lambda: _deprovision(task))


def _deprovision(task: Task) -> None:
    _enter(task, "DEPROVISIONING")
    task.changed()
    engine().after(task.backend, engine().timings.task_deprovisioning, lambda: _end(task))


def _end(task: Task) -> None:
    task.stopped = engine().now()
    for container in task.containers:
        container.status = "STOPPED"
    _enter(task, "STOPPED")
    if task.interface_id:
        eni.release(_ec2(task), task.interface_id)
        state(task.backend, TasksByAddress).found.pop((task.subnet.vpc_id, str(task.address)), None)
    task.changed()
    kept = task.backend.tasks[task.cluster.name]
    engine().after(task.backend, engine().timings.task_row_kept, lambda: kept.pop(task.arn, None) and None)

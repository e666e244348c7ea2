"""Task: sizes that Fargate has, containers that can share one network interface."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from reconciler.checks._cidrs import peer_blocks
from reconciler.checks._cycles import cycles
from reconciler.checks._lookup import foreign_tasks, nearest, network_of, placed, repeated
from reconciler.checks._target_group import port_problems
from reconciler.kinds import Object, Path, Problem, _duration
from reconciler.kinds._container import Container
from reconciler.kinds._object import counted, quoted
from reconciler.kinds.load_balancer import KIND as LOAD_BALANCER
from reconciler.kinds.network import NetworkSpec
from reconciler.kinds.route import KIND as ROUTE
from reconciler.kinds.route import actions_of
from reconciler.kinds.task import KIND, MEMORY_OF_CPU, TaskSpec
from reconciler.load import StackObjects

LEAST_STORAGE: Final = 20
"""GiB of disk that every task has."""
LONGEST_COOLDOWN: Final = 86_400
LONGEST_GRACE: Final = 2_147_483_647
"""ECS API reference, CreateService: healthCheckGracePeriodSeconds."""


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every task with the network that it lives in."""
    targets = {f.task for route in objects.of(ROUTE) for action in actions_of(route.spec) for f in action.forward}
    counted = _counted_ways(objects)
    for task in objects.of(KIND):
        yield from _size(task)
        yield from _platform(task)
        yield from _containers(task)
        yield from _ports(task)
        yield from _loopback(task)
        yield from _start_order(task)
        yield from _autoscaling(task)
        yield from _counted(task, counted[task.name])
        yield from _deployment(task, targets)
        peers = list(_peers(task.spec))
        yield from peer_blocks(task, peers)
        yield from foreign_tasks(objects, task, task.spec.network, peers)
        if network := network_of(objects, task.spec.network):
            yield from _placement(task, network)


def _counted_ways(objects: StackObjects) -> Mapping[str, set[tuple[str, str]]]:
    """The Application load balancers that forward to each task, with the port that they forward to."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for route in objects.of(ROUTE):
        balancer = objects.get(LOAD_BALANCER, route.spec.load_balancer)
        if balancer is None or balancer.spec.type == "Application":
            for action in actions_of(route.spec):
                for forward in action.forward:
                    found[forward.task].add((route.spec.load_balancer, forward.port))
    return found


def _peers(spec: TaskSpec) -> Iterator[tuple[Path, str]]:
    """Everything that names who may talk to whom, with its path."""
    yield from placed(("spec", "allowFrom"), spec.allow_from)
    for i, container in enumerate(spec.containers):
        for j, port in enumerate(container.ports):
            yield from placed(("spec", "containers", i, "ports", j, "allowFrom"), port.allow_from)
    for i, entry in enumerate(spec.egress or ()):
        yield ("spec", "egress", i, "to"), entry.to


def _size(task: Object[TaskSpec]) -> Iterator[Problem]:
    cpu, memory = task.spec.cpu, task.spec.memory
    if cpu not in MEMORY_OF_CPU:
        close = min(MEMORY_OF_CPU, key=lambda known: (abs(known - cpu), known))
        known = ", ".join(map(str, MEMORY_OF_CPU))
        yield task.problem(("spec", "cpu"), f"Fargate has no {cpu} CPU units", f"write {close} (there are {known})")
        return
    allowed = MEMORY_OF_CPU[cpu]
    if memory not in allowed:
        close = min(allowed, key=lambda known: (abs(known - memory), -known))
        known = f"{allowed[0]} to {allowed[-1]} in steps of {allowed[-1] - allowed[-2]}"
        if cpu == min(MEMORY_OF_CPU):
            known = ", ".join(map(str, allowed))
        yield task.problem(
            ("spec", "memory"),
            f"Fargate has no {memory} MiB with cpu {cpu}",
            f"write {close} (there are {known})",
        )


def _platform(task: Object[TaskSpec]) -> Iterator[Problem]:
    """What platform version 1.4.0 brought ("Fargate platform version change log", ECS developer guide)."""
    spec = task.spec
    if spec.platform_version != "1.3.0":
        return
    found: list[tuple[Path, str]] = []
    if spec.ephemeral_storage > LEAST_STORAGE:
        found.append((("spec", "ephemeralStorage"), f"more than {LEAST_STORAGE} GiB of disk"))
    if spec.execute_command:
        found.append((("spec", "executeCommand"), "ECS Exec"))
    found += [(("spec", "volumes", i, "efs"), "EFS") for i, volume in enumerate(spec.volumes) if volume.efs]
    for i, container in enumerate(spec.containers):
        path: Path = ("spec", "containers", i)
        if container.env_files:
            found.append(((*path, "envFiles"), "env files"))
        for name, arn in container.secrets.items():
            if ":secretsmanager:" in arn and any(arn.split(":")[7:]):
                found.append(((*path, "secrets", name), "parts and versions of secrets"))
    for path, what in found:
        message = f"Fargate has {what} since platform version 1.4.0"
        yield task.problem(path, message, "write platformVersion: LATEST")


def _containers(task: Object[TaskSpec]) -> Iterator[Problem]:
    path: Path = ("spec", "containers")
    containers = task.spec.containers
    for again, _ in repeated(((*path, i, "name"), one.name) for i, one in enumerate(containers)):
        yield task.problem(again, "is the name of two containers", "rename one")
    if not any(container.essential for container in containers):
        yield task.problem(path, "has no essential container", "leave out essential: false on one of them")


def _ports(task: Object[TaskSpec]) -> Iterator[Problem]:
    path: Path = ("spec", "containers")
    opened = [
        ((*path, i, "ports", j), container.name, port)
        for i, container in enumerate(task.spec.containers)
        for j, port in enumerate(container.ports)
    ]
    for place, _, port in opened:
        yield from port_problems(task, place, port)
    names = {place: container for place, container, _ in opened}
    for again, first in repeated((place, (port.container_port, port.protocol)) for place, _, port in opened):
        yield task.problem(
            (*again, "containerPort"),
            f"container {names[first]} opens the port already",
            "choose another: the containers of a task share one network interface",
        )
    for again, first in repeated((place, port.name) for place, _, port in opened):
        yield task.problem((*again, "name"), f"is the name of a port of container {names[first]} already", "rename one")


def _loopback(task: Object[TaskSpec]) -> Iterator[Problem]:
    containers = {container.name: container for container in task.spec.containers}
    for index, entry in enumerate(task.spec.loopback):
        path: Path = ("spec", "loopback", index)
        for field, name in (("from", entry.from_), ("to", entry.to)):
            if name not in containers:
                yield task.problem((*path, field), f"there is no container {quoted(name)}", nearest(name, containers))
        if entry.to in containers:
            opened = sorted(port.container_port for port in containers[entry.to].ports)
            if entry.port not in opened:
                right = f"it opens {', '.join(map(str, opened))}" if opened else f"add the port to {entry.to}"
                yield task.problem((*path, "port"), f"container {entry.to} does not open {entry.port}", right)


def _start_order(task: Object[TaskSpec]) -> Iterator[Problem]:
    containers = {container.name: container for container in task.spec.containers}
    edges: dict[str, dict[str, Path]] = {}
    for i, container in enumerate(task.spec.containers):
        for j, entry in enumerate(container.depends_on):
            path: Path = ("spec", "containers", i, "dependsOn", j)
            other = containers.get(entry.container)
            if other is None:
                name = entry.container
                yield task.problem(
                    (*path, "container"), f"there is no container {quoted(name)}", nearest(name, containers)
                )
                continue
            edges.setdefault(container.name, {})[other.name] = (*path, "container")
            yield from _condition(task, (*path, "condition"), entry.condition, other)
    for cycle in cycles({name: set(others) for name, others in edges.items()}):
        circle = " -> ".join((*cycle, cycle[0]))
        place = edges[cycle[0]][cycle[1 % len(cycle)]]
        yield task.problem(place, f"containers wait for each other: {circle}", "remove one of these")


def _condition(task: Object[TaskSpec], path: Path, condition: str, other: Container) -> Iterator[Problem]:
    if condition in ("Complete", "Success") and other.essential:
        yield task.problem(
            path,
            f"waits for the end of {other.name}, and the task ends with it",
            f"write essential: false on {other.name}, or condition: Start",
        )
    if condition == "Healthy" and other.health_check is None:
        yield task.problem(
            path,
            f"container {other.name} has no health check of its own (a port's is the load balancer's)",
            f"add healthCheck to container {other.name}, or write condition: Start",
        )


def _autoscaling(task: Object[TaskSpec]) -> Iterator[Problem]:
    """Numbers that make sense together (Application Auto Scaling API reference, RegisterScalableTarget)."""
    scaling = task.spec.autoscaling
    path: Path = ("spec", "autoscaling")
    if scaling is None:
        return
    if scaling.min > scaling.max:
        yield task.problem((*path, "min"), f"{scaling.min} is above max ({scaling.max})", "write less")
    if scaling.cpu is None and scaling.memory is None and scaling.requests_per_target is None:
        yield task.problem(path, "does not say by what", "add cpu, memory or requestsPerTarget")
    for field, text in (
        ("scaleInCooldown", scaling.scale_in_cooldown),
        ("scaleOutCooldown", scaling.scale_out_cooldown),
    ):
        if _duration.seconds(text) > LONGEST_COOLDOWN:
            yield task.problem((*path, field), f"{text} is too long", f"write at most {LONGEST_COOLDOWN}s")


def _counted(task: Object[TaskSpec], counted: Collection[tuple[str, str]]) -> Iterator[Problem]:
    """AWS counts the requests of one target group (Application Auto Scaling API reference, PutScalingPolicy)."""
    scaling = task.spec.autoscaling
    if scaling is None or scaling.requests_per_target is None or len(counted) == 1:
        return
    path: Path = ("spec", "autoscaling", "requestsPerTarget")
    if counted:
        ways = ", ".join(sorted(f"{balancer} to {port}" for balancer, port in counted))
        yield task.problem(
            path, f"requests come in several ways: {ways}", "keep one of them, or scale by cpu or memory"
        )
    else:
        message = "no Application load balancer forwards to the task"
        yield task.problem(path, message, "add a Route, or scale by cpu or memory")


def _deployment(task: Object[TaskSpec], targets: Collection[str]) -> Iterator[Problem]:
    """A deployment that may neither stop a task nor start one never ends (ECS developer guide, "Rolling update")."""
    spec, here = task.spec, task.spec.deployment
    replicas = spec.first_replicas
    least = math.ceil(replicas * here.minimum_healthy_percent / 100)
    most = replicas * here.maximum_percent // 100
    if replicas and least >= replicas >= most:
        message = f"with {counted(replicas, 'replica')} no task may be stopped and none started meanwhile"
        yield task.problem(("spec", "deployment"), message, "raise maximumPercent or lower minimumHealthyPercent")
    path: Path = ("spec", "healthCheckGracePeriod")
    grace = _duration.seconds(spec.health_check_grace_period)
    if grace > LONGEST_GRACE:
        yield task.problem(path, f"{spec.health_check_grace_period} is too long", f"write at most {LONGEST_GRACE}s")
    elif grace and task.name not in targets:
        yield task.problem(path, "no Route forwards to the task, so nothing checks it", "remove it, or add a Route")


def _placement(task: Object[TaskSpec], network: NetworkSpec) -> Iterator[Problem]:
    tier, other = (network.public, "Private") if task.spec.placement == "Public" else (network.private, "Public")
    if tier is None:
        word = task.spec.placement.lower()
        yield task.problem(
            ("spec", "placement"),
            f"Network/{task.spec.network} has no {word} subnets",
            f"add spec.{word} to it, or write {other}",
        )

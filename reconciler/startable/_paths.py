"""Whether what ECS fetches before a task starts, and what it writes while it runs, gets through.

All of it leaves by the task's own interface under its own security groups (ECS developer guide, "Fargate task
networking" and "Amazon ECS interface VPC endpoints"). Where an interface endpoint has the names of its service, they
lead to it from everywhere in the VPC, a way to the internet or not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from reconciler.flows import REACHABLE, Blocker, Query, World, fixes, trace
from reconciler.flows.world import INTERNET_NAME, Stand
from reconciler.kinds._object import Path, cut
from reconciler.load import StackObjects
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.resources.service import Service
from reconciler.resources.task_definition import TaskDefinition
from reconciler.startable._doubt import Doubt, container_path, definitions, doubt

_ECR: Final = re.compile(r"[0-9]{12}\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|on\.aws)/.+")
_PULL = ("ecr.api", "ecr.dkr", "s3")
_HTTPS = 443
_AGENT: Final = ("ecs", "ecs-agent", "ecs-telemetry")
_AGENT_REGIONS: Final = frozenset(
    {"ca-west-1", "ap-southeast-5", "ap-southeast-7", "ap-southeast-6", "ap-east-2", "mx-central-1"}
)
"""Regions in which tasks of Fargate need ways to ECS itself, as in all that AWS opened since December 2023 (ECS
developer guide, "Amazon ECS interface VPC endpoints")."""


class _Need(Frozen):
    """Something that a task cannot do without. `services` are the endpoints that lead to it, none where there is no
    such thing: then it lies in the internet. `vital`: without it no task starts."""

    what: str
    services: tuple[str, ...]
    path: Path
    vital: bool = True


class _Barrier(Frozen):
    """What stands in the way to one goal, for the subnets of a task: all of the traffic, or (`partial`) some."""

    segments: tuple[str, ...]
    reason: str
    fix: str
    partial: bool


def doubts(stack: StackObjects, graph: Graph, wanted: World, present: World | None) -> Iterator[Doubt]:
    """For each task what does not get through, in the world that is wanted and in the one that is there, if known."""
    ways, today = Ways(wanted), Ways(present) if present else None
    for task, definition in sorted(definitions(graph.resources).items()):
        service = graph.resources.get(f"service/{task}")
        if service is None or not isinstance(service.fields, Service):
            continue
        idle = service.fields.desired_count == 0
        for need in _needs(stack, task, definition, service.fields, graph.stack.region):
            found = list(_barriers(ways, f"task/{task}", need, graph.stack.region))
            for barrier in found:
                yield _doubt(stack, task, need, barrier, ways.world, idle=idle)
            if today is not None and not found:
                for barrier in _barriers(today, f"task/{task}", need, graph.stack.region):
                    yield _doubt(stack, task, need, barrier, today.world, idle=idle)


def _doubt(stack: StackObjects, task: str, need: _Need, barrier: _Barrier, world: World, *, idle: bool) -> Doubt:
    """`idle`: no copy of the task is wanted now."""
    zones = sorted({world.zone_of(segment) for segment in barrier.segments})
    where = f" from {' and '.join(zones)}" if zones != sorted(_zones(world, f"task/{task}")) else ""
    now = "as AWS is, " if world.observed else ""
    message = f"{now}{need.what}{where}: {barrier.reason}"
    possible = world.observed or barrier.partial or not need.vital or idle
    return doubt(stack, f"Task/{task}", need.path, message, barrier.fix, possible=possible)


def _zones(world: World, label: str) -> set[str]:
    stand = world.by_label.get(label)
    return {world.zone_of(segment) for segment in stand.segments} if stand else set()


def _needs(
    stack: StackObjects, task: str, definition: TaskDefinition, service: Service, region: str
) -> Iterator[_Need]:
    for name, container in sorted(definition.container_definitions.items()):
        ecr = _ECR.fullmatch(container.image)
        here = ecr is not None and ecr["region"] == region
        image = f"image {cut(container.image)} cannot be pulled"
        yield _Need(image, _PULL if here else (), container_path(stack, task, name, "image"))
        logs = container.log_configuration
        if logs is not None and logs.log_driver == "awslogs":
            mine = logs.options.get("awslogs-region") == region
            yield _Need("logs cannot be written", ("logs",) if mine else (), container_path(stack, task, name))
        for variable, arn in sorted(container.secrets.items()):
            yield _secret(variable, arn, container_path(stack, task, name, "secrets", variable), region)
        for option, arn in sorted(logs.secret_options.items()) if logs is not None else ():
            yield _secret(option, arn, ("spec", "logs", "secretOptions", option), region)
        for number, arn in enumerate(container.environment_files):
            path = container_path(stack, task, name, "envFiles", number)
            yield _Need(f"the file {cut(arn)} cannot be fetched", ("s3",), path)
    if region in _AGENT_REGIONS:
        yield _Need("ECS cannot be told how the task does", _AGENT, ("spec", "network"), vital=False)
    if service.enable_execute_command:
        path = ("spec", "executeCommand")
        yield _Need("no command can be run in its containers", ("ssmmessages",), path, vital=False)


def _secret(name: str, arn: str, path: Path, region: str) -> _Need:
    store, where = arn.split(":")[2:4]
    return _Need(f"the value of {name} cannot be fetched", (store,) if where == region else (), path)


def _barriers(ways: Ways, label: str, need: _Need, region: str) -> Iterator[_Barrier]:
    """What stands in the way of a need, once for each reason."""
    stand = ways.world.by_label.get(label)
    if stand is None:
        return
    found: dict[tuple[str, str, bool], dict[str, str]] = defaultdict(dict)
    for segment in stand.segments:
        goals = {service: ways.goal(segment, service, region) for service in need.services or ("",)}
        lacking = [service for service, goal in goals.items() if service and goal == INTERNET_NAME]
        for goal in sorted(set(goals.values())):
            barrier = ways.barrier(stand, segment, goal)
            if barrier is not None:
                blocker, fix, partial = barrier
                if lacking and blocker.code == "NO_ROUTE_TO_DESTINATION":
                    names = ", ".join(lacking)
                    ours = segment in ways.world.owners
                    fix += f", or add {names} to its endpoints" if ours else f", or its VPC endpoints for {names}"
                detail = blocker.detail.replace(ways.world.table_of(segment), "").replace("  ", " ")
                found[detail, fix, partial][segment] = blocker.component
    for (reason, fix, partial), components in sorted(found.items()):
        named = sorted(set(components.values()))
        said = reason if len(named) == 1 else reason.replace("its route table has", "their route tables have")
        yield _Barrier(tuple(sorted(components)), f"{' and '.join(named)}: {said}", fix, partial)


class Ways:
    """A world that is asked about many tasks: of those that no rule can tell apart one is asked."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._named = frozenset(
            entry.peer for (_, direction), found in world.entries.items() if direction == "in" for entry in found
        )
        self._well: set[tuple[object, ...]] = set()
        """What gets through from everywhere, by goal and by what can be told of a task."""

    def goal(self, segment: str, service: str, region: str) -> str:
        """Where the names of a service lead from a segment: an endpoint, or the internet."""
        world = self.world
        network, table = world.network_of(segment), world.table_of(segment)
        for name, (full, tables) in sorted(world.services.items()):
            if not service or not full.endswith(f".{region}.{service}"):
                continue
            stand = world.stands.get(name)
            inside = stand is not None and network in {world.network_of(one) for one in stand.segments}
            if table in tables or (inside and name in world.named):
                return name
        return INTERNET_NAME

    def barrier(self, stand: Stand, segment: str, goal: str, port: int = _HTTPS) -> tuple[Blocker, str, bool] | None:
        """The first reason why a connection from a segment does not get there, the change that helps, and whether some
        gets there all the same; `None` where all does, or where it is not known."""
        key = (goal, port, stand.segments, self._said(stand), stand.filters & self._named, stand.public)
        if self.world.unread or key in self._well:
            return None
        verdict = trace(self.world, Query(stand.label, goal, port=port))
        if verdict.verdict == REACHABLE:
            self._well.add(key)
        paths = [path for path in verdict.paths if path.source.segment == segment and not path.spare]
        wrong = [path for path in paths if path.blockers]
        if not wrong or any(path.unclear for path in paths):
            return None
        blocker = wrong[0].blockers[0]
        fix = dict(zip(verdict.blockers, fixes(self.world, verdict), strict=True)).get(blocker, "")
        return blocker, fix, any(path.reaches for path in paths)

    def _said(self, stand: Stand) -> frozenset[object]:
        return frozenset(
            (entry.protocol, entry.ports, entry.ranges, entry.peer)
            for name in stand.filters
            for entry in self.world.entries.get((name, "out"), ())
        )

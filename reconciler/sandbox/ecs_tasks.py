"""Tasks as RunTask starts them, and as ListTasks and DescribeTasks show all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse

from .ecs_lifecycle import begin, new_containers, stop
from .ecs_pages import find_cluster, page
from .ecs_records import Fields, Task
from .ecs_scheduler import least_used_subnet
from .ecs_services import fill_launch, fill_network, find_definition
from .engine import state
from .patch import Installer, Patch, patch

_MOST_STARTED: Final = 10
_MOST_DESCRIBED: Final = 100


class _Started(dict[str, tuple[Fields, list[Task]]]):
    """The RunTask requests of the past by their client token, and what they started."""


def _start(backend: Any, cluster: Any, asked: Mapping[str, Any]) -> list[Task]:
    count = asked.get("count", 1)
    if not 1 <= count <= _MOST_STARTED:
        raise InvalidParameterException(f"count must be between 1 and {_MOST_STARTED}.")
    definition = find_definition(backend, asked["taskDefinition"])
    launch = fill_launch(cluster, definition, asked)
    if launch.get("launchType") == "EC2":
        raise InvalidParameterException("No Container Instances were found in your cluster.")
    network = fill_network(backend, definition, asked.get("networkConfiguration")) or {}
    strategy = launch.get("capacityProviderStrategy")
    started: list[Task] = []
    for _ in range(count):
        task_id = uuid4().hex
        prefix = f"arn:{backend.partition}:ecs:{backend.region_name}:{backend.account_id}:task"
        task = Task(
            backend=backend,
            cluster=cluster,
            definition=definition,
            arn=f"{prefix}/{cluster.name}/{task_id}",
            group=asked.get("group") or f"family:{definition.family}",
            launch_type="FARGATE",
            containers=new_containers(backend, cluster, definition, task_id),
            network=network["awsvpcConfiguration"],
            tags=_tags(definition, asked),
            started_by=asked.get("startedBy"),
            capacity_provider=strategy[0]["capacityProvider"] if strategy else None,
            enable_execute_command=bool(asked.get("enableExecuteCommand")),
            overrides=dict(asked.get("overrides") or {}),
        )
        begin(task, least_used_subnet(backend, task.network["subnets"], started))
        started.append(task)
    return started


def _tags(definition: Any, asked: Mapping[str, Any]) -> list[dict[str, str]]:
    own = list(asked.get("tags") or [])
    if asked.get("propagateTags") == "TASK_DEFINITION":
        keys = {tag["key"] for tag in own}
        own += [tag for tag in definition.tags if tag["key"] not in keys]
    return own


@patch("ecs-run-task", "Amazon ECS API: RunTask, StopTask")
def _run(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "run_task")
    def run(response: Any) -> ActionResult:
        backend, asked = response.ecs_backend, dict(response._get_params())
        cluster = find_cluster(backend, asked.get("cluster"))
        token, past = str(asked.get("clientToken") or ""), state(backend, _Started)
        if token in past:
            request, started = past[token]
            if request != asked:
                raise ECSException(
                    "ConflictException",
                    "The RunTask request could not be processed due to conflicts. The provided clientToken is already "
                    "in use with a different RunTask request.",
                )
        else:
            started = _start(backend, cluster, asked)
            if token:
                past[token] = asked, started
        return ActionResult({"tasks": [task.show(tags=True) for task in started], "failures": []})

    @into.replace_method(EC2ContainerServiceResponse, "stop_task")
    def stop_task(response: Any) -> ActionResult:
        backend = response.ecs_backend
        cluster = find_cluster(backend, response._get_param("cluster"))
        task = _find(backend, cluster, response._get_param("task"))
        if task is None:
            raise InvalidParameterException("The referenced task was not found.")
        stop(task, "UserInitiated", response._get_param("reason") or "Task stopped by user")
        return ActionResult({"task": task.show(tags=True)})


def _find(backend: Any, cluster: Any, name: str) -> Task | None:
    known: dict[str, Task] = backend.tasks.get(cluster.name, {})
    wanted = name.rpartition("/")[2]
    return next((task for task in known.values() if task.id == wanted), None)


@patch("ecs-describe-tasks", "Amazon ECS API: DescribeTasks, ListTasks")
def _describe(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "describe_tasks")
    def describe(response: Any) -> ActionResult:
        backend, names = response.ecs_backend, response._get_param("tasks", [])
        cluster = find_cluster(backend, response._get_param("cluster"))
        if not names:
            raise InvalidParameterException("Tasks cannot be empty.")
        if len(names) > _MOST_DESCRIBED:
            raise InvalidParameterException(f"Tasks cannot have more than {_MOST_DESCRIBED} elements.")
        tags = "TAGS" in response._get_param("include", [])
        shown, failures = [], []
        for name in dict.fromkeys(names):
            task = _find(backend, cluster, name)
            if task is None:
                prefix = f"arn:{backend.partition}:ecs:{backend.region_name}:{backend.account_id}:task"
                arn = name if name.startswith("arn:") else f"{prefix}/{cluster.name}/{name}"
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                shown.append(task.show(tags=tags))
        return ActionResult({"tasks": shown, "failures": failures})

    @into.replace_method(EC2ContainerServiceResponse, "list_tasks")
    def listed(response: Any) -> ActionResult:
        backend = response.ecs_backend
        cluster = find_cluster(backend, response._get_param("cluster"))
        name = response._get_param("serviceName")
        service = backend.services.get(f"{cluster.name}:{name.rpartition('/')[2]}") if name else None
        if name and (service is None or service.status == "INACTIVE"):
            raise ECSException("ServiceNotFoundException", "Service not found.")
        known: dict[str, Task] = backend.tasks.get(cluster.name, {})
        found = [task.arn for task in _matching(response, known) if service is None or task.service is service]
        return page(response, "taskArns", found)


def _matching(response: Any, known: Mapping[str, Task]) -> Iterator[Task]:
    """The tasks that the filters of a ListTasks admit; without `desiredStatus` those that are meant to run."""
    family, started_by = response._get_param("family"), response._get_param("startedBy")
    launch, desired = response._get_param("launchType"), response._get_param("desiredStatus") or "RUNNING"
    for task in known.values():
        if (
            task.desired_status == desired
            and family in {None, task.definition.family}
            and started_by in {None, task.started_by}
            and launch in {None, task.launch_type}
        ):
            yield task


PATCHES: Final[tuple[Patch, ...]] = (_run, _describe)

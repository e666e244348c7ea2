"""Where the logs of a Task go: what each driver needs and takes on Fargate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.checks._lookup import nearest
from reconciler.kinds import Object, Path, Problem
from reconciler.kinds._logs import Logs
from reconciler.kinds._object import listed
from reconciler.kinds.task import KIND, TaskSpec
from reconciler.load import StackObjects

_DERIVED: Final = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group")
_AWSLOGS: Final = ("awslogs-datetime-format", "awslogs-multiline-pattern", "mode", "max-buffer-size")
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {"splunk": ("splunk-url", "splunk-token")}
"""ECS API reference, LogConfiguration; Docker's documentation of the driver."""
_FIRELENS: Final = ("enable-ecs-log-metadata", "config-file-type", "config-file-value")


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every task by itself."""
    for task in objects.of(KIND):
        yield from _options(task, task.spec.logs)
        yield from _driver(task, task.spec.logs)
        yield from _routers(task)


def _options(task: Object[TaskSpec], logs: Logs) -> Iterator[Problem]:
    path: Path = ("spec", "logs")
    for name in logs.options:
        here = (*path, "options", name)
        if logs.driver != "awslogs":
            continue
        if name in _DERIVED:
            yield task.problem(here, "follows from the task", "remove it")
        elif name not in _AWSLOGS:
            yield task.problem(here, "is no option of awslogs on Fargate", nearest(name, _AWSLOGS))
    if {"awslogs-datetime-format", "awslogs-multiline-pattern"} <= logs.options.keys():
        here = (*path, "options", "awslogs-multiline-pattern")
        yield task.problem(here, "cannot be beside awslogs-datetime-format", "keep one of them")
    mode = logs.options.get("mode", "blocking")
    if mode not in ("blocking", "non-blocking"):
        yield task.problem((*path, "options", "mode"), f"is {mode}", "write blocking or non-blocking")
    if logs.driver == "awslogs" and logs.secret_options:
        yield task.problem((*path, "secretOptions"), "awslogs has no option that is a secret", "remove it")
    for name in logs.secret_options.keys() & logs.options.keys():
        yield task.problem((*path, "secretOptions", name), "is among options already", "keep one of them")


def _driver(task: Object[TaskSpec], logs: Logs) -> Iterator[Problem]:
    path: Path = ("spec", "logs", "driver")
    given = logs.options.keys() | logs.secret_options.keys()
    missing = [name for name in _NEEDED.get(logs.driver, ()) if name not in given]
    if missing:
        yield task.problem(path, f"{logs.driver} needs {listed(missing)}", "add them to options or secretOptions")
    routers = any(container.firelens for container in task.spec.containers)
    if logs.driver == "awsfirelens" and not routers:
        hint = "add a container with firelens: {type: fluentbit} and an image such as aws-for-fluent-bit"
        yield task.problem(path, "no container routes the logs", hint)
    if logs.driver != "awslogs" and not routers and logs.kms_key is not None:
        yield task.problem(("spec", "logs", "kmsKey"), "there is no log group", "remove it, or write driver: awslogs")


def _routers(task: Object[TaskSpec]) -> Iterator[Problem]:
    routers = [(i, c) for i, c in enumerate(task.spec.containers) if c.firelens]
    for index, _ in routers[1:]:
        path: Path = ("spec", "containers", index, "firelens")
        yield task.problem(path, f"container {routers[0][1].name} routes the logs already", "keep one of them")
    for index, container in routers:
        path = ("spec", "containers", index, "firelens")
        if task.spec.logs.driver != "awsfirelens":
            yield task.problem(path, "no container sends it logs", "write logs: {driver: awsfirelens}")
        if container.user is not None and container.user.partition(":")[0] != "0":
            message = f"container {container.name} routes the logs, which ECS lets user 0 do and no other"
            yield task.problem(("spec", "containers", index, "user"), message, "remove it")
        options = container.firelens.options if container.firelens else {}
        for name in options:
            if name not in _FIRELENS:
                yield task.problem((*path, "options", name), "is no option of firelens", nearest(name, _FIRELENS))
        if options.get("config-file-type", "file") != "file":
            message = "Fargate takes configuration from a file of the image only"
            yield task.problem((*path, "options", "config-file-type"), message, "write file")

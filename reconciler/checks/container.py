"""Containers of a Task: limits of ECS and Fargate that no single field can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.checks._lookup import nearest
from reconciler.kinds import Object, Path, Problem, _duration
from reconciler.kinds._container import Container
from reconciler.kinds.task import KIND, TaskSpec
from reconciler.load import StackObjects

FARGATE_ULIMITS: Final = ("nofile",)
""""Task definition differences for Fargate", ECS developer guide."""
_CHECK_COMMANDS: Final = ("CMD", "CMD-SHELL")
_CHECK_SECONDS: Final = {"interval": (5, 300), "timeout": (2, 60), "start_period": (0, 300)}
"""ECS API reference, HealthCheck."""
_STOP_SECONDS: Final = (2, 120)
"""ECS API reference, ContainerDefinition: stopTimeout on Fargate."""


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every container of every task by itself."""
    for task in objects.of(KIND):
        for index, container in enumerate(task.spec.containers):
            path: Path = ("spec", "containers", index)
            yield from _names(task, path, container)
            yield from _health(task, path, container)
            yield from _ulimits(task, path, container)
            if container.stop_timeout is not None:
                yield from _within(task, (*path, "stopTimeout"), container.stop_timeout, _STOP_SECONDS)


def _names(task: Object[TaskSpec], path: Path, container: Container) -> Iterator[Problem]:
    for field, names in (("env", container.env), ("secrets", container.secrets)):
        for name in names:
            if not name or "=" in name:
                message = "is no name of an environment variable"
                yield task.problem((*path, field, name), message, "write one without '='")
    for name in container.secrets.keys() & container.env.keys():
        yield task.problem((*path, "secrets", name), "is a variable in env already", "keep one of them")


def _health(task: Object[TaskSpec], path: Path, container: Container) -> Iterator[Problem]:
    here = container.health_check
    if here is None:
        return
    path = (*path, "healthCheck")
    first, count = here.command[0], len(here.command)
    if first not in _CHECK_COMMANDS:
        right = "begin with CMD and the program, or with CMD-SHELL and one line for the shell"
        yield task.problem((*path, "command", 0), f"{first} is not how a check's command begins", right)
    elif first == "CMD-SHELL" and count > 2:
        right = "write the whole line as one entry, or begin with CMD"
        yield task.problem((*path, "command"), f"has {count - 1} entries after CMD-SHELL, which takes one", right)
    times = {"interval": here.interval, "timeout": here.timeout, "startPeriod": here.start_period}
    for (field, text), bounds in zip(times.items(), _CHECK_SECONDS.values(), strict=True):
        if text is not None:
            yield from _within(task, (*path, field), text, bounds)


def _ulimits(task: Object[TaskSpec], path: Path, container: Container) -> Iterator[Problem]:
    for name, limit in container.ulimits.items():
        here: Path = (*path, "ulimits", name)
        if name not in FARGATE_ULIMITS:
            yield task.problem(here, f"{name} is no limit that Fargate lets be set", nearest(name, FARGATE_ULIMITS))
        if limit.soft > limit.hard:
            yield task.problem((*here, "soft"), f"{limit.soft} is above hard ({limit.hard})", f"write {limit.hard}")


def _within(task: Object[TaskSpec], path: Path, text: str, bounds: tuple[int, int]) -> Iterator[Problem]:
    low, high = bounds
    seconds = _duration.seconds(text)
    if not low <= seconds <= high:
        right = f"write {low}s to {high}s"
        yield task.problem(path, f"{text} is too {'short' if seconds < low else 'long'}", right)

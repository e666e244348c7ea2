"""One reason why a task may not start, and where in the files it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from reconciler.kinds import Object, Problem
from reconciler.kinds._object import Path
from reconciler.load import StackObjects
from reconciler.resources.task_definition import TaskDefinition


class Doubt(NamedTuple):
    """`possible` is false where no task starts as things are, true where it depends on what is not known."""

    possible: bool
    problem: Problem

    @property
    def severity(self) -> str:
        """`error` or `warning`."""
        return "warning" if self.possible else "error"

    @property
    def text(self) -> str:
        """On one line, with the place in the files."""
        return f"{self.severity}: {self.problem.text}"


def doubt(stack: StackObjects, owner: str, path: Path, message: str, hint: str, *, possible: bool) -> Doubt:
    """About an object (`Task/web`) at a path in it."""
    kind, _, name = owner.partition("/")
    obj: Object[Any] = stack.stack if kind == "Stack" else stack.objects[kind, name]
    return Doubt(possible, obj.problem(path, message, _ELSEWHERE.sub(r"in \1 ", hint)))


_ELSEWHERE = re.compile(r"^([A-Z][A-Za-z]+/[a-z0-9-]+): ")
"""How the analysis of flows says in which object something is to be changed."""


def container_path(stack: StackObjects, task: str, container: str, *rest: str | int) -> Path:
    """A field of a container of a Task."""
    spec = stack.objects["Task", task].spec
    index = next(i for i, one in enumerate(spec.containers) if one.name == container)
    return ("spec", "containers", index, *rest)


def definitions(resources: Mapping[str, Any]) -> Mapping[str, TaskDefinition]:
    """What each task of the files runs, by its name."""
    return {
        address.partition("/")[2]: one.fields for address, one in resources.items() if one.type == "task-definition"
    }

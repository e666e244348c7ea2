"""`${kind/name.output}` in environment variables: that each names an output, and that none waits for itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from reconciler.checks._cycles import cycles
from reconciler.checks._lookup import nearest, unknown_object
from reconciler.kinds import Kind, Object, Path, Problem, discover
from reconciler.kinds._object import quoted
from reconciler.kinds._template import OutputRef, references
from reconciler.kinds.task import KIND as TASK
from reconciler.kinds.task import TaskSpec
from reconciler.load import StackObjects

_DOTTED = re.compile(r"(?<!\$)\$\{(?P<word>[A-Za-z]+)\.(?P<name>[a-z0-9-]+)\.(?P<output>[A-Za-z]+)\}")


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every reference of every container's environment."""
    kinds = {kind.word: kind for kind in discover().values() if kind.outputs}
    waits: dict[str, dict[str, tuple[Object[TaskSpec], Path]]] = defaultdict(dict)
    for task in objects.of(TASK):
        yield from _dotted(task, kinds)
        for path, found in _references(task):
            kind = kinds.get(found.word)
            if problem := _problem(objects, task, path, found, kinds):
                yield problem
            elif kind and found.output in kind.late_outputs:
                waits[task.id].setdefault(f"{kind.name}/{found.name}", (task, path))
    for cycle in cycles({waiting: set(others) for waiting, others in waits.items()}):
        task, path = waits[cycle[0]][cycle[1 % len(cycle)]]
        circle = " -> ".join((*cycle, cycle[0]))
        yield task.problem(path, f"waits for itself: {circle}", "remove one of these references")


def _dotted(task: Object[TaskSpec], kinds: dict[str, Kind[Any]]) -> Iterator[Problem]:
    """What is written like a reference of another tool: no variable of a shell has dots in its name."""
    for index, container in enumerate(task.spec.containers):
        for name, value in container.env.items():
            for found in _DOTTED.finditer(value):
                if found["word"] in kinds:
                    meant = OutputRef(found["word"], found["name"], found["output"])
                    path: Path = ("spec", "containers", index, "env", name)
                    yield task.problem(path, f"{quoted(found.group())} stands for nothing", f"did you mean {meant}?")


def _references(task: Object[TaskSpec]) -> Iterator[tuple[Path, OutputRef]]:
    for index, container in enumerate(task.spec.containers):
        for name, value in container.env.items():
            for found in references(value):
                yield ("spec", "containers", index, "env", name), found


def _problem(
    objects: StackObjects, task: Object[TaskSpec], path: Path, found: OutputRef, kinds: dict[str, Kind[Any]]
) -> Problem | None:
    if not found.closed:
        return task.problem(path, f"{quoted(f'${{{found.word}/')} is never closed", "add the '}'")
    kind = kinds.get(found.word)
    if kind is None:
        hint = f"{nearest(found.word, kinds)} (a plain ${{ is written $${{)"
        return task.problem(path, f"there are no outputs of {quoted(found.word)} in {found}", hint)
    if problem := unknown_object(objects, task, path, kind.name, found.name):
        return problem
    if found.output in kind.outputs:
        return None
    message = f"{found.word}/{found.name} has no output {quoted(found.output)}"
    if not found.output:
        message = f"{quoted(f'${{{found.word}/{found.name}}}')} names no output"
    return task.problem(path, message, nearest(found.output, kind.outputs))

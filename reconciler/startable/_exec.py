"""Whether commands can be run in containers.

ECS Exec puts a program of its own into each container and writes to its disk (ECS developer guide, "Monitor Amazon ECS
containers with ECS Exec": a read-only root file system is not supported).
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds._object import cut
from reconciler.kinds.task import KIND
from reconciler.load import StackObjects
from reconciler.startable._doubt import Doubt, container_path, doubt


def doubts(stack: StackObjects) -> Iterator[Doubt]:
    """Each container that no command can be run in though its task says so; it starts all the same."""
    for task in stack.of(KIND):
        for container in task.spec.containers if task.spec.execute_command else ():
            if container.readonly_root_filesystem:
                message = f"no command can be run in {cut(container.name)}, which cannot write to its disk"
                path = container_path(stack, task.name, container.name, "readonlyRootFilesystem")
                yield doubt(stack, task.id, path, message, "remove it, or executeCommand", possible=True)

"""Volumes of a Task, where its logs go and what it runs on: limits of ECS that no single field can tell."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.checks._lookup import nearest, repeated
from reconciler.kinds import Object, Path, Problem
from reconciler.kinds._object import quoted
from reconciler.kinds.task import KIND, TaskSpec
from reconciler.load import StackObjects


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every task by itself."""
    for task in objects.of(KIND):
        yield from _volumes(task)
        yield from _mounts(task)
        yield from _capacity(task)


def _volumes(task: Object[TaskSpec]) -> Iterator[Problem]:
    path: Path = ("spec", "volumes")
    volumes = task.spec.volumes
    mounted = {mount.volume for container in task.spec.containers for mount in container.mounts}
    for again, _ in repeated(((*path, i, "name"), one.name) for i, one in enumerate(volumes)):
        yield task.problem(again, "is the name of two volumes", "rename one")
    for index, volume in enumerate(volumes):
        here: Path = (*path, index)
        if volume.name not in mounted:
            yield task.problem((*here, "name"), "no container sees it", "add it to mounts of a container, or remove it")
        efs = volume.efs
        if efs is None:
            continue
        if efs.access_point_id and efs.root_directory != "/":
            message = "the access point says which directory is seen"
            yield task.problem((*here, "efs", "rootDirectory"), message, "remove it, or remove accessPointId")
        for field, asked in (("iam", efs.iam), ("accessPointId", bool(efs.access_point_id))):
            if asked and not efs.transit_encryption:
                message = f"{field} needs encryption on the way"
                yield task.problem((*here, "efs", "transitEncryption"), message, "remove it: it is on by default")
                break
        if efs.transit_encryption_port is not None and not efs.transit_encryption:
            message = "nothing is encrypted on the way"
            yield task.problem((*here, "efs", "transitEncryptionPort"), message, "remove it, or transitEncryption")


def _mounts(task: Object[TaskSpec]) -> Iterator[Problem]:
    names = [volume.name for volume in task.spec.volumes]
    for i, container in enumerate(task.spec.containers):
        path: Path = ("spec", "containers", i, "mounts")
        for j, mount in enumerate(container.mounts):
            if mount.volume not in names:
                hint = nearest(mount.volume, names) if names else "add it to volumes of the task"
                yield task.problem((*path, j, "volume"), f"there is no volume {quoted(mount.volume)}", hint)
        for again, _ in repeated(((*path, j, "path"), mount.path) for j, mount in enumerate(container.mounts)):
            yield task.problem(again, "is where another volume is seen already", "choose another path")


def _capacity(task: Object[TaskSpec]) -> Iterator[Problem]:
    """ECS API reference, CapacityProviderStrategyItem."""
    path: Path = ("spec", "capacityProviderStrategy")
    strategy = task.spec.capacity_provider_strategy
    for again, _ in repeated(((*path, i, "capacityProvider"), one.capacity_provider) for i, one in enumerate(strategy)):
        yield task.problem(again, "is there twice", "keep one of them")
    based = [i for i, one in enumerate(strategy) if one.base]
    for i in based[1:]:
        yield task.problem((*path, i, "base"), "another entry has a base already", "keep one of them")
    if strategy and not any(one.weight for one in strategy):
        yield task.problem(path, "has no weight above 0, so no replica could be placed", "raise one")

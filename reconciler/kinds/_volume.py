"""Volumes of a Task: what users may write of them, and what they become in a task definition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from reconciler.kinds._spec import Format, SpecModel
from reconciler.model.values import FrozenMap
from reconciler.resources import _volumes as ecs

VolumeName = Annotated[
    str, Format(r"^[A-Za-z0-9_-]+$", "write letters, digits, '-' and '_', at most 255 characters", max_length=255)
]
AbsolutePath = Annotated[str, Format(r"^/[^\x00-\x1f]*$", "write a path that starts with '/'", max_length=4096)]
FileSystemId = Annotated[str, Format(r"^fs-[0-9a-f]{8,40}$", "write a file system's id such as fs-0123456789abcdef0")]
AccessPointId = Annotated[
    str, Format(r"^fsap-[0-9a-f]{8,40}$", "write an access point's id such as fsap-0123456789abcdef0")
]


class Efs(SpecModel):
    """A file system of EFS, which is there already; it has mount targets in the task's zones that let the task in."""

    file_system_id: FileSystemId = Field(description="Id of the file system.")
    root_directory: AbsolutePath = Field(default="/", description="Directory of it that the containers see.")
    access_point_id: AccessPointId | None = Field(
        default=None, description="Id of an access point, which then says what is seen and as whom."
    )
    iam: bool = Field(
        default=False,
        description="Whether the file system is mounted as the task's role, which is then given just that.",
    )
    transit_encryption: bool = Field(default=True, description="Whether what is read and written is encrypted.")
    transit_encryption_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port of the helper that encrypts it. Default: one that EFS picks."
    )


class Volume(SpecModel):
    """A directory that containers of the task share. Without efs it is on the task's own disk and gone with it."""

    name: VolumeName = Field(description="Name of the volume, unique in the task.")
    efs: Efs | None = Field(default=None, description="The file system that it lies on.")


class Mount(SpecModel):
    """Where a container sees a volume."""

    volume: str = Field(description="Name of a volume of the task.")
    path: AbsolutePath = Field(description="Path in the container.")
    read_only: bool = Field(default=False, description="Whether the container can only read.")


def compiled_volumes(volumes: Iterable[Volume]) -> FrozenMap[str, ecs.Volume]:
    """The volumes of a task definition."""
    return FrozenMap({volume.name: ecs.Volume(efs_volume_configuration=_efs(volume.efs)) for volume in volumes})


def compiled_mounts(mounts: Iterable[Mount]) -> frozenset[ecs.MountPoint]:
    """The mount points of a container."""
    return frozenset(
        ecs.MountPoint(source_volume=m.volume, container_path=m.path, read_only=m.read_only) for m in mounts
    )


def _efs(efs: Efs | None) -> ecs.EfsVolumeConfiguration | None:
    if efs is None:
        return None
    return ecs.EfsVolumeConfiguration(
        file_system_id=efs.file_system_id,
        root_directory=efs.root_directory,
        transit_encryption=_switch(efs.transit_encryption),
        transit_encryption_port=efs.transit_encryption_port,
        access_point_id=efs.access_point_id,
        iam=_switch(efs.iam),
    )


def _switch(on: bool) -> str:
    return "ENABLED" if on else "DISABLED"

"""Volumes of a task definition and where containers see them. AWS: ECS Volume, EFSVolumeConfiguration, MountPoint.

AWS fills in a root directory, and of what is switched off it says so or nothing; reading brings both to one form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.fields import Fields


class EfsVolumeConfiguration(Fields):
    """A file system of EFS. `access_point_id` and `iam` are the two members of AWS's `authorizationConfig`."""

    file_system_id: str
    root_directory: str = "/"
    transit_encryption: str = "DISABLED"
    transit_encryption_port: int | None = None
    access_point_id: str | None = None
    iam: str = "DISABLED"


class Volume(Fields):
    """A volume by its name; without a file system it is on the task's own disk."""

    efs_volume_configuration: EfsVolumeConfiguration | None = None


class MountPoint(Fields):
    """Where a container sees a volume."""

    source_volume: str
    container_path: str
    read_only: bool = False


def read_volume(answer: Mapping[str, Any]) -> Volume:
    """One volume as DescribeTaskDefinition gives it."""
    efs = answer.get("efsVolumeConfiguration")
    if not efs:
        return Volume()
    authorization = efs.get("authorizationConfig") or {}
    return Volume(
        efs_volume_configuration=EfsVolumeConfiguration(
            file_system_id=efs["fileSystemId"],
            root_directory=efs.get("rootDirectory") or "/",
            transit_encryption=efs.get("transitEncryption") or "DISABLED",
            transit_encryption_port=efs.get("transitEncryptionPort"),
            access_point_id=authorization.get("accessPointId") or None,
            iam=authorization.get("iam") or "DISABLED",
        )
    )


def volume_params(name: str, volume: Volume) -> dict[str, Any]:
    """One volume as RegisterTaskDefinition takes it.

    A root directory beside an access point is refused (ECS API reference, EFSVolumeConfiguration).
    """
    efs = volume.efs_volume_configuration
    if efs is None:
        return {"name": name}
    params: dict[str, Any] = {"fileSystemId": efs.file_system_id, "transitEncryption": efs.transit_encryption}
    if efs.transit_encryption_port is not None:
        params["transitEncryptionPort"] = efs.transit_encryption_port
    authorization = {"iam": efs.iam}
    if efs.access_point_id is None:
        params["rootDirectory"] = efs.root_directory
    else:
        authorization["accessPointId"] = efs.access_point_id
    if authorization != {"iam": "DISABLED"}:
        params["authorizationConfig"] = authorization
    return {"name": name, "efsVolumeConfiguration": params}


def read_mount(answer: Mapping[str, Any]) -> MountPoint:
    """One mount point as DescribeTaskDefinition gives it."""
    return MountPoint(
        source_volume=answer.get("sourceVolume", ""),
        container_path=answer.get("containerPath", ""),
        read_only=answer.get("readOnly") or False,
    )


def mount_params(mount: MountPoint) -> dict[str, Any]:
    """One mount point as RegisterTaskDefinition takes it."""
    return {
        "sourceVolume": mount.source_volume,
        "containerPath": mount.container_path,
        "readOnly": mount.read_only,
    }

"""Every field of the volumes of a Task and of what its containers see of them."""

from __future__ import annotations

from typing import Final

from row_parts import BACK, app, definition
from rows import Row

_EFS: Final = {"fileSystemId": "fs-0123456789abcdef0", "accessPointId": "fsap-0123456789abcdef0", "iam": True}
_VOLUMES: Final = (
    ("Task/web volumes", [{"name": "data", "efs": _EFS}, {"name": "scratch"}]),
    (
        "Task/web containers[app].mounts",
        [{"volume": "data", "path": "/data"}, {"volume": "scratch", "path": "/scratch", "readOnly": True}],
    ),
)
_PLAIN_EFS: Final = (*_VOLUMES, ("Task/web volumes[data].efs", {"fileSystemId": "fs-0123456789abcdef0"}))
_SEEN: Final = [{"volume": "more", "path": "/more"}, {"volume": "scratch", "path": "/scratch"}]
_TASK_ROLE: Final = "role/web/task policies[task].policyDocument"


def _efs(*paths: str) -> tuple[str, ...]:
    """A change of the file system of the task `web`."""
    return definition("web", *(f"volumes[data].efsVolumeConfiguration.{path}" for path in paths))


ROWS: Final = (
    Row(
        "Task/web volumes[data].efs.fileSystemId",
        "fs-0123456789abcdef1",
        (*_efs("fileSystemId"), _TASK_ROLE),
        given=_VOLUMES,
    ),
    Row(
        "Task/web volumes[data].efs.accessPointId",
        "fsap-0123456789abcdef1",
        (*_efs("accessPointId"), _TASK_ROLE),
        given=_VOLUMES,
    ),
    Row(
        "Task/web volumes[data].efs.transitEncryptionPort",
        2999,
        _efs("transitEncryptionPort"),
        given=_VOLUMES,
        removed=BACK,
    ),
    Row("Task/web volumes[data].efs.iam", False, (*_efs("iam"), _TASK_ROLE), given=_VOLUMES, removed=()),
    Row("Task/web volumes[data].efs.rootDirectory", "/shop", _efs("rootDirectory"), given=_PLAIN_EFS, removed=BACK),
    Row(
        "Task/web volumes[data].efs.transitEncryption",
        False,
        _efs("transitEncryption"),
        given=_PLAIN_EFS,
        removed=BACK,
    ),
    Row(
        "Task/web volumes",
        [{"name": "data", "efs": {"fileSystemId": "fs-0123456789abcdef0"}}],
        (*definition("web", "volumes[data]*"), *app("mountPoints[data /data *]")),
        also=(("Task/web containers[app].mounts", [{"volume": "data", "path": "/data"}]),),
        removed=BACK,
    ),
    Row(
        "Task/web volumes[scratch].name",
        "disk",
        (*definition("web", "volumes[scratch]*", "volumes[disk]*"), *app("mountPoints[*")),
        given=_VOLUMES,
        also=(("Task/web containers[app].mounts[1].volume", "disk"),),
    ),
    Row(
        "Task/web volumes[data].efs",
        {"fileSystemId": "fs-0123456789abcdef0"},
        (*_efs("*"), _TASK_ROLE),
        given=_VOLUMES,
        removed=_efs("*"),
    ),
    Row(
        "Task/web containers[side].mounts",
        [{"volume": "scratch", "path": "/scratch"}],
        definition("web", "containerDefinitions[side].mountPoints[scratch /scratch *]"),
        given=_VOLUMES,
        removed=BACK,
    ),
    Row(
        "Task/web containers[app].mounts[1].volume",
        "more",
        app("mountPoints[* /scratch *]"),
        given=(*_VOLUMES, ("Task/web volumes[2]", {"name": "more"}), ("Task/web containers[side].mounts", _SEEN)),
    ),
    Row("Task/web containers[app].mounts[1].path", "/tmp", app("mountPoints[scratch *"), given=_VOLUMES),
    Row(
        "Task/web containers[app].mounts[0].readOnly",
        True,
        (*app("mountPoints[*"), _TASK_ROLE),
        given=_VOLUMES,
        removed=(*BACK, _TASK_ROLE),
    ),
)

"""Snapshots in files: what was seen, to be looked at again without AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.cli._failures import InputError
from reconciler.cli._private import write_private
from reconciler.model.snapshot import Snapshot
from reconciler.snapshots import NotASnapshotError, of_data, to_data


def save_snapshots(path: Path, found: Sequence[Snapshot]) -> None:
    """Write snapshots to a file that only its owner reads. Raises `InputError`."""
    write_private(path, {"snapshots": [to_data(one) for one in found]}, "--save-snapshot")


def read_snapshot(path: Path, stack: str | None) -> Snapshot:
    """The snapshot of a stack, or the only one of a file. Raises `InputError`."""
    try:
        found = {one.stack: one for one in map(of_data, _list(json.loads(path.read_text())))}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; make one with drift --save-snapshot") from error
    except ValueError as error:
        raise InputError(f"{path}: not a saved snapshot ({error}); make one with drift --save-snapshot") from error
    if not found:
        raise InputError(f"{path}: holds no stack; make one with drift --save-snapshot")
    if stack is None and len(found) == 1:
        return next(iter(found.values()))
    if stack not in found:
        raise InputError(f"{path}: holds the stacks {', '.join(sorted(found))}; choose one with --stack NAME")
    return found[stack]


def _list(data: Any) -> list[Any]:
    if not isinstance(data, dict) or not isinstance(data.get("snapshots"), list):
        raise NotASnapshotError("it has no list of snapshots")
    return list(data["snapshots"])

"""Files that only their owner reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from reconciler.cli._failures import InputError


def write_private(path: Path, data: Any, option: str) -> None:
    """Write JSON with mode 0600, whatever was there before. Raises `InputError`, which names the option."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, 0o600)
            json.dump(data, file, indent=2)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; choose another place with {option}") from error

"""Where this host keeps the program's state between runs."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """`$XDG_STATE_HOME/reconciler`, else below `~/.local/state`; a relative path is none (XDG Base Directory spec)."""
    home = os.environ.get("XDG_STATE_HOME")
    base = Path(home) if home and Path(home).is_absolute() else Path.home() / ".local" / "state"
    return base / "reconciler"

"""Waiting for what other threads and processes do: for a state that stays, never for one that passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from reconciler.store import StoreError

PATIENCE: Final = 600.0
"""Real seconds after which what was waited for will not come any more."""


def until(what: str, done: Callable[[], Any]) -> None:
    """Look again and again until something is so. A store that a sleeper holds locked is asked again."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE
    while not _is_so(done):
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s in vain for {what}"
        pause.wait(0.2)


def _is_so(done: Callable[[], Any]) -> bool:
    try:
        return bool(done())
    except StoreError:
        return False

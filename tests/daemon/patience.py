"""Waiting for what other processes do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

PATIENCE: Final = 600.0
"""Real seconds after which what was waited for will not come any more."""


def until(what: str, done: Callable[[], Any]) -> None:
    """Look again and again until something is so."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s in vain for {what}"
        pause.wait(0.2)

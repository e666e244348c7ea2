"""The one clock of the sandbox: real, scaled or stepped."""

from __future__ import annotations

import threading
import time
from typing import Final

STEPPED_START: Final = 1_767_225_600.0
"""2026-01-01T00:00:00Z: where a stepped clock starts, so that two runs show the same times."""


class Clock:
    """Seconds since the epoch, running at `rate` seconds per real second.

    A rate of 0 is a stepped clock: time passes only by `sleep` and `advance`, so a test that waits ten
    minutes for a NAT gateway takes no time at all.
    """

    def __init__(self, rate: float = 1.0, start: float | None = None) -> None:
        if rate < 0:
            raise ValueError("a clock cannot run backwards")
        if start is None:
            start = time.time() if rate else STEPPED_START
        self.rate = rate
        self._start = start
        self._origin = time.monotonic()
        self._offset = 0.0
        self._lock = threading.Lock()

    @classmethod
    def real(cls) -> Clock:
        """The wall clock."""
        return cls()

    @classmethod
    def scaled(cls, rate: float) -> Clock:
        """A wall clock that runs `rate` times as fast."""
        return cls(rate)

    @classmethod
    def stepped(cls, start: float = STEPPED_START) -> Clock:
        """A clock that stands still until somebody sleeps or advances it."""
        return cls(0.0, start)

    def now(self) -> float:
        """Seconds since the epoch."""
        elapsed = (time.monotonic() - self._origin) * self.rate if self.rate else 0.0
        return self._start + self._offset + elapsed

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of this clock pass: on a stepped clock at once, else by waiting for them."""
        if seconds <= 0:
            return
        if self.rate:
            time.sleep(seconds / self.rate)
        else:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Put the clock forward by `seconds`, whatever its rate."""
        if seconds < 0:
            raise ValueError("a clock cannot run backwards")
        with self._lock:
            self._offset += seconds

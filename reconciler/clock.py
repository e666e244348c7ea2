"""The clock on the wall, for every run that is not a test."""

from __future__ import annotations

import time


class SystemClock:
    """Real time: `now` in seconds since the epoch, `sleep` by waiting."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait; nothing at all for zero and less."""
        if seconds > 0:
            time.sleep(seconds)

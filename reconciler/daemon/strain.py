"""Whether AWS has been throttling us for long. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.model.events import Finding, Severity

LONG: Final = 300.0
"""Seconds of throttling that somebody had better know of."""
CALM: Final = 60.0
"""Seconds without a throttled request after which it is over."""


class Strain:
    """Counts of throttled requests over time."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._since: float | None = None
        self._last = 0.0
        self._operations: set[str] = set()

    def note(self, counts: Mapping[str, int], now: float) -> None:
        """Take note of how many requests were throttled so far, by operation."""
        grown = {operation for operation, number in counts.items() if number > self._counts.get(operation, 0)}
        self._counts = dict(counts)
        if grown:
            self._since = now if self._since is None else self._since
            self._last = now
            self._operations |= grown
        elif self._since is not None and now - self._last > CALM:
            self._since = None
            self._operations.clear()

    def findings(self, now: float) -> Iterator[Finding]:
        """What there is to tell."""
        if self._since is not None and now - self._since >= LONG:
            yield Finding(
                key="aws throttled",
                type="Throttled",
                ended="ThrottlingEnded",
                message=f"AWS has been throttling {', '.join(sorted(self._operations))} for more than {LONG / 60:.0f} "
                "minutes; look longer apart (drift.interval), or ask AWS for higher limits",
                severity=Severity.WARNING,
            )

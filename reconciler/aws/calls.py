"""Counting what went over the wire."""

from __future__ import annotations

import threading
from collections import Counter

_READS = ("Describe", "Get", "List", "Lookup")


def is_read(operation: str) -> bool:
    """Whether an AWS operation only looks, told by its name. Names outside of these verbs count as changes."""
    return operation.startswith(_READS)


class Calls:
    """How many requests were sent, every attempt counted. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: Counter[str] = Counter()
        self._throttled: Counter[str] = Counter()
        self._mutating = 0

    def count(self, service: str, operation: str) -> None:
        """Take note of one request that is about to be sent."""
        name = f"{service}:{operation}"
        changes = not is_read(operation)
        with self._lock:
            self._sent[name] += 1
            self._mutating += changes

    def throttled(self, service: str, operation: str) -> None:
        """Take note of one request that AWS throttled."""
        with self._lock:
            self._throttled[f"{service}:{operation}"] += 1

    def throttles(self) -> dict[str, int]:
        """Throttled requests by name, in alphabetical order."""
        with self._lock:
            return dict(sorted(self._throttled.items()))

    @property
    def total(self) -> int:
        """All requests."""
        with self._lock:
            return self._sent.total()

    @property
    def mutating(self) -> int:
        """Requests that may have changed something."""
        with self._lock:
            return self._mutating

    def by_operation(self) -> dict[str, int]:
        """Requests by name (`ec2:CreateVpc`), in alphabetical order."""
        with self._lock:
            return dict(sorted(self._sent.items()))

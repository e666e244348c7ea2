"""What happens by itself, and when: a queue of events on the sandbox's clock.

There is no thread. Everything that is due happens just before the next request is served, in the order of its
time, under the one lock that is also held round moto's dispatch.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .clock import Clock
from .faults import Faults
from .timings import Quotas, Timings

if TYPE_CHECKING:
    from .lag import Lag

_MARK: Final = "_sandbox_state"

T = TypeVar("T")


def state(backend: Any, kind: Callable[[], T]) -> T:
    """The sandbox's own state of one moto backend (one service in one account and region), made on first use.

    It lives in the backend, so a reset of moto resets it too.
    """
    states: dict[Any, Any] = backend.__dict__.setdefault(_MARK, {})
    if kind not in states:
        states[kind] = kind()
    found: T = states[kind]
    return found


class Engine:
    """The clock, the lock and the events to come of one sandbox."""

    def __init__(
        self,
        clock: Clock,
        timings: Timings,
        lag: Lag,
        faults: Callable[[], Faults],
        quotas: Quotas | None = None,
    ) -> None:
        self.clock = clock
        self.timings = timings
        self.quotas = quotas
        """How many of everything the account may have; None is no limit."""
        self.lag = lag
        self.faults = faults
        """What goes wrong at present."""
        self.lock = threading.RLock()
        self._events: list[tuple[float, int, Any, Any, Callable[[], None]]] = []
        self._order = count()
        self._instant: float | None = None

    def now(self) -> float:
        """Seconds since the epoch: inside an event the time that it was due, however late it is run."""
        return self.clock.now() if self._instant is None else self._instant

    def after(self, backend: Any, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` once, `seconds` from now, unless `backend` is reset before."""
        mark = backend.__dict__.setdefault(_MARK, {})
        heapq.heappush(self._events, (self.now() + seconds, next(self._order), backend, mark, action))

    def step(self) -> None:
        """Run all events that are due, in order. The caller holds the lock."""
        now = self.clock.now()
        try:
            while self._events and self._events[0][0] <= now:
                due, _, backend, mark, action = heapq.heappop(self._events)
                if backend.__dict__.get(_MARK) is mark:
                    self._instant = due
                    action()
        finally:
            self._instant = None

    def next_event(self) -> float | None:
        """When something will next happen by itself, or None."""
        return self._events[0][0] if self._events else None

    def clear(self) -> None:
        """Forget all events."""
        self._events.clear()


_active: Engine | None = None


def engine() -> Engine:
    """The engine of the running sandbox. Raises RuntimeError when none is running."""
    if _active is None:
        raise RuntimeError("no sandbox is running")
    return _active


@contextmanager
def running(one: Engine) -> Iterator[None]:
    """Make `one` the engine of this process. Raises RuntimeError when there is one already."""
    global _active  # noqa: PLW0603 (moto's own state is one per process, and so is this)
    if _active is not None:
        raise RuntimeError("a sandbox is already running in this process")
    _active = one
    try:
        yield
    finally:
        _active = None

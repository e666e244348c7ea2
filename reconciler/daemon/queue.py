"""Which stack is next: the work queue of Kubernetes' controllers, with one line for everybody.

A key is worked on by one worker at a time. Triggers that come before it is its turn are one trigger; those that come
while it is worked on bring it back afterwards. Failures push it back further each time.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

FIRST_BACKOFF: Final = 5.0
LONGEST_BACKOFF: Final = 900.0
JITTER: Final = 0.1


class Trigger(Enum):
    """Why a stack is to be looked at; the value is its head start in the queue, in seconds.

    A head start and not a class of its own: who waits long enough is next, whatever the others are there for.
    """

    EDIT = 60.0
    REQUEST = 50.0
    EVENT = 30.0
    SETTLING = 2.0
    RETRY = 1.0
    RESYNC = 0.0


@dataclass(slots=True)
class Item:
    """One stack in the queue: when it is due, why, when it was last asked for, and what was touched.

    `types` are the resource types that events touched; `whole`: something asked for more than these.
    """

    key: str
    due: float
    triggers: set[Trigger] = field(default_factory=set)
    asked: float = 0.0
    types: set[str] = field(default_factory=set)
    whole: bool = False

    @property
    def rank(self) -> float:
        """The lower, the sooner."""
        return self.due - max(trigger.value for trigger in self.triggers)


class WorkQueue:
    """Keys that wait and keys that are worked on. Safe to share among threads. `now` is the caller's clock."""

    def __init__(self, now: Callable[[], float], dice: random.Random) -> None:
        self._clock = now
        self._latest = now()
        self._dice = dice
        self._lock = threading.Condition()
        self._waiting: dict[str, Item] = {}
        self._busy: set[str] = set()
        self._failures: dict[str, int] = {}

    def add(self, key: str, trigger: Trigger, types: Iterable[str] = ()) -> None:
        """Due at once, to be looked at as far as these types go, or wholly where there are none.

        An AWS event does not shorten the wait of a stack that fails.
        """
        with self._lock:
            now = self._now()
            waiting = self._waiting.get(key)
            backing_off = self._failures.get(key, 0) > 0 and waiting is not None
            due = waiting.due if trigger is Trigger.EVENT and backing_off and waiting else now
            self._put(key, due, trigger, types)

    def add_after(self, key: str, seconds: float, trigger: Trigger = Trigger.RESYNC) -> None:
        """Due in `seconds`, or sooner where it is due sooner already."""
        with self._lock:
            self._put(key, self._now() + seconds, trigger, ())

    def retry(self, key: str) -> float:
        """Due after a failure, each time twice as late up to a quarter of an hour; in how many seconds."""
        with self._lock:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            pause = min(FIRST_BACKOFF * 2.0 ** min(failures - 1, 30), LONGEST_BACKOFF) * self._dice.uniform(0.5, 1.0)
            self._put(key, self._now() + pause, Trigger.RETRY, ())
            return pause

    def forget(self, key: str) -> None:
        """The key did well: its next failure counts as the first."""
        with self._lock:
            self._failures.pop(key, None)

    def failures(self, key: str) -> int:
        """Failures in a row."""
        with self._lock:
            return self._failures.get(key, 0)

    def take(self) -> Item | None:
        """The next key that is due, or None; it is busy until `done`."""
        with self._lock:
            now = self._now()
            ready = [i for i in self._waiting.values() if i.due <= now and i.key not in self._busy]
            if not ready:
                return None
            chosen = min(ready, key=lambda item: (item.rank, item.key))
            del self._waiting[chosen.key]
            self._busy.add(chosen.key)
            return chosen

    def done(self, key: str) -> None:
        """Nobody works on the key any more; if it was triggered meanwhile it is due again."""
        with self._lock:
            self._busy.discard(key)
            self._lock.notify_all()

    def drop(self, key: str) -> None:
        """Forget a key that waits."""
        with self._lock:
            self._waiting.pop(key, None)
            self._failures.pop(key, None)

    def seconds_to_next(self) -> float | None:
        """How long until a key that nobody works on is due; None when there is none."""
        with self._lock:
            now = self._now()
            due = [item.due for item in self._waiting.values() if item.key not in self._busy]
            return max(0.0, min(due) - now) if due else None

    def wait(self, seconds: float) -> None:
        """Wait, in real time, until something is added or done, at most `seconds`."""
        with self._lock:
            self._lock.wait(seconds)

    def wake(self) -> None:
        """End every `wait`."""
        with self._lock:
            self._lock.notify_all()

    @property
    def depth(self) -> int:
        """Keys that are due and wait for a worker."""
        with self._lock:
            now = self._now()
            return len([item for item in self._waiting.values() if item.due <= now])

    @property
    def busy(self) -> int:
        """Keys that are worked on."""
        with self._lock:
            return len(self._busy)

    def _now(self) -> float:
        """The time. Where a clock was put back, what waits is put back with it: an hour is no pause for anybody."""
        now = self._clock()
        if now < self._latest:
            for item in self._waiting.values():
                item.due -= self._latest - now
                item.asked -= self._latest - now
        self._latest = now
        return now

    def _put(self, key: str, due: float, trigger: Trigger, types: Iterable[str]) -> None:
        item = self._waiting.get(key)
        if item is None:
            item = self._waiting[key] = Item(key, due)
        item.due = min(item.due, due)
        item.triggers.add(trigger)
        if trigger not in (Trigger.RESYNC, Trigger.SETTLING):
            item.asked = self._now()
            touched = set(types)
            item.types |= touched
            item.whole |= not touched
        self._lock.notify_all()


def jittered(seconds: float, dice: random.Random) -> float:
    """A little more or less, so that what started together does not stay together."""
    return seconds * dice.uniform(1 - JITTER, 1 + JITTER)

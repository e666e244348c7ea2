"""What waits to be sent, sent until somebody has taken it: at least once, in order for each sink."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from reconciler.alerts.messages import Message
from reconciler.alerts.router import OUTBOX, Router, Rule
from reconciler.alerts.sinks import Delivery, DeliveryError, Sinks
from reconciler.kinds import _duration
from reconciler.model.ports import Clock
from reconciler.store import MOST_CHANGES, Lease, Put, Remove, Store, StoreError

BATCH: Final = 50
"""Messages that go out as one."""
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 600.0
GIVEN_UP: Final = 24 * 3600.0
"""Seconds after which a message that nobody takes is dropped."""
LOOK: Final = 0.5
TERM: Final = 120.0
"""Seconds for which one process alone sends what is in a store: longer than one delivery takes."""

_LEASE: Final = "alerts"


class Outbox:
    """Sends what a router wrote. One process at a time does so for one store."""

    def __init__(
        self,
        store: Store,
        router: Router,
        rules: Callable[[], Iterable[Rule]],
        sinks: Sinks,
        clock: Clock,
        dice: random.Random,
        complain: Callable[[str], None],
        holder: str,
    ) -> None:
        self._store = store
        self._router = router
        self._rules = rules
        self._sinks = sinks
        self._clock = clock
        self._dice = dice
        self._complain = complain
        self._holder = holder
        self._failing: dict[str, str] = {}
        self._store_failing = ""
        self._lease: Lease | None = None

    def run(self, stop: threading.Event) -> None:
        """Send until `stop`, and then once more."""
        while not stop.wait(LOOK):
            self.turn()
        self.turn(hurry=True)
        self.close()

    def close(self) -> None:
        """Let another process send."""
        if self._lease is not None:
            with contextlib.suppress(StoreError):
                self._store.release(self._lease)
            self._lease = None

    def turn(self, *, hurry: bool = False) -> int:
        """Send what is due, or with `hurry` everything; how many messages still wait. Raises nothing."""
        try:
            waiting = self._turn(hurry=hurry)
        except StoreError as error:
            if str(error) != self._store_failing:
                self._store_failing = str(error)
                self._complain(f"alerts: {error}")
            return 0
        self._store_failing = ""
        return waiting

    def _turn(self, *, hurry: bool) -> int:
        now = self._clock.now()
        lease = self._store.acquire(_LEASE, self._holder, now, TERM)
        self._lease = lease if lease.holder == self._holder else None
        if self._lease is None:
            return len(self._store.items(OUTBOX))
        changes = self._router.reminders(now)
        for start in range(0, len(changes), MOST_CHANGES):
            self._store.write(*changes[start : start + MOST_CHANGES])
        queues: dict[tuple[str, str, str], list[tuple[str, Mapping[str, Any]]]] = {}
        for key, item in self._store.items(OUTBOX).items():
            queues.setdefault((str(item["stack"]), str(item["alert"]), str(item["sink"])), []).append((key, item))
        rules = {(rule.stack, rule.name): rule for rule in self._rules()}
        return sum(self._served(rules.get(place[:2]), place, queue, now, hurry) for place, queue in queues.items())

    def _served(
        self,
        rule: Rule | None,
        place: tuple[str, str, str],
        queue: Sequence[tuple[str, Mapping[str, Any]]],
        now: float,
        hurry: bool,
    ) -> int:
        """How many messages of one sink wait after this turn."""
        name = "/".join(place)
        sink = next((s for s in rule.spec.sinks if s.name == place[2]), None) if rule else None
        if rule is None or sink is None:
            return self._dropped(queue, f"alerts: {name} is in no file any more; {len(queue)} messages dropped")
        head = queue[0][1]
        wait = _duration.seconds(rule.spec.group_wait)
        due = float(head.get("next", float(head["at"]) + wait))
        if 0 < due - now <= max(wait, LONGEST_PAUSE) and not hurry:
            return len(queue)
        batch = queue[:BATCH]
        messages: list[Message] = [item["message"] for _, item in batch]
        try:
            self._sinks.deliver(Delivery(rule.stack, rule.name, sink, rule.spec.template, messages))
        except DeliveryError as error:
            return self._failed(name, queue, error, now)
        self._store.write(*(Remove(OUTBOX, key) for key, _ in batch))
        if self._failing.pop(name, None):
            self._complain(f"alerts: {name} takes messages again")
        return len(queue) - len(batch)

    def _failed(
        self, name: str, queue: Sequence[tuple[str, Mapping[str, Any]]], error: DeliveryError, now: float
    ) -> int:
        old = [(key, item) for key, item in queue if now - float(item["at"]) >= GIVEN_UP]
        if old:
            self._dropped(old, f"alerts: {name}: {len(old)} messages were not taken for a day and are dropped")
            return len(queue) - len(old)
        key, head = queue[0]
        attempts = int(head.get("attempts", 0)) + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempts - 1, 20)) * self._dice.uniform(0.5, 1.0)
        self._store.write(Put(OUTBOX, key, {**head, "attempts": attempts, "next": now + pause}))
        if self._failing.get(name) != str(error):
            self._failing[name] = str(error)
            self._complain(f"alerts: {name}: {error}; {len(queue)} messages wait and are tried again")
        return len(queue)

    def _dropped(self, queue: Sequence[tuple[str, Mapping[str, Any]]], why: str) -> int:
        for start in range(0, len(queue), MOST_CHANGES):
            self._store.write(*(Remove(OUTBOX, key) for key, _ in queue[start : start + MOST_CHANGES]))
        self._complain(why)
        return 0

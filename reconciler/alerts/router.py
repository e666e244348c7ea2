"""Which alerts an event is told by, as changes of the store that go with the event itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from reconciler.alerts.messages import message_of, reminder_of
from reconciler.kinds import _duration
from reconciler.kinds.alert import AlertSpec
from reconciler.model.events import Event, Phase
from reconciler.store import Put, Remove, Store, StoreError

OUTBOX: Final = "outbox"
TOLD: Final = "told"

Change = Put | Remove
_RANK: Final = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True, slots=True)
class Rule:
    """An Alert of a stack. What concerns no stack at all is told by the rules of all."""

    stack: str
    name: str
    spec: AlertSpec

    @property
    def id(self) -> str:
        """`stack/name`, unique."""
        return f"{self.stack}/{self.name}"

    def hears(self, kind: str) -> bool:
        """Whether incidents of a type are told at all."""
        return not self.spec.events or kind in self.spec.events

    def wants(self, event: Event) -> bool:
        """Whether an incident that begins with this event is told by this rule."""
        spec = self.spec
        if event.stack not in ("", self.stack) or _RANK[event.severity.value] < _RANK[self._least(event)]:
            return False
        if event.type not in spec.events if spec.events else event.phase is None:
            return False
        return not spec.objects or any(fnmatchcase(event.object, pattern) for pattern in spec.objects)

    def _least(self, event: Event) -> str:
        """What is no incident is asked for by its name: its severity, info, says nothing then."""
        return "info" if event.phase is None and event.type in self.spec.events else self.spec.severity


def _each_sink_once(rules: Iterable[Rule], event: Event) -> Iterator[Rule]:
    """The rules; for what concerns no stack, those of several stacks that lead to the same sinks count once."""
    seen: list[Any] = []
    for rule in rules:
        if not event.stack:
            if rule.spec.sinks in seen:
                continue
            seen.append(rule.spec.sinks)
        yield rule


class Router:
    """Routes events. Safe to share among threads. What was told is kept in the store, and read from it once."""

    def __init__(self, store: Store, rules: Callable[[], Iterable[Rule]]) -> None:
        self._store = store
        self._rules = rules
        self._lock = threading.Lock()
        self._told: dict[str, Mapping[str, Any]] | None = None
        self._number = 0

    def route(self, events: Sequence[Event]) -> list[Change]:
        """What is to be written along with these events."""
        with self._lock:
            return [
                change
                for event in events
                for rule in _each_sink_once(self._rules(), event)
                for change in self._routed(rule, event)
            ]

    def reminders(self, now: float) -> list[Change]:
        """What is to be written because something has lasted; and what no rule tells of any more."""
        with self._lock:
            return list(self._reminded(now))

    def _remembered(self) -> dict[str, Mapping[str, Any]]:
        """What was told and is not over. A store that cannot be read has told nothing."""
        if self._told is None:
            try:
                self._told = dict(self._store.items(TOLD))
            except StoreError:
                return {}
        return self._told

    def _routed(self, rule: Rule, event: Event) -> Iterator[Change]:
        if event.phase is None:
            if rule.wants(event):
                yield from self._send(rule, message_of(event, "happened", event.time), event.time)
            return
        place, remembered = f"{rule.id}/{event.incident}", self._remembered()
        known = remembered.get(place)
        if event.phase is Phase.RESOLVED:
            if known is not None:
                del remembered[place]
                yield Remove(TOLD, place)
                yield from self._send(rule, message_of(event, "resolved", event.time), event.time)
        elif known is not None or rule.wants(event):
            message = message_of(event, "opened" if known is None else "updated", event.time)
            remembered[place] = {"rule": rule.id, "at": event.time, "message": message}
            yield Put(TOLD, place, remembered[place])
            yield from self._send(rule, message, event.time)

    def _reminded(self, now: float) -> Iterator[Change]:
        rules = {rule.id: rule for rule in self._rules()}
        remembered = self._remembered()
        for place, told in list(remembered.items()):
            rule = rules.get(str(told["rule"]))
            if rule is None:
                continue
            every = rule.spec.repeat_interval
            if every is not None and now - float(told["at"]) >= _duration.seconds(every):
                remembered[place] = {**told, "at": now}
                yield Put(TOLD, place, remembered[place])
                yield from self._send(rule, reminder_of(told["message"], now), now)

    def _send(self, rule: Rule, message: Mapping[str, Any], now: float) -> Iterator[Change]:
        for sink in rule.spec.sinks:
            self._number += 1
            key = f"{rule.id}/{sink.name}/{now:017.3f}/{self._number:09d}"
            value = {"stack": rule.stack, "alert": rule.name, "sink": sink.name, "at": now, "message": message}
            yield Put(OUTBOX, key, value)

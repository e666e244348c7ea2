"""Which alerts an event is told by, as changes of the store that go with the event itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, TypeGuard

from reconciler.alerts.messages import message_of, reminder_of
from reconciler.kinds import _duration
from reconciler.kinds.alert import AlertSpec
from reconciler.model.events import Event, Phase
from reconciler.model.frozen import Frozen
from reconciler.store import Put, Remove, Store, StoreError

OUTBOX: Final = "outbox"
TOLD: Final = "told"

Change = Put | Remove
_RANK: Final = {"info": 0, "warning": 1, "error": 2}


class Rule(Frozen):
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


def _is_told(change: object) -> TypeGuard[Change]:
    return isinstance(change, Put | Remove) and change.kind == TOLD


class Router:
    """Routes events. Safe to share among threads. What was told is kept in the store: another process may end what
    this one began."""

    def __init__(self, store: Store, rules: Callable[[], Iterable[Rule]]) -> None:
        self._store = store
        self._rules = rules
        self._lock = threading.Lock()
        self._number = 0

    def route(self, event: Event, unwritten: Iterable[object] = ()) -> list[Change]:
        """What is to be written along with an event. `unwritten` are changes that the store could not take yet."""
        waiting = {change.key: change for change in unwritten if _is_told(change)}
        with self._lock:
            return [
                change
                for rule in _each_sink_once(self._rules(), event)
                for change in self._routed(rule, event, waiting)
            ]

    def reminders(self, now: float) -> list[Change]:
        """What is to be written because something has lasted. Raises `StoreError`."""
        with self._lock:
            return list(self._reminded(now))

    def _known(self, place: str, waiting: Mapping[str, Change]) -> bool:
        """Whether an incident was told and is not over. A store that cannot be read has told nothing."""
        if place in waiting:
            return isinstance(waiting[place], Put)
        try:
            return self._store.get(TOLD, place) is not None
        except StoreError:
            return False

    def _routed(self, rule: Rule, event: Event, waiting: Mapping[str, Change]) -> Iterator[Change]:
        if event.phase is None:
            if rule.wants(event):
                yield from self._send(rule, message_of(event, "happened", event.time), event.time)
            return
        place = f"{rule.id}/{event.incident}"
        known = self._known(place, waiting)
        if event.phase is Phase.RESOLVED:
            if known:
                yield Remove(TOLD, place)
                yield from self._send(rule, message_of(event, "resolved", event.time), event.time)
        elif known or rule.wants(event):
            message = message_of(event, "updated" if known else "opened", event.time)
            yield Put(TOLD, place, {"rule": rule.id, "at": event.time, "message": message})
            yield from self._send(rule, message, event.time)

    def _reminded(self, now: float) -> Iterator[Change]:
        often = {
            rule.id: (rule, _duration.seconds(rule.spec.repeat_interval))
            for rule in self._rules()
            if rule.spec.repeat_interval is not None
        }
        for place, told in self._store.items(TOLD).items() if often else ():
            rule, every = often.get(str(told["rule"]), (None, 0))
            if rule is not None and now - float(told["at"]) >= every:
                yield Put(TOLD, place, {**told, "at": now})
                yield from self._send(rule, reminder_of(told["message"], now), now)

    def _send(self, rule: Rule, message: Mapping[str, Any], now: float) -> Iterator[Change]:
        for sink in rule.spec.sinks:
            self._number += 1
            key = f"{rule.id}/{sink.name}/{now:017.3f}/{self._number:09d}/{message['id']}"
            value = {"stack": rule.stack, "alert": rule.name, "sink": sink.name, "at": now, "message": message}
            yield Put(OUTBOX, key, value)

"""What the daemon remembers, on disk as far as the disk lets it: findings, statuses, events, history.

A store that fails costs history and never a pass: what could not be written is kept and tried with the next write.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.model.events import Event, Open, Phase, Severity
from reconciler.model.frozen import Frozen
from reconciler.store import MOST_CHANGES, Append, Put, Remove, Retention, Store, StoreError

FINDINGS: Final = "finding"
TOLD_AT: Final = "told-at"
"""Items by stack: when any process last told of something that began, changed or ended."""
HEARD: Final = "heard"
"""Items by stack: the time of the latest failed target of each target group that was told."""
STATUS: Final = "status"
STACK: Final = "stack"
EVENTS: Final = "events"
HISTORY: Final = "history"
REQUESTS: Final = "request"
APPROVALS: Final = "approval"

Change = Put | Remove | Append
Route = Callable[[Event, Iterable[Change]], Iterable[Change]]
"""What is to be written along with an event, so that neither is ever there without the other, given what the store
could not take yet."""

_WAITING: Final = 2000
_LATELY: Final = 1000
"""Events of one stack that may matter for what it does now."""
_PRUNE_EVERY: Final = 3600.0


class Drifts(Frozen):
    """When something was found to have drifted, and whose doing it was when last that was known."""

    times: tuple[float, ...] = ()
    who: str = ""


class Memory:
    """The store as the daemon uses it. Safe to share among threads; raises nothing."""

    def __init__(
        self,
        store: Store,
        say: Callable[[Event], None],
        now: Callable[[], float],
        *,
        route: Route = lambda *_: (),
        retention: Retention | None = None,
    ) -> None:
        self.store = store
        self._say = say
        self._now = now
        self._route = route
        self._retention = retention or Retention()
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Change, ...]] = deque(maxlen=_WAITING)
        self._pruned = now()
        self.failing = ""

    def open_findings(self, stack: str) -> dict[str, Open]:
        """What was told and not taken back when the last process ended."""
        found = {}
        for key, document in self._items(FINDINGS, f"{stack}/").items():
            try:
                found[key.partition("/")[2]] = Open.from_document(document)
            except (KeyError, TypeError, ValueError):
                continue
        return found

    def tell(self, stack: str, events: Sequence[Event], before: Mapping[str, Open], still: Mapping[str, Open]) -> None:
        """Events, with the findings that they open and close: all of an event's consequences or none of them."""
        for event in events:
            self._say(event)
        keys = {one.incident: key for key, one in {**before, **still}.items()}
        groups: list[tuple[Change, ...]] = []
        for event in events:
            with self._lock:
                unwritten = [change for group in self._waiting for change in group]
            logged = Append(EVENTS, event.time, event.stack, event.document())
            changes: list[Change] = [logged, *self._route(event, unwritten)]
            key = keys.get(event.incident)
            if key is not None:
                place = f"{stack}/{key}"
                known = still.get(key)
                changes.append(Put(FINDINGS, place, known.document()) if known else Remove(FINDINGS, place))
                changes.append(Put(TOLD_AT, stack, {"at": event.time}))
            groups.append(tuple(changes))
        self._write(groups)

    def write(self, *changes: Change) -> None:
        """All of these or none of them."""
        self._write([changes])

    def items(self, kind: str, prefix: str = "") -> Mapping[str, Mapping[str, Any]]:
        """Items as they are on disk; none where it cannot be read."""
        return self._items(kind, prefix)

    def told_at(self, stack: str) -> float:
        """When a finding of a stack was last told or taken back, whichever process did; 0 where that is not known."""
        return float(self._items(TOLD_AT, stack).get(stack, {}).get("at", 0.0))

    def drifts(self, stack: str, since: float) -> Mapping[str, Drifts]:
        """What was told of each address of a stack that drifted, whichever process found it."""
        found: dict[str, Drifts] = {}
        try:
            entries = self.store.entries(EVENTS, stack=stack, limit=_LATELY)
        except StoreError as error:
            self.complain(error)
            return found
        for entry in entries:
            said = entry.value
            if entry.time >= since and said["event"] == "DriftFound":
                known = found.get(address := str(said.get("address", "")), Drifts())
                times = (entry.time,) if said.get("phase") == Phase.OPENED.value else ()
                who = (said.get("attribution") or {}).get("who", "")
                found[address] = Drifts((*known.times, *times), who or known.who)
        return found

    def write_each(self, *changes: Change) -> None:
        """Any of these, in as few transactions as there may be."""
        self._write([(change,) for change in changes])

    def restore(self, stack: str, still: Mapping[str, Open]) -> None:
        """What was told and is not over, written into a store that was begun anew."""
        self.write_each(*(Put(FINDINGS, f"{stack}/{key}", known.document()) for key, known in still.items()))

    def tidy(self) -> None:
        """Once in a while, drop what is too old or too much."""
        if self._now() - self._pruned < _PRUNE_EVERY:
            return
        self._pruned = self._now()
        try:
            self.store.prune(self._retention, self._now())
        except StoreError as error:
            self.complain(error)

    def complain(self, error: StoreError) -> None:
        """The store failed: said once for each way it fails."""
        text = str(error)
        if text != self.failing:
            self.failing = text
            self._say(Event("StoreFailing", self._now(), message=text, severity=Severity.ERROR))

    def _items(self, kind: str, prefix: str) -> Mapping[str, Mapping[str, Any]]:
        try:
            return self.store.items(kind, prefix)
        except StoreError as error:
            self.complain(error)
            return {}

    def _write(self, groups: Iterable[tuple[Change, ...]]) -> None:
        with self._lock:
            self._waiting.extend(group for group in groups if group)
            if self.failing and not self._forget_what_others_told():
                return
            while self._waiting:
                batch = list(self._waiting.popleft())
                taken = [tuple(batch)]
                while self._waiting and len(batch) + len(self._waiting[0]) <= MOST_CHANGES:
                    taken.append(self._waiting.popleft())
                    batch += taken[-1]
                try:
                    for start in range(0, len(batch), MOST_CHANGES):
                        self.store.write(*batch[start : start + MOST_CHANGES])
                except StoreError as error:
                    self._waiting.extendleft(reversed(taken))
                    self.complain(error)
                    return
            if self.failing:
                self.failing = ""
                self._say(Event("StoreWorking", self._now(), message=f"store {self.store.where} can be written again"))

    def _forget_what_others_told(self) -> bool:
        """While nothing can be written processes do not see each other, and each may tell of the same: who writes first
        has told it. False where the store cannot be read either."""
        try:
            known = {place: str(one["incident"]) for place, one in self.store.items(FINDINGS).items()}
        except StoreError as error:
            self.complain(error)
            return False
        self._waiting = deque(_untold(self._waiting, known), maxlen=_WAITING)
        return True


def _untold(groups: Iterable[tuple[Change, ...]], known: dict[str, str]) -> Iterator[tuple[Change, ...]]:
    """Those of these groups that concern no finding which is open under another incident than theirs. `known` are the
    incidents of what is open."""
    for group in groups:
        place, incident = _concerned(group)
        if known.get(place, incident) != incident:
            continue
        for change in group:
            if isinstance(change, Put) and change.kind == FINDINGS:
                known[place] = incident
            elif isinstance(change, Remove) and change.kind == FINDINGS:
                known.pop(place, None)
        yield group


def _concerned(group: tuple[Change, ...]) -> tuple[str, str]:
    """The finding that a group opens, changes or ends, and its incident; both empty where it does nothing of that."""
    places = [change.key for change in group if not isinstance(change, Append) and change.kind == FINDINGS]
    incidents = [str(change.value.get("incident", "")) for change in group if not isinstance(change, Remove)]
    return (places[0], next(filter(None, incidents), "")) if places else ("", "")

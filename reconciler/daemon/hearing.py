"""What the daemon hears of AWS between its looks: events that trigger one, and whose doing a drift is."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from reconciler.attribution import Attribution, Key, Record, attributed, calls_to_look_up, record_of
from reconciler.daemon.intake import FIRST_PAUSE, LONGEST_PAUSE, Intake, Queue, Touch
from reconciler.engine import View
from reconciler.model.errors import ReconcilerError
from reconciler.model.graph import Graph
from reconciler.model.plan import Drifted
from reconciler.model.ports import Clock
from reconciler.notices import Known

FRESH: Final = 60.0
"""Seconds for which CloudTrail is not asked the same again: it lists calls minutes late anyway."""


class Source(Protocol):
    """What one account and region tells of calls."""

    @property
    def me(self) -> str:
        """The ARN that our own calls are made as. Raises `ReconcilerError`."""

    def records(self, calls: Iterable[str], fresh: float) -> Iterable[Mapping[str, Any]]:
        """CloudTrail's records of calls (`ec2:DeleteRoute`). Raises `ReconcilerError`."""

    def queue(self, url: str) -> Queue[Any]:
        """The queue that EventBridge feeds."""


@dataclass(slots=True)
class _Line:
    """One queue that is listened to."""

    intake: Intake | None = None
    hung_up: threading.Event = field(default_factory=threading.Event)

    def records(self) -> tuple[Record, ...]:
        """The calls that it told of."""
        return self.intake.records() if self.intake is not None else ()


class Hearing:
    """All that is heard. Safe to share among threads; `noticed` and `whose` raise nothing."""

    def __init__(self, source: Callable[[Graph], Source], clock: Clock, complain: Callable[[str], None]) -> None:
        self._source = source
        self._clock = clock
        self._complain = complain
        self._known: dict[str, Known] = {}
        self._authors: dict[str, dict[tuple[Key, Any], Attribution]] = {}
        self._wrote: dict[str, dict[str, str]] = {}
        self._lines: dict[str, _Line] = {}
        self._unheard = ""

    def follow(self, graphs: Iterable[Graph], trigger: Touch) -> None:
        """Listen to the queues that these stacks name, each once, and no longer to others."""
        wanted = {graph.stack.queue_url: graph for graph in graphs if graph.stack.queue_url}
        for url in self._lines.keys() - wanted.keys():
            self._lines.pop(url).hung_up.set()
        for url, graph in wanted.items():
            if url is not None and url not in self._lines:
                line = self._lines[url] = _Line()
                listening = (line, url, graph, trigger)
                threading.Thread(target=self._listen, args=listening, name="events", daemon=True).start()

    def close(self) -> None:
        """Listen no longer. A poll under way is not waited for."""
        self.follow((), lambda *_: None)

    def counts(self) -> Mapping[str, int]:
        """Messages by what became of them."""
        total: Counter[str] = Counter()
        for line in list(self._lines.values()):
            if line.intake is not None:
                total.update(line.intake.counts)
        return total

    def noticed(self, view: View) -> None:
        """A look at a stack: what its objects are called."""
        self._known = {**self._known, view.snapshot.stack: Known.of(view.snapshot)}

    def wrote(self, stack: str, addresses: Iterable[str], at: float) -> None:
        """We began to put these right at a time (seconds): who had changed them is not who changes them again."""
        text = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._wrote.setdefault(stack, {}).update(dict.fromkeys(addresses, text))
        known = self._authors.get(stack, {})
        self._authors[stack] = {same: who for same, who in known.items() if same[0][0] not in self._wrote[stack]}

    def whose(self, graph: Graph, view: View) -> Mapping[Key, Attribution]:
        """Whose doing the drift of a view is: as told before, as events told, else as CloudTrail lists."""
        drift = view.plan.drift
        before = self._authors.get(graph.stack.name, {})
        found = {_key(item): before[_same(item)] for item in drift if _same(item) in before}
        unknown = [item for item in drift if _key(item) not in found]
        try:
            found.update(self._looked_up(graph, view, unknown))
        except ReconcilerError as error:
            if str(error) != self._unheard:
                self._unheard = str(error)
                self._complain(f"whose doing drift is cannot be told: {error}")
        self._authors[graph.stack.name] = {_same(item): found[_key(item)] for item in drift if _key(item) in found}
        return found

    def _looked_up(self, graph: Graph, view: View, unknown: list[Drifted]) -> Mapping[Key, Attribution]:
        if not unknown:
            return {}
        source = self._source(graph)
        told = [record for line in list(self._lines.values()) for record in line.records()]
        since = self._wrote.get(graph.stack.name, {})
        found = dict(attributed(view.comparison, unknown, told, source.me, since))
        left = [item for item in unknown if _key(item) not in found]
        calls = calls_to_look_up(view.comparison, left)
        if calls:
            listed = [record for each in source.records(calls, FRESH) if (record := record_of(each)) is not None]
            found |= attributed(view.comparison, left, _once([*told, *listed]), source.me, since)
        return found

    def _listen(self, line: _Line, url: str, graph: Graph, trigger: Touch) -> None:
        """Read one queue until it is hung up. AWS that cannot be reached is asked again, later each time."""
        for pause in _pauses():
            try:
                source = self._source(graph)
                intake = Intake(source.queue(url), lambda: self._known, trigger, self._clock, source.me, self._complain)
            except ReconcilerError as error:
                if pause == FIRST_PAUSE:
                    self._complain(f"events: {error}; stacks are looked at each interval meanwhile")
                if line.hung_up.wait(pause):
                    return
            else:
                line.intake = intake
                intake.run(line.hung_up)
                return


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, pause * 2)


def _key(item: Drifted) -> Key:
    return item.address, item.id


def _same(item: Drifted) -> tuple[Key, Any]:
    return _key(item), tuple((change.path, repr(change.observed)) for change in item.changes)


def _once(records: Iterable[Record]) -> list[Record]:
    return list({record.event_id: record for record in records}.values())

"""Events of AWS as triggers: what touches a stack has it looked at at once."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from reconciler.attribution import Record, is_ours
from reconciler.model.errors import ReconcilerError
from reconciler.model.ports import Clock
from reconciler.notices import Known, Notice, UnreadableError, notice_of, touched

REMEMBERED: Final = 4096
"""Events that are known again when they come twice, and records kept to tell whose doing something is."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
_SETUP: Final = "reconciler events setup shows what it takes"


class Letter(Protocol):
    """A message of a queue."""

    @property
    def body(self) -> str: ...


L = TypeVar("L", bound=Letter)


class Queue(Protocol[L]):
    """Where events come from."""

    def receive(self) -> Sequence[L]:
        """What has come, waiting a while for it. Raises `ReconcilerError`."""

    def delete(self, messages: Sequence[L]) -> None:
        """Done with these. Raises `ReconcilerError`."""


Touch = Callable[[str, Iterable[str], str], object]
"""What is done about a stack that an event touches: its name, the addresses, and the call (`ec2:DeleteRoute`) if it was
one."""


class Intake:
    """Reads one queue. Every message is counted once in `counts`: `touching` what led to a look, `own` what we did
    ourselves, `quiet`, `foreign`, `duplicate` and `bad` what was dropped, `failed` what comes again.
    """

    def __init__(
        self,
        queue: Queue[Any],
        known: Callable[[], Mapping[str, Known]],
        trigger: Touch,
        clock: Clock,
        me: str,
        complain: Callable[[str], None],
    ) -> None:
        self._queue = queue
        self._known = known
        self._trigger = trigger
        self._clock = clock
        self._me = me
        self._complain = complain
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._records: deque[Record] = deque(maxlen=REMEMBERED)
        self._failures = 0
        self.counts: Counter[str] = Counter()

    def records(self) -> tuple[Record, ...]:
        """The calls that events told of, ours included, oldest first."""
        return tuple(self._records)

    def run(self, stop: threading.Event) -> None:
        """Poll until `stop`; a queue that fails is tried again, later each time."""
        while not stop.is_set():
            pause = self.poll()
            if pause:
                stop.wait(pause)

    def poll(self) -> float:
        """Take in what has come; in how many seconds to come back."""
        try:
            letters = self._queue.receive()
            done = [letter for letter in letters if self._taken(letter)]
            if done:
                self._queue.delete(done)
        except ReconcilerError as error:
            self._failures += 1
            if self._failures == 1:
                self._complain(f"events: {error}; stacks are looked at each interval meanwhile; {_SETUP}")
            return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10))
        if self._failures:
            self._failures = 0
            self._complain("events: the queue can be read again")
        return 0.0

    def _taken(self, letter: Letter) -> bool:
        """Whether a message needs not come again."""
        try:
            what = self._judged(notice_of(letter.body))
        except (UnreadableError, RecursionError) as error:
            what = "bad"
            self._complain(f"events: a message was dropped: {error}")
        except Exception as error:  # noqa: BLE001 - one odd event must not end the reading of all others
            what = "failed"
            self._complain(f"events: {type(error).__name__}: {error}; the message goes to the dead-letter queue")
        self.counts[what] += 1
        return what != "failed"

    def _judged(self, notice: Notice) -> str:
        if notice.id in self._seen:
            return "duplicate"
        what = self._followed(notice)
        self._remember(notice)
        return what

    def _followed(self, notice: Notice) -> str:
        if notice.record is not None and is_ours(notice.record, self._me):
            self._records.append(notice.record)
            return "own"
        stacks = touched(notice, self._known())
        if not stacks:
            return "foreign"
        if not notice.telling:
            return "quiet"
        if notice.record is not None:
            self._records.append(notice.record)
        for stack, addresses in stacks.items():
            self._trigger(stack, addresses, notice.record.call if notice.record else "")
        return "touching"

    def _remember(self, notice: Notice) -> None:
        self._seen[notice.id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

"""What the actions of one run share: AWS, what is known so far, how long to wait, whom to tell, when to stop."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from enum import Enum
from typing import Any

from reconciler.execute._failures import Interrupted
from reconciler.execute._outputs import Outputs
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Plan, Verb
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.model.resource import Observed, ResourceType

INTERRUPTED = "interrupted"
"""Why an action was skipped, or not finished, after the run was asked to stop."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds between two requests or looks of an action that waits."""


class Step(Enum):
    """What a person hears of an action while it runs."""

    STARTED = "started"
    WAITING = "waiting"
    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    SKIPPED = "skipped"


class Progress(Frozen):
    """One step of one action; `seconds` since its first request."""

    action: Action
    step: Step
    seconds: float = 0.0
    detail: str = ""


class Limits(Frozen):
    """How long to wait and how much to do at once.

    `settle` are the seconds for what AWS does on its own time. `wait_for` names types that are waited for though
    nothing depends on their being ready (services, under `--wait`). `threads` bounds the actions under way.
    """

    settle: float = 900.0
    wait_for: frozenset[str] = frozenset()
    threads: int = 24


class Run:
    """Shared by every thread of a run. `live` is what the plan was made for, whosever it is."""

    def __init__(
        self,
        plan: Plan,
        graph: Graph,
        live: tuple[Observed[Any], ...],
        reader: Reader,
        writer: Writer,
        clock: Clock,
        limits: Limits,
        progress: Callable[[Progress], None],
        stop: threading.Event,
    ) -> None:
        self.graph = graph
        self.live = live
        self.reader = reader
        self.writer = writer
        self.clock = clock
        self.limits = limits
        self.deadline = clock.now() + limits.settle
        self.outputs = Outputs(plan.outputs)
        self.lost: BaseException | None = None
        self._progress = progress
        self._stop = stop

    def kind_of(self, action: Action) -> ResourceType[Any]:
        """The type of what an action works on."""
        return self.graph.types[action.type]

    def is_awaited(self, action: Action) -> bool:
        """Whether what follows an action has to wait until its object is ready, or gone."""
        kind = self.kind_of(action)
        return kind.settles and (kind.awaited or action.handed_over or action.verb is Verb.DELETE)

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is to be sent: the caller wants that, or a worker met what ends the run."""
        return self._stop.is_set() or self.lost is not None

    def tell(self, action: Action, step: Step, seconds: float = 0.0, detail: str = "") -> None:
        """Let a person hear of an action, if it is one that people are shown."""
        if action.verb not in (Verb.PREPARE, Verb.REFRESH):
            self._progress(Progress(action, step, seconds, detail))

    def pause(self, seconds: float) -> None:
        """Sleeps in slices, so that a run that is asked to stop does so within a second. Raises `Interrupted`."""
        until = self.clock.now() + seconds
        while (left := until - self.clock.now()) > 0:
            if self.is_ending:
                raise Interrupted
            self.clock.sleep(min(left, 1.0))

    def back_off(self, attempts: int) -> None:
        """Pauses before the next attempt: longer each time, with jitter so that threads do not march in step."""
        longest = min(FIRST_PAUSE * 2.0 ** (attempts - 1), LONGEST_PAUSE)
        self.pause(longest * random.uniform(0.5, 1.0))  # noqa: S311 - jitter is no secret

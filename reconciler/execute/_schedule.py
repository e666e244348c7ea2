"""Which action begins when, and what became of them all."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from typing import Any

from reconciler.execute._actions import Worker
from reconciler.execute._run import INTERRUPTED, Limits, Progress, Run, Step
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Outcome, Plan, Result
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.model.resource import Observed

_NOT_DONE = (Result.FAILED, Result.SKIPPED, Result.PENDING)


def execute(
    plan: Plan,
    graph: Graph,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    *,
    live: Iterable[Observed[Any]] = (),
    limits: Limits | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> list[Outcome]:
    """What became of every action of a plan, in the plan's order.

    `live` is what the plan was made for, whosever it is: inside of it later looks find what is to go. What does not
    depend on a failed action goes on. When `stop` is set no further action begins and those under way
    finish their request.
    """
    run = Run(plan, graph, tuple(live), reader, writer, clock, limits or Limits(), progress, stop or threading.Event())
    return _Schedule(plan, run).outcomes()


class _Schedule:
    def __init__(self, plan: Plan, run: Run) -> None:
        self._actions = {a.key: a for a in plan.actions}
        self._run = run
        self._pool = ThreadPoolExecutor(run.limits.threads, thread_name_prefix="execute")
        self._abreast = ThreadPoolExecutor(run.limits.threads, thread_name_prefix="abreast")
        self._worker = Worker(run, lambda action: self._usable.put(action.key), self._abreast)
        self._results: dict[str, Outcome] = {}
        self._usable: queue.SimpleQueue[str] = queue.SimpleQueue()

    def outcomes(self) -> list[Outcome]:
        """Runs everything and waits for it."""
        before = {key: sorted(action.needs) for key, action in self._actions.items()}
        followed = self._followed(before)
        sorter = TopologicalSorter(before)
        sorter.prepare()
        with self._abreast, self._pool:
            released: set[str] = set()
            while sorter.is_active():
                for key in sorted(sorter.get_ready(), key=followed.__getitem__, reverse=True):
                    self._start(self._actions[key])
                key = self._usable.get()
                if key not in released:
                    released.add(key)
                    sorter.done(key)
        if self._run.lost is not None:
            raise self._run.lost
        return [self._results[key] for key in self._actions]

    def _followed(self, before: Mapping[str, Iterable[str]]) -> dict[str, int]:
        """How many requests, one after the other, wait for each action: what most wait for is begun first."""
        longest = dict.fromkeys(before, 0)
        for key in reversed(tuple(TopologicalSorter(before).static_order())):
            action = self._actions[key]
            in_turn = sum(not call.beside for call in action.calls) + self._run.is_awaited(action)
            for need in before[key]:
                longest[need] = max(longest[need], longest[key] + in_turn)
        return longest

    def _start(self, action: Action) -> None:
        failed = sorted(n for n in action.needs if n in self._results and self._results[n].result in _NOT_DONE)
        if failed:
            first = self._results[failed[0]]
            because = first.because if first.result is Result.SKIPPED and first.because else first.action.address
            self._skip(action, because)
        elif self._run.is_ending:
            self._skip(action, INTERRUPTED)
        else:
            self._pool.submit(self._work, action)

    def _skip(self, action: Action, because: str) -> None:
        self._results[action.key] = Outcome(action, Result.SKIPPED, because=because)
        self._run.tell(action, Step.SKIPPED, 0.0, because)
        self._usable.put(action.key)

    def _work(self, action: Action) -> None:
        """One action in its thread; whatever happens, those that wait for it hear of it."""
        try:
            self._results[action.key] = self._worker.outcome(action)
        except BaseException as error:  # noqa: BLE001 - a worker's death must reach the caller's thread
            self._run.lost = error
        finally:
            self._usable.put(action.key)

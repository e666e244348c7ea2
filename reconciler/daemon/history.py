"""The passes of every stack: each one that changed something, and the runs of those between that did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.daemon.memory import HISTORY, Memory
from reconciler.store import Append, Put, Remove

RUNS: Final = "run"
"""Items by stack, the run of like passes that is going on; and the log of those that are over."""
LONGEST_RUN: Final = 24 * 3600.0
"""Seconds after which a run counts as a new one, so that old ones can be forgotten day by day."""


class History:
    """What `history` shows. Thousands of passes that found the same are one entry: how many, and from when to when.

    Passes of one stack follow each other under its lease, so no two of them write here at once.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def changed(self, stack: str, entry: Mapping[str, Any], now: float) -> None:
        """A pass that wrote to AWS, or tried to."""
        run = self._run(stack)
        before = (_closed(stack, run), Remove(RUNS, stack)) if run else ()
        self._memory.write(*before, Append(HISTORY, now, stack, entry))

    def quiet(self, stack: str, result: str, message: str, seconds: float, now: float) -> None:
        """A pass that changed nothing and ended with `result`. One that a failing store cannot take is not kept."""
        if self._memory.failing:
            return
        run = self._run(stack)
        goes_on = run and (run["result"], run["message"]) == (result, message) and now - run["first"] < LONGEST_RUN
        if run and goes_on:
            grown = {**run, "passes": run["passes"] + 1, "last": now, "seconds": round(run["seconds"] + seconds, 3)}
            self._memory.write(Put(RUNS, stack, grown))
            return
        begun = {"passes": 1, "result": result, "message": message, "first": now, "last": now}
        before = (_closed(stack, run),) if run else ()
        self._memory.write(*before, Put(RUNS, stack, {**begun, "seconds": round(seconds, 3)}))

    def _run(self, stack: str) -> Mapping[str, Any] | None:
        return self._memory.items(RUNS, stack).get(stack)


def _closed(stack: str, run: Mapping[str, Any]) -> Append:
    return Append(RUNS, run["last"], stack, run)

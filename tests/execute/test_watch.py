"""Looks in the middle of a run, which those who wait for one type share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from patience import PATIENCE

from reconciler.execute._watch import Watch


class Turnstile:
    """A lock that tells when somebody waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.awaited = threading.Event()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self.awaited.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_a_look_that_was_under_way_is_no_answer_to_whoever_asks_what_became_of_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may have passed by before the request: what was made would be made a second time."""
    there: list[Any] = []
    begun, turnstile = threading.Event(), Turnstile()
    watch = Watch(SimpleNamespace())  # type: ignore[arg-type]  # nothing of the run is asked for
    watch._locks["vpc"] = turnstile  # type: ignore[assignment]

    def observe(_: str) -> list[Any]:
        seen = list(there)
        begun.set()
        turnstile.awaited.wait(PATIENCE)
        return seen

    monkeypatch.setattr(watch, "_observe", observe)
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(watch.look, "vpc", "made")
        assert begun.wait(PATIENCE)
        there.append(SimpleNamespace(id="made"))
        late = pool.submit(watch.look, "vpc", "made")
        assert early.result(PATIENCE) is None
        assert late.result(PATIENCE) is there[0]

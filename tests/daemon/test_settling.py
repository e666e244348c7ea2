"""What AWS is still busy with after an apply is looked at again soon, and less and less often where that takes long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cuts import client
from holding import ALERTING, REFERENCE, Daemon
from meddling import OPEN_SSH, console, deny_all
from worlds import graph

from reconciler.sandbox import Sandbox

ONCE_A_DAY = REFERENCE.replace("interval: 60s", "interval: 24h")
STARTED = 300
"""Seconds within which tasks run and pass their checks."""


@pytest.fixture
def daemon(sandbox: Sandbox, tmp_path: Path) -> Daemon:
    one = Daemon(sandbox, tmp_path / "store.db")
    one.hold(ONCE_A_DAY)
    return one


def said(daemon: Daemon, condition: str) -> Any:
    conditions = daemon.store.items("status")["shop/Stack/shop"]["conditions"]
    return next(one["status"] for one in conditions if one["type"] == condition)


def is_ready(daemon: Daemon) -> bool:
    return (said(daemon, "Ready"), said(daemon, "FlowsHold")) == ("True", "True")


def test_what_is_ready_and_holds_is_said_soon_after_and_not_at_the_next_interval(daemon: Daemon) -> None:
    daemon.until_idle()
    began, looks, pauses = daemon.clock.now(), [], []
    while not is_ready(daemon):
        assert len(pauses) < 100, daemon.events[-5:]
        before = daemon.calls.total
        pause = daemon.loop.turn()
        looks.append(daemon.calls.total - before)
        pauses.append(pause)
        daemon.clock.advance(pause)
    assert daemon.clock.now() - pauses[-1] < began + STARTED
    assert pauses == sorted(pauses), "what takes long is looked at less and less often"
    assert pauses[0] < pauses[-2] < STARTED < pauses[-1], "at rest there is no hurry any more"
    assert 0 < min(filter(None, looks)) < max(looks) / 3, "what is at rest is not looked at again and again"
    assert not [event for event in daemon.events if event.type.startswith("Flow")], "what is being made is not broken"


def test_a_look_in_part_takes_nothing_back_that_another_process_has_told_since(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    sandbox.clock.advance(STARTED)
    one, other = Daemon(sandbox, tmp_path / "store.db"), Daemon(sandbox, tmp_path / "store.db")
    for daemon in (one, other):
        daemon.hold(ALERTING)
    one.loop.turn()
    OPEN_SSH.apply(console())
    other.loop.turn()
    one.loop.touched("shop", ["vpc/main"], "")
    one.loop.turn()
    told = [entry.value["event"] for entry in one.store.entries("events") if "Drift" in entry.value["event"]]
    assert told == ["DriftFound"]


def test_a_flow_that_never_held_is_told_when_its_stack_has_been_in_the_making_for_ten_minutes(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What the files want is not rolled out, so it is in the making for ever."""
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    deny_all(sandbox)
    daemon = Daemon(sandbox, tmp_path / "store.db")
    daemon.hold(REFERENCE.replace("  prune:", "  promote: false\n  prune:").replace("nginx:1.27", "nginx:1.28"))
    began = daemon.clock.now()
    daemon.loop.turn()
    told = []
    while daemon.clock.now() < began + 900:
        daemon.interval()
        told.append((daemon.clock.now() - began >= 600, daemon.named().count("FlowBroken")))
    assert set(told) == {(False, 0), (True, 2)}


def test_a_flow_that_held_and_is_broken_during_a_rollout_is_told_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    sandbox.clock.advance(STARTED)
    daemon = Daemon(sandbox, tmp_path / "store.db")
    daemon.hold(REFERENCE)
    daemon.loop.turn()
    daemon.hold(REFERENCE.replace("nginx:1.27", "nginx:1.28"))
    daemon.loop.turn()
    deny_all(sandbox)
    sandbox.clock.advance(daemon.loop.turn())
    daemon.loop.turn()
    assert not daemon.loop.stacks["shop"].in_sync
    assert "FlowBroken" in daemon.named()

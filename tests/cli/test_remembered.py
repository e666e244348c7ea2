"""What the daemon remembers, as people ask for it: no AWS, no daemon, a store alone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from patience import until

from reconciler.cli import events
from reconciler.daemon.history import History
from reconciler.daemon.memory import Memory
from reconciler.store import Append, Put, Remove
from reconciler.store.sqlite import SqliteStore


def condition(kind: str, status: str, generation: int = 1) -> dict[str, Any]:
    said = {"reason": "X", "message": "", "observedGeneration": generation, "lastTransitionTime": 1.7e9}
    return {"type": kind, "status": status, **said}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    web = {"kind": "Task", "name": "web", "stack": "shop", "status": "Ready", "generation": 2, "spec": "x"}
    data = {"keys": ["create load-balancer/public", "delete load-balancer/public"]}
    refused = {"type": "ApplyRefused", "message": "the plan replaces load balancer", "data": data}
    event = {"time": "2026-11-25T00:00:00.000+00:00", "severity": "warning", "event": "DriftFound", "message": "m"}
    SqliteStore(path).write(
        Put("status", "shop/Task/web", {**web, "conditions": [condition("Ready", "True", 2)]}),
        Put("finding", "shop/apply refused", refused),
        Append("events", 1.0, "shop", event),
        Append("events", 2.0, "cart", event),
    )
    return path


def test_status_shows_conditions_and_what_is_wrong(file: Path, reconciler: Callable[..., Any]) -> None:
    ended = reconciler("-o", "json", "status", "--store", str(file))
    document = json.loads(ended.out)
    assert ended.status == 0
    assert document["items"][0]["conditions"][0]["lastTransitionTime"] == "2023-11-14T22:13:20+00:00"
    assert [one["type"] for one in document["findings"]] == ["ApplyRefused"]


def test_a_message_too_long_for_the_table_shows_that_it_goes_on(file: Path, reconciler: Callable[..., Any]) -> None:
    store = SqliteStore(file)
    web = dict(store.items("status")["shop/Task/web"])
    for said, shown in (("x" * 80, "x" * 80), ("x" * 81, "x" * 77 + "...")):
        store.write(
            Put("status", "shop/Task/web", {**web, "conditions": [condition("Ready", "True") | {"message": said}]})
        )
        assert reconciler("status", "--store", str(file)).out.splitlines()[1].split()[-1] == shown


def test_status_says_how_old_it_is(file: Path, reconciler: Callable[..., Any]) -> None:
    """A daemon that ended long ago leaves everything Ready."""
    store = SqliteStore(file)
    for write, said in (
        (Append("history", 60.0, "shop", {}), "1970-01-01T00:01:00+00:00"),
        (Put("run", "shop", {"last": 120.0}), "1970-01-01T00:02:00+00:00"),
        (Append("history", 180.0, "shop", {}), "1970-01-01T00:03:00+00:00"),
    ):
        store.write(write)
        assert f"as of the last pass of shop, {said}" in reconciler("status", "--store", str(file)).out
        document = json.loads(reconciler("-o", "json", "status", "--store", str(file)).out)
        assert document["lastPasses"] == {"shop": said}


def test_wait_ends_when_the_condition_holds_for_the_spec_of_now(file: Path, reconciler: Callable[..., Any]) -> None:
    assert reconciler("wait", "Task/web", "--store", str(file)).status == 0
    store = SqliteStore(file)
    old = dict(store.items("status")["shop/Task/web"])
    store.write(Put("status", "shop/Task/web", {**old, "generation": 3}))
    ended = reconciler("wait", "Task/web", "--timeout", "0s", "--store", str(file))
    assert ended.status == 1
    assert "shop/Task/web" in ended.err
    assert reconciler("wait", "Task/api", "--store", str(file)).status == 1
    assert reconciler("wait", "--for", "Ready", "--store", str(file)).status == 64


def test_wait_for_all_is_for_all_that_have_the_condition(file: Path, reconciler: Callable[..., Any]) -> None:
    """A network holds no flows, and a flow is not in sync with anything: nobody waits for that."""
    flow = {"kind": "Flow", "name": "in", "stack": "shop", "status": "Ready", "generation": 1, "spec": "x"}
    waiting = ("wait", "--for", "condition=FlowsHold", "--timeout", "0s", "--store", str(file))
    ended = reconciler(*waiting)
    assert ended.status == 1
    assert "none of these has a condition FlowsHold" in ended.err
    for status, wanted in (("False", 1), ("True", 0)):
        held = {**flow, "conditions": [condition("FlowsHold", status)]}
        SqliteStore(file).write(Put("status", "shop/Flow/in", held))
        assert reconciler(*waiting).status == wanted
    assert reconciler("wait", "Task/web", *waiting[1:]).status == 1


def test_approve_approves_just_what_was_refused_and_wakes_the_daemon(
    file: Path, reconciler: Callable[..., Any]
) -> None:
    assert reconciler("approve", "shop", "--store", str(file)).status == 1
    store = SqliteStore(file)
    assert store.items("approval") == {}
    assert reconciler("approve", "shop", "--yes", "--store", str(file)).status == 0
    approval = store.items("approval")["shop"]
    assert approval["keys"] == ["create load-balancer/public", "delete load-balancer/public"]
    assert approval["until"] > time.time()
    assert list(store.items("request")) == ["shop"]
    assert reconciler("approve", "cart", "--yes", "--store", str(file)).status == 1


def test_events_are_those_of_the_stack_that_is_asked_for(file: Path, reconciler: Callable[..., Any]) -> None:
    ended = reconciler("events", "--stack", "shop", "--store", str(file))
    assert ended.out.splitlines() == ["2026-11-25T00:00:00.000+00:00 warning DriftFound shop: m"]
    assert len(reconciler("events", "--store", str(file)).out.splitlines()) == 2


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path, reconciler: Callable[..., Any]) -> None:
    ended = reconciler("status", "--store", str(tmp_path / "none.db"))
    assert ended.status == 1
    assert "reconciler run" in ended.err


def test_sync_asks_for_a_look_and_says_when_nobody_took_the_request(file: Path, reconciler: Callable[..., Any]) -> None:
    ended = reconciler("sync", "shop", "--timeout", "0s", "--store", str(file))
    assert ended.status == 1
    assert "reconciler run" in ended.err
    assert list(SqliteStore(file).items("request")) == ["shop"]


def test_sync_ends_when_a_daemon_has_taken_the_request(file: Path, reconciler: Callable[..., Any]) -> None:
    def daemon() -> None:
        store = SqliteStore(file)
        until("a request", lambda: store.items("request"))
        store.write(Remove("request", "shop"))

    taking = threading.Thread(target=daemon, daemon=True)
    taking.start()
    ended = reconciler("-o", "json", "sync", "--all", "--timeout", "10m", "--store", str(file))
    taking.join()
    assert ended.status == 0
    assert json.loads(ended.out) == {"requested": ["shop"]}


def test_sync_of_what_is_not_held_says_what_is(file: Path, reconciler: Callable[..., Any]) -> None:
    ended = reconciler("sync", "shpo", "--store", str(file))
    assert ended.status == 1
    assert "did you mean shop?" in ended.err
    assert reconciler("sync", "--store", str(file)).status == 64
    assert reconciler("sync", "--all", "shop", "--store", str(file)).status == 64


def test_history_shows_each_change_and_counts_the_passes_between(file: Path, reconciler: Callable[..., Any]) -> None:
    memory = Memory(SqliteStore(file), lambda _: None, lambda: 0.0)
    history = History(memory)
    action = {"action": "update", "address": "a/b", "reason": "drift", "result": "done", "error": None}
    entry = {"pass": "p1", "triggers": ["event"], "seconds": 1.5, "converged": True, "actions": [action]}
    for at in (60.0, 120.0, 180.0):
        history.quiet("shop", "in sync", "", 0.1, at)
    history.changed("shop", entry, 200.0)
    history.quiet("shop", "failed", "AWS does not answer", 0.1, 260.0)
    ended = reconciler("history", "--store", str(file))
    assert ended.out.splitlines() == [
        "1970-01-01T00:03:00+00:00 shop 3 passes since 1970-01-01T00:01:00+00:00, nothing changed: in sync",
        "1970-01-01T00:03:20+00:00 shop pass p1 (event, 1.5 s): converged",
        "    update a/b (drift): done",
        "1970-01-01T00:04:20+00:00 shop 1 pass, nothing changed: failed: AWS does not answer",
    ]
    assert len(reconciler("history", "--limit", "1", "--store", str(file)).out.splitlines()) == 1
    assert reconciler("history", "--stack", "cart", "--store", str(file)).out == ""


def test_a_run_of_quiet_passes_ends_after_a_day_so_that_old_ones_can_be_forgotten(file: Path) -> None:
    store = SqliteStore(file)
    history = History(Memory(store, lambda _: None, lambda: 0.0))
    for hour in range(50):
        history.quiet("shop", "in sync", "", 0.1, hour * 3600.0)
    closed = [entry.value["passes"] for entry in store.entries("run")]
    assert closed == [24, 24]
    assert store.items("run")["shop"]["passes"] == 2


def test_watching_events_goes_on_with_a_store_that_is_begun_anew(
    file: Path, reconciler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"time": "t", "severity": "info", "message": "m"}
    of_a_look = [
        lambda: SqliteStore(file).write(Append("events", 3.0, "shop", {**said, "event": "One"})),
        lambda: None,
        file.unlink,
        lambda: SqliteStore(file).write(*(Append("events", 4.0, "shop", {**said, "event": e}) for e in ("Two", "Six"))),
        lambda: None,
    ]

    def sleep(_: float) -> None:
        if not of_a_look:
            raise KeyboardInterrupt
        of_a_look.pop(0)()

    monkeypatch.setattr(events.time, "sleep", sleep)
    ended = reconciler("events", "--watch", "--stack", "shop", "--store", str(file))
    assert [line.split()[2] for line in ended.out.splitlines()] == ["DriftFound", "One", "Two", "Six"]
    assert (ended.status, ended.err) == (130, "")


def test_a_watch_that_is_ended_leaves_one_document_a_line(
    file: Path, reconciler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(events.time, "sleep", sleep)
    ended = reconciler("-o", "json", "events", "--watch", "--store", str(file))
    assert [json.loads(line)["event"] for line in ended.out.splitlines()] == ["DriftFound", "DriftFound"]


@pytest.mark.parametrize("command", ["status", "history", "events", "wait", "sync"])
def test_an_empty_store_says_which_it_is_and_that_the_sandbox_has_one_of_its_own(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reconciler: Callable[..., Any]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    asked = [command, "--all"] if command == "sync" else [command]
    alone = reconciler(*asked).err
    assert str(tmp_path / "reconciler" / "store.db") in alone
    assert "start the daemon with: reconciler run" in alone
    beside = reconciler(*asked, "--sandbox").err
    assert str(tmp_path / "reconciler" / "store-sandbox.db") in beside
    assert "start the daemon with: reconciler run --sandbox" in beside
    SqliteStore(tmp_path / "reconciler" / "store-sandbox.db").write(Put("status", "shop/Task/web", {}))
    again = reconciler(*asked).err
    assert "ask with --sandbox" in again

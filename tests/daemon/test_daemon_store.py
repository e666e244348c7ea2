"""What a store that breaks costs a running daemon: history at the most, and never a pass, nor an alert told twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from cuts import client
from holding import ALERTING, Daemon
from meddling import scale_to_zero
from worlds import graph

from reconciler.sandbox import Sandbox

Repair = Callable[[], object]


@pytest.fixture
def daemon(sandbox: Sandbox, tmp_path: Path) -> Daemon:
    """The reference, converged and held, its drift told only."""
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    one = Daemon(sandbox, tmp_path / "store.db")
    one.hold(ALERTING)
    one.loop.turn()
    return one


def full(daemon: Daemon) -> Repair:
    """SQLite's own limit gives the error that a full disk gives."""
    connection = daemon.store._connection
    assert connection is not None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute("CREATE TABLE filler (x)")
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    for _ in range(1000):
        try:
            connection.execute("INSERT INTO filler VALUES (zeroblob(500))")
        except sqlite3.OperationalError:
            break
    drop = daemon.store._drop

    def kept() -> None:
        """The daemon opens the file anew after each failure: the disk is as full as before."""

    daemon.store._drop = kept  # type: ignore[method-assign]

    def free() -> None:
        daemon.store._drop = drop  # type: ignore[method-assign]
        drop()

    return free


def locked(daemon: Daemon) -> Repair:
    other = sqlite3.connect(daemon.store.where, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    return other.close


def not_writable(daemon: Daemon) -> Repair:
    """A folder is where the file was."""
    path = Path(daemon.store.where)
    aside = path.with_name("aside")
    path.rename(aside)
    path.mkdir()
    return lambda: (path.rmdir(), aside.rename(path))


@pytest.mark.parametrize(
    ("breaking", "said"),
    [(full, "free some space"), (locked, "end that process"), (not_writable, "--store")],
)
def test_the_loop_goes_on_says_what_to_do_and_catches_up(
    daemon: Daemon, breaking: Callable[[Daemon], Repair], said: str
) -> None:
    repair = breaking(daemon)
    scale_to_zero()
    for _ in range(3):
        daemon.interval()
    assert sorted(daemon.named("FlowBroken")) == ["DriftFound", "StoreFailing"]
    assert said in next(event.message for event in daemon.events if event.type == "StoreFailing")
    repair()
    daemon.interval()
    daemon.interval()
    assert daemon.named("FlowBroken", "DriftFound") == ["StoreFailing", "StoreWorking"]
    assert [e.value["event"] for e in daemon.store.entries("events") if e.value["event"] == "DriftFound"] == [
        "DriftFound"
    ]
    assert [key for key in daemon.store.items("finding") if "drift" in key]


def test_what_two_tell_of_while_neither_can_write_is_one_incident(daemon: Daemon, sandbox: Sandbox, file: Path) -> None:
    other = Daemon(sandbox, file)
    other.hold(ALERTING)
    other.loop.turn()
    repair = locked(daemon)
    scale_to_zero()
    for one in (daemon, other):
        one.interval()
        assert "DriftFound" in one.named(), "its log has it"
    repair()
    for one in (daemon, other, daemon):
        one.interval()

    def told(phase: str) -> list[str]:
        entries = [entry.value for entry in daemon.store.entries("events", limit=1000)]
        return [entry["incident"] for entry in entries if entry.get("phase") == phase and "Drift" in entry["event"]]

    assert len(told("opened")) == 1
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    for one in (other, daemon):
        one.interval()
    assert told("resolved") == told("opened")


@pytest.mark.parametrize("damaged", [True, False], ids=["damaged", "removed"])
def test_a_store_that_is_begun_anew_gets_what_is_open_and_every_status_again(daemon: Daemon, damaged: bool) -> None:
    scale_to_zero()
    daemon.interval()
    before = {kind: dict(daemon.store.items(kind)) for kind in ("finding", "status")}
    assert len(before["finding"]) == 2
    path = Path(daemon.store.where)
    if damaged:
        daemon.store.close()
        path.write_bytes(b"no database" * 1000)
    else:
        path.unlink()
    daemon.interval()
    daemon.interval()
    assert {kind: dict(daemon.store.items(kind)) for kind in ("finding", "status")} == before
    assert daemon.named("StoreFailing", "StoreWorking") == ["DriftFound", "FlowBroken"], "nothing is told twice"

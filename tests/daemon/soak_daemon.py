"""One daemon of the soak: what `reconciler run` makes, with a short lease, and a note of every request that may leave.

    python soak_daemon.py FOLDER

FOLDER holds `specs/`, the store and the notes; HOOK_URL is where alerts go.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from reconciler.alerts import Outbox, Router, Rule, Sinks
from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.clock import SystemClock
from reconciler.daemon.files import Files
from reconciler.daemon.leases import Held, Leases
from reconciler.daemon.loop import Loop, Options
from reconciler.load import load
from reconciler.model.errors import ReconcilerError
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader, Writer
from reconciler.model.resource import Call
from reconciler.store import Lease
from reconciler.store.sqlite import SqliteStore

TERM: Final = 6.0
"""Seconds that a lease runs: nobody waits a minute and a half for a sleeper in a soak."""


DOZES: Final = 0.3
"""Seconds, at the most, from the lease of a stack to the sleep: somewhere in a pass."""
AWAKE: Final = threading.Lock()
"""Held while a note is taken: who sleeps between the check of a lease and its note would bear false witness."""


def bed(folder: Path, pid: int) -> Path:
    """The file that asks a process to fall asleep over its work."""
    return folder / f"asleep-{pid}"


def sleepily(leases: Leases, folder: Path, dice: random.Random) -> None:
    """Have the process stop itself, when it is asked to, soon after it has got a lease: nobody can see from outside
    when it holds one."""
    take, asked = leases.take, bed(folder, os.getpid())

    def taken(name: str) -> Held | Lease:
        found = take(name)
        if isinstance(found, Held):
            with suppress(FileNotFoundError):
                asked.unlink()
                threading.Timer(dice.uniform(0, DOZES), fall_asleep).start()
        return found

    leases.take = taken  # type: ignore[method-assign]


def fall_asleep() -> None:
    with AWAKE:
        os.kill(os.getpid(), signal.SIGSTOP)


class NotingGuard:
    """Notes, right after a lease was found to be held, that something leaves under it, and of which process."""

    def __init__(self, guard: Any, notes: Path) -> None:
        self._guard = guard
        self._notes = notes

    def check(self) -> None:
        with AWAKE:
            self._guard.check()
            self._note()

    def _note(self) -> None:
        with self._notes.open("a") as file:
            print(json.dumps([os.getpid(), self._guard.lease.name, self._guard.lease.fence]), file=file, flush=True)


class NotedWriter:
    """A writer whose guards take notes."""

    def __init__(self, writer: Writer, notes: Path) -> None:
        self._writer = writer
        self._notes = notes

    def guarded(self, guard: Any) -> Writer:
        return self._writer.guarded(NotingGuard(guard, self._notes))

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._writer.perform(call, params)


def files_of(folder: Path) -> Files:
    """The specs of a soak, which do not change."""
    paths = sorted((folder / "specs").rglob("*.yaml"))
    return Files(lambda: load({str(path): path.read_bytes() for path in paths}), lambda: 1)


def main(folder: Path) -> int:
    stop, sent = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clock, dice, store = SystemClock(), random.Random(), SqliteStore(folder / "store.db")

    def connect(graph: Graph) -> tuple[Reader, Writer]:
        access = Access(graph.stack.region)
        writer = AwsWriter(access, clock, Calls())
        return AwsReader(access, clock, Calls()), NotedWriter(writer, folder / "notes")

    def publish(*_: str) -> None:
        raise ReconcilerError("the soak has no topic")

    def rules() -> list[Rule]:
        return loop.rules()

    router = Router(store, rules)
    loop = Loop(clock, connect, store, lambda _: None, stop, dice, Options(term=TERM, route=router.route))
    outbox = Outbox(store, router, rules, Sinks(publish), clock, dice, _complain, secrets.token_hex(8))
    sending = threading.Thread(target=outbox.run, args=(sent,), name="alerts", daemon=True)
    sleepily(loop.leases, folder, dice)
    loop.follow(files_of(folder).reading())
    sending.start()
    print("ready", flush=True)
    finished = loop.run(lambda: None)
    sent.set()
    sending.join()
    loop.close()
    if not finished:
        os._exit(0)
    return 0


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

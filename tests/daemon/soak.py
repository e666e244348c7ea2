"""Two daemons with one store, killed, put to sleep past their leases and ended, while somebody breaks things.

    python tests/daemon/soak.py --stacks 50 --rounds 60

Exit status 0 when afterwards everything is healed, every finding was opened once and resolved once, no stack was ever
written by two processes at once, and memory did not grow.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler import engine
from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.clock import SystemClock
from reconciler.daemon.files import Files
from reconciler.daemon.loop import Loop, Options
from reconciler.load import load
from reconciler.model.errors import ReconcilerError
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader, Writer
from reconciler.model.resource import Call
from reconciler.sandbox import process
from reconciler.sandbox.breaks import BREAKS, account
from reconciler.store.sqlite import SqliteStore

SPEC = Path(__file__).parents[2] / "specs" / "two-tier.yaml"
TERM = 6.0
SLEEP = 8.0
HEALING = 300.0
SKIPPED = {"delete-load-balancer", "add-foreign"}
"""One needs a person's approval, the other is none of our business."""


class Witness:
    """A writer that notes which process made each request, under which lease."""

    def __init__(self, writer: Writer, file: Path, lease: tuple[str, int] = ("", 0)) -> None:
        self._writer = writer
        self._file = file
        self._lease = lease

    def guarded(self, guard: Any) -> Witness:
        return Witness(self._writer.guarded(guard), self._file, (guard.lease.name, guard.lease.fence))

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._file.open("a") as file:
            answer = self._writer.perform(call, params)
            print(json.dumps([os.getpid(), *self._lease]), file=file, flush=True)
        return answer


def daemon(store: str, specs: str, notes: str) -> int:
    """The child: a daemon as `reconciler run` makes it, with short leases."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Path(f"{notes}.{os.getpid()}").touch()
    clock = SystemClock()

    def connect(graph: Graph) -> tuple[Reader, Writer]:
        access = Access(graph.stack.region)
        return AwsReader(access, clock, Calls()), Witness(AwsWriter(access, clock, Calls()), Path(notes))

    loop = Loop(clock, connect, SqliteStore(Path(store)), lambda _: None, stop, random.Random(), Options(term=TERM))
    paths = sorted(Path(specs).rglob("*.yaml"))
    files = Files(lambda: load([(str(path), path.read_bytes()) for path in paths]), lambda: 1)
    loop.follow(files.reading())
    loop.run(lambda: None)
    loop.close()
    return 0


@contextmanager
def world(stacks: int) -> Iterator[Path]:
    """A folder of specs, a sandbox of its own, and an environment that leads there."""
    with TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        text = SPEC.read_text().replace("interval: 60s", "interval: 3s")
        for number in range(stacks):
            path = folder / "specs" / str(number) / "stack.yaml"
            path.parent.mkdir(parents=True)
            path.write_text(text.replace("\n  name: shop", f"\n  name: shop{number}").replace("10.0.", f"10.{number}."))
        running, _ = process.start(speed=60)
        os.environ |= {
            "AWS_ENDPOINT_URL": running.url,
            "AWS_ACCESS_KEY_ID": "soak",
            "AWS_SECRET_ACCESS_KEY": "soak",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        try:
            yield folder
        finally:
            process.stop()


class Soak:
    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._dice = random.Random(seed)
        self._broken: Counter[tuple[str, str]] = Counter()
        self._daemons = [self._started(), self._started()]
        files = Files(
            lambda: load([(str(path), path.read_bytes()) for path in sorted((folder / "specs").rglob("*.yaml"))]),
            lambda: 1,
        )
        self._graphs = {name: desired.graph for name, desired in files.reading().stacks.items()}
        self._store = SqliteStore(folder / "store.db")

    def _started(self) -> subprocess.Popen[bytes]:
        places = [str(self._folder / name) for name in ("store.db", "specs", "notes")]
        child = subprocess.Popen([sys.executable, __file__, "--daemon", *places])
        while not Path(f"{places[2]}.{child.pid}").exists():
            assert child.poll() is None, "a daemon ended before it began"
            time.sleep(0.05)
        return child

    def out_of_sync(self) -> list[str]:
        """Stacks that differ from what is wanted."""
        found = []
        for name, graph in self._graphs.items():
            reader = AwsReader(Access(graph.stack.region), SystemClock(), Calls())
            plan = engine.view(graph, reader).plan
            if plan.actions or plan.drift or plan.blocked:
                found.append(name)
        return found

    def until_healed(self) -> None:
        until = time.monotonic() + HEALING
        while left := [*self.out_of_sync(), *self._store.items("finding")]:
            assert time.monotonic() < until, f"not healed: {left}; {self._store.items('finding')}"
            time.sleep(1)

    def round(self) -> str:
        """One thing that goes wrong."""
        victim = self._dice.randrange(2)
        what = self._dice.choice(["break", "break", "break", "kill", "sleep", "end"])
        child = self._daemons[victim]
        if what == "break":
            return self._break()
        if what == "sleep":
            child.send_signal(signal.SIGSTOP)
            time.sleep(SLEEP)
            child.send_signal(signal.SIGCONT)
        else:
            child.send_signal(signal.SIGKILL if what == "kill" else signal.SIGTERM)
            status = child.wait(30)
            assert what == "kill" or status == 0, f"SIGTERM ended a daemon with {status}"
            self._daemons[victim] = self._started()
        return what

    def _break(self) -> str:
        stack = self._dice.choice(sorted(self._graphs))
        chosen = self._dice.choice([each for each in BREAKS if each.name not in SKIPPED])
        if self._broken[stack, chosen.name] >= 2:
            return "spared"
        self._broken[stack, chosen.name] += 1
        try:
            chosen.apply(account(os.environ["AWS_ENDPOINT_URL"], "us-east-1", stack))
        except ReconcilerError as error:
            return f"{chosen.name} of {stack}: {error}"
        return f"{chosen.name} of {stack}"

    def memory(self) -> int:
        """Kilobytes that the larger daemon holds."""
        found = [Path(f"/proc/{child.pid}/statm").read_text().split()[1] for child in self._daemons]
        return max(map(int, found)) * 4

    def end(self) -> None:
        for child in self._daemons:
            child.send_signal(signal.SIGTERM)
        for child in self._daemons:
            assert child.wait(30) == 0

    def kill(self) -> None:
        """Leave no process behind, however this went."""
        for child in self._daemons:
            child.kill()
            child.wait()

    def judge(self) -> None:
        """Everything that must be true afterwards."""
        events = [entry.value for entry in self._store.entries("events", limit=1_000_000)]
        phases: dict[str, Counter[str]] = {}
        for event in events:
            if event.get("incident"):
                phases.setdefault(event["incident"], Counter())[event["phase"]] += 1
        wrong = {key: seen for key, seen in phases.items() if (seen["opened"], seen["resolved"]) != (1, 1)}
        assert not wrong, wrong
        assert self._store.leases() == [], "a lease was not given back"
        assert not [event for event in events if event["event"] == "DriftContested"]
        held: dict[str, tuple[int, int]] = {}
        changes = 0
        for line in (self._folder / "notes").read_text().splitlines():
            pid, lease, fence = json.loads(line)
            before = held.get(lease, (0, 0))
            assert fence >= before[0], f"{lease} was written under an old lease"
            assert fence > before[0] or pid == before[1], f"two processes wrote {lease} under one lease"
            changes += before[1] not in (0, pid)
            held[lease] = (fence, pid)
        print(f"{len(phases)} findings opened and resolved once; stacks changed hands {changes} times")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stacks", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--daemon", nargs=3)
    options = parser.parse_args()
    if options.daemon:
        return daemon(*options.daemon)
    with world(options.stacks) as folder:
        soak = Soak(folder, options.seed)
        try:
            soak.until_healed()
            first = soak.memory()
            for number in range(options.rounds):
                print(number, soak.round(), flush=True)
            soak.until_healed()
            print(f"memory {first} kB before, {soak.memory()} kB after", flush=True)
            soak.end()
        finally:
            soak.kill()
        soak.judge()
    return 0


if __name__ == "__main__":
    sys.exit(main())

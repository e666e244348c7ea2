"""Two daemons with one store hold stacks while everything happens to them.

    python tests/daemon/soak.py --stacks 50 --rounds 120

Somebody breaks things; a daemon is killed, ended or put to sleep past its lease; AWS cannot be reached, throttles,
fails, lags or loses answers; and somebody sets the same thing again each time it is put right, until nobody does.
Exit status 0 when afterwards everything is healed, every break was alerted once and resolved once and nothing else was
taken for drift, what was fought over was told once and left alone, no stack was written under two leases at once, and
the daemon that lived through it all holds no more memory than after its first passes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from patience import until
from soak_daemon import bed, files_of
from soak_fighter import Fighter

from reconciler import engine, policy
from reconciler.aws import Access, AwsReader, Calls
from reconciler.clock import SystemClock
from reconciler.daemon.memory import REQUESTS
from reconciler.observe import look
from reconciler.sandbox import process
from reconciler.sandbox.breaks import BREAKS, Break, BreakRefusedError, NothingToBreakError, account
from reconciler.sandbox.environment import point_at
from reconciler.store import Lease, Put
from reconciler.store.sqlite import SqliteStore

SPEC: Final = Path(__file__).parents[2] / "specs" / "two-tier.yaml"
DAEMON: Final = Path(__file__).with_name("soak_daemon.py")
SPEED: Final = 60.0
SHORTEST_INTERVAL: Final = 3
STACKS_PER_SECOND: Final = 1
"""What two daemons and a sandbox on two cores can look at beside everything else."""
WEATHER: Final = 24
"""Requests that AWS answers, or does not, before it is well again."""
MEMORY: Final = 1.15
"""How much more memory there may be in the end: what an allocator leaves lying about, and no leak."""

ALERT: Final = """
---
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {name: soak}
spec:
  sinks: [{name: hook, webhook: {url: {env: HOOK_URL}}}]
"""

PLACES: Final[Mapping[str, str]] = {
    "open-ssh": r"security-group/.*/rules",
    "delete-nat-route": r"route-table/.*/routes",
    "scale-to-zero": r"service/.*",
    "delete-listener-rule": r"listener/.*/rules",
    "swap-priorities": r"listener/.*/rules",
    "change-health-check": r"target-group/.*",
    "remove-tag": r"vpc/.*",
    "delete-association": r"route-table-association/.*",
    "other-task-definition": r"service/.*",
}
"""What a break touches, of those that a daemon heals: a balancer that is gone needs a person's approval, and what is
foreign is none of its business. Each place of a stack is broken once, so that each break is one incident."""

WEATHERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "cut off": {"lost_before": 1},
    "throttled": {"throttle": 0.5},
    "failing": {"errors_5xx": 0.3, "lost_before": 0.1},
    "losing answers": {"lost_after": 0.2},
    "lagging": {"lag": 60, "latency": 6},
}


NUDGED: Final = 8
"""Stacks that are asked for where a daemon is to be at work: as many as one has workers."""


class Listener:
    """Who is alerted. Deliveries come at least once; what has a known `id` is dropped, as the documents say."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.copies = 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for message in body["messages"]:
                    listener.copies += message["id"] in listener.messages
                    listener.messages[message["id"]] = message
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Listener:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def phases(self) -> dict[str, Counter[str]]:
        """How often each incident was opened and resolved."""
        found: dict[str, Counter[str]] = {}
        for message in self.messages.values():
            if message["phase"] != "happened":
                found.setdefault(message["key"], Counter())[message["phase"]] += 1
        return found

    def opened(self, event: str) -> Counter[tuple[str, str]]:
        """How often incidents that begin with an event were opened, by stack and address."""
        opened = (m for m in self.messages.values() if (m["event"], m["phase"]) == (event, "opened"))
        return Counter((message["stack"], message["address"]) for message in opened)


@dataclass
class Daemon:
    """One process."""

    folder: Path

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(DAEMON), str(self.folder)]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n", "a daemon ended before it began"

    def end(self, number: signal.Signals) -> None:
        self.child.send_signal(number)
        status = self.child.wait(60)
        assert number == signal.SIGKILL or status == 0, f"{number.name} ended a daemon with {status}"

    def leases(self, store: SqliteStore) -> list[Lease]:
        """The stacks that it works on."""
        mine = f"process {self.child.pid} "
        return [lease for lease in store.leases() if mine in lease.holder and lease.name != "alerts"]

    def is_stopped(self) -> bool:
        """Whether it sleeps, until it is woken."""
        return Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def memory(self) -> int:
        """Resident kilobytes."""
        return int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * 4


@contextmanager
def world(stacks: int) -> Iterator[Path]:
    """A folder of specs, a sandbox of its own, and an environment that leads there."""
    with TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        interval = max(SHORTEST_INTERVAL, stacks // STACKS_PER_SECOND)
        text = SPEC.read_text().replace("interval: 60s", f"interval: {interval}s") + ALERT
        for number in range(stacks):
            path = folder / "specs" / str(number) / "stack.yaml"
            path.parent.mkdir(parents=True)
            path.write_text(text.replace("\n  name: shop", f"\n  name: shop{number}").replace("10.0.", f"10.{number}."))
        running, _ = process.start(speed=SPEED)
        point_at(running.url, os.environ)
        try:
            yield folder
        finally:
            process.stop()


class Soak:
    """The first daemon is the elder: it lives until everything else is over, so that a leak would show."""

    def __init__(self, folder: Path, listener: Listener, seed: int) -> None:
        self._dice = random.Random(seed)
        self._listener = listener
        self._folder = folder
        self._notes = folder / "notes"
        self._store = SqliteStore(folder / "store.db")
        self._graphs = {name: desired.graph for name, desired in files_of(folder).reading().stacks.items()}
        self._broken: dict[tuple[str, str], str] = {}
        self._fights: list[Fighter] = []
        self._daemons = [Daemon(folder), Daemon(folder)]

    def out_of_sync(self) -> list[str]:
        """Stacks that differ from what is wanted, by one look at all of them, or lack the evidence that all was there:
        what goes before that is left is no drift, and nobody is told."""
        graphs = list(self._graphs.values())
        reader = AwsReader(Access(graphs[0].stack.region), SystemClock(), Calls())
        types = {name: kind for graph in graphs for name, kind in graph.types.items()}
        seen = look(types, reader, self._graphs, graphs)
        views = {name: engine.view_of(graph, seen) for name, graph in self._graphs.items()}
        return [
            name
            for name, view in views.items()
            if view.plan.actions or view.plan.drift or view.plan.blocked or not view.comparison.converged_before
        ]

    def until_healed(self) -> None:
        """Everything as wanted, every finding over, and every alert delivered."""
        until("the end of all findings", lambda: not self._store.items("finding"))
        until("all stacks to be in sync", lambda: not self.out_of_sync() and not self._store.items("finding"))
        until("all alerts to be delivered", lambda: not self._store.items("outbox"))

    def round(self, *, elder: bool = False) -> str:
        """One thing that goes wrong; with `elder` to the elder too."""
        what = self._dice.choice(["break"] * 4 + ["kill", "end", "sleep", "sleep", *WEATHERS])
        if what == "break":
            return self._break()
        if what in WEATHERS:
            return f"{self._break()}; {self._weather(what)}"
        if what == "sleep":
            return self._sleep(self._dice.choice(self._daemons))
        victim = self._daemons[0 if elder and self._dice.random() < 0.5 else 1]
        victim.end(signal.SIGKILL if what == "kill" else signal.SIGTERM)
        victim.start()
        return what

    def fight(self) -> Fighter:
        """Somebody else begins to set what a stack has, each time it is put right."""
        self._fights.append(Fighter(self._store, sorted(self._graphs)[len(self._fights) % len(self._graphs)]))
        return self._fights[-1]

    def _busily(self, what: str, done: Callable[[], Any]) -> None:
        """`until` with daemons that are at work, for some stacks are asked for again and again."""
        asked = self._dice.sample(sorted(self._graphs), min(NUDGED, len(self._graphs)))

        def is_done() -> bool:
            if done():
                return True
            if not self._store.items(REQUESTS):
                self._store.write(*(Put(REQUESTS, stack, {}) for stack in asked))
            return False

        until(what, is_done)

    def _sleep(self, daemon: Daemon) -> str:
        """Stopped in the middle of its work, and woken when its leases have run out or are another's."""
        bed(self._folder, daemon.child.pid).touch()
        self._busily("a daemon to fall asleep", daemon.is_stopped)
        held: set[str] = set()

        def have_run_out() -> bool:
            its_own = daemon.leases(self._store)
            held.update(lease.name.rpartition("/")[2] for lease in its_own)
            return all(lease.expires < time.time() for lease in its_own)

        until("leases to run out", have_run_out)
        daemon.child.send_signal(signal.SIGCONT)
        return f"asleep past its lease of {', '.join(sorted(held)) or 'nothing'}"

    def _weather(self, name: str) -> str:
        """AWS does badly for a while."""
        process.set_faults({**WEATHERS[name], "seed": self._dice.randrange(10**6)})
        first = self._calls()
        self._busily("requests", lambda: self._calls() >= first + WEATHER)
        process.set_faults({})
        self._have_all_looked_at()
        return name

    def _have_all_looked_at(self) -> None:
        """Who failed for long would not look again for a quarter of an hour."""

        def asked() -> bool:
            self._store.write(*(Put(REQUESTS, stack, {}) for stack in self._graphs))
            return True

        until("the store to take requests", asked)

    def _calls(self) -> int:
        status = process.status()
        assert status is not None
        return int(status["calls"])

    def _break(self) -> str:
        whole = [
            (stack, each)
            for stack in sorted(self._graphs)
            for each in BREAKS
            if each.name in PLACES and (stack, PLACES[each.name]) not in self._broken
        ]
        if not whole:
            return "everything was broken already"
        stack, chosen = self._dice.choice(whole)
        return f"{chosen.name} of {stack}: {self._broken_now(stack, chosen)}"

    def _broken_now(self, stack: str, chosen: Break) -> str:
        try:
            said = chosen.apply(account(os.environ["AWS_ENDPOINT_URL"], "us-east-1", stack))
        except (NothingToBreakError, BreakRefusedError) as error:
            return f"not possible: {error}"
        self._broken[stack, PLACES[chosen.name]] = chosen.name
        return said

    @property
    def memory(self) -> int:
        """Resident kilobytes of the elder."""
        return self._daemons[0].memory()

    def end(self) -> None:
        """SIGTERM, and what must be so after it."""
        for daemon in self._daemons:
            daemon.end(signal.SIGTERM)
        assert self._store.leases() == [], "a lease was not given back"

    def kill(self) -> None:
        """Leave no process behind, however this went."""
        for daemon in self._daemons:
            daemon.child.kill()
            daemon.child.wait()

    def judge(self) -> str:
        """Everything that must be true afterwards."""
        phases = self._listener.phases()
        wrong = {key: dict(seen) for key, seen in phases.items() if (seen["opened"], seen["resolved"]) != (1, 1)}
        assert not wrong, f"not opened once and resolved once: {wrong}"
        self._judge_drift()
        contested = self._listener.opened("DriftContested")
        fought = Counter((fight.stack, fight.address) for fight in self._fights)
        assert contested == fought, f"fought over were {dict(fought)}, told as contested {dict(contested)}"
        return (
            f"{len(phases)} incidents opened once and resolved once, {len(self._broken)} of them breaks and "
            f"{contested.total()} contests, {self._listener.copies} deliveries repeated; {self._handed_over()}"
        )

    def _judge_drift(self) -> None:
        """Each break was one drift, and there was no other than those of the fights."""
        told = self._listener.opened("DriftFound")
        for place in {(fight.stack, fight.address) for fight in self._fights}:
            times = told.pop(place)
            assert times >= policy.CONTESTED_TIMES, f"contested after it drifted {times} times"
        twice = {place: times for place, times in told.items() if times > 1}
        assert not twice, f"alerted more than once: {twice}"
        for stack, address in told:
            of_stack = [place for each, place in self._broken if each == stack]
            assert any(re.fullmatch(place, address) for place in of_stack), f"nobody broke {address} of {stack}"
        for (stack, place), name in self._broken.items():
            found = [address for each, address in told if each == stack and re.fullmatch(place, address)]
            assert len(found) == 1, f"{name} of {stack} was alerted as {found}"

    def _handed_over(self) -> str:
        """Nothing left under a lease after another process had the next one."""
        held: dict[str, tuple[int, int]] = {}
        requests = changes = 0
        for line in self._notes.read_text().splitlines():
            pid, lease, fence = json.loads(line)
            before = held.get(lease, (0, 0))
            assert fence >= before[0], f"{lease} was written under an old lease"
            assert fence > before[0] or pid == before[1], f"two processes wrote {lease} under one lease"
            requests += 1
            changes += before[1] not in (0, pid)
            held[lease] = (fence, pid)
        return f"{requests} requests under lease, stacks changed hands {changes} times"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stacks", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    with ExitStack() as undo:
        folder = undo.enter_context(world(options.stacks))
        listener = undo.enter_context(Listener())
        os.environ["HOOK_URL"] = listener.url
        soak = Soak(folder, listener, options.seed)
        undo.callback(soak.kill)
        soak.until_healed()
        say(f"all made, the elder holds {soak.memory} kB")
        fight = soak.fight()
        for number in range(options.rounds // 4):
            say(f"{number} {soak.round()}")
        say(fight.join())
        soak.until_healed()
        first = soak.memory
        for number in range(options.rounds // 4, options.rounds):
            say(f"{number} {soak.round()} ({soak.memory} kB)")
        soak.until_healed()
        last = soak.memory
        say(f"memory of the elder: {first} kB after a quarter of the rounds, {last} kB after all of them")
        assert last <= first * MEMORY, "memory grows"
        fight = soak.fight()
        for number in range(options.rounds // 10):
            say(f"{options.rounds + number} {soak.round(elder=True)}")
        say(fight.join())
        soak.until_healed()
        soak.end()
        say(soak.judge())
    return 0


if __name__ == "__main__":
    sys.exit(main())

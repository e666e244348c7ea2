"""All stacks of a daemon: what triggers a pass, which worker does it, and how it all ends."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import Final

from reconciler.alerts import Rule
from reconciler.daemon import findings
from reconciler.daemon.desired import Desired
from reconciler.daemon.files import Reading
from reconciler.daemon.hearing import Hearing
from reconciler.daemon.history import History
from reconciler.daemon.leases import TERM, Leases
from reconciler.daemon.memory import REQUESTS, Memory, Route
from reconciler.daemon.metrics import Metrics
from reconciler.daemon.passes import Deps, Pass, State
from reconciler.daemon.places import Place
from reconciler.daemon.queue import Item, Trigger, WorkQueue
from reconciler.daemon.statuses import Statuses
from reconciler.daemon.strain import Strain
from reconciler.model.events import Event, Finding, Open, Severity, news
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.resources import configuration, health_of_targets
from reconciler.store import Remove, Retention, Store, StoreError

WORKERS: Final = 8
LISTEN: Final = 0.3
"""Seconds between looks at the files and the requests: what stays the same for two of them is taken up within one."""
CLOSING: Final = 16.0
"""Seconds that requests under way are given at the end; what then still hangs is given up."""
STUCK: Final = 60.0

Connect = Callable[[Graph], tuple[Reader, Writer]]
Emit = Callable[[Event], None]


class Options(Frozen):
    """How a daemon runs. `route` adds what alerts write along with events."""

    workers: int = WORKERS
    term: float = TERM
    retention: Retention = field(default_factory=Retention)
    route: Route = lambda *_: ()
    closing: float = CLOSING
    hearing: Hearing | None = None


class Loop:
    """Holds stacks. `turn` does what is due and says how long there is nothing to do; `run` does so for ever."""

    def __init__(
        self,
        clock: Clock,
        connect: Connect,
        store: Store,
        emit: Emit,
        stop: threading.Event,
        dice: random.Random,
        options: Options | None = None,
    ) -> None:
        self._clock = clock
        self._connect = connect
        self._stop = stop
        self._dice = dice
        self._options = options or Options()
        self.metrics = Metrics()
        self.queue = WorkQueue(clock.now, dice)
        self.memory = Memory(store, emit, clock.now, route=self._options.route, retention=self._options.retention)
        self.leases = Leases(store, clock, "daemon", term=self._options.term)
        self.stacks: dict[str, State] = {}
        self._statuses = Statuses(self.memory)
        self._places: dict[tuple[str | None, ...], Place] = {}
        self._making = threading.Lock()
        self._opening: dict[tuple[str | None, ...], threading.Lock] = {}
        """By place: one that does not answer keeps no other waiting."""
        self._looked: set[str] = set()
        self._broken = self._of_all("spec", {})
        self._throttled = self._of_all("aws", {})
        self._strain = Strain()
        self._ticked = time.monotonic()
        self.metrics.queue = lambda: (self.queue.depth, self.queue.busy)
        self._deps = Deps(
            clock, self._place, self._neighbours, self.leases, self.memory, History(self.memory),
            self._statuses, self.metrics, self.queue, stop, self._options.hearing,
        )  # fmt: skip

    def follow(self, reading: Reading) -> None:
        """Take over what is good in the files; what is wrong in them is told, and changes nothing."""
        found = [Finding(f"spec {text}", "SpecInvalid", "SpecValid", text, Severity.ERROR) for text in reading.problems]
        self._broken = self._of_all("spec", self._broken)
        events, still = news("", self._broken, found, self._clock.now())
        if events:
            self.memory.tell("", events, self._broken, still)
        self._broken = still
        self._statuses.broken, self._statuses.good = reading.problems, frozenset(reading.stacks)
        for state in self.stacks.values():
            self._statuses.refresh(state.desired, self._clock.now())
        self.hold(reading.stacks)

    def hold(self, stacks: Mapping[str, Desired]) -> None:
        """Take over new and changed stacks, due at once. One whose files are gone is held as it was."""
        for name, desired in stacks.items():
            state = self.stacks.get(name)
            if state is None:
                self.stacks = {**self.stacks, name: State(desired, self.memory.open_findings(name))}
            elif state.desired.same(desired):
                continue
            else:
                state.desired = desired
                self.memory.tell(name, [Event("SpecLoaded", self._clock.now(), name)], {}, {})
            self.queue.forget(name)
            self.queue.add(name, Trigger.EDIT)

    def touched(self, stack: str, addresses: Iterable[str], call: str) -> None:
        """Have a look soon at what an event touched of a stack: what it names, and what the call could have made."""
        state = self.stacks.get(stack)
        if state is not None:
            graph = state.graph
            found = [graph.resources[a].type if a in graph.resources else "" for a in addresses]
            found += [kind.name for kind in graph.types.values() if call in kind.changed_by]
            self.queue.add(stack, Trigger.EVENT, () if "" in found else found)

    def rules(self) -> list[Rule]:
        """The alerts of all stacks."""
        return [rule for state in self.stacks.values() for rule in state.desired.alerts]

    def listen(self) -> None:
        """Hear of what happens to the stacks that name a queue."""
        if self._options.hearing is not None:
            self._options.hearing.follow([state.graph for state in self.stacks.values()], self.touched)

    def trigger_all(self, reason: Trigger = Trigger.REQUEST) -> None:
        """Have a look at everything soon."""
        for name in self.stacks:
            self.queue.add(name, reason)

    def turn(self) -> float:
        """Runs every pass that is due, and waits for them; seconds until the next one is."""
        self._requests()
        self._strained()
        with ThreadPoolExecutor(self._options.workers, thread_name_prefix="pass") as pool:
            while (item := self.queue.take()) is not None:
                pool.submit(self._work, item)
        left = self.queue.seconds_to_next()
        return 1.0 if left is None else left

    def run(self, listen: Callable[[], None]) -> bool:
        """Until `stop`; `listen` is called about three times a second. Whether everything under way came to its end."""
        free = threading.Semaphore(self._options.workers)
        pool = ThreadPoolExecutor(self._options.workers, thread_name_prefix="pass")
        listened = 0.0
        while not self._stop.is_set():
            self._ticked = time.monotonic()
            if self._ticked - listened >= LISTEN:
                listened = self._ticked
                listen()
                self.listen()
                self._strained()
                self._requests()
            if not free.acquire(timeout=LISTEN):
                continue
            item = self.queue.take()
            if item is None:
                free.release()
                left = self.queue.seconds_to_next()
                self.queue.wait(LISTEN if left is None else min(left, LISTEN))
            else:
                pool.submit(self._work, item).add_done_callback(lambda _: free.release())
        return self._end(pool)

    def close(self) -> None:
        """Give back every lease and let go of the store."""
        if self._options.hearing is not None:
            self._options.hearing.close()
        self.leases.close()
        self.memory.store.close()

    def alive(self) -> str:
        """Why this process had better be started again; empty where it need not."""
        quiet = time.monotonic() - self._ticked
        return f"nothing has moved for {quiet:.0f} s" if quiet > STUCK else ""

    def ready(self) -> str:
        """What could not be looked at yet; empty where everything was."""
        waiting = sorted(self.stacks.keys() - self._looked)
        if not self.stacks:
            return "no stack is held"
        return f"not looked at yet: {', '.join(waiting[:10])}" if waiting else ""

    def _end(self, pool: ThreadPoolExecutor) -> bool:
        pool.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + self._options.closing
        while self.queue.busy and time.monotonic() < until:
            self.queue.wait(0.2)
        return not self.queue.busy

    def _work(self, item: Item) -> None:
        try:
            if not self._stop.is_set() and Pass(self.stacks[item.key], item, self._deps).run():
                self._looked.add(item.key)
        except Exception as error:  # noqa: BLE001 - a bug in one stack's pass must not end the others'
            kind = type(error).__name__
            finding = findings.failed_pass("InternalError", f"{kind}: {error}; report it with what the log says")
            event = Event(finding.type, self._clock.now(), item.key, message=finding.message, severity=Severity.ERROR)
            self.memory.tell(item.key, [event], {}, {})
            self.queue.retry(item.key)
        finally:
            self.queue.done(item.key)

    def _place(self, graph: Graph) -> Place:
        key = graph.stack.place
        with self._making:
            opening = self._opening.setdefault(key, threading.Lock())
        with opening:
            place = self._places.get(key)
            if place is None:
                reader, writer = self._connect(graph)
                place = self._places[key] = Place(reader, writer, self._clock, self._dice)
            wanted = configuration() if any(state.desired.flows for state in self.stacks.values()) else {}
            place.evidence = {**wanted, **(health_of_targets() if self._someone_hears_of_targets() else {})}
            return place

    def _someone_hears_of_targets(self) -> bool:
        return any(rule.hears("TargetUnhealthy") for rule in self.rules())

    def _strained(self) -> None:
        """AWS throttles the whole account, so this concerns no one stack."""
        now = self._clock.now()
        self._strain.note(self.metrics.throttles(), now)
        found = list(self._strain.findings(now))
        if found or self._throttled:
            self._throttled = self._of_all("aws", self._throttled)
        events, still = news("", self._throttled, found, now)
        if events:
            self.memory.tell("", events, self._throttled, still)
        self._throttled = still

    def _of_all(self, group: str, mine: dict[str, Open]) -> dict[str, Open]:
        """Findings of no stack that are open, whichever process of the store told of them."""
        if self.memory.failing:
            return mine
        return {key: one for key, one in self.memory.open_findings("").items() if one.finding.group == group}

    def _neighbours(self, graph: Graph) -> Mapping[str, Graph]:
        mine = graph.stack.place
        return {name: state.graph for name, state in self.stacks.items() if state.graph.stack.place == mine}

    def _requests(self) -> None:
        """What the command line asked for since the last time."""
        for stack in self.memory.items(REQUESTS):
            if stack in self.stacks:
                self.queue.add(stack, Trigger.REQUEST)
                try:
                    self.memory.store.write(Remove(REQUESTS, stack))
                except StoreError as error:
                    self.memory.complain(error)

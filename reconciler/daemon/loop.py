"""The loop: one pass per stack and interval, sooner when a file changed or AWS is still busy, later after failures."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from reconciler import engine
from reconciler.daemon.events import Event, incidents, news
from reconciler.execute import Limits
from reconciler.model.errors import AwsError, ErrorClass, ReconcilerError
from reconciler.model.graph import Graph
from reconciler.model.plan import Plan, Result
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.plan import Choices

SOON = 5.0
"""Seconds to the next pass while AWS is still busy with the last one."""
LONGEST_BACKOFF = 900.0
SETTLE = 10.0
"""Seconds that one pass waits for AWS; then it ends and the next one comes soon."""
WORKERS = 4

Emit = Callable[[Event], None]
Connect = Callable[[Graph], tuple[Reader, Writer]]


@dataclass(slots=True)
class Held:
    """What the daemon remembers of one stack; none of it is truth about AWS."""

    graph: Graph
    due: float = 0.0
    failures: int = 0
    open: dict[str, Event] = field(default_factory=dict)
    withheld: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Addresses that came back different, each with why and the digest it was for."""
    refused: str = ""
    in_sync: bool = False


class Loop:
    """All stacks of a daemon. `turn` does what is due and says how long there is nothing to do."""

    def __init__(self, clock: Clock, connect: Connect, emit: Emit, stop: threading.Event, dice: random.Random) -> None:
        self._clock = clock
        self._connect = connect
        self._emit = emit
        self._stop = stop
        self._dice = dice
        self.stacks: dict[str, Held] = {}

    def hold(self, graphs: Mapping[str, Graph]) -> None:
        """Take over new and changed graphs; a changed one is due at once."""
        for name, graph in graphs.items():
            held = self.stacks.get(name)
            if held is None:
                self.stacks[name] = Held(graph)
            elif held.graph.digest != graph.digest or held.graph.stack != graph.stack:
                held.graph, held.due, held.failures, held.refused = graph, 0.0, 0, ""
                held.withheld.clear()
                self._emit({"event": "SpecLoaded", "stack": name})

    def turn(self) -> float:
        """Runs every pass that is due; seconds until the next one is."""
        now = self._clock.now()
        due = [held for held in self.stacks.values() if held.due <= now]
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="pass") as pool:
            list(pool.map(self._pass, due))
        now = self._clock.now()
        return max(0.0, min((held.due for held in self.stacks.values()), default=now + 1.0) - now)

    def _pass(self, held: Held) -> None:
        if self._stop.is_set():
            return
        policy = held.graph.stack
        try:
            again = self._reconciled(held)
            held.failures = 0
        except ReconcilerError as error:
            held.failures += 1
            held.in_sync = False
            again = min(SOON * 2.0 ** (held.failures - 1), LONGEST_BACKOFF)
            denied = isinstance(error, AwsError) and error.error_class is ErrorClass.DENIED
            self._emit(
                {"event": "CredentialsFailing" if denied else "PassFailed", "stack": policy.name, "message": str(error)}
            )
        held.due = self._clock.now() + again * self._dice.uniform(0.9, 1.1)

    def _reconciled(self, held: Held) -> float:
        graph = held.graph
        reader, writer = self._connect(graph)
        engine.check_account(graph.stack, reader)
        choices = Choices(
            heal=graph.stack.drift == "Heal",
            withheld={a: why for a, (why, digest) in held.withheld.items() if digest == graph.digest},
        )
        first = engine.view(graph, reader, choices)
        found = {} if graph.stack.drift == "Ignore" else incidents(graph.stack.name, first.plan.drift)
        self._tell(news(held.open, found, healed=False))
        held.open = found
        if not first.plan.actions:
            held.in_sync = not first.plan.drift and not first.plan.blocked
            return graph.stack.interval
        if self._is_refused(held, first.plan):
            return graph.stack.interval
        return self._applied(held, first, reader, writer, choices)

    def _applied(self, held: Held, first: engine.View, reader: Reader, writer: Writer, choices: Choices) -> float:
        graph = held.graph
        name = graph.stack.name
        if first.plan.visible:
            self._emit({"event": "ApplyStarted", "stack": name, "actions": len(first.plan.visible)})
        doing = engine.Doing(writer, self._clock, Limits(settle=SETTLE), stop=self._stop)
        applied = engine.apply(graph, first, reader.fresh(), doing, choices)
        for outcome in applied.outcomes:
            if outcome.failure:
                address = outcome.action.address
                failure = outcome.failure
                if failure.code == "NonConverging":
                    held.withheld[address] = (failure.message, graph.digest)
                said = {"address": address, "code": failure.code, "message": failure.message, "next": failure.next}
                event = "NonConverging" if failure.code == "NonConverging" else "ApplyFailed"
                self._emit({"event": event, "stack": name, "object": outcome.action.owner, **said})
        left = incidents(name, applied.left.drift)
        if graph.stack.drift == "Heal" and not any(o.result is Result.FAILED for o in applied.outcomes):
            self._tell(news(held.open, left, healed=True))
            held.open = left
        held.in_sync = applied.converged
        if applied.converged:
            if first.plan.visible:
                self._emit({"event": "ApplySucceeded", "stack": name, "calls": len(applied.outcomes)})
            return graph.stack.interval
        if any(o.result is Result.FAILED for o in applied.outcomes):
            held.failures += 1
            return min(SOON * 2.0 ** (held.failures - 1), LONGEST_BACKOFF)
        return SOON

    def _is_refused(self, held: Held, plan: Plan) -> bool:
        """A plan that disrupts needs a person; said once for each plan."""
        refused = "; ".join(plan.disruptions)
        if refused and held.refused != refused:
            self._emit(
                {
                    "event": "ApplyRefused",
                    "stack": held.graph.stack.name,
                    "message": f"the plan {refused}; nothing was changed",
                    "next": "look at plan, then run apply --allow-disruption",
                }
            )
        held.refused = refused
        return bool(refused)

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._emit(event)

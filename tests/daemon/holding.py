"""A daemon over the sandbox, turn by turn on the sandbox's clock, with its events kept."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path

from worlds import SPECS

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.daemon.desired import Desired
from reconciler.daemon.files import Files
from reconciler.daemon.loop import Loop, Options
from reconciler.load import load
from reconciler.model.events import Event
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader, Writer
from reconciler.sandbox import Sandbox
from reconciler.store.sqlite import SqliteStore

REFERENCE = (SPECS / "two-tier.yaml").read_text()
ALERTING = REFERENCE.replace("policy: Heal", "policy: Alert")


class Daemon:
    """One process's worth of daemon; two of them may share a `store`. What it writes goes through `wrap`."""

    def __init__(
        self,
        sandbox: Sandbox,
        store: Path,
        options: Options | None = None,
        wrap: Callable[[Writer], Writer] = lambda writer: writer,
    ) -> None:
        self.events: list[Event] = []
        self._wrap = wrap
        self.calls = Calls()
        self.clock = sandbox.clock
        self.store = SqliteStore(store, busy=0.05)
        self.stop = threading.Event()
        dice = random.Random(1)
        self.loop = Loop(sandbox.clock, self._connect, self.store, self.events.append, self.stop, dice, options)

    def _connect(self, desired: Graph) -> tuple[Reader, Writer]:
        access = Access(desired.stack.region)
        return AwsReader(access, self.clock, self.calls), self._wrap(AwsWriter(access, self.clock, self.calls))

    def hold(self, *texts: str) -> None:
        """Take over what these files say."""
        named = [(f"{number}/stack.yaml", text.encode()) for number, text in enumerate(texts)]
        self.loop.follow(Files(lambda: load(named), lambda: None).reading())

    def desired(self, text: str) -> Desired:
        """What a file wants of its only stack."""
        (found,) = Files(lambda: load([("stack.yaml", text.encode())]), lambda: None).reading().stacks.values()
        return found

    def until_idle(self, turns: int = 60) -> None:
        """Turns until a pass found nothing to do."""
        for _ in range(turns):
            pause = self.loop.turn()
            if all(state.in_sync for state in self.loop.stacks.values()):
                return
            self.clock.advance(pause)
        raise AssertionError(self.events[-5:])

    def interval(self) -> None:
        """Let an interval pass, and do what is due then."""
        self.clock.advance(100)
        self.loop.turn()

    def named(self, *but: str) -> list[str]:
        """The types of the events so far."""
        return [event.type for event in self.events if event.type not in but]


def edited(edit: Callable[[str], str]) -> str:
    """The reference file, edited as text."""
    return edit(REFERENCE)


def stack(name: str, block: str) -> str:
    """The reference file as a stack of another name and network."""
    return REFERENCE.replace("name: shop", f"name: {name}").replace("10.0.", f"{block}.")

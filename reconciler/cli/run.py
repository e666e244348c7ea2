"""`reconciler run`: hold stacks at their desired state."""

from __future__ import annotations

import json
import random
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from types import FrameType

import click

from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._workspace import connect, files_option, graph_of, load_stacks
from reconciler.clock import SystemClock
from reconciler.daemon.events import Event
from reconciler.daemon.files import in_force, read
from reconciler.daemon.health import serve_health
from reconciler.daemon.loop import Loop
from reconciler.daemon.webhook import Webhook
from reconciler.load import StackObjects
from reconciler.model.errors import ReconcilerError
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader, Writer

LOOK_AT_FILES = 0.5
"""Seconds between looks at the files: a change is seen within one."""
CLOSING = 10.0


@click.command("run")
@files_option
@click.option("--once", is_flag=True, help="One pass over every stack, then end: 0 in sync, 1 not.")
@click.option("--webhook", help="Post every event to this URL as JSON.")
@click.option("--health-port", type=click.IntRange(1, 65535), help="Answer /healthz on this port of the loopback.")
@settings_options
def command(paths: Sequence[str], once: bool, webhook: str | None, health_port: int | None, settings: Settings) -> int:
    """Look at every stack each interval, heal or report drift, follow changed files; events as JSON lines."""
    if webhook and not webhook.startswith(("http://", "https://")):
        raise click.UsageError(f"--webhook {webhook!r} is no http or https URL")
    return _Daemon(paths, settings, webhook, health_port).run(once=once)


class _Daemon:
    def __init__(self, paths: Sequence[str], settings: Settings, webhook: str | None, port: int | None) -> None:
        self._paths = paths
        self._settings = settings
        self._stop = threading.Event()
        self._port = port
        self._hook = Webhook(webhook, _complain) if webhook else None
        self._saying = threading.Lock()
        self._loop = Loop(SystemClock(), self._connected, self._emit, self._stop, random.Random())  # noqa: S311 - jitter
        self._stacks: Mapping[str, StackObjects] = {}
        self._problems: tuple[str, ...] = ()
        self._links: dict[tuple[str, str | None], tuple[Reader, Writer]] = {}

    def run(self, *, once: bool) -> int:
        """Until SIGTERM or Ctrl-C, or for one pass."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        with ExitStack() as stack:
            if self._port is not None:
                stack.enter_context(serve_health(self._port))
            self._follow_files()
            status = self._one_pass() if once else self._for_ever()
        if self._hook is not None:
            self._hook.close(CLOSING)
        return status

    def _one_pass(self) -> int:
        self._loop.turn()
        held = self._loop.stacks.values()
        return 0 if held and not self._problems and all(h.in_sync for h in held) else 1

    def _for_ever(self) -> int:
        while not self._stop.is_set():
            pause = self._loop.turn()
            while pause > 0 and not self._stop.wait(min(pause, LOOK_AT_FILES)):
                pause -= LOOK_AT_FILES
                if self._follow_files():
                    break
        return 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop.set()

    def _follow_files(self) -> bool:
        """Takes over what the files say now; whether that changed anything."""
        reading = read(load_stacks, self._paths)
        if reading.problems != self._problems and reading.problems:
            self._emit({"event": "SpecInvalid", "problems": list(reading.problems)})
        self._problems = reading.problems
        now = in_force(self._stacks, reading)
        changed = {name: stack for name, stack in now.items() if self._stacks.get(name) != stack}
        self._stacks = now
        graphs: dict[str, Graph] = {}
        for name, stack in changed.items():
            try:
                graphs[name] = graph_of(stack)
            except ReconcilerError as error:
                self._emit({"event": "SpecInvalid", "stack": name, "problems": [str(error)]})
        self._loop.hold(graphs)
        return bool(graphs)

    def _connected(self, graph: Graph) -> tuple[Reader, Writer]:
        from reconciler.aws import AwsWriter

        key = (graph.stack.region, graph.stack.role_arn)
        if key not in self._links:
            connection = connect(graph.stack, self._settings)
            writer = AwsWriter(connection.access, SystemClock(), connection.calls)
            self._links[key] = (connection.reader, writer)
        reader, writer_of_key = self._links[key]
        return reader.fresh(), writer_of_key

    def _emit(self, event: Event) -> None:
        stamped = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **event}
        with self._saying:
            sys.stdout.write(json.dumps(stamped) + "\n")
            sys.stdout.flush()
        if self._hook is not None:
            self._hook.send(stamped)


def _complain(text: str) -> None:
    click.echo(text, err=True)

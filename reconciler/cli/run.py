"""`reconciler run`: hold stacks at their desired state."""

from __future__ import annotations

import os
import random
import secrets
import signal
import sys
import threading
from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from reconciler.alerts import Outbox, Router, Rule, Sinks
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._settings import Settings, settings_with
from reconciler.cli._store import open_store, store_option
from reconciler.cli._workspace import Connection, connect
from reconciler.clock import SystemClock
from reconciler.daemon import logs
from reconciler.daemon.files import Files
from reconciler.daemon.hearing import Hearing
from reconciler.daemon.http import serve
from reconciler.daemon.loop import Loop, Options
from reconciler.model.events import Event, Severity
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader, Writer

if TYPE_CHECKING:
    from reconciler.aws import AwsSource, Calls
    from reconciler.aws.limits import Pacer

CLOSING = 3.0


@click.command("run")
@files_option
@click.option("--once", is_flag=True, help="One pass over every stack, then end: 0 in sync, 1 not.")
@click.option(
    "--listen",
    metavar="[HOST:]PORT",
    help="Answer /healthz, /readyz and /metrics there; the host is 127.0.0.1 where none is given.",
)
@click.option(
    "--log-format", type=click.Choice(["json", "text"]), help="Format of the log. Default: text on a terminal."
)
@store_option
@settings_with("table", "json")
def command(
    inputs: Inputs,
    once: bool,
    listen: str | None,
    log_format: str | None,
    store_path: Path | None,
    settings: Settings,
) -> int:
    """Look at every stack each interval, heal or report drift, follow changed files; one line per event."""
    if "-" in inputs.paths:
        raise click.UsageError("run follows files; standard input cannot be read again")
    place = _host_and_port(listen) if listen else None
    line = logs.json_line if (log_format or ("text" if sys.stdout.isatty() else "json")) == "json" else logs.text_line
    saying = threading.Lock()

    def emit(event: Event) -> None:
        with saying:
            click.echo(line(event))

    stop = threading.Event()
    links = _Links(settings)
    clock = SystemClock()
    store = open_store(store_path, settings)

    def rules() -> Iterable[Rule]:
        return loop.rules()

    def complain(text: str) -> None:
        loop.memory.tell("", [Event("Warning", clock.now(), message=text, severity=Severity.WARNING)], {}, {})

    hearing = Hearing(links.source, clock, complain)

    router = Router(store, rules)
    options = Options(hearing=hearing, route=router.route)
    dice = random.Random()  # noqa: S311 - jitter
    loop = Loop(clock, links.connect, store, emit, stop, dice, options)
    sinks = Sinks(lambda stack, *message: links.source(loop.stacks[stack].graph).publish(*message))
    outbox = Outbox(store, router, rules, sinks, clock, dice, complain, secrets.token_hex(8))
    sent = threading.Event()
    sending = threading.Thread(target=outbox.run, args=(sent,), name="alerts", daemon=True)
    loop.metrics.calls, loop.metrics.throttles = links.calls, links.throttles
    loop.metrics.events = hearing.counts
    files = Files(inputs.bundle, inputs.signature)
    if sys.stderr.isatty() and not once:
        asking = f"reconciler{' --sandbox' if settings.sandbox else ''} status"
        click.echo(f"what was told before is not told again, see {asking}; Ctrl-C ends the daemon", err=True)
    with ExitStack() as stack:
        _on_signals(loop, stop)
        sending.start()
        if place is not None:
            checks = {"alive": loop.alive, "ready": loop.ready, "metrics": loop.metrics.text}
            stack.enter_context(serve(*place, **checks))  # type: ignore[arg-type]
        finished, status = _once(loop, files) if once else (loop.run(lambda: _follow(loop, files)), 0)
        sent.set()
        sending.join(CLOSING)
        loop.close()
    if not finished:
        click.echo("gave up requests that were still under way; the next run looks again", err=True)
        sys.stdout.flush()
        os._exit(status)
    return status


def _once(loop: Loop, files: Files) -> tuple[bool, int]:
    reading = files.reading()
    loop.follow(reading)
    loop.turn()
    held = loop.stacks.values()
    return True, 0 if held and not reading.problems and all(state.in_sync for state in held) else 1


def _follow(loop: Loop, files: Files) -> None:
    reading = files.changed()
    if reading is not None:
        loop.follow(reading)


def _on_signals(loop: Loop, stop: threading.Event) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    def look(number: int, frame: FrameType | None) -> None:
        del number, frame
        threading.Thread(target=loop.trigger_all, name="hangup").start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGHUP, look)


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise click.UsageError(f"--listen {text!r}: write a port, or HOST:PORT such as 0.0.0.0:8080")
    return host.strip("[]") or "127.0.0.1", int(port)


class _Links:
    """Access to AWS by place, with one pace for each account and region whatever the role."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._counted: list[Calls] = []
        self._pacers: dict[tuple[str, str], Pacer] = {}
        self._sources: dict[tuple[str | None, ...], AwsSource] = {}
        self._opening = threading.Lock()

    def source(self, graph: Graph) -> AwsSource:
        """What the account and region of a stack tell of calls, asked with the stack's own role."""
        from reconciler.aws import AwsSource

        with self._opening:
            key = graph.stack.place
            if key not in self._sources:
                connection = self._connected(graph)
                self._sources[key] = AwsSource(connection.access, SystemClock(), connection.calls)
            return self._sources[key]

    def connect(self, graph: Graph) -> tuple[Reader, Writer]:
        from reconciler.aws import AwsWriter

        connection = self._connected(graph)
        return connection.reader, AwsWriter(connection.access, SystemClock(), connection.calls)

    def _connected(self, graph: Graph) -> Connection:
        connection = connect(graph.stack, self._settings, attended=False)
        self._counted.append(connection.calls)
        access = connection.access
        access.pacer = self._pacers.setdefault((connection.reader.account, access.region), access.pacer)
        return connection

    def calls(self) -> Mapping[str, int]:
        return _summed(calls.by_operation() for calls in self._counted)

    def throttles(self) -> Mapping[str, int]:
        return _summed(calls.throttles() for calls in self._counted)


def _summed(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Tally[str] = Tally()
    for one in counts:
        total.update(one)
    return dict(total)

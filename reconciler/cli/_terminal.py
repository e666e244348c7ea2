"""What a terminal gets that a file does not: colour, questions, progress in place."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import strftime
from types import FrameType
from typing import IO, Any, NoReturn

import click

from reconciler.cli._failures import Failure
from reconciler.cli._reports import INTERRUPTED, print_document
from reconciler.cli._settings import Settings
from reconciler.cli._text import NOT_IN_FILES, plan_text, progress_line
from reconciler.execute import Progress, Step
from reconciler.flows import Judged
from reconciler.model.errors import Refused
from reconciler.model.plan import Plan

_BAR_WIDTH = 20
_SHOW_CURSOR = "\033[?25h"


def colourful(stream: IO[Any]) -> bool:
    """Whether to colour: a terminal, and NO_COLOR is not set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def confirm(question: str, *, yes: bool) -> None:
    """Returns when it is to be done: `--yes`, or a person on a terminal says so. Raises `Refused` otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("not a terminal and no --yes: nothing was changed", "look at the plan, then add --yes")
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        click.echo("\nnothing was changed", err=True)
        raise
    if not agreed:
        raise Refused("not confirmed: nothing was changed")


def show_plan(
    plan: Plan, flows: Sequence[Judged], settings: Settings, *, yes: bool, unowned: str = NOT_IN_FILES
) -> None:
    """The plan before it is carried out: on standard output for people, else to whoever is asked about it."""
    if settings.readable:
        calls = settings.output == "wide"
        click.echo(plan_text(plan, flows, colour=colourful(sys.stdout), calls=calls, unowned=unowned))
    elif not yes and sys.stdin.isatty():
        click.echo(plan_text(plan, flows, colour=colourful(sys.stderr), unowned=unowned), err=True)


@contextmanager
def interruptible(settings: Settings) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; calls in flight finish. A second one ends the process at once."""
    stop = threading.Event()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            end_at_once(settings)
        stop.set()
        click.echo("stopping: requests under way are finished first; press Ctrl-C again to end at once", err=True)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def watching() -> Iterator[None]:
    """Until Ctrl-C, which is how a watch ends: there is nothing to say of it, least of all among what was asked for."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None


def end_at_once(settings: Settings) -> NoReturn:
    """End the process though threads of it still wait for AWS; the next run finds out what AWS did."""
    failure = Failure("Interrupted", "interrupted", "run again: the next look finds what was done")
    click.echo(failure.text, err=True)
    if sys.__stderr__ is not None and sys.__stderr__.isatty():
        sys.__stderr__.write(_SHOW_CURSOR)
    if settings.structured:
        print_document(failure.document(), settings)
    leave_at_once()


def leave_at_once() -> NoReturn:
    """End the process as interrupted, whatever its threads do."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(INTERRUPTED)


@contextmanager
def reporting(total: int, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Where progress goes: in place on a terminal, plain lines elsewhere, always on standard error."""
    if quiet or not total:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _live(total) as report:
            yield report
    else:
        yield _plain


def _plain(progress: Progress) -> None:
    if line := progress_line(progress):
        click.echo(f"{strftime('%H:%M:%S')} {line}", err=True)


@contextmanager
def _live(total: int) -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")), highlight=False)
    rest = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    counts = (BarColumn(_BAR_WIDTH), MofNCompleteColumn(), TimeElapsedColumn())
    what = TextColumn("{task.description}", markup=False, table_column=rest)
    with Bars(*counts, what, console=console, transient=True, expand=True) as bars:
        bar = bars.add_task("", total=total)
        running: dict[str, str] = {}
        lock = threading.Lock()

        def report(progress: Progress) -> None:
            key = progress.action.key
            with lock:
                if progress.step in (Step.STARTED, Step.WAITING):
                    running[key] = progress.action.address
                else:
                    running.pop(key, None)
                    if line := progress_line(progress):
                        bars.advance(bar)
                        bars.console.print(line, markup=False, soft_wrap=True)
                bars.update(bar, description=", ".join(running.values()))

        yield report

"""`reconciler events`: what happened, as the daemon told it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from reconciler.cli._event_setup import setup
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store, store_option, way_out
from reconciler.cli._terminal import watching
from reconciler.daemon.memory import EVENTS
from reconciler.store import Entry

LOOK_EVERY = 0.5


@click.group("events", invoke_without_command=True)
@click.option("--stack", "stack_name", metavar="NAME", help="Only this stack.")
@click.option("--limit", type=click.IntRange(1, 10000), default=50, show_default=True, help="Newest events.")
@click.option("--watch", is_flag=True, help="Go on with those that come; end with Ctrl-C.")
@store_option
@settings_options
@click.pass_context
def command(
    ctx: click.Context, stack_name: str | None, limit: int, watch: bool, store_path: Path | None, settings: Settings
) -> int:
    """Show what happened, newest last; -o json prints one document a line. Asks no AWS."""
    if ctx.invoked_subcommand is not None:
        return 0
    store = open_store(store_path, settings)
    entries = store.entries(EVENTS, stack=stack_name, limit=limit)
    for entry in entries:
        _show(entry, settings)
    if not entries:
        of = f" of stack {stack_name}" if stack_name else ""
        click.echo(f"{store.where} knows of no event{of}; {way_out(store_path, settings)}", err=True)
    last = entries[-1].id if entries else 0
    with watching():
        while watch:
            time.sleep(LOOK_EVERY)
            for entry in store.entries(EVENTS, stack=stack_name, after=last):
                _show(entry, settings)
                last = entry.id
    return 0


command.add_command(setup)


def _show(entry: Entry, settings: Settings) -> None:
    said = entry.value
    if settings.structured:
        click.echo(json.dumps(said))
    else:
        head = " ".join(part for part in (said["event"], entry.stack, said.get("object", "")) if part)
        click.echo(f"{said['time']} {said['severity']:<7} {head}: {said.get('message', '')}")

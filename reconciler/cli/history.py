"""`reconciler history`: what the daemon changed."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli._remembered import instant
from reconciler.cli._reports import print_document
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store, store_option
from reconciler.daemon.memory import HISTORY


@click.command("history")
@click.option("--stack", "stack_name", help="Only this stack.")
@click.option("--limit", type=click.IntRange(1, 10000), default=20, show_default=True, help="Newest passes.")
@store_option
@settings_options
def command(stack_name: str | None, limit: int, store_path: Path | None, settings: Settings) -> int:
    """Show the passes in which the daemon changed something, newest last; asks no AWS."""
    entries = open_store(store_path, settings).entries(HISTORY, stack=stack_name, limit=limit)
    if settings.structured:
        print_document({"items": [{"time": instant(e.time), "stack": e.stack, **e.value} for e in entries]}, settings)
        return 0
    for entry in entries:
        passed = entry.value
        ended = "converged" if passed["converged"] else "not converged"
        why = ", ".join(passed["triggers"])
        click.echo(f"{instant(entry.time)} {entry.stack} pass {passed['pass']} ({why}, {passed['seconds']} s): {ended}")
        for action in passed["actions"]:
            said = f": {action['error']}" if action["error"] else ""
            reason = action["reason"]
            click.echo(f"    {action['action']} {action['address']} ({reason}): {action['result']}{said}")
    if not entries:
        click.echo("nothing was changed by the daemon, as far as this store knows", err=True)
    return 0

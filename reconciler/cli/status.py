"""`reconciler status`: how the daemon found everything when it last looked."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli._remembered import findings, last_passes, statuses, table
from reconciler.cli._reports import print_document, print_names
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store, store_option, way_out

_WIDEST = 80
"""Characters of a message in the table; `-o json` has all of it."""


@click.command("status")
@click.option("--stack", "stack_name", metavar="NAME", help="Only this stack.")
@store_option
@settings_options
def command(stack_name: str | None, store_path: Path | None, settings: Settings) -> int:
    """Show the conditions of every object as the daemon last saw them, and what is wrong; asks no AWS."""
    store = open_store(store_path, settings)
    found = statuses(store, stack_name, way_out(store_path, settings))
    wrong = findings(store, stack_name)
    passes = last_passes(store, (one["stack"] for one in found))
    if settings.structured:
        print_document({"items": found, "findings": wrong, "lastPasses": passes}, settings)
    print_names([f"{one['stack']}/{one['kind']}/{one['name']}" for one in found], settings)
    if settings.readable:
        rows = [["STACK", "OBJECT", "STATUS", "SINCE", "MESSAGE"]]
        for one in found:
            telling = next((c for c in one["conditions"] if c["message"]), one["conditions"][0])
            since = max(c["lastTransitionTime"] for c in one["conditions"])
            message = telling["message"].partition("\n")[0]
            shown = message if len(message) <= _WIDEST else f"{message[: _WIDEST - 3]}..."
            rows.append([one["stack"], f"{one['kind']}/{one['name']}", one["status"], since, shown])
        click.echo(table(rows))
        for stack, ended in passes.items():
            click.echo(f"\nas of the last pass of {stack}, {ended}")
        for item in wrong:
            click.echo(f"\n! {item['stack']} {item['type']}: {item['message']}")
    return 0

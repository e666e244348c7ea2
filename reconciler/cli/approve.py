"""`reconciler approve`: let the daemon do what it left to a person."""

from __future__ import annotations

import time
from pathlib import Path

import click

from reconciler.cli._failures import InputError
from reconciler.cli._remembered import findings
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store, store_option
from reconciler.cli._terminal import confirm
from reconciler.daemon.memory import APPROVALS, REQUESTS
from reconciler.store import Put

VALID = 3600.0
"""Seconds that an approval holds: the daemon acts within seconds, or finds that something else is to be done."""


@click.command("approve")
@click.argument("stack")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
@settings_options
def command(stack: str, yes: bool, store_path: Path | None, settings: Settings) -> int:
    """Let the daemon carry out just the disruption that it refused for STACK, within the next hour."""
    store = open_store(store_path, settings)
    refused = [one for one in findings(store, stack) if one["type"] == "ApplyRefused"]
    keys = [key for one in refused for key in one["data"]["keys"]]
    if not keys:
        why = refused[0]["message"] if refused else "see reconciler status"
        raise InputError(f"the daemon asks for no approval of stack {stack}: {why}")
    for one in refused:
        click.echo(one["message"], err=True)
    for key in keys:
        click.echo(f"    {key}", err=True)
    confirm(f"Let the daemon do this to stack {stack}?", yes=yes)
    until = time.time() + VALID
    store.write(Put(APPROVALS, stack, {"keys": keys, "until": until}), Put(REQUESTS, stack, {}))
    click.echo(f"approved for {VALID / 60:.0f} minutes; a running daemon goes on within seconds", err=True)
    return 0

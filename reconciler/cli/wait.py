"""`reconciler wait`: until the daemon says that a condition holds."""

from __future__ import annotations

import time
from pathlib import Path

import click

from reconciler.cli._duration import Duration
from reconciler.cli._failures import InputError
from reconciler.cli._remembered import holding, statuses
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store, store_option, way_out

CONDITIONS = ("Ready", "Synced", "Drifted", "FlowsHold", "Stalled")
LOOK_EVERY = 0.5


@click.command("wait")
@click.argument("what", required=False, metavar="[KIND/NAME]")
@click.option("--for", "wanted", default="condition=Ready", show_default=True, help="What to wait for: condition=TYPE.")
@click.option("--stack", "stack_name", metavar="NAME", help="Only this stack.")
@click.option("--timeout", type=Duration(), default="15m", show_default=True, help="How long at most.")
@store_option
@settings_options
def command(
    what: str | None,
    wanted: str,
    stack_name: str | None,
    timeout: float,
    store_path: Path | None,
    settings: Settings,
) -> int:
    """Wait until a condition holds for an object, or for all that have it: 0 it holds, 1 it does not in time; asks no
    AWS."""
    word, _, condition = wanted.partition("=")
    if word != "condition" or condition not in CONDITIONS:
        raise click.UsageError(f"--for {wanted!r}: write condition=TYPE, of {', '.join(CONDITIONS)}")
    store = open_store(store_path, settings)
    until = time.monotonic() + timeout
    while True:
        found = statuses(store, stack_name, way_out(store_path, settings))
        meant = [one for one in found if what in (None, f"{one['kind']}/{one['name']}")]
        if not meant:
            raise InputError(f"the daemon holds no {what}; see them all with: reconciler status")
        having = [one for one in meant if any(said["type"] == condition for said in one["conditions"])]
        missing = [one for one in having or meant if not holding(one, condition)]
        if not missing:
            return 0
        if time.monotonic() >= until:
            names = ", ".join(f"{one['stack']}/{one['kind']}/{one['name']} is {one['status']}" for one in missing[:5])
            none = "" if having else f" (none of these has a condition {condition})"
            click.echo(f"{condition} does not hold after {timeout:g} s: {names}{none}", err=True)
            return 1
        time.sleep(LOOK_EVERY)

"""`reconciler sync`: have the daemon look at stacks at once."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli._duration import Duration
from reconciler.cli._failures import InputError
from reconciler.cli._remembered import statuses
from reconciler.cli._reports import print_document, print_names
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store, store_option, way_out
from reconciler.daemon.memory import REQUESTS
from reconciler.store import Put

LOOK_EVERY = 0.2


@click.command("sync")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--all", "everything", is_flag=True, help="All stacks that the daemon holds.")
@click.option("--timeout", type=Duration(), default="10s", show_default=True, help="How long the daemon may be busy.")
@store_option
@settings_options
def command(
    stacks: Sequence[str], everything: bool, timeout: float, store_path: Path | None, settings: Settings
) -> int:
    """Have the daemon look at each STACK at once, and do there what it may: 0 it took the request, 1 nobody did."""
    if everything == bool(stacks):
        raise click.UsageError("name the stacks, or take --all")
    store = open_store(store_path, settings)
    held = sorted({one["stack"] for one in statuses(store, None, way_out(store_path, settings))})
    for name in stacks:
        if name not in held:
            near = difflib.get_close_matches(name, held, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(held)}"
            raise InputError(f"the daemon holds no stack {name}; {hint}")
    asked = held if everything else sorted(set(stacks))
    for name in asked:
        store.write(Put(REQUESTS, name, {}))
    until = time.monotonic() + timeout
    while waiting := [name for name in asked if name in store.items(REQUESTS, name)]:
        if time.monotonic() >= until:
            raise InputError(
                f"no daemon that shares {store.where} took the request for {', '.join(waiting)} within {timeout:g} s; "
                "start one with: reconciler run"
            )
        time.sleep(LOOK_EVERY)
    if settings.structured:
        print_document({"requested": asked}, settings)
    print_names(asked, settings)
    if settings.readable:
        click.echo(
            f"the daemon looks at {', '.join(asked)}; see what it finds with: reconciler events --watch", err=True
        )
    return 0

"""`reconciler history`: the daemon's passes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli._remembered import instant
from reconciler.cli._reports import print_document
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store, store_option, way_out
from reconciler.daemon.history import RUNS
from reconciler.daemon.memory import HISTORY


@click.command("history")
@click.option("--stack", "stack_name", metavar="NAME", help="Only this stack.")
@click.option("--limit", type=click.IntRange(1, 10000), default=20, show_default=True, help="Newest entries.")
@store_option
@settings_options
def command(stack_name: str | None, limit: int, store_path: Path | None, settings: Settings) -> int:
    """Show the daemon's passes, newest last: each that changed something, the others counted; asks no AWS."""
    store = open_store(store_path, settings)
    logs = (HISTORY, RUNS)
    entries = [(e.time, e.stack, e.value) for log in logs for e in store.entries(log, stack=stack_name, limit=limit)]
    runs = store.items(RUNS).items()
    entries += [(run["last"], stack, run) for stack, run in runs if stack_name in (None, stack)]
    entries = sorted(entries, key=lambda entry: entry[0])[-limit:]
    if settings.structured:
        found = [{"time": instant(at), "stack": stack, **_document(value)} for at, stack, value in entries]
        print_document({"items": found}, settings)
        return 0
    for at, stack, value in entries:
        click.echo(f"{instant(at)} {stack} {_run(value) if 'passes' in value else _pass(value)}")
    if not entries:
        of = f" of stack {stack_name}" if stack_name else ""
        click.echo(f"{store.where} knows of no pass{of}; {way_out(store_path, settings)}", err=True)
    return 0


def _document(value: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: instant(value[name]) for name in ("first", "last") if name in value}
    return {**value, **times}


def _run(run: Mapping[str, Any]) -> str:
    number = "1 pass" if run["passes"] == 1 else f"{run['passes']} passes since {instant(run['first'])}"
    said = f": {run['message']}" if run["message"] else ""
    return f"{number}, nothing changed: {run['result']}{said}"


def _pass(passed: Mapping[str, Any]) -> str:
    ended = "converged" if passed["converged"] else "not converged"
    lines = [f"pass {passed['pass']} ({', '.join(passed['triggers'])}, {passed['seconds']} s): {ended}"]
    for action in passed["actions"]:
        said = f": {action['error']}" if action["error"] else ""
        lines.append(f"    {action['action']} {action['address']} ({action['reason']}): {action['result']}{said}")
    return "\n".join(lines)

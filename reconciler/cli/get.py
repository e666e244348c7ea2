"""`reconciler get`: objects with their status and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from reconciler.cli._objects import Shown, kind_of, shown
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._workspace import files_option, load_stacks, print_document, select, stack_options
from reconciler.conditions import status_of


@click.command("get")
@click.argument("what", required=False, metavar="[KIND[/NAME]]")
@files_option
@stack_options
@settings_options
def command(
    what: str | None, paths: Sequence[str], stack_name: str | None, everything: bool, settings: Settings
) -> int:
    """List live objects; -o wide shows each running task with its network interface and addresses."""
    word, _, name = (what or "").partition("/")
    kind = kind_of(word) if word else None
    stacks = select(load_stacks(paths), stack_name, everything=everything, changing=False)
    found = shown(stacks, kind, name or None, settings)
    if settings.structured:
        print_document([{"items": [item.document() for item in found]}], settings)
    elif settings.output == "name":
        for item in found:
            click.echo(item.obj.id)
    else:
        click.echo(_table(_rows(found, wide=settings.output == "wide")))
    if name and not found:
        click.echo(f"error: {kind}/{name} is in none of these stacks", err=True)
        return 1
    return 0


def _rows(found: Sequence[Shown], *, wide: bool) -> list[list[str]]:
    rows = [["KIND", "NAME", "STACK", "STATUS", "ADDRESSES"]]
    if wide:
        rows[0] += ["TASK", "STATE", "ZONE", "ENI", "PRIVATE", "PUBLIC", "HEALTH"]
    for item in found:
        row = [item.obj.kind, item.obj.name, item.obj.stack, status_of(item.conditions)]
        if not wide or not item.tasks:
            rows.append([*row, ", ".join(item.addresses)])
            continue
        for task in item.tasks:
            place: list[Any] = [task.task, task.status, task.zone, task.network_interface]
            rows.append([*row, "", *place, task.private_address, task.public_address, task.health])
    return rows


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in rows if n < len(row)) for n in range(max(map(len, rows)))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)

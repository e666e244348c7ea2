"""`reconciler matrix`: who reaches whom on which port; changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from reconciler import flows
from reconciler.cli._failures import InputError
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._reports import print_document
from reconciler.cli._settings import Settings, settings_with
from reconciler.cli._terminal import colourful
from reconciler.cli._worlds import Where, world_options
from reconciler.flows.matrix import nodes
from reconciler.flows.ranges import ports_text

_SHOWN = 3


@click.command("matrix")
@click.option(
    "--from", "sources", multiple=True, metavar="END", help="Only from internet, task/NAME, loadBalancer/NAME."
)
@click.option("--to", "targets", multiple=True, metavar="END", help="Only to internet, task/NAME, loadBalancer/NAME.")
@world_options
@files_option
@click.option("--stack", "stack_name", metavar="NAME", help="The stack that is meant.")
@settings_with("table", "wide", "json", "yaml")
def command(
    sources: Sequence[str],
    targets: Sequence[str],
    where: Where,
    inputs: Inputs,
    stack_name: str | None,
    settings: Settings,
) -> int:
    """Show who reaches whom on which ports: 0, or 1 where some of it is not known.

    It is about all tasks, load balancers and the internet.
    """
    world = where.world(inputs, stack_name, settings, (*sources, *targets), health=False)
    _check(world, (*sources, *targets))
    rows = flows.matrix(world, sources, targets)
    if settings.structured:
        print_document(matrix_document(rows, world.unread), settings)
    else:
        click.echo(matrix_text(rows, world.unread, colour=colourful(sys.stdout)))
    return 1 if world.unread or any(row.unknown for row in rows) else 0


def _check(world: flows.World, ends: Iterable[str]) -> None:
    known = [node.label for node in nodes(world)]
    for end in ends:
        if end not in known:
            raise InputError(f"{end} is not known; choose from {', '.join(known)}")


def matrix_document(rows: Sequence[flows.Row], unread: Mapping[str, str]) -> dict[str, Any]:
    """`matrix -o json`: each row is about all pairs of its two lists.

    While something is `unread` nothing is known, of pairs without a row neither.
    """
    return {
        "rows": [
            {
                "from": list(row.sources),
                "to": list(row.targets),
                "protocol": row.protocol,
                "ports": ports_text(row.ports),
                "via": row.via or None,
                "open": row.is_open,
                "unknown": row.unknown or None,
            }
            for row in rows
        ],
        "unread": dict(sorted(unread.items())),
    }


def matrix_text(rows: Sequence[flows.Row], unread: Mapping[str, str], *, colour: bool) -> str:
    """One line for each pair of kinds; what is open to the internet first, marked."""
    warnings = [f"! {name} could not be read: {why}; more may be open" for name, why in sorted(unread.items())]
    if not rows:
        return "\n".join(warnings) or "Nothing reaches anything."
    table = [("FROM", "TO", "PORTS", "VIA", ""), *(_cells(row) for row in rows)]
    widths = [max(len(cells[n]) for cells in table) for n in range(4)]
    lines = []
    for number, cells in enumerate(table):
        line = "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), cells[4]]).rstrip()
        opened = number > 0 and rows[number - 1].is_open
        lines.append(f"\033[33m{line}\033[0m" if colour and opened else line)
    return "\n".join([*lines, *warnings])


def _cells(row: flows.Row) -> tuple[str, str, str, str, str]:
    mark = f"? {row.unknown} is not known" if row.unknown else "open to the internet" if row.is_open else ""
    ports = f"{row.protocol} {ports_text(row.ports)}"
    return _some(row.sources), _some(row.targets), ports, row.via or "-", mark


def _some(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return ", ".join(labels[:_SHOWN]) + more

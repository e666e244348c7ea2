"""`reconciler get`: objects with their status and addresses."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli._objects import chosen_object, object_table, shown
from reconciler.cli._reports import print_document, print_names
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._workspace import files_option, load_stacks, select, stack_options


@click.command("get")
@click.argument("what", required=False, metavar="[KIND[/NAME]]")
@files_option
@stack_options
@settings_options
def command(
    what: str | None, paths: Sequence[str], stack_name: str | None, everything: bool, settings: Settings
) -> int:
    """List live objects; -o wide shows each running task with its network interface and addresses."""
    stacks = select(load_stacks(paths), stack_name, everything=everything, changing=False)
    found = shown(stacks, *chosen_object(what, stacks), settings)
    if settings.structured:
        print_document({"items": [item.document() for item in found]}, settings)
    print_names([item.obj.id for item in found], settings)
    if settings.readable:
        click.echo(object_table(found, wide=settings.output == "wide"))
    return 0

"""`reconciler describe`: one object with everything known of it."""

from __future__ import annotations

import click

from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._objects import chosen_object, object_text, shown
from reconciler.cli._reports import print_document, print_names
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._workspace import load_stacks, select, stack_options


@click.command("describe")
@click.argument("what", metavar="KIND/NAME")
@files_option
@stack_options
@settings_options
def command(what: str, inputs: Inputs, stack_name: str | None, everything: bool, settings: Settings) -> int:
    """Show one object: its conditions, its AWS resources, what differs and what AWS did not report."""
    kind, _, name = what.partition("/")
    if not kind or not name:
        raise click.UsageError(f"{what!r} is no KIND/NAME; write one such as task/web")
    stacks = select(load_stacks(inputs), stack_name, everything=everything, changing=False)
    found = shown(stacks, *chosen_object(what, stacks), settings)
    if settings.structured:
        items = [item.document() for item in found]
        print_document(items[0] if len(items) == 1 else {"items": items}, settings)
    print_names([item.obj.id for item in found], settings)
    if settings.readable:
        click.echo("\n\n".join(map(object_text, found)))
    return 0

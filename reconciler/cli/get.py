"""`reconciler get`: objects with their status and addresses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._objects import Shown, chosen_object, object_table, shown
from reconciler.cli._reports import print_document, print_names
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._terminal import watching
from reconciler.cli._workspace import load_stacks, select, stack_options

if TYPE_CHECKING:
    from reconciler.aws import AwsReader

LOOK_EVERY = 5.0
"""Seconds between two looks at AWS under `--watch`: a rollout takes minutes, and each look is some thirty requests."""


@click.command("get")
@click.argument("what", required=False, metavar="[KIND[/NAME]]")
@click.option("-w", "--watch", is_flag=True, help="Go on with what changes; end with Ctrl-C.")
@files_option
@stack_options
@settings_options
def command(
    what: str | None, watch: bool, inputs: Inputs, stack_name: str | None, everything: bool, settings: Settings
) -> int:
    """List live objects; -o wide shows each running task with its network interface and addresses."""
    stacks = select(load_stacks(inputs), stack_name, everything=everything, changing=False)
    chosen = chosen_object(what, stacks)
    readers: dict[str, AwsReader] = {}
    found = shown(stacks, *chosen, settings, readers)
    _print(found, settings)
    with watching():
        while watch:
            time.sleep(LOOK_EVERY)
            before = [item.document() for item in found]
            found = shown(stacks, *chosen, settings, readers)
            changed = [item for item in found if item.document() not in before]
            if changed:
                if settings.output == "yaml":
                    click.echo("---")
                _print(changed, settings)
    return 0


def _print(found: Sequence[Shown], settings: Settings) -> None:
    if settings.structured:
        print_document({"items": [item.document() for item in found]}, settings)
    print_names([item.obj.id for item in found], settings)
    if settings.readable:
        click.echo(object_table(found, wide=settings.output == "wide"))

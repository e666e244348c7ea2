"""`reconciler describe`: one object with everything known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from reconciler.cli._objects import Shown, kind_of, shown
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._workspace import (
    InputError,
    files_option,
    load_stacks,
    print_document,
    select,
    stack_options,
)
from reconciler.model.fields import member_name, traits_of
from reconciler.model.values import NOT_REPORTED


@click.command("describe")
@click.argument("what", metavar="KIND/NAME")
@files_option
@stack_options
@settings_options
def command(what: str, paths: Sequence[str], stack_name: str | None, everything: bool, settings: Settings) -> int:
    """Show one object: its conditions, its AWS resources, what differs and what AWS did not report."""
    word, slash, name = what.partition("/")
    if not slash or not name:
        raise InputError(f"{what} is no KIND/NAME; write one such as task/web")
    kind = kind_of(word)
    stacks = select(load_stacks(paths), stack_name, everything=everything, changing=False)
    found = shown(stacks, kind, name, settings)
    if not found:
        raise InputError(f"{kind}/{name} is in none of these stacks; see get {word}")
    if settings.structured:
        print_document([item.document() for item in found], settings)
    else:
        click.echo("\n\n".join("\n".join(_lines(item)) for item in found))
    return 0


def _lines(item: Shown) -> Iterator[str]:
    yield f"{item.obj.id} in stack {item.obj.stack}"
    yield "Conditions:"
    for condition in item.conditions:
        why = f": {condition.message}" if condition.message else ""
        yield f"  {condition.type}={condition.status} ({condition.reason}){why}"
    yield "AWS resources:"
    comparison = item.view.comparison
    for address in (a for a, r in item.graph.resources.items() if r.owner == item.obj.id):
        winner = comparison.winners.get(address)
        yield f"  {address}: {f'{winner.id} {winner.state.value} {winner.detail}'.strip() if winner else 'missing'}"
        for change in comparison.changes.get(address, ()):
            yield f"    {change.path}: {change.desired!r} wanted, {change.observed!r} found ({change.cause.value})"
        if winner:
            silent = [n for n in traits_of(type(winner.fields)) if getattr(winner.fields, n) is NOT_REPORTED]
            if silent:
                yield f"    not reported by AWS: {', '.join(map(member_name, silent))}"
    for task in item.tasks:
        public = f", public {task.public_address}" if task.public_address else ""
        yield f"  task {task.task}: {task.status} {task.zone} {task.network_interface} {task.private_address}{public}"

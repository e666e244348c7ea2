"""`reconciler validate`: load, check, compile; no AWS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._workspace import InvalidInputError, files_option, graph_of, load_stacks, print_document
from reconciler.kinds import Problem


@click.command("validate")
@files_option
@settings_options
def command(paths: Sequence[str], settings: Settings) -> int:
    """Check the files: 0 when they are good, 1 with one line per problem."""
    problems: Sequence[Problem] = ()
    try:
        stacks = load_stacks(paths)
    except InvalidInputError as error:
        problems = error.problems
        stacks = {}
    graphs = [graph_of(stack) for stack in stacks.values()]
    if settings.structured:
        print_document([_document(problems)], settings)
    for problem in problems:
        click.echo(problem.text, err=True)
    if not problems and not settings.structured:
        for graph in graphs:
            click.echo(f"stack {graph.stack.name}: good, {len(graph.resources)} AWS resources")
    return 1 if problems else 0


def _document(problems: Sequence[Problem]) -> dict[str, Any]:
    names = ("file", "line", "column", "object", "field", "message", "hint")
    return {"valid": not problems, "problems": [{n: getattr(p, n) for n in names} for p in problems]}

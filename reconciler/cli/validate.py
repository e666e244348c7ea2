"""`reconciler validate`: load, check, compile; no AWS."""

from __future__ import annotations

import click

from reconciler.cli._failures import InvalidInputError, problem_documents
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._reports import print_document, print_names
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._warnings import warnings
from reconciler.cli._workspace import graph_of, load_stacks
from reconciler.flows import world_of_graph
from reconciler.kinds import Problem, counted
from reconciler.startable import doubts_of_files


@click.command("validate")
@files_option
@settings_options
def command(inputs: Inputs, settings: Settings) -> int:
    """Check the files: 0 when they are good, 1 with one line per problem."""
    problems: list[Problem] = []
    doubts: list[Problem] = []
    try:
        stacks = load_stacks(inputs)
        graphs = [graph_of(stack) for stack in stacks.values()]
        for stack, graph in zip(stacks.values(), graphs, strict=True):
            doubts += warnings(stack, world_of_graph(graph))
            found = doubts_of_files(stack, graph)
            doubts += [doubt.problem for doubt in found if doubt.possible]
            problems += [doubt.problem for doubt in found if not doubt.possible]
    except InvalidInputError as invalid:
        problems, graphs = list(invalid.problems), []
    if settings.structured:
        document = {"valid": not problems, "problems": problem_documents(problems)}
        print_document({**document, "warnings": problem_documents(doubts)}, settings)
    for problem in problems:
        click.echo(problem.text, err=True)
    for doubt in doubts:
        click.echo(f"warning: {doubt.text}", err=True)
    print_names([f"Stack/{graph.stack.name}" for graph in graphs if not problems], settings)
    if settings.readable:
        for graph in graphs if not problems else ():
            click.echo(f"stack {graph.stack.name}: good, {counted(len(graph.resources), 'AWS resource')}")
    return 1 if problems else 0

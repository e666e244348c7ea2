"""`reconciler plan`: what apply would do; changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from reconciler import engine
from reconciler.cli._documents import plan_document
from reconciler.cli._doubts import doubt_documents, looked_through
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._reports import Report, report_each
from reconciler.cli._saved_plans import save_plans, saved_plan
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._terminal import colourful
from reconciler.cli._text import plan_text
from reconciler.cli._warnings import warnings
from reconciler.cli._workspace import connect, flows_of, graph_of, load_stacks, name_of, select, stack_options, today
from reconciler.flows import judged, world_of_graph
from reconciler.load import StackObjects
from reconciler.plan import Choices
from reconciler.startable import Doubt, doubts


@click.command("plan")
@files_option
@stack_options
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan for apply --plan.")
@settings_options
def command(inputs: Inputs, stack_name: str | None, everything: bool, out: Path | None, settings: Settings) -> int:
    """Show what apply would do: 0 nothing, 2 changes, 1 error."""
    saved: list[dict[str, Any]] = []

    def look(stack: StackObjects) -> Report:
        graph = graph_of(stack)
        connection = connect(graph.stack, settings)
        evidence = looked_through()
        seen = engine.view(graph, connection.reader, Choices(today=today()), evidence=evidence)
        plan = seen.plan
        world = world_of_graph(graph, seen.snapshot)
        flows = judged(world, flows_of(stack))
        unmet = [Doubt(True, problem) for problem in warnings(stack, world)]
        found = sorted({*unmet, *doubts(stack, graph, seen.snapshot, {**graph.types, **evidence})})
        document = plan_document(plan, graph, flows)
        for doubt in found:
            click.echo(doubt.text, err=True)
        if out is not None:
            saved.append(saved_plan(document, seen))
        if settings.readable:
            click.echo(plan_text(plan, flows, colour=colourful(sys.stdout), calls=settings.output == "wide"))
        failing = plan.blocked or not all(doubt.possible for doubt in found)
        status = 1 if failing else 2 if plan.visible else 0
        told = {**document, "warnings": doubt_documents(found)}
        return Report(told, [action.address for action in plan.visible], status)

    chosen = select(load_stacks(inputs), stack_name, everything=everything, changing=False)
    status = report_each(chosen, settings, name_of, look)
    if out is not None:
        save_plans(out, saved)
    return status

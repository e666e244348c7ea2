"""`reconciler drift`: what differs in AWS; changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from reconciler import engine
from reconciler.cli._documents import drift_document
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._terminal import colourful
from reconciler.cli._text import drift_text
from reconciler.cli._workspace import (
    connect,
    files_option,
    flows_of,
    graph_of,
    load_stacks,
    print_document,
    select,
    stack_options,
    worst,
)
from reconciler.flows import judged, world_of_snapshot
from reconciler.resources import filters_and_interfaces


@click.command("drift")
@files_option
@stack_options
@settings_options
def command(paths: Sequence[str], stack_name: str | None, everything: bool, settings: Settings) -> int:
    """Show what differs: 0 in sync (pending alone is in sync), 2 drift, 1 error."""
    documents: list[dict[str, Any]] = []
    statuses: list[int] = []
    for stack in select(load_stacks(paths), stack_name, everything=everything, changing=False):
        graph = graph_of(stack)
        declared = flows_of(stack)
        evidence = filters_and_interfaces() if declared else {}
        view = engine.view(graph, connect(graph.stack, settings).reader, evidence=evidence)
        world = world_of_snapshot(graph, view.snapshot, {**graph.types, **evidence})
        flows = judged(world, declared)
        document = drift_document(view, graph, flows)
        documents.append(document)
        statuses.append(1 if view.snapshot.unknown else 0 if document["inSync"] else 2)
        if not settings.structured:
            colour = colourful(sys.stdout)
            click.echo(drift_text(document, view.plan.drift, flows, colour=colour))
    if settings.structured:
        print_document(documents, settings)
    return worst(statuses)

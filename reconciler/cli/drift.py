"""`reconciler drift`: what differs in AWS; changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import engine, resources
from reconciler.attribution import Attribution, Key
from reconciler.cli._alerting import Alerting
from reconciler.cli._documents import drift_document
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._reports import Report, report_each, worst
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._snapshots import save_snapshots
from reconciler.cli._store import store_option
from reconciler.cli._terminal import colourful
from reconciler.cli._text import drift_text
from reconciler.cli._workspace import (
    Connection,
    connect,
    flows_of,
    graph_of,
    load_stacks,
    name_of,
    select,
    stack_options,
    today,
)
from reconciler.flows import effects, judged, world_of_snapshot
from reconciler.load import StackObjects
from reconciler.model.errors import AwsError
from reconciler.model.graph import Graph
from reconciler.model.snapshot import Snapshot
from reconciler.plan import Choices

if TYPE_CHECKING:
    from reconciler.aws import AwsSource


@click.command("drift")
@files_option
@stack_options
@click.option("--who", is_flag=True, help="Name whose doing each drift is, from CloudTrail.")
@click.option(
    "--save-snapshot",
    "save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save what was seen for trace --snapshot and matrix --snapshot.",
)
@click.option("--alert", "alerting", is_flag=True, help="Tell the stack's Alerts what is new and what is over.")
@store_option
@settings_options
def command(
    inputs: Inputs,
    stack_name: str | None,
    everything: bool,
    who: bool,
    save: Path | None,
    alerting: bool,
    store_path: Path | None,
    settings: Settings,
) -> int:
    """Show what differs: 0 in sync (pending alone is in sync), 2 drift, 1 error."""
    seen: list[Snapshot] = []
    chosen = select(load_stacks(inputs), stack_name, everything=everything, changing=False)
    alerts = Alerting(chosen, store_path, settings) if alerting else None

    def look(stack: StackObjects) -> Report:
        graph = graph_of(stack)
        connection = connect(graph.stack, settings)
        with nullcontext() if alerts is None else alerts.alone(graph.stack.name, connection.reader):
            return reported(stack, graph, connection)

    def reported(stack: StackObjects, graph: Graph, connection: Connection) -> Report:
        declared = flows_of(stack)
        evidence = resources.evidence() if save else resources.configuration() if declared else {}
        choices = Choices(today=today())
        view = engine.view(graph, connection.reader, choices, evidence=evidence)
        if view.plan.drift and not evidence:
            evidence = resources.configuration()
            view = engine.view(graph, connection.reader, choices, evidence=evidence)
        types = {**graph.types, **evidence}
        flows = judged(world_of_snapshot(graph, view.snapshot, types), declared)
        changed = effects(graph, view.snapshot, types, view.plan.drift)
        seen.append(view.snapshot)
        source = _source(connection)
        whose = _whose(view, source) if who or alerting else {}
        if alerts is not None:
            alerts.tell(view, source, flows, changed, whose)
        document = drift_document(view, graph, flows, changed, whose)
        if settings.readable:
            click.echo(drift_text(document, view.plan.drift, flows, colour=colourful(sys.stdout), who=who))
        status = 1 if view.snapshot.unknown else 0 if document["inSync"] else 2
        return Report(document, [item["address"] for item in document["drift"]], status)

    status = report_each(chosen, settings, name_of, look)
    if alerts is not None:
        status = worst([status, alerts.send()])
    if save is not None:
        save_snapshots(save, seen)
    return status


def _source(connection: Connection) -> AwsSource:
    from reconciler.aws import AwsSource
    from reconciler.clock import SystemClock

    return AwsSource(connection.access, SystemClock(), connection.calls)


def _whose(view: engine.View, source: AwsSource) -> Mapping[Key, Attribution]:
    """Whose doing the drift is. A trail that cannot be read leaves it unknown, and says so."""
    try:
        return engine.attribute(view, source.records, source.me)
    except AwsError as error:
        click.echo(f"whose doing it is cannot be told: {error}; {error.next_step or 'try again later'}", err=True)
        return {}

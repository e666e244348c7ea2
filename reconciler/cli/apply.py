"""`reconciler apply`: bring AWS to what the files say."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from reconciler import engine
from reconciler.cli._changing import changing_options
from reconciler.cli._documents import acted_on, apply_document, plan_document
from reconciler.cli._doubts import doubt_documents, looked_through
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._leasing import Leasing
from reconciler.cli._reports import INTERRUPTED, Report, report_each
from reconciler.cli._saved_plans import read_saved_plans, saved_plan, what_moved
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store
from reconciler.cli._terminal import colourful, confirm, interruptible, reporting, show_plan
from reconciler.cli._text import apply_text
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
from reconciler.execute import Limits
from reconciler.flows import Judged, broken, judged, world_of_graph
from reconciler.load import StackObjects
from reconciler.model.errors import Refused
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.ports import Clock, Writer
from reconciler.plan import Choices
from reconciler.startable import Doubt, doubts


@click.command("apply")
@files_option
@stack_options
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Do what this plan says, which plan --out saved; refused where the world has moved since.",
)
@click.option("--wait", is_flag=True, help="Wait until the rollouts of services are complete.")
@click.option("--retry", is_flag=True, help="Try again what AWS gave up on.")
@click.option("--allow-disruption", is_flag=True, help="Allow what the plan names as disruption.")
@click.option("--allow-broken-flows", is_flag=True, help="Allow a plan that breaks a declared flow.")
@click.option("--allow-unstartable", is_flag=True, help="Allow tasks that cannot start.")
@changing_options(timeout="15m")
@settings_options
def command(
    inputs: Inputs,
    stack_name: str | None,
    everything: bool,
    plan_file: Path | None,
    yes: bool,
    wait: bool,
    timeout: float,
    retry: bool,
    allow_disruption: bool,
    allow_broken_flows: bool,
    allow_unstartable: bool,
    wait_lease: float,
    store_path: Path | None,
    settings: Settings,
) -> int:
    """Converge, drift included: 0 converged, 1 something failed or was refused."""
    saved = read_saved_plans(plan_file) if plan_file else None
    if saved and len(saved) == 1 and not everything:
        stack_name = stack_name or next(iter(saved))
    chosen = select(load_stacks(inputs), stack_name, everything=everything, changing=True)
    limits = Limits(settle=timeout, wait_for=frozenset({"service"} if wait else ()))
    allowed = Allowed(disruption=allow_disruption, broken_flows=allow_broken_flows, unstartable=allow_unstartable)

    def converge(stack: StackObjects) -> Report:
        lease = Leasing(open_store(store_path, settings), wait_lease)
        run = _Run(stack, settings, limits, Choices(retry=retry, today=today()), lease, yes=yes, allowed=allowed)
        return run.carried_out(saved)

    return report_each(chosen, settings, name_of, converge)


class Allowed(Frozen):
    """What somebody said may happen."""

    disruption: bool
    broken_flows: bool
    unstartable: bool


class _Run:
    def __init__(
        self,
        stack: StackObjects,
        settings: Settings,
        limits: Limits,
        choices: Choices,
        lease: Leasing,
        *,
        yes: bool,
        allowed: Allowed,
    ) -> None:
        self._stack = stack
        self._graph: Graph = graph_of(stack)
        self._declared = flows_of(stack)
        self._settings = settings
        self._limits = limits
        self._choices = choices
        self._lease = lease
        self._yes = yes
        self._allowed = allowed

    def carried_out(self, saved: Mapping[str, Mapping[str, Any]] | None) -> Report:
        """One stack converged. Raises `Refused` before anything is changed."""
        from reconciler.aws import AwsWriter
        from reconciler.clock import SystemClock

        graph, settings = self._graph, self._settings
        connection = connect(graph.stack, settings)
        clock = SystemClock()
        with self._lease.of(graph.stack, connection.reader, clock, quiet=settings.structured) as held:
            writer = AwsWriter(connection.access, clock, connection.calls).guarded(held)
            return self._under_lease(connection, writer, clock, saved)

    def _under_lease(
        self, connection: Connection, writer: Writer, clock: Clock, saved: Mapping[str, Mapping[str, Any]] | None
    ) -> Report:
        graph, settings = self._graph, self._settings
        evidence = looked_through()
        first = engine.view(graph, connection.reader, self._choices, evidence=evidence)
        flows = judged(world_of_graph(graph, first.snapshot), self._declared)
        if saved is not None:
            self._check_saved(first, flows, saved)
        show_plan(first.plan, flows, settings, yes=self._yes)
        if first.plan.disruptions and not self._allowed.disruption:
            raise Refused(
                f"stack {graph.stack.name}: this {'; '.join(first.plan.disruptions)}. Nothing was changed",
                "look at the plan, then add --allow-disruption",
            )
        self._check_flows(flows)
        found = doubts(self._stack, graph, first.snapshot, {**graph.types, **evidence}) if first.plan.visible else []
        self._check_startable(found)
        if first.plan.visible:
            confirm(f"Apply to stack {graph.stack.name}?", yes=self._yes)
        with interruptible(settings) as stop, reporting(len(first.plan.visible), quiet=settings.structured) as report:
            doing = engine.Doing(writer, clock, self._limits, progress=report, stop=stop)
            applied = engine.apply(graph, first, connection.reader.fresh(), doing, self._choices)
        if settings.readable and (first.plan.visible or not applied.converged):
            click.echo(apply_text(applied, colour=colourful(sys.stdout)))
        status = INTERRUPTED if stop.is_set() else 0 if applied.converged and applied.settled else 1
        told = {**self._document(applied, connection.calls), "warnings": doubt_documents(found)}
        return Report(told, acted_on(applied), status)

    def _check_flows(self, flows: Sequence[Judged]) -> None:
        """A state that breaks a declared flow is not brought about, unless somebody says so."""
        wrong = broken(flows)
        if not wrong:
            return
        name = self._graph.stack.name
        shown = "; ".join(f"{f.name} (expected {f.expect}, would be {f.actual}: {f.why})" for f in wrong)
        if not self._allowed.broken_flows:
            raise Refused(
                f"stack {name}: what the files say breaks a declared flow: {shown}. Nothing was changed",
                "change the files so that it holds, or add --allow-broken-flows",
            )
        click.echo(f"warning: stack {name}: applying although it breaks a declared flow: {shown}", err=True)

    def _check_startable(self, found: Sequence[Doubt]) -> None:
        """What certainly keeps tasks from starting is not brought about, unless somebody says so."""
        certain = [doubt.problem.text for doubt in found if not doubt.possible]
        if certain and not self._allowed.unstartable:
            raise Refused(
                f"stack {self._graph.stack.name}: tasks cannot start: {'; '.join(certain)}. Nothing was changed",
                "change the files, or add --allow-unstartable",
            )
        for doubt in found:
            click.echo(doubt.text, err=True)

    def _document(self, applied: engine.Applied, calls: Any) -> dict[str, Any]:
        name = self._graph.stack.name
        return apply_document(name, applied, self._graph.types, calls.by_operation(), calls.mutating)

    def _check_saved(self, first: engine.View, flows: Sequence[Judged], saved: Mapping[str, Mapping[str, Any]]) -> None:
        name = self._graph.stack.name
        now = saved_plan(plan_document(first.plan, self._graph, flows), first)
        if name not in saved:
            raise Refused(f"the saved plan says nothing of stack {name}", "make it again with plan --out")
        if moved := what_moved(saved[name], now):
            raise Refused(
                f"the world has moved since the plan of stack {name} was saved: {moved}; nothing was changed",
                "look at it again with plan --out, then apply that",
            )

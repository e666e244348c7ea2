"""`reconciler delete`: remove a stack from AWS."""

from __future__ import annotations

import dataclasses
import difflib
import os
import sys
from pathlib import Path

import click

from reconciler import engine
from reconciler.cli._changing import changing_options
from reconciler.cli._documents import acted_on, apply_document
from reconciler.cli._failures import InputError
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._leasing import Leasing
from reconciler.cli._reports import INTERRUPTED, Report, report_each
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._store import open_store
from reconciler.cli._terminal import colourful, confirm, interruptible, reporting, show_plan
from reconciler.cli._text import OF_THE_STACK, apply_text
from reconciler.cli._workspace import Connection, connect, graph_of, load_stacks, select, stack_options
from reconciler.execute import Limits
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph, StackPolicy
from reconciler.model.ports import Clock, Writer
from reconciler.plan import Choices
from reconciler.resources import discover


@click.command("delete")
@files_option
@stack_options
@changing_options(timeout="45m")
@settings_options
def command(
    inputs: Inputs,
    stack_name: str | None,
    everything: bool,
    yes: bool,
    timeout: float,
    wait_lease: float,
    store_path: Path | None,
    settings: Settings,
) -> int:
    """Remove everything that carries the stack's tags; works from --stack NAME alone when no file names it any more."""
    limits = Limits(settle=timeout)

    def remove(doomed: Doomed) -> Report:
        lease = Leasing(open_store(store_path, settings), wait_lease)
        return _deleted(doomed, settings, limits, lease, yes=yes)

    return report_each(_chosen(inputs, stack_name, everything, settings), settings, lambda d: d.policy.name, remove)


class Doomed(Frozen):
    """A stack to delete, with the addresses that its files say stay."""

    policy: StackPolicy
    retained: frozenset[str] = frozenset()

    @classmethod
    def of(cls, graph: Graph) -> Doomed:
        return cls(graph.stack, frozenset(address for address in graph.resources if graph.retains(address)))


def _chosen(inputs: Inputs, stack_name: str | None, everything: bool, settings: Settings) -> list[Doomed]:
    by_tags = stack_name is not None and not everything and not inputs.paths
    stacks = {} if by_tags and not inputs.present() else load_stacks(inputs)
    if stack_name is None or not by_tags or stack_name in stacks:
        chosen = select(stacks, stack_name, everything=everything, changing=True)
        return [Doomed.of(graph_of(stack)) for stack in chosen]
    near = difflib.get_close_matches(stack_name, stacks, 1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    region = settings.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise InputError(f"no files say where stack {stack_name} lives{meant}; give --region")
    if stacks:
        click.echo(f"stack {stack_name} is in none of the files{meant}: its tags in {region} say what it is", err=True)
    return [Doomed(StackPolicy(name=stack_name, region=region))]


def _deleted(doomed: Doomed, settings: Settings, limits: Limits, lease: Leasing, *, yes: bool) -> Report:
    from reconciler.aws import AwsWriter
    from reconciler.clock import SystemClock

    policy = doomed.policy
    connection = connect(policy, settings)
    clock = SystemClock()
    with lease.of(policy, connection.reader, clock, quiet=settings.structured) as held:
        writer = AwsWriter(connection.access, clock, connection.calls).guarded(held)
        return _under_lease(doomed, connection, writer, clock, settings, limits, yes=yes)


def _under_lease(
    doomed: Doomed,
    connection: Connection,
    writer: Writer,
    clock: Clock,
    settings: Settings,
    limits: Limits,
    *,
    yes: bool,
) -> Report:
    policy, types = doomed.policy, discover()
    choices = Choices(retained=doomed.retained)
    plan = engine.view(engine.empty_graph(policy, types), connection.reader, choices).plan
    if plan.visible or plan.blocked:
        # Somebody who says delete means the load balancers too.
        show_plan(dataclasses.replace(plan, disruptions=()), (), settings, yes=yes, unowned=OF_THE_STACK)
    if plan.visible:
        confirm(f"Delete stack {policy.name}?", yes=yes)
    with interruptible(settings) as stop, reporting(len(plan.visible), quiet=settings.structured) as report:
        doing = engine.Doing(writer, clock, limits, progress=report, stop=stop)
        applied = engine.delete(policy, types, connection.reader.fresh(), doing, choices)
    if settings.readable:
        nothing = f"Stack {policy.name}: nothing in {policy.region} carries its tags."
        done = applied.outcomes or applied.left.blocked
        click.echo(apply_text(applied, colour=colourful(sys.stdout)) if done else nothing)
    calls = connection.calls
    document = apply_document(policy.name, applied, types, calls.by_operation(), calls.mutating)
    status = INTERRUPTED if stop.is_set() else 0 if applied.converged and applied.settled else 1
    return Report(document, acted_on(applied), status)

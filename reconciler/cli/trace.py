"""`reconciler trace`: whether traffic gets from one end to another; changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler import flows
from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._terminal import colourful
from reconciler.cli._tracing import trace_document, trace_text
from reconciler.cli._workspace import (
    InputError,
    connect,
    files_option,
    graph_of,
    load_stacks,
    print_document,
    select,
    stack_options,
)
from reconciler.load import StackObjects

if TYPE_CHECKING:
    from reconciler.model.graph import Graph

_STATUS = {flows.REACHABLE: 0, flows.BLOCKED: 2, flows.UNKNOWN: 1}


@click.command("trace")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--port", help="Port at TO: a number, or its name. Default: the ports that TO has.")
@click.option("--protocol", type=click.Choice(["tcp", "udp"]), default="tcp", show_default=True)
@click.option("--host", help="Host of the HTTP request.")
@click.option("--path", help="Path of the HTTP request.")
@click.option("--method", help="Method of the HTTP request.")
@click.option("--header", "headers", multiple=True, metavar="K=V", help="Header of the HTTP request; repeatable.")
@click.option("--desired", "where", flag_value="desired", help="In what the files say; no AWS call.")
@click.option("--observed", "where", flag_value="observed", default=True, help="In what AWS has (default).")
@files_option
@stack_options
@settings_options
def command(
    source: str,
    target: str,
    port: str | None,
    protocol: str,
    host: str | None,
    path: str | None,
    method: str | None,
    headers: Sequence[str],
    where: str,
    paths: Sequence[str],
    stack_name: str | None,
    everything: bool,
    settings: Settings,
) -> int:
    """Show every hop from FROM to TO and what stands in the way: 0 reachable, 2 blocked, 1 error or unknown.

    FROM and TO: internet, an address or CIDR, task/NAME, task/NAME/CONTAINER, loadBalancer/NAME, or the id of a live
    task, network interface or other resource.
    """
    if everything:
        raise InputError("traffic is traced in one stack; choose it with --stack NAME")
    query = flows.Query(
        source=source,
        target=target,
        port=_port(port),
        protocol=protocol,
        path=path,
        host=host,
        method=method,
        headers=dict(_header(text) for text in headers),
    )
    stack = _stack_of(load_stacks(paths), stack_name, (source, target))
    graph = graph_of(stack)
    world = flows.world_of_graph(graph) if where == "desired" else _observed(graph, settings)
    verdict = flows.trace(world, query)
    if settings.structured:
        print_document([trace_document(world, verdict)], settings)
    else:
        click.echo(trace_text(world, verdict, where=where, colour=colourful(sys.stdout)))
    return _STATUS[verdict.verdict]


def _observed(graph: Graph, settings: Settings) -> flows.World:
    from reconciler import engine
    from reconciler.resources import evidence

    found = engine.view(graph, connect(graph.stack, settings).reader, evidence=evidence())
    return flows.world_of_snapshot(graph, found.snapshot, {**graph.types, **evidence()})


def _port(text: str | None) -> int | str | None:
    if text is None or not text.isdigit():
        return text
    number = int(text)
    if not 1 <= number <= 65535:
        raise InputError(f"{text} is no port; write a number between 1 and 65535, or a name")
    return number


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise InputError(f"{text!r} is no header; write NAME=VALUE")
    return name, value


def _stack_of(stacks: dict[str, StackObjects], name: str | None, ends: Sequence[str]) -> StackObjects:
    """The stack that is meant: the one named, the only one, or the only one that has both ends."""
    chosen = select(stacks, name, everything=False, changing=False)
    if len(chosen) > 1:
        chosen = [stack for stack in chosen if all(_has(stack, end) for end in ends)]
    if len(chosen) != 1:
        known = ", ".join(sorted(stacks))
        raise InputError(f"FROM and TO do not say which stack is meant; choose one of {known} with --stack NAME")
    return chosen[0]


def _has(stack: StackObjects, end: str) -> bool:
    word, _, rest = end.partition("/")
    kind = {"task": "Task", "loadBalancer": "LoadBalancer"}.get(word)
    return kind is None or (kind, rest.split("/")[0]) in stack.objects

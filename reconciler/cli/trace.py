"""`reconciler trace`: whether traffic gets from one end to another; changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from reconciler import flows
from reconciler.cli._failures import InputError
from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._reports import print_document
from reconciler.cli._settings import DRAWING, Settings, settings_with
from reconciler.cli._terminal import colourful
from reconciler.cli._tracing import trace_document, trace_text
from reconciler.cli._worlds import Where, world_options

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
@world_options
@files_option
@click.option("--stack", "stack_name", metavar="NAME", help="The stack that is meant.")
@settings_with("table", "wide", "json", "yaml", DRAWING)
def command(
    source: str,
    target: str,
    port: str | None,
    protocol: str,
    host: str | None,
    path: str | None,
    method: str | None,
    headers: Sequence[str],
    where: Where,
    inputs: Inputs,
    stack_name: str | None,
    settings: Settings,
) -> int:
    """Show every hop from FROM to TO and what stands in the way: 0 reachable, 2 blocked, 1 error or unknown.

    FROM and TO: internet, an address or CIDR, task/NAME, task/NAME/CONTAINER, loadBalancer/NAME, or the id of a live
    task, network interface or other resource.
    """
    query = flows.Query(
        source=source,
        target=target,
        port=_port(port),
        protocol=protocol,
        path=_path(path),
        host=_host(host),
        method=method.upper() if method else None,
        headers=dict(_header(text) for text in headers),
    )
    world = where.world(inputs, stack_name, settings, (source, target), health=True)
    verdict = flows.trace(world, query)
    if settings.structured:
        print_document(trace_document(world, verdict), settings)
    elif settings.output == DRAWING:
        click.echo(flows.drawing(world, verdict))
    else:
        click.echo(trace_text(world, verdict, where=where.text, colour=colourful(sys.stdout)))
    return _STATUS[verdict.verdict]


def _port(text: str | None) -> int | str | None:
    if text is None or not (text.isascii() and text.isdigit()):
        return text
    number = int(text)
    if not 1 <= number <= 65535:
        raise InputError(f"{text} is no port; write a number between 1 and 65535, or a name")
    return number


def _path(text: str | None) -> str | None:
    """Rules look at a path alone, without the query (ALB guide, "Condition types for listener rules")."""
    if text is not None and (not text.startswith("/") or "?" in text):
        raise InputError(f"{text!r} is no path; write what begins with / and ends before the ?")
    return text


def _host(text: str | None) -> str | None:
    if text is not None and (not text or any(char in text for char in ":/ ")):
        raise InputError(f"{text!r} is no host; write the name alone, without scheme, port and path")
    return text


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise InputError(f"{text!r} is no header; write NAME=VALUE")
    return name, value

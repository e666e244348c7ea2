"""`reconciler events setup`: how the daemon hears of changes at once."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

import click

from reconciler.cli._inputs import Inputs, files_option
from reconciler.cli._reports import print_document
from reconciler.cli._settings import Settings, settings_with
from reconciler.cli._workspace import connect, graph_of, load_stacks, select
from reconciler.model.errors import AwsError, Refused
from reconciler.model.resource import Call


@click.command("setup")
@files_option
@click.option("--stack", "stack_name", metavar="NAME", help="The stack in whose account and region this is to be.")
@click.option(
    "--name", default="reconciler-events", show_default=True, help="Name of the queue and begin of the rules'."
)
@click.option("--apply", "applying", is_flag=True, help="Make the requests; without it they are only shown.")
@settings_with("table", "wide", "json", "yaml")
def setup(inputs: Inputs, stack_name: str | None, name: str, applying: bool, settings: Settings) -> int:
    """Show the queue, its policy and the EventBridge rules that feed it, or make them.

    One set serves all stacks of an account and region. Making it again changes nothing. EventBridge hands on API calls
    only where a CloudTrail trail logs management events.
    """
    from reconciler.aws import AwsWriter
    from reconciler.clock import SystemClock
    from reconciler.event_setup import calls

    _check_name(name)
    stacks = select(load_stacks(inputs), stack_name, everything=False, changing=True)
    graph = graph_of(stacks[0])
    connection = connect(graph.stack, settings)
    access, account = connection.access, connection.reader.account
    if graph.stack.account not in (None, account):
        raise Refused(
            f"stack {graph.stack.name} belongs to account {graph.stack.account}, the credentials to {account}"
        )
    endpoint = access.client("sqs").meta.endpoint_url
    base = f"{endpoint.rstrip('/')}/{account}"
    wanted = calls(name, graph.types, partition=access.partition, region=access.region, account=account, url=base)
    if applying:
        writer = AwsWriter(access, SystemClock(), connection.calls)
        for call in wanted:
            try:
                writer.perform(call, call.params)
            except AwsError as error:
                raise Refused(str(error), error.next_step or "put that right and run this again: it goes on") from error
    url = f"{base}/{name}"
    document: dict[str, Any] = {
        "queueUrl": url,
        "applied": applying,
        "calls": [{"operation": call.name, "parameters": dict(call.params)} for call in wanted],
    }
    if settings.structured:
        print_document(document, settings)
        return 0
    for call in wanted:
        click.echo(f"{'made' if applying else 'would make'} {call.name}")
        click.echo(textwrap.indent(_parameters(call), "    "), nl=False)
    click.echo(f"\nput this into the spec of each Stack in {access.region}:\n  events: {{queueUrl: {json.dumps(url)}}}")
    return 0


def _parameters(call: Call) -> str:
    """What a request says, as YAML; documents in texts (a policy, a pattern) as what they are."""
    import yaml

    return yaml.safe_dump(_opened(call.params), default_flow_style=None, sort_keys=False, width=110)


def _opened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _opened(item) for key, item in value.items()}
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def _check_name(name: str) -> None:
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > 40:
        raise click.UsageError(f"--name {name!r}: write letters, digits, - and _, at most 40")

"""One document, or one text, per stack: printed whatever becomes of the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from reconciler.cli._failures import Failure, failure_of
from reconciler.cli._settings import Settings
from reconciler.model.errors import ReconcilerError
from reconciler.model.frozen import Frozen

S = TypeVar("S")

INTERRUPTED = 130
"""Exit status after Ctrl-C (128 + SIGINT)."""


class Report(Frozen):
    """What a command has to say of one stack: the document, the names of what it is about, the exit status."""

    document: dict[str, Any]
    names: Sequence[str]
    status: int


def report_each(
    stacks: Iterable[S], settings: Settings, name_of: Callable[[S], str], work: Callable[[S], Report]
) -> int:
    """Do the work for each stack and print; the exit status of all.

    A stack that fails is told and keeps none of the others from its turn; Ctrl-C does.
    """
    reports: list[Report] = []
    for stack in stacks:
        try:
            reports.append(work(stack))
        except ReconcilerError as error:
            reports.append(_failed(failure_of(error), name_of(stack), 1))
        except (click.Abort, KeyboardInterrupt):
            reports.append(_failed(Failure("Interrupted", "interrupted"), name_of(stack), INTERRUPTED))
        if reports[-1].status == INTERRUPTED:
            break
    print_documents([report.document for report in reports], settings)
    print_names([name for report in reports for name in report.names], settings)
    return worst(report.status for report in reports)


def _failed(failure: Failure, stack: str, status: int) -> Report:
    click.echo(failure.text, err=True)
    return Report(failure.document(stack), (), status)


def print_documents(documents: Sequence[dict[str, Any]], settings: Settings) -> None:
    """One document on standard output under `-o json` and `-o yaml`: that of the only stack, or all under `stacks`."""
    if settings.structured:
        print_document(documents[0] if len(documents) == 1 else {"stacks": list(documents)}, settings)


def print_document(document: dict[str, Any], settings: Settings) -> None:
    """A document in the chosen format."""
    if settings.output == "yaml":
        import yaml

        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)
    else:
        click.echo(json.dumps(document, indent=2))


def print_names(names: Iterable[str], settings: Settings) -> None:
    """One name a line under `-o name`."""
    if settings.output == "name":
        for name in names:
            click.echo(name)


def worst(statuses: Iterable[int]) -> int:
    """The exit status of several stacks: Ctrl-C over 1 over 2 over 0."""
    found = set(statuses)
    return next((status for status in (INTERRUPTED, 1, 2) if status in found), 0)

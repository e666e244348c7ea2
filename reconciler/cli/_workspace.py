"""From the paths on the command line to checked stacks, and from a stack to the AWS it lives in."""

from __future__ import annotations

import contextlib
import difflib
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from reconciler import checks
from reconciler.cli._failures import InputError, InvalidInputError
from reconciler.cli._inputs import Inputs
from reconciler.cli._settings import Settings
from reconciler.kinds import Object, Problem
from reconciler.load import Bundle, StackObjects
from reconciler.model.errors import Refused
from reconciler.model.frozen import Frozen

if TYPE_CHECKING:
    from reconciler.aws import Access, AwsReader, Calls
    from reconciler.model.errors import AwsError
    from reconciler.model.graph import Graph, StackPolicy

_SAY_EVERY = 15.0
"""Seconds between two lines about what AWS keeps a command waiting with."""


def stack_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--stack NAME` and `--all`."""
    function = click.option("--all", "everything", is_flag=True, help="All stacks of the files.")(function)
    return click.option("--stack", "stack_name", metavar="NAME", help="Only this stack.")(function)


def problems_of(bundle: Bundle) -> list[Problem]:
    """Everything that is wrong with the files."""
    found = list(bundle.problems)
    for stack in bundle.stacks.values():
        found += checks.check(stack)
    return sorted(set(found))


def load_stacks(inputs: Inputs) -> dict[str, StackObjects]:
    """The checked stacks of some files. Raises `InputError` and `InvalidInputError`."""
    bundle = inputs.bundle()
    problems = problems_of(bundle)
    if problems:
        raise InvalidInputError(problems)
    if not bundle.stacks:
        raise InputError("no Stack in these files; write one document of kind Stack")
    return dict(bundle.stacks)


def select(
    stacks: dict[str, StackObjects], name: str | None, *, everything: bool, changing: bool
) -> list[StackObjects]:
    """The stacks that a command works on. Raises `InputError` where it is not clear which."""
    if name is not None and everything:
        raise click.UsageError("--stack NAME and --all contradict each other; leave one out")
    if name is not None:
        if name not in stacks:
            near = difflib.get_close_matches(name, stacks, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(sorted(stacks))}"
            raise InputError(f"no stack {name} in these files; {hint}")
        return [stacks[name]]
    if changing and len(stacks) > 1 and not everything:
        raise InputError(f"several stacks: {', '.join(sorted(stacks))}; choose with --stack NAME, or take --all")
    return [stacks[key] for key in sorted(stacks)]


def name_of(stack: StackObjects) -> str:
    """The name of a stack."""
    return stack.stack.name


def flows_of(stack: StackObjects) -> list[Object[Any]]:
    """The Flow objects of a stack, by name."""
    return [obj for (kind, _), obj in sorted(stack.objects.items()) if kind == "Flow"]


class Connection(Frozen):
    """One stack's AWS."""

    access: Access
    reader: AwsReader
    calls: Calls


class Waits:
    """Says now and then, on standard error, what a command waits for so long: it is no more stuck than AWS is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said_at: float | None = None

    def held_up(self, error: AwsError) -> None:
        """What failed, and is tried again."""
        now = time.monotonic()
        with self._lock:
            if self._said_at is not None and now < self._said_at + _SAY_EVERY:
                return
            self._said_at = now
        with contextlib.suppress(OSError):
            click.echo(f"trying again: {error}", err=True)


def connect(policy: StackPolicy, settings: Settings, *, attended: bool = True) -> Connection:
    """Access to the account and region of a stack. Where somebody attends to it they hear what it waits for. Raises
    `Refused`, of any other account too, and `AwsError`."""
    from reconciler import engine
    from reconciler.aws import Access, AwsReader, Calls
    from reconciler.clock import SystemClock

    if settings.region and settings.region != policy.region:
        raise Refused(
            f"stack {policy.name} lives in {policy.region}, not in {settings.region}",
            "leave --region out, or change the Stack's spec",
        )
    endpoint = settings.endpoint_url
    if settings.sandbox:
        from reconciler.sandbox.process import ensure_running

        endpoint = ensure_running()
    access = Access(
        policy.region,
        profile=settings.profile,
        endpoint_url=endpoint,
        role_arn=policy.role_arn,
        external_id=policy.external_id,
        role_session_name=policy.session_name,
        sandbox=settings.sandbox,
        held_up=Waits().held_up if attended else lambda _: None,
    )
    calls = Calls()
    reader = AwsReader(access, SystemClock(), calls)
    engine.check_account(policy, reader)
    return Connection(access, reader, calls)


def graph_of(stack: StackObjects) -> Graph:
    """The desired graph of a checked stack. Raises `InputError` for resources that wait for each other."""
    from reconciler import compile as compiler
    from reconciler.model.graph import Cycle

    graph = compiler.graph_of(stack.stack, stack.objects)
    try:
        _ = graph.order
    except Cycle as cycle:
        raise InputError(f"these wait for each other: {cycle}; take one reference out") from cycle
    return graph


def today() -> date:
    """The day that exceptions from drift are judged by: UTC's, wherever this runs."""
    return datetime.now(UTC).date()

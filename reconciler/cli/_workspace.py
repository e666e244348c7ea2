"""From the paths on the command line to checked stacks, and from a stack to the AWS it lives in."""

from __future__ import annotations

import dataclasses
import difflib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler import checks
from reconciler.cli._failures import InputError, InvalidInputError
from reconciler.cli._settings import Settings
from reconciler.kinds import Object, Problem
from reconciler.load import MAX_BYTES, Bundle, StackObjects, load
from reconciler.model.errors import Refused

if TYPE_CHECKING:
    from reconciler.aws import Access, AwsReader, Calls
    from reconciler.model.graph import Graph, StackPolicy

SUFFIXES = (".yaml", ".yml")


def files_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-f PATH`, repeatable."""
    help_text = "File or folder of specs, - for standard input; repeatable. Default: ./specs"
    return click.option("-f", "--file", "paths", multiple=True, help=help_text)(function)


def stack_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--stack NAME` and `--all`."""
    function = click.option("--all", "everything", is_flag=True, help="All stacks of the files.")(function)
    return click.option("--stack", "stack_name", help="Only this stack.")(function)


def read_files(paths: Sequence[str]) -> list[tuple[str, bytes]]:
    """Names and bytes of all spec files under some paths, in order. Raises `InputError`.

    Of what is too long, or never ends, only as much is read as shows that it is.
    """
    found: list[tuple[str, bytes]] = []
    if "-" in paths:
        found.append(("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1)))
    for file in spec_files(paths):
        try:
            with file.open("rb") as stream:
                found.append((str(file), stream.read(MAX_BYTES + 1)))
        except OSError as error:
            raise InputError(f"{file}: {error.strerror}; make it readable or leave it out") from error
    return found


def spec_files(paths: Sequence[str]) -> list[Path]:
    """The files that are meant by some paths, standard input left out. Raises `InputError`."""
    if "" in paths:
        raise InputError("-f '' names no file; is a variable empty?")
    named = [path for path in paths or ("specs",) if path != "-"]
    return [file for path in named for file in _spec_files(Path(path), given=bool(paths))]


def _spec_files(path: Path, *, given: bool) -> Iterator[Path]:
    if path.is_dir():
        files = sorted(
            file
            for file in path.rglob("*")
            if file.suffix in SUFFIXES
            and file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
        )
        if not files:
            raise InputError(f"{path}: no .yaml or .yml file in this folder; name the right one with -f")
        yield from files
    elif path.exists():
        yield path
    else:
        hint = "check the path" if given else "name your files with -f PATH"
        raise InputError(f"{path}: no such file or folder; {hint}")


def problems_of(bundle: Bundle) -> list[Problem]:
    """Everything that is wrong with the files."""
    found = list(bundle.problems)
    for stack in bundle.stacks.values():
        found += checks.check(stack)
    return sorted(set(found))


def load_stacks(paths: Sequence[str]) -> dict[str, StackObjects]:
    """The checked stacks of some files. Raises `InputError` and `InvalidInputError`."""
    bundle = load(read_files(paths))
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


@dataclasses.dataclass(frozen=True)
class Connection:
    """One stack's AWS."""

    access: Access
    reader: AwsReader
    calls: Calls


def connect(policy: StackPolicy, settings: Settings) -> Connection:
    """Access to the account and region of a stack. Raises `Refused` and `AwsError`."""
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
        sandbox=settings.sandbox,
    )
    calls = Calls()
    return Connection(access, AwsReader(access, SystemClock(), calls), calls)


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

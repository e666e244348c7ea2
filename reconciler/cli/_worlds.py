"""Which world a question about traffic is put to: what is wanted, what AWS has, or what was saved of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler import flows
from reconciler.cli._failures import InputError
from reconciler.cli._inputs import Inputs
from reconciler.cli._settings import Settings
from reconciler.cli._snapshots import read_snapshot
from reconciler.cli._workspace import connect, graph_of, load_stacks, select
from reconciler.load import StackObjects
from reconciler.model.frozen import Frozen

if TYPE_CHECKING:
    from reconciler.model.graph import Graph, Readables

C = TypeVar("C", bound=Callable[..., Any])


class Where(Frozen):
    """The world that is asked: `desired`, `observed`, or a saved snapshot."""

    word: str
    snapshot: Path | None

    @property
    def text(self) -> str:
        """As people read it."""
        return f"snapshot {self.snapshot}" if self.snapshot else self.word

    def world(
        self, inputs: Inputs, stack: str | None, settings: Settings, ends: Sequence[str], *, health: bool
    ) -> flows.World:
        """The world of the stack that is meant, with how its targets and tasks do where `health` is asked for.

        Raises `InputError`.
        """
        from reconciler.resources import configuration, discover, evidence

        read = evidence() if health else configuration()
        types = {**discover(), **evidence()}
        if self.snapshot is not None:
            snapshot = read_snapshot(self.snapshot, stack)
            strange = sorted({one.type for one in snapshot.everything()} - types.keys())
            if strange:
                what = f"was saved by another version of reconciler: it holds {', '.join(strange)}"
                raise InputError(f"{self.snapshot}: {what}; make one with drift --save-snapshot")
            return flows.world_of_snapshot(None, snapshot, types)
        graph = graph_of(_stack_of(load_stacks(inputs), stack, ends))
        if self.word == "desired":
            return flows.world_of_graph(graph)
        return _observed(graph, settings, read)


def world_options(function: C) -> C:
    """`--desired`, `--observed` and `--snapshot FILE`, merged into the `where` argument."""

    @click.option("--desired", "word", flag_value="desired", help="In what the files say; no AWS call.")
    @click.option("--observed", "word", flag_value="observed", default=True, help="In what AWS has (default).")
    @click.option(
        "--snapshot",
        type=click.Path(dir_okay=False, path_type=Path),
        help="In what drift --save-snapshot saved; no AWS call, no files.",
    )
    @functools.wraps(function)
    def wrapped(*args: Any, word: str, snapshot: Path | None, **kwargs: Any) -> Any:
        if snapshot is not None and word == "desired":
            raise click.UsageError("--desired and --snapshot are two different worlds; take one of them")
        return function(*args, where=Where(word, snapshot), **kwargs)

    return wrapped  # type: ignore[return-value]


def _observed(graph: Graph, settings: Settings, read: Readables) -> flows.World:
    from reconciler import engine

    found = engine.view(graph, connect(graph.stack, settings).reader, evidence=read)
    return flows.world_of_snapshot(graph, found.snapshot, {**graph.types, **read})


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

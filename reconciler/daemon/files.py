"""The last good version of the files: a broken one changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.load import StackObjects
from reconciler.model.errors import ReconcilerError


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the files: the stacks, or what is wrong with them."""

    stacks: Mapping[str, StackObjects] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read(load_stacks: Callable[[Sequence[str]], Mapping[str, StackObjects]], paths: Sequence[str]) -> Reading:
    """The stacks of the files now. Never raises for what a user can write."""
    try:
        return Reading(stacks=load_stacks(paths))
    except ReconcilerError as error:
        return Reading(problems=tuple(str(error).splitlines()))


def in_force(before: Mapping[str, StackObjects], reading: Reading) -> Mapping[str, StackObjects]:
    """The stacks to hold: a broken reading keeps what was there, and a stack whose files vanished is not deleted."""
    if reading.problems:
        return before
    return {**before, **reading.stacks}

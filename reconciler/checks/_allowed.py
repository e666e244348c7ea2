"""The fields that annotations name: a misspelt one would allow nothing, and nobody would notice.

They are AWS's members of the resources that an object becomes, so they can be looked up only where all else is well.
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterator
from typing import Any

from reconciler.compile import graph_of
from reconciler.kinds import Problem
from reconciler.kinds._annotations import ACCEPT_DRIFT, IGNORE_FIELDS, policy_of
from reconciler.kinds._object import listed, quoted
from reconciler.load import StackObjects
from reconciler.model.fields import Fields, member_name, traits_of

_TAGS = "tags"
_STEP = re.compile(r"([^.\[\]]+)(?:\[.*?\](?=[.\[]|$))*\.?")
"""A member and its entries in brackets, which may hold anything."""


def fields_that_are_none(stack: StackObjects) -> Iterator[Problem]:
    """Each field that an annotation names and that no resource of its object has."""
    objects = (stack.stack, *stack.objects.values())
    named = [(obj, found) for obj in objects if (found := _named(obj.metadata.annotations))]
    if not named:
        return
    graph = graph_of(stack.stack, stack.objects)
    for obj, fields in named:
        mine = {r.type for r in graph.resources.values() if obj is stack.stack or r.owner == obj.id}
        starts = frozenset(graph.types[name].fields for name in mine)
        for key, path in fields:
            wrong = _unknown(path, starts)
            if wrong is not None:
                before, step, members = wrong
                near = difflib.get_close_matches(step, members, 1)
                hint = f"did you mean {quoted(before + near[0])}?" if near else f"there are {listed(sorted(members))}"
                yield obj.problem(("metadata", "annotations", key), f"names {quoted(path)}, which is no field", hint)


def _named(annotations: typing.Mapping[str, str]) -> list[tuple[str, str]]:
    said = policy_of(annotations)
    return [(IGNORE_FIELDS, name) for name in said.ignored] + [(ACCEPT_DRIFT, one.field) for one in said.accepted]


def _unknown(path: str, starts: frozenset[type[Fields]]) -> tuple[str, str, frozenset[str]] | None:
    """Where a path goes wrong: what is right before, the member that there is not, and those that there are."""
    here, first = starts, frozenset({_TAGS})
    for step in _STEP.finditer(path):
        members = first | {member_name(name) for kind in here for name in traits_of(kind)}
        if here and step[1] not in members:
            return path[: step.start()], step[1], members
        here, first = frozenset(inner for kind in here for inner in _inside(kind).get(step[1], ())), frozenset()
    return None


def _inside(kind: type[Fields]) -> dict[str, frozenset[type[Fields]]]:
    """The parts of each member of a field set that are field sets themselves."""
    hints = typing.get_type_hints(kind)
    return {member_name(name): frozenset(_parts(hints[name])) for name in traits_of(kind)}


def _parts(hint: Any) -> Iterator[type[Fields]]:
    if isinstance(hint, type) and issubclass(hint, Fields):
        yield hint
    for inner in typing.get_args(hint):
        yield from _parts(inner)

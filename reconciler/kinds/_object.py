"""What a user wrote, validated, and the place where it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, Field

from reconciler.kinds._spec import LABEL, SpecModel
from reconciler.model.frozen import Frozen

S = TypeVar("S", bound=BaseModel)

Path = tuple[str | int, ...]
"""A field of an object by the names in its YAML: `("spec", "listeners", 0, "port")`."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
_READABLE: Final = 80
_MANY: Final = 12


def quoted(value: object) -> str:
    """A value of a user's file in quotes, on one printable line, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _READABLE:
        text = text[: _READABLE - 4] + '..."'
    return printable(text)


def cut(text: str) -> str:
    """Text of a user's file without quotes, on one printable line, cut to a readable length."""
    return printable(text if len(text) <= _READABLE else text[: _READABLE - 3] + "...")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 zone`, `2 zones`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(names: Iterable[str]) -> str:
    """Names with commas; only the first where there are many."""
    known = list(names)
    more = [f"{len(known) - _MANY} more"] if len(known) > _MANY else []
    return ", ".join([*map(cut, known[:_MANY]), *more])


def printable(text: str) -> str:
    """The text with everything that could break a line or a terminal shown as an escape."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def dotted(path: Path) -> str:
    """A path as people write it: `spec.listeners[0].port`, `spec.tags["cost centre"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{quoted(step)}]"
    return text


class Position(NamedTuple):
    """Where something is written: line and column count from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Node:
    """One value of a YAML document: a scalar's `text`, a mapping's `fields` or a sequence's `items`.

    `plain` is true for a scalar without quotes. A field keeps the position of its key beside its value.
    """

    at: Position
    text: str | None = None
    plain: bool = False
    fields: dict[str, tuple[Position, Node]] | None = None
    items: list[Node] | None = None

    @property
    def is_scalar(self) -> bool:
        return self.text is not None


class Source(Frozen):
    """The document that an object was read from. A path that is not there stands for the nearest that is."""

    file: str
    node: Node = field(repr=False)

    def at(self, path: Path) -> Position:
        """A scalar's own place; the key (or the item) of a mapping or a sequence, which is what eyes look for."""
        position, node = self._find(path)
        return node.at if node.is_scalar else position

    def key_at(self, path: Path) -> Position:
        """The place of a field's name."""
        return self._find(path)[0]

    def text(self, path: Path) -> str | None:
        """The characters of the scalar at exactly this path, as written without its quotes."""
        node: Node | None = self.node
        for step in path:
            node = _child(node, step)[1] if node else None
        return node.text if node else None

    def _find(self, path: Path) -> tuple[Position, Node]:
        position, node = self.node.at, self.node
        for step in path:
            child_position, child = _child(node, step)
            if child is None:
                break
            position, node = child_position, child
        return position, node


def _child(node: Node, step: str | int) -> tuple[Position, Node | None]:
    if isinstance(step, str):
        return (node.fields or {}).get(step, (node.at, None))
    items = node.items or []
    return (items[step].at, items[step]) if step < len(items) else (node.at, None)


class Problem(NamedTuple):
    """One thing that is wrong with the input. Orders by place."""

    file: str
    line: int
    column: int
    object: str
    """`Kind/name`, empty where the text is too broken to tell."""
    field: str
    message: str
    """What is wrong."""
    hint: str
    """What would be right."""

    @property
    def text(self) -> str:
        """`file:line:column: Kind/name: field: what is wrong, what would be right`, on one line."""
        place = f"{self.file}:{self.line}:{self.column}"
        what = f"{self.message}, {self.hint}" if self.hint else self.message
        return printable(": ".join(part for part in (place, self.object, self.field, what) if part))


Label = Annotated[str, LABEL]


class Metadata(SpecModel):
    """What identifies an object."""

    name: Label = Field(description="Name of the object, unique among the objects of its kind in its stack.")
    stack: str | None = Field(
        default=None,
        description="The Stack that the object belongs to. Default: the only Stack of the file, else of the folder.",
    )
    annotations: Mapping[str, str] = Field(
        default={},
        description="Free text for other programs; keys under reconciler.dev/ are for this one: drift, ignore-fields, "
        "accept-drift, paused, deletion-policy, prevent-replace, adopt.",
    )


class Object(Frozen, Generic[S]):
    """One validated object of a stack. Two objects are equal when they say the same, wherever they are written."""

    kind: str
    name: str
    stack: str
    spec: S
    metadata: Metadata = field(repr=False)
    source: Source = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """`Kind/name`, unique in the stack."""
        return f"{self.kind}/{self.name}"

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """A problem of this object at a path (`("spec", ...)`)."""
        at = self.source.at(path)
        return Problem(self.source.file, at.line, at.column, self.id, dotted(path), message, hint)

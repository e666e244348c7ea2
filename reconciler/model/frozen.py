"""What frozen records have in common, written once.

Made anew for every class, as `dataclasses` does it, they were a third of what each command waited for before it
did anything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import Any

_VALUES: dict[type[Any], Callable[[Any], Any]] = {}


def _values(cls: type[Any]) -> Callable[[Any], Any]:
    known = _VALUES.get(cls)
    if known is None:
        names = [field.name for field in dataclasses.fields(cls) if field.compare]
        known = _VALUES[cls] = attrgetter(*names) if names else lambda _: None
    return known


class Frozen:
    """Base of records that are equal when they are of one class and all their fields that count are.

    For dataclasses with `frozen=True, eq=False, repr=False`.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        cls: type[Any] = type(self)
        if cls is not type(other):
            return NotImplemented
        values = _values(cls)
        return bool(values(self) == values(other))

    def __hash__(self) -> int:
        cls: type[Any] = type(self)
        return hash((cls, _values(cls)(self)))

    def __repr__(self) -> str:
        cls: type[Any] = type(self)
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(cls))
        return f"{cls.__qualname__}({', '.join(shown)})"

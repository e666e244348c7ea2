"""Values that fields of a resource may hold, and the walks over them.

A field holds a scalar (`str`, `int`, `bool`), `None` (AWS has nothing there), `UNSET` (not ours, never compared),
a `Ref`, an `Id`, a `Template`, a `tuple` (order matters), a `frozenset` (it does not), a `FrozenMap` (entries by
key) or another `Fields` dataclass. Everything is immutable and hashable.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, TypeVar, final

K = TypeVar("K")
V = TypeVar("V")


class Marker(Enum):
    """The states of a field that are not values."""

    UNSET = "unset"
    """Not ours: the spec says nothing and nothing is derived."""
    NOT_REPORTED = "not reported"
    """Observed only: AWS always returns this field, this answer does not."""

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return False


UNSET: Final = Marker.UNSET
NOT_REPORTED: Final = Marker.NOT_REPORTED

KNOWN_AFTER_APPLY: Final = "(known after apply)"


@final
@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Pointer to an output of another resource of the graph: the only edges there are, beside `after`."""

    address: str
    output: str = "id"

    def __str__(self) -> str:
        return f"${{{self.address}.{self.output}}}"


@final
@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Id:
    """An identity that AWS gave. In a snapshot it becomes a `Ref` where it is an output of a winner of ours."""

    value: str
    output: str = "id"

    def __str__(self) -> str:
        return self.value


@final
@dataclasses.dataclass(frozen=True, slots=True)
class Template:
    """Text with outputs of other resources in it; resolved forward, never translated back."""

    parts: tuple[str | Ref, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@final
class Token(str):
    """What names one creation in an idempotency token. The run that sends it adds a part of its own: within a run a
    repeated request makes nothing twice, and a later run is never answered with an object that is gone by then.
    """

    __slots__ = ()


NO_TOKEN: Final = Token()


class FrozenMap(Mapping[K, V]):
    """An immutable, hashable mapping; equality and hash do not depend on the order of the entries."""

    __slots__ = ("_data", "_hash")

    def __init__(self, data: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._data: dict[K, V] = dict(data)
        self._hash: int | None = None

    def __getitem__(self, key: K) -> V:
        return self._data[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._data.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMap):
            return self._data == other._data
        return NotImplemented

    def __repr__(self) -> str:
        return f"FrozenMap({self._data!r})"


EMPTY: Final[FrozenMap[Any, Any]] = FrozenMap()


def frozen(value: Any) -> Any:
    """JSON-like data as immutable values: mappings become `FrozenMap`, lists tuples."""
    if isinstance(value, Mapping):
        return FrozenMap((key, frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value


def _is_fields(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def walk(value: Any) -> Iterator[Any]:
    """Every leaf of a value: scalars, markers, references; keys of mappings included, templates by part."""
    if isinstance(value, Ref | Id):
        yield value
    elif isinstance(value, Template):
        yield from value.parts
    elif isinstance(value, tuple | frozenset | list):
        for item in value:
            yield from walk(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(key)
            yield from walk(item)
    elif _is_fields(value):
        for field in dataclasses.fields(value):
            yield from walk(getattr(value, field.name))
    else:
        yield value


def transform(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """The same value with every leaf (references and whole templates too) replaced by what `leaf` gives."""
    if isinstance(value, Ref | Id | Template):
        return leaf(value)
    if isinstance(value, tuple):
        return tuple(transform(item, leaf) for item in value)
    if isinstance(value, frozenset):
        return frozenset(transform(item, leaf) for item in value)
    if isinstance(value, FrozenMap):
        return FrozenMap((transform(key, leaf), transform(item, leaf)) for key, item in value.items())
    if isinstance(value, list):
        return [transform(item, leaf) for item in value]
    if isinstance(value, dict):
        return {key: transform(item, leaf) for key, item in value.items()}
    if _is_fields(value):
        changes = {}
        for field in dataclasses.fields(value):
            old = getattr(value, field.name)
            new = transform(old, leaf)
            if new is not old:
                changes[field.name] = new
        return dataclasses.replace(value, **changes) if changes else value
    return leaf(value)


def refs(value: Any) -> Iterator[Ref]:
    """Every `Ref` in a value, those inside templates included."""
    return (leaf for leaf in walk(value) if isinstance(leaf, Ref))


def ids(value: Any) -> Iterator[Id]:
    """Every untranslated `Id` in a value."""
    return (leaf for leaf in walk(value) if isinstance(leaf, Id))


def resolve(value: Any, lookup: Callable[[Ref], str | None]) -> Any:
    """`value` with templates whose outputs are all known turned into text; the others stay templates."""

    def leaf(item: Any) -> Any:
        if not isinstance(item, Template):
            return item
        parts = tuple(_part(part, lookup) for part in item.parts)
        if all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
        return Template(parts)

    return transform(value, leaf)


def _part(part: str | Ref, lookup: Callable[[Ref], str | None]) -> str | Ref:
    if isinstance(part, str):
        return part
    known = lookup(part)
    return part if known is None else known

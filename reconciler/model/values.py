"""Values that fields of a resource may hold, and the walks over them.

A field holds a scalar (`str`, `int`, `bool`), `None` (AWS has nothing there), `UNSET` (not ours, never compared),
a `Ref`, an `Id`, a `Template`, a `tuple` (order matters), a `frozenset` (it does not), a `FrozenMap` (entries by
key) or another `Fields` dataclass. Everything is immutable and hashable.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping
from enum import Enum
from itertools import chain
from operator import is_
from typing import Any, Final, TypeVar, final, overload

from reconciler.model.frozen import Frozen

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


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
class Template(Frozen):
    """Text with outputs of other resources in it; resolved forward, never translated back."""

    parts: tuple[str | Ref, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@final
@dataclasses.dataclass(frozen=True, slots=True, eq=False, repr=False)
class LookedUp(Frozen):
    """A value of a request that only a look right before it can tell, because AWS gives it anew at every change.

    It is what `path`, a JMESPath expression, finds in all pages of a `Describe` operation, put together under `key`.
    `gone` is the error code by which AWS would say that there is nothing to find.
    """

    service: str
    operation: str
    key: str
    params: FrozenMap[str, Any]
    path: str | Template
    gone: str


@final
class Token(str):
    """What names one creation in an idempotency token. The run that sends it adds a part of its own: within a run a
    repeated request makes nothing twice, and a later run is never answered with an object that is gone by then.
    """

    __slots__ = ()


NO_TOKEN: Final = Token()


@final
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

    def __contains__(self, key: object) -> bool:
        return key in self._data

    @overload
    def get(self, key: K, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V | D, /) -> V | D: ...
    def get(self, key: K, default: Any = None, /) -> Any:
        """The value of a key; as fast as a dict's, as are `keys` and `items`."""
        return self._data.get(key, default)

    def keys(self) -> KeysView[K]:
        """The keys, in the order in which they were given."""
        return self._data.keys()

    def items(self) -> ItemsView[K, V]:
        """The entries, in the order in which they were given."""
        return self._data.items()

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


ATOMS: Final = frozenset({str, int, bool, float, type(None), Marker})
"""What holds no reference and is most of what there is: asked for by exact type, which costs least."""
_SEVERAL: Final = frozenset({tuple, frozenset, list})


_PARTS: dict[type, tuple[str, ...]] = {}


def _parts(shape: type) -> tuple[str, ...]:
    """The names of what a dataclass is made of; none of any other type."""
    known = _PARTS.get(shape)
    if known is None:
        fields = dataclasses.fields(shape) if dataclasses.is_dataclass(shape) else ()
        known = _PARTS[shape] = tuple(field.name for field in fields)
    return known


def _gather(value: Any, into: list[Ref | Id | Template]) -> None:
    shape = type(value)
    if shape in ATOMS:
        return
    if shape is Ref or shape is Id or shape is Template:
        into.append(value)
    else:
        for part in _inside(value, shape):
            if type(part) not in ATOMS:
                _gather(part, into)


def _inside(value: Any, shape: type) -> Iterable[Any]:
    if shape in _SEVERAL:
        found: Iterable[Any] = value
        return found
    if shape is FrozenMap or shape is dict:
        return chain.from_iterable(value.items())
    return [getattr(value, name) for name in _parts(shape)]


def transform(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """The same value with every reference (`Ref`, `Id`, whole `Template`) replaced by what `leaf` gives.

    What holds none that changes is the same object again.
    """
    shape = type(value)
    if shape in ATOMS:
        return value
    if shape is Ref or shape is Id or shape is Template:
        return leaf(value)
    if shape in _SEVERAL:
        items = [item if type(item) in ATOMS else transform(item, leaf) for item in value]
        return value if all(map(is_, items, value)) else shape(items)
    if shape is FrozenMap:
        entries = [
            (
                key if type(key) in ATOMS else transform(key, leaf),
                item if type(item) in ATOMS else transform(item, leaf),
            )
            for key, item in value.items()
        ]
        pairs = zip(entries, value.items(), strict=True)
        same = all(key is old_key and item is old for (key, item), (old_key, old) in pairs)
        return value if same else FrozenMap(entries)
    if shape is dict:
        return {key: transform(item, leaf) for key, item in value.items()}
    changes = {}
    for name in _parts(shape):
        old = getattr(value, name)
        if type(old) not in ATOMS:
            new = transform(old, leaf)
            if new is not old:
                changes[name] = new
    return dataclasses.replace(value, **changes) if changes else value


def named(value: Any) -> list[Ref | Id | Template]:
    """Everything in a value that stands for something else, in keys of mappings too."""
    found: list[Ref | Id | Template] = []
    _gather(value, found)
    return found


def refs_of(names: Iterable[Ref | Id | Template]) -> list[Ref]:
    """Every `Ref` among what `named` found, those inside templates included."""
    parts = (one.parts if type(one) is Template else (one,) for one in names)
    return [part for part in chain.from_iterable(parts) if isinstance(part, Ref)]


def refs(value: Any) -> list[Ref]:
    """Every `Ref` in a value, those inside templates included."""
    return refs_of(named(value))


def ids(value: Any) -> list[Id]:
    """Every untranslated `Id` in a value."""
    return [one for one in named(value) if isinstance(one, Id)]


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

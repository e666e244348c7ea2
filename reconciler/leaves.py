"""Where two values differ, leaf by leaf, and how values are shown. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from reconciler.model.fields import (
    Fields,
    hidden,
    member_name,
    set_fields,
    traits_of,
)
from reconciler.model.values import (
    KNOWN_AFTER_APPLY,
    NOT_REPORTED,
    UNSET,
    FrozenMap,
    Id,
    Marker,
    Ref,
    Template,
    transform,
)

PRESENT = "present"
_NOTHING: Final[tuple[Any, ...]] = (None, (), frozenset(), FrozenMap[Any, Any]())
"""What an entry that is only on one side need not say of itself."""


def shown_key(key: Any, lookup: Callable[[Ref], str | None]) -> str:
    """The name of an entry of a collection: its values in a row where it has several (`8080 tcp http`).

    A reference in it shows as its id, else as its target's address.
    """
    if isinstance(key, str):
        return key

    def leaf(value: Any) -> Any:
        if isinstance(value, Ref):
            return lookup(value) or value.address
        return str(value) if isinstance(value, Id) else value

    shown = transform(key, leaf)
    if isinstance(shown, Fields):
        return " ".join(str(value) for _, value, _ in set_fields(shown) if value is not None)
    return str(shown)


_SHOWN_AS_THEY_ARE: Final = (str, int)


def shown_value(value: Any, lookup: Callable[[Ref], str | None]) -> Any:
    """A value as JSON, references as ids where known."""
    if value is None or isinstance(value, _SHOWN_AS_THEY_ARE):
        return value
    if isinstance(value, Ref):
        return lookup(value) or KNOWN_AFTER_APPLY
    if isinstance(value, Id):
        return value.value
    if isinstance(value, Template):
        return KNOWN_AFTER_APPLY
    if isinstance(value, Fields):
        return {
            member_name(name): shown_value(hidden(item) if traits.secret else item, lookup)
            for name, item, traits in set_fields(value)
        }
    if isinstance(value, frozenset):
        return sorted((shown_value(item, lookup) for item in value), key=str)
    if isinstance(value, tuple | list):
        return [shown_value(item, lookup) for item in value]
    if isinstance(value, Mapping):
        return {shown_key(key, lookup): shown_value(value[key], lookup) for key in sorted(value, key=str)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return shown_key(value, lookup)
    return None if isinstance(value, Marker) else value


_PLAIN_VALUES: Final = frozenset({str, int, bool, type(None), Ref})
"""Most values, asked for by exact type: each is one leaf."""


def differences(path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]) -> Iterator[tuple[str, Any, Any]]:
    """(path, observed, desired) of every leaf that differs; `None` where a side has nothing."""
    if present == wanted or wanted is UNSET or present is NOT_REPORTED:
        return
    if type(present) in _PLAIN_VALUES and type(wanted) in _PLAIN_VALUES:
        yield path, present, wanted
    elif isinstance(present, Fields) or isinstance(wanted, Fields):
        yield from _in_fields(path, present, wanted, key_text)
    elif type(present) is FrozenMap or type(wanted) is FrozenMap:
        yield from _in_map(path, present, wanted, key_text)
    elif isinstance(present, frozenset) or isinstance(wanted, frozenset):
        old, new = (side if isinstance(side, frozenset) else frozenset() for side in (present, wanted))
        for item in sorted(old ^ new, key=key_text):
            entry = f"{path}[{key_text(item)}]"
            yield (entry, PRESENT, None) if item in old else (entry, None, PRESENT)
    else:
        yield path, present, wanted


def _in_fields(path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]) -> Iterator[tuple[str, Any, Any]]:
    shape = type(wanted if isinstance(wanted, Fields) else present)
    one_sided = not (isinstance(present, Fields) and isinstance(wanted, Fields))
    if one_sided and (shape.as_presence or _says_nothing(wanted if isinstance(wanted, Fields) else present)):
        yield (path, None, PRESENT) if isinstance(wanted, Fields) else (path, PRESENT, None)
        return
    for name, traits in traits_of(shape).items():
        old, new = (getattr(side, name) if isinstance(side, Fields) else None for side in (present, wanted))
        if not traits.compared or isinstance(new, Marker) or old is NOT_REPORTED:
            continue
        old = None if old is UNSET else old
        if old == new or (one_sided and (old or new) in _NOTHING):
            continue
        inner = f"{path}.{member_name(name)}"
        if traits.secret:
            old, new = hidden(old), hidden(new)
        if traits.whole:
            yield inner, old, new
        else:
            yield from differences(inner, old, new, key_text)


def _says_nothing(entry: Fields) -> bool:
    """Whether an entry is nothing but there."""
    return all(not traits.compared or value in _NOTHING for _, value, traits in set_fields(entry))


def _in_map(path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]) -> Iterator[tuple[str, Any, Any]]:
    old, new = (side if isinstance(side, FrozenMap) else FrozenMap[Any, Any]() for side in (present, wanted))
    for key in sorted({*old, *new}, key=key_text):
        yield from differences(f"{path}[{key_text(key)}]", old.get(key), new.get(key), key_text)

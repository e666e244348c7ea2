"""Where two values differ, leaf by leaf, and how values are shown. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from operator import itemgetter
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
"""What a change says of an entry that is a whole: there is nothing more to tell of it."""
_EMPTY_IS_NOTHING: Final = frozenset({type(None), tuple, frozenset, FrozenMap})
"""Of these types an entry that is only on one side need not say that it has nothing."""


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

    if isinstance(key, Fields):
        return " ".join(str(transform(value, leaf)) for _, value, _ in set_fields(key) if value is not None)
    return str(transform(key, leaf))


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


PLAIN_VALUES: Final = frozenset({str, int, bool, type(None), Ref})
"""Most values, asked for by exact type: each is one leaf."""


Difference = tuple[str, Any, Any]
"""(path, observed, desired) of a leaf; `None` where a side has nothing."""


def differences(path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]) -> Iterator[Difference]:
    """Every leaf that differs."""
    if wanted is UNSET or present is NOT_REPORTED:
        return
    if present is None or present is UNSET:
        yield from ((inner, None, value) for inner, value in leaves(path, wanted, key_text))
    elif wanted is None:
        yield from ((inner, value, None) for inner, value in leaves(path, present, key_text))
    elif present == wanted:
        return
    elif type(present) in PLAIN_VALUES and type(wanted) in PLAIN_VALUES:
        yield path, present, wanted
    elif isinstance(present, Fields) and isinstance(wanted, Fields):
        yield from _in_both(path, present, wanted, key_text)
    elif type(present) is FrozenMap or type(wanted) is FrozenMap:
        yield from _in_map(path, present, wanted, key_text)
    elif isinstance(present, frozenset) or isinstance(wanted, frozenset):
        old, new = (side if isinstance(side, frozenset) else frozenset() for side in (present, wanted))
        for text, item in _by_text(old ^ new, key_text):
            entry = f"{path}[{text}]"
            yield (entry, PRESENT, None) if item in old else (entry, None, PRESENT)
    else:
        yield path, present, wanted


def _in_both(path: str, present: Fields, wanted: Fields, key_text: Callable[[Any], str]) -> Iterator[Difference]:
    for name, traits in traits_of(type(wanted)).items():
        old, new = getattr(present, name), getattr(wanted, name)
        if not traits.compared or isinstance(new, Marker) or old is NOT_REPORTED:
            continue
        old = None if old is UNSET else old
        if old == new:
            continue
        inner = f"{path}.{member_name(name)}"
        if traits.secret:
            old, new = hidden(old), hidden(new)
        if traits.whole:
            yield inner, old, new
        else:
            yield from differences(inner, old, new, key_text)


def leaves(path: str, value: Any, key_text: Callable[[Any], str]) -> list[tuple[str, Any]]:
    """(path, value) of every leaf of what is only on one side."""
    found: list[tuple[str, Any]] = []
    _gather(path, value, key_text, found)
    return found


def _gather(path: str, value: Any, key_text: Callable[[Any], str], into: list[tuple[str, Any]]) -> None:
    shape = type(value)
    if shape in PLAIN_VALUES:
        if value is not None:
            into.append((path, value))
    elif shape is FrozenMap:
        for text, key in _by_text(value.keys(), key_text):
            _gather(f"{path}[{text}]", value[key], key_text, into)
    elif isinstance(value, Fields):
        _gather_fields(path, value, key_text, into)
    elif isinstance(value, frozenset):
        into += [(f"{path}[{text}]", PRESENT) for text, _ in _by_text(value, key_text)]
    elif not isinstance(value, Marker):
        into.append((path, value))


def _gather_fields(path: str, entry: Fields, key_text: Callable[[Any], str], into: list[tuple[str, Any]]) -> None:
    telling = [] if entry.as_presence else [one for one in set_fields(entry) if one[2].compared and _tells(one[1])]
    if not telling:
        into.append((path, PRESENT))
    for name, item, traits in telling:
        inner = f"{path}.{member_name(name)}"
        value = hidden(item) if traits.secret else item
        if traits.whole:
            into.append((inner, value))
        else:
            _gather(inner, value, key_text, into)


def _tells(value: Any) -> bool:
    return bool(value) or type(value) not in _EMPTY_IS_NOTHING


def _in_map(path: str, present: Any, wanted: Any, key_text: Callable[[Any], str]) -> Iterator[Difference]:
    old, new = (side if isinstance(side, FrozenMap) else FrozenMap[Any, Any]() for side in (present, wanted))
    for text, key in _by_text({*old, *new}, key_text):
        yield from differences(f"{path}[{text}]", old.get(key), new.get(key), key_text)


def _by_text(keys: AbstractSet[Any], key_text: Callable[[Any], str]) -> list[tuple[str, Any]]:
    """Keys with their texts, in the order of these."""
    return sorted(((key_text(key), key) for key in keys), key=itemgetter(0))

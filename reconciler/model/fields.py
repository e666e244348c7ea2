"""What one AWS resource is made of, as frozen dataclasses whose fields carry what the engine must know of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar, Final, Literal, dataclass_transform

from reconciler.model.frozen import Frozen
from reconciler.model.values import ATOMS, UNSET, FrozenMap, Id, Marker, Ref, Template, ids

DIGEST_VERSION = "v1"
"""Prefix of every digest. A digest of another version is evidence of nothing."""


class Traits(Frozen):
    """What the engine knows of one field.

    `immutable`: a change replaces the resource. `exclusive`: the referenced target serves one holder only, so
    replacing the holder replaces the target. `follows`: who refers to a target that is replaced, while what holds that
    target stays, is replaced beside the old one too. `secret`: compared by digest, never printed. `whole`: shown as one
    value in a diff. `compared=False`: observed for others to read; a difference in it means nothing, and
    an id in it is no edge.
    """

    immutable: bool = False
    exclusive: bool = False
    follows: bool = False
    secret: bool = False
    whole: bool = False
    compared: bool = True


_PLAIN = Traits()


def field(
    *,
    default: Any = UNSET,
    immutable: bool = False,
    exclusive: bool = False,
    follows: bool = False,
    secret: bool = False,
    whole: bool = False,
    compared: bool = True,
) -> Any:
    """A field of a `Fields` class with its `Traits`; give `default=UNSET` where a value may be missing."""
    traits = Traits(immutable, exclusive, follows, secret, whole, compared)
    return dataclasses.field(default=default, metadata={"traits": traits})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, dataclasses.field))
class Fields(Frozen):
    """Base of the field sets of all resource types and of the nested parts of them.

    Subclasses are frozen, keyword-only dataclasses; names are AWS's member names in snake case.
    """

    __slots__ = ()
    as_presence: ClassVar[bool] = False
    """An entry of a collection that is only on one side shows as `present`, not field by field."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(kw_only=True, **kwargs)


_TRAITS: dict[type[Fields], dict[str, Traits]] = {}


def traits_of(cls: type[Fields]) -> dict[str, Traits]:
    """The traits of every field of a class, in the order of declaration."""
    known = _TRAITS.get(cls)
    if known is None:
        declared = dataclasses.fields(cls)
        known = _TRAITS[cls] = {f.name: f.metadata.get("traits", _PLAIN) for f in declared}
    return known


@cache
def member_name(name: str) -> str:
    """AWS's member name, lower camel case, of a field: `cidr_block` is `cidrBlock`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def set_fields(fields: Fields) -> Iterator[tuple[str, Any, Traits]]:
    """The fields that hold a value, `None` included, with their traits."""
    for name, traits in traits_of(type(fields)).items():
        value = getattr(fields, name)
        if type(value) is not Marker:
            yield name, value, traits


Trait = Literal["immutable", "exclusive", "follows", "compared"]


_NAMES: dict[tuple[type[Fields], Trait], tuple[str, ...]] = {}


def names_with(cls: type[Fields], trait: Trait) -> tuple[str, ...]:
    """The fields of a class that have a trait, in the order of declaration."""
    known = _NAMES.get((cls, trait))
    if known is None:
        names = (name for name, traits in traits_of(cls).items() if getattr(traits, trait))
        known = _NAMES[cls, trait] = tuple(names)
    return known


def values_with(fields: Fields, trait: Trait) -> Iterator[tuple[str, Any]]:
    """The fields with a trait that hold a value, `None` included."""
    for name in names_with(type(fields), trait):
        value = getattr(fields, name)
        if type(value) is not Marker:
            yield name, value


def edge_ids(fields: Fields) -> Iterator[Id]:
    """The ids by which an observed object uses others."""
    for _, value in values_with(fields, "compared"):
        if type(value) not in ATOMS:
            yield from ids(value)


def exclusive_ids(fields: Fields) -> Iterator[Id]:
    """The ids of what an observed object has for itself alone."""
    for _, value in values_with(fields, "exclusive"):
        yield from ids(value)


_JSON: Final = frozenset({str, int, bool, float, type(None)})


def canonical(value: Any, of_ref: Callable[[Ref], str]) -> Any:
    """A value as JSON data that is equal for equal values, each `Ref` replaced by what `of_ref` says of its target."""
    shape = type(value)
    if shape in _JSON:
        return value
    if shape is Ref:
        return {"ref": [value.address, value.output, of_ref(value)]}
    if shape is Id:
        return {"id": value.value}
    if shape is Template:
        return {"template": [canonical(part, of_ref) for part in value.parts]}
    if isinstance(value, Fields):
        found = {}
        for name in traits_of(shape):
            item = getattr(value, name)
            kind = type(item)
            if kind is not Marker:
                found[name] = item if kind in _JSON else canonical(item, of_ref)
        return found
    if shape is frozenset:
        items = [item if type(item) in _JSON else canonical(item, of_ref) for item in value]
        return {"set": sorted(items, key=_text) if len(items) > 1 else items}
    if shape is tuple or shape is list:
        return [canonical(item, of_ref) for item in value]
    if shape is FrozenMap:
        entries = [
            [
                key if type(key) in _JSON else canonical(key, of_ref),
                item if type(item) in _JSON else canonical(item, of_ref),
            ]
            for key, item in value.items()
        ]
        return {"map": sorted(entries, key=_key_text) if len(entries) > 1 else entries}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [canonical(getattr(value, f.name), of_ref) for f in dataclasses.fields(value)]
    return value


def _key_text(entry: list[Any]) -> str:
    """Puts the entries of a map in the order of their JSON texts: their keys differ, so those of the keys tell it."""
    return _text(entry[0])


def digest_of(data: Any, length: int = 16) -> str:
    """A versioned digest of JSON data: `v1.` and hexadecimal digits."""
    return f"{DIGEST_VERSION}.{hashlib.sha256(_text(data).encode()).hexdigest()[:length]}"


def hidden(value: Any) -> Any:
    """A secret as what may be shown of it: a digest, of a mapping one for each entry; nothing stays nothing."""
    if value is None or isinstance(value, Marker):
        return value
    if isinstance(value, FrozenMap):
        return FrozenMap((key, hidden(item)) for key, item in value.items())
    return digest_of(canonical(value, str))


def same_version(digest: str | None) -> bool:
    """Whether a digest was made by this version of the rules, so that a difference means something."""
    return digest is not None and digest.startswith(f"{DIGEST_VERSION}.")


_text: Final[Callable[[Any], str]] = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""The one JSON text of JSON data."""

"""A snapshot as JSON and back: to look at later what was seen, without the AWS that it was seen in. Pure."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Mapping
from typing import Any, Final

from reconciler.model.fields import Fields, hidden, traits_of
from reconciler.model.resource import Observed, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap, Id, Marker, Ref, Template

FORMAT: Final = 1
_ROOM: Final = "reconciler.resources."
_OBSERVED: Final = tuple(field.name for field in dataclasses.fields(Observed))


class NotASnapshotError(ValueError):
    """The data is no snapshot of this version."""


def to_data(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as JSON data. Secrets are in it as digests only."""
    return {
        "format": FORMAT,
        "account": snapshot.account,
        "region": snapshot.region,
        "partition": snapshot.partition,
        "stack": snapshot.stack,
        "found": {address: [_observed(one) for one in found] for address, found in snapshot.found.items()},
        "foreign": [_observed(one) for one in snapshot.foreign],
        "evidence": [_observed(one) for one in snapshot.evidence],
        "unknown": dict(snapshot.unknown),
        "references": {address: [_observed(one) for one in found] for address, found in snapshot.references.items()},
    }


def of_data(data: Any) -> Snapshot:
    """The snapshot that `to_data` made data of. Raises `NotASnapshotError`."""
    try:
        if data["format"] != FORMAT:
            raise NotASnapshotError(f"its format is {data['format']}, not {FORMAT}")
        return Snapshot(
            account=data["account"],
            region=data["region"],
            partition=data["partition"],
            stack=data["stack"],
            found={address: tuple(map(_read_observed, found)) for address, found in data["found"].items()},
            foreign=tuple(map(_read_observed, data["foreign"])),
            evidence=tuple(map(_read_observed, data["evidence"])),
            unknown=data["unknown"],
            references={a: tuple(map(_read_observed, found)) for a, found in data.get("references", {}).items()},
        )
    except (KeyError, TypeError, AttributeError, ImportError) as error:
        raise NotASnapshotError(f"{type(error).__name__}: {error}") from error


def _observed(one: Observed[Any]) -> dict[str, Any]:
    return {name: _data(getattr(one, name)) for name in _OBSERVED}


def _read_observed(data: Mapping[str, Any]) -> Observed[Any]:
    values = {name: _value(data[name]) for name in _OBSERVED}
    return Observed(**{**values, "state": State(values["state"])})


def _data(value: Any) -> Any:
    match value:
        case State():
            return value.value
        case Marker():
            return {"$marker": value.value}
        case Ref():
            return {"$ref": [value.address, value.output]}
        case Id():
            return {"$id": [value.value, value.output]}
        case Template():
            return {"$template": [_data(part) for part in value.parts]}
        case tuple():
            return {"$list": [_data(item) for item in value]}
        case frozenset():
            return {"$set": sorted((_data(item) for item in value), key=json.dumps)}
        case FrozenMap():
            return {"$map": sorted(([_data(key), _data(item)] for key, item in value.items()), key=json.dumps)}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _dataclass(value)
        case _:
            return value


def _dataclass(value: Any) -> dict[str, Any]:
    kind = type(value)
    traits = traits_of(kind) if isinstance(value, Fields) else {}
    return {
        "$type": f"{kind.__module__.removeprefix(_ROOM)}.{kind.__qualname__}",
        **{
            field.name: _data(hidden(getattr(value, field.name)))
            if field.name in traits and traits[field.name].secret
            else _data(getattr(value, field.name))
            for field in dataclasses.fields(value)
        },
    }


def _value(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    if "$type" in data:
        module, _, name = data["$type"].rpartition(".")
        kind = getattr(importlib.import_module(_ROOM + module), name)
        return kind(**{key: _value(item) for key, item in data.items() if key != "$type"})
    ((mark, content),) = data.items()
    match mark:
        case "$marker":
            return Marker(content)
        case "$ref":
            return Ref(*content)
        case "$id":
            return Id(*content)
        case "$template":
            return Template(tuple(_value(part) for part in content))
        case "$list":
            return tuple(_value(item) for item in content)
        case "$set":
            return frozenset(_value(item) for item in content)
        case "$map":
            return FrozenMap((_value(key), _value(item)) for key, item in content)
    raise NotASnapshotError(f"{mark} is nothing that a snapshot holds")

"""Values of fields as lines for people: nothing cut off, structures field by field. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds import printable
from reconciler.leaves import PRESENT
from reconciler.model.plan import Change
from reconciler.model.values import KNOWN_AFTER_APPLY

_ONE_LINE = 88


def created_lines(change: Change) -> Iterator[str]:
    """One field of something that is to be made."""
    if change.desired == PRESENT:
        yield printable(change.path)
    else:
        yield from _nested(f"{printable(change.path)}: ", change.desired)


def changed_lines(change: Change) -> Iterator[str]:
    """One field that differs, as what an apply makes of it: `path: old -> new`."""
    for path, old, new in _parts(change):
        if new == PRESENT and old is None:
            yield f"+ {path}"
        elif old == PRESENT and new is None:
            yield f"- {path}"
        else:
            yield f"{path}: {shown(old)} -> {shown(new)}"


def found_lines(change: Change) -> Iterator[str]:
    """One field that differs, as what AWS has instead of what is wanted."""
    for path, old, new in _parts(change):
        if new == PRESENT and old is None:
            yield f"{path}: wanted, not there"
        elif old == PRESENT and new is None:
            yield f"{path}: found, not wanted"
        else:
            yield f"{path}: {shown(new)} wanted, {shown(old)} found"


def _parts(change: Change) -> Iterator[tuple[str, Any, Any]]:
    """Path, observed and desired; of structures on both sides only the parts that differ."""
    if not all(isinstance(side, dict | list) for side in (change.observed, change.desired)):
        yield printable(change.path), change.observed, change.desired
        return
    old, new = dict(_leaves(change.path, change.observed)), dict(_leaves(change.path, change.desired))
    for path in {**old, **new}:
        if path not in old or path not in new or old[path] != new[path]:
            yield printable(path), old.get(path), new.get(path)


def shown(value: Any) -> str:
    """A value in one line: JSON, but for what is not there and what is not known yet."""
    if value is None:
        return "(none)"
    if value == KNOWN_AFTER_APPLY:
        return KNOWN_AFTER_APPLY
    return printable(json.dumps(_given(value), ensure_ascii=False))


def _given(value: Any) -> Any:
    """A structure without what is not set in it."""
    if isinstance(value, dict):
        return {key: _given(item) for key, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _nested(label: str, value: Any) -> Iterator[str]:
    line = label + shown(value)
    if not isinstance(value, dict | list) or not value or len(line) <= _ONE_LINE:
        yield line
        return
    yield label.rstrip()
    if isinstance(value, dict):
        yield from (f"  {line}" for line in _item_lines(value))
    else:
        for item in value:
            first, *rest = _item_lines(item)
            yield f"  - {first}"
            yield from (f"    {line}" for line in rest)


def _item_lines(item: Any) -> Iterator[str]:
    if isinstance(item, dict) and item:
        for key, inner in item.items():
            if inner is not None:
                yield from _nested(f"{printable(key)}: ", inner)
    else:
        yield shown(item)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item)
    else:
        yield path, value

"""Differences that somebody allows: fields that are not looked at, and values that are accepted for a while. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from reconciler.model.fields import Fields, member_name, traits_of
from reconciler.model.frozen import Frozen
from reconciler.model.graph import StackPolicy
from reconciler.model.plan import Change
from reconciler.model.policy import Accepted
from reconciler.model.values import FrozenMap, Marker

F = TypeVar("F", bound=Fields)


class Exempt(Frozen):
    """A difference that an object's owner accepts."""

    change: Change
    by: Accepted


class Leniency(Frozen):
    """What may differ in the resources of one object."""

    ignored: frozenset[str]
    accepted: tuple[Accepted, ...]

    def ignores(self, path: str) -> bool:
        """Whether a path is, or lies in, a field that is not looked at."""
        return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in self.ignored)

    def exemption(self, change: Change) -> Accepted | None:
        """The exception that covers a change."""
        observed = _text(change.observed)
        return next((a for a in self.accepted if a.field == change.path and a.value == observed), None)


def leniency(stack: StackPolicy, owner: str, today: date | None) -> Leniency | None:
    """What the annotations of an object and of its stack allow on a day; exceptions end with their last one.

    Without a day no exception counts. None where nothing is allowed.
    """
    policies = list(stack.policies(owner))
    ignored = frozenset(name for policy in policies for name in policy.ignored)
    accepted = tuple(a for policy in policies for a in policy.accepted if today is not None and today <= a.until)
    return Leniency(ignored, accepted) if ignored or accepted else None


def overlaid(wanted: F, present: F, paths: Iterable[str], key_text: Callable[[Any], str]) -> F:
    """`wanted` with what lies at some paths as it is at present: what is written then leaves that as it is."""
    targets = frozenset(paths)
    changes = {}
    for name in traits_of(type(wanted)):
        old, new = getattr(present, name), getattr(wanted, name)
        if not isinstance(new, Marker):
            changes[name] = _overlaid(member_name(name), new, old, targets, key_text)
    return _replaced(wanted, changes)


def _replaced(fields: F, changes: Mapping[str, Any]) -> F:
    kept = {name: changes.get(name, getattr(fields, name)) for name in traits_of(type(fields))}
    return type(fields)(**kept)


def _overlaid(path: str, wanted: Any, present: Any, targets: frozenset[str], key_text: Callable[[Any], str]) -> Any:
    if path in targets:
        return present
    if not any(target.startswith(path) for target in targets):
        return wanted
    if isinstance(wanted, Fields) and isinstance(present, Fields):
        inner = {
            name: _overlaid(f"{path}.{member_name(name)}", value, getattr(present, name), targets, key_text)
            for name in traits_of(type(wanted))
            if not isinstance(value := getattr(wanted, name), Marker)
        }
        return _replaced(wanted, inner)
    if isinstance(wanted, FrozenMap) or isinstance(present, FrozenMap):
        return _in_map(path, _entries(wanted), _entries(present), targets, key_text)
    if isinstance(wanted, frozenset) or isinstance(present, frozenset):
        new, old = (side if isinstance(side, frozenset) else frozenset() for side in (wanted, present))
        left = {item for item in new | old if f"{path}[{key_text(item)}]" in targets}
        return frozenset((new - left) | (old & left))
    return wanted


def _in_map(
    path: str,
    wanted: Mapping[Any, Any],
    present: Mapping[Any, Any],
    targets: frozenset[str],
    key_text: Callable[[Any], str],
) -> FrozenMap[Any, Any]:
    found = {}
    for key in {**wanted, **present}:
        inner = f"{path}[{key_text(key)}]"
        if inner in targets:
            if key in present:
                found[key] = present[key]
        elif key in wanted:
            found[key] = _overlaid(inner, wanted[key], present.get(key), targets, key_text)
    return FrozenMap(found)


def _entries(side: Any) -> Mapping[Any, Any]:
    return side if isinstance(side, FrozenMap) else {}


def _text(value: Any) -> str:
    return "absent" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

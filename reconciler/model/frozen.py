"""What immutable records have in common, written once.

`dataclasses` writes up to seven functions for every frozen class. That was a third of what each command waited for
before it did anything, most of it for records that the command never makes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NoReturn, dataclass_transform

_VALUES: dict[type[Any], Callable[[Any], Any]] = {}


def _values(cls: type[Any]) -> Callable[[Any], Any]:
    known = _VALUES.get(cls)
    if known is None:
        names = [field.name for field in dataclasses.fields(cls) if field.compare]
        known = _VALUES[cls] = attrgetter(*names) if names else lambda _: None
    return known


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
class Frozen:
    """Base of records: every subclass is a frozen dataclass, without a decorator.

    Two are equal when they are of one class and all their fields that count are.
    """

    __slots__ = ()

    def __init_subclass__(cls, *, kw_only: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(init=False, eq=False, repr=False, kw_only=kw_only)(cls)
        cls.__init__ = _first_init  # type: ignore[method-assign]  # that of a base knows only the base's fields

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

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


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Stands in for `__init__` until the first record of a class is made."""
    cls: type[Any] = type(self)
    cls.__init__ = _init_of(cls)
    self.__init__(*args, **kwargs)


def _init_of(cls: type[Any]) -> Callable[..., None]:
    """The `__init__` that `dataclasses` would have written."""
    scope: dict[str, Any] = {"_set": object.__setattr__}
    positional, by_name, body = ["self"], ["*"], ["pass"]
    for field in dataclasses.fields(cls):
        name, default = field.name, f"_default_{field.name}"
        parameter, value = name, name
        if field.default is not dataclasses.MISSING:
            scope[default] = field.default
            parameter = f"{name}={default}"
        elif field.default_factory is not dataclasses.MISSING:
            scope[default] = field.default_factory
            parameter = f"{name}={default}"
            value = f"{default}() if {name} is {default} else {name}"
        (by_name if field.kw_only else positional).append(parameter)
        body.append(f"_set(self, {name!r}, {value})")
    parameters = ", ".join([*positional, *(by_name if len(by_name) > 1 else ())])
    exec(f"def __init__({parameters}):\n " + "\n ".join(body), scope)  # noqa: S102  # from names in our own classes
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made

"""Small named patches of moto, each with the AWS document that it follows.

A module of this package whose name starts with one of `FAMILIES` and that has a tuple `PATCHES` takes part.
With no patch installed the sandbox is plain moto.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, wraps
from types import TracebackType
from typing import Any, Final, Self

FAMILIES: Final = ("acm", "ec2", "ecs", "elbv2", "iam", "lag", "logs", "sqs", "tagging")

_ABSENT: Final = object()


class Installer:
    """Replaces attributes of moto's classes and puts the old ones back on `close`."""

    def __init__(self) -> None:
        self._undo = ExitStack()

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """Set `owner.name`; an attribute that only a parent class had is deleted again on `close`."""
        before = vars(owner).get(name, _ABSENT)
        setattr(owner, name, value)
        if before is _ABSENT:
            self._undo.callback(delattr, owner, name)
        else:
            self._undo.callback(setattr, owner, name, before)

    def wrap(self, owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorate the replacement of a method: it is called as `replacement(original, self, *args, **kw)`.

        Raises AttributeError when moto has no such method any more: then the patch is out of date.
        """
        original = getattr(owner, name)

        def install(replacement: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(original)
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                return replacement(original, *args, **kwargs)

            self.replace(owner, name, wrapped)
            return replacement

        return install

    def replace_method(self, owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorate a method that stands for moto's own, which is not called any more.

        Raises AttributeError when moto has no such method any more: then the patch is out of date.
        """
        getattr(owner, name)

        def install(replacement: Callable[..., Any]) -> Callable[..., Any]:
            self.replace(owner, name, replacement)
            return replacement

        return install

    def close(self) -> None:
        """Put everything back, last first."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Patch:
    """One behaviour of AWS that moto lacks."""

    name: str
    source: str
    """The AWS document that states the behaviour."""
    install: Callable[[Installer], None]


def patch(name: str, source: str) -> Callable[[Callable[[Installer], None]], Patch]:
    """Decorate an install function, making it a `Patch`."""

    def build(install: Callable[[Installer], None]) -> Patch:
        return Patch(name, source, install)

    return build


@cache
def discover() -> tuple[Patch, ...]:
    """Every patch of this package, by module name and then in the order of `PATCHES`.

    Raises ValueError when two patches share a name.
    """
    package = importlib.import_module(__package__)
    found: list[Patch] = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if module.name.startswith(FAMILIES):
            found.extend(getattr(importlib.import_module(f"{__package__}.{module.name}"), "PATCHES", ()))
    names = [entry.name for entry in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"patches with the same name: {', '.join(twice)}")
    return tuple(found)


def install(into: Installer, without: Collection[str] = ()) -> None:
    """Install every patch but those named in `without`.

    Raises ValueError for a name in `without` that no patch has.
    """
    patches = discover()
    unknown = sorted(set(without) - {entry.name for entry in patches})
    if unknown:
        raise ValueError(f"no such patch: {', '.join(unknown)}")
    for entry in patches:
        if entry.name not in without:
            entry.install(into)

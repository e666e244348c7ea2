"""Names of objects that are not there."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from reconciler.checks._lookup import unknown_object
from reconciler.kinds import Path, Problem, discover
from reconciler.kinds._spec import RefersTo
from reconciler.load import StackObjects


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every field that is marked as a reference."""
    for obj in objects.objects.values():
        for path, text, mark in _marked(obj.spec, ("spec",)):
            kind, name = _target(text, mark)
            if kind and (problem := unknown_object(objects, obj, path, kind, name)):
                yield problem


def _target(text: str, mark: RefersTo) -> tuple[str | None, str]:
    if mark.kind:
        return mark.kind, text
    word, _, name = text.partition("/")
    return next((kind.name for kind in discover().values() if kind.word == word), None), name


def _marked(model: BaseModel, path: Path) -> Iterator[tuple[Path, str, RefersTo]]:
    """The references in a model: where each is, its text, and what it may name."""
    marks = _marks_of(type(model))
    for name, info in type(model).model_fields.items():
        here = (*path, info.alias or name)
        value = getattr(model, name)
        entries = [((*here, i), v) for i, v in enumerate(value)] if isinstance(value, tuple) else [(here, value)]
        for entry_path, entry in entries:
            if isinstance(entry, BaseModel):
                yield from _marked(entry, entry_path)
            elif name in marks and isinstance(entry, str):
                yield entry_path, entry, marks[name]


@cache
def _marks_of(model: type[BaseModel]) -> dict[str, RefersTo]:
    return {
        name: mark
        for name, info in model.model_fields.items()
        for mark in (*info.metadata, *_nested(info.annotation))
        if isinstance(mark, RefersTo)
    }


def _nested(annotation: Any) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for argument in typing.get_args(annotation):
        yield from _nested(argument)

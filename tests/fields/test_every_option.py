"""Every option of every kind is in an example under `specs/`, found by introspection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from test_every_field import KIND_FIELDS

from reconciler.kinds._spec import SpecModel
from reconciler.load import load

SPECS = Path(__file__).parents[2] / "specs"


def written(value: Any, path: str) -> Iterator[str]:
    """The fields that a spec sets, as introspection names them."""
    if isinstance(value, SpecModel):
        for name in value.model_fields_set:
            here = f"{path}.{type(value).model_fields[name].alias}"
            yield here
            yield from written(getattr(value, name), here)
    elif isinstance(value, Mapping | tuple):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from written(one, f"{path}[]")


def test_every_option_is_in_an_example() -> None:
    bundle = load({path.name: path.read_bytes() for path in SPECS.glob("*.yaml")})
    objects = [obj for stack in bundle.stacks.values() for obj in (stack.stack, *stack.objects.values())]
    shown = {path for obj in objects for path in written(obj.spec, obj.kind)}
    assert sorted(KIND_FIELDS.keys() - shown) == []

"""Every option of every kind is in an example under `specs/`, found by introspection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from test_every_field import KIND_FIELDS

from reconciler.kinds._spec import SpecModel
from reconciler.load import load

SPECS = Path(__file__).parents[2] / "specs"
_IDS: Final = "It takes ids that only AWS gives, so no example could be applied as it is."
_SECRET: Final = "No example should show a secret that is written out."
NOT_SHOWN: Final[Mapping[str, str]] = {
    "Network.elasticIps": _IDS,
    "Network.existing.id": _IDS,
    "Network.private.ids": _IDS,
    "Network.public.ids": _IDS,
    "Network.routes": _IDS,
    "Network.routes[].tiers": _IDS,
    "Network.routes[].to": _IDS,
    "Network.routes[].via": _IDS,
    "Task.securityGroups": _IDS,
    "Alert.sinks[].apprise.url.value": _SECRET,
    "Alert.sinks[].webhook.secret.value": _SECRET,
}


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
    assert sorted(KIND_FIELDS.keys() - shown - NOT_SHOWN.keys()) == []
    assert sorted(NOT_SHOWN.keys() & shown) == []
    assert len(NOT_SHOWN) == 11

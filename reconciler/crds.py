"""CustomResourceDefinitions of all kinds, generated from their models.

Nothing here needs Kubernetes: the files tell editors, tools and people what each kind may hold, in the form that
the Kubernetes world reads. `python -m reconciler.crds` writes them to `crds-like/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from reconciler.kinds import Column, Kind, Metadata, discover

GROUP: Final = "reconciler.dev"
VERSION: Final = "v1"
FOLDER: Final = "crds-like"

_HEADER = "# Generated from the models; `reconciler crds` writes it anew.\n"

_KEPT = (
    "description",
    "type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "default",
)
"""What goes over from JSON schema as it is. Titles do not (they repeat names), nor `additionalProperties: false`:
the API server prunes unknown fields by itself, and v1 forbids to say so."""


class _Plain(yaml.SafeDumper):
    """Writes repeated values out: anchors help nobody who reads the file."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def generate(kind: Kind[Any]) -> str:
    """The CustomResourceDefinition of a kind as YAML. Equal models give equal bytes."""
    return _HEADER + yaml.dump(_definition(kind), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


def render_all() -> dict[str, str]:
    """The text of every file of `crds-like/` by file name."""
    return {f"{name.lower()}.yaml": generate(kind) for name, kind in sorted(discover().items())}


def write_all(folder: Path) -> None:
    """Writes every file, and removes the definitions of kinds that are gone."""
    rendered = render_all()
    folder.mkdir(exist_ok=True)
    for stale in folder.glob("*.yaml"):
        if stale.name not in rendered:
            stale.unlink()
    for name, text in rendered.items():
        (folder / name).write_text(text, encoding="utf-8")


def _definition(kind: Kind[Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.name.lower(),
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": [_column(column) for column in kind.columns],
                    "schema": {"openAPIV3Schema": _object_schema(kind)},
                }
            ],
        },
    }


def _column(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return found | {"priority": 1} if column.wide else found


def _object_schema(kind: Kind[Any]) -> dict[str, Any]:
    model = kind.spec.model_json_schema()
    spec = _structural(model, model.get("$defs", {}))
    schema: dict[str, Any] = {
        "description": spec.pop("description"),
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string", "description": f"{GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": f"{kind.name}."},
            "metadata": {"type": "object", "properties": {"name": _object_name()}},
            "spec": {"description": "What is wanted."} | spec,
        },
    }
    return schema | {"required": ["spec"]} if "required" in spec else schema


def _object_name() -> dict[str, Any]:
    """The one thing beside `generateName` that a structural schema may restrict in metadata."""
    model = Metadata.model_json_schema()
    return _structural(model["properties"]["name"], {})


def _structural(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema of pydantic's as Kubernetes wants it: definitions in place, optional instead of null."""
    merged = dict(schema)
    for choice in merged.pop("anyOf", ()):
        if choice != {"type": "null"}:
            merged |= choice
    if reference := merged.pop("$ref", None):
        merged = definitions[reference.rpartition("/")[2]] | merged
    found = {key: _without_null(merged[key]) for key in _KEPT if key in merged and merged[key] is not None}
    if "items" in merged:
        found["items"] = _structural(merged["items"], definitions)
    if isinstance(values := merged.get("additionalProperties"), Mapping):
        found["additionalProperties"] = _structural(values, definitions)
    if properties := merged.get("properties"):
        found["properties"] = {name: _structural(one, definitions) for name, one in properties.items()}
    if required := merged.get("required"):
        found["required"] = list(required)
    return found


def _without_null(value: Any) -> Any:
    """A value without the fields that are not there."""
    if isinstance(value, Mapping):
        return {key: _without_null(item) for key, item in value.items() if item is not None}
    return value


if __name__ == "__main__":
    write_all(Path(FOLDER))

"""The CustomResourceDefinitions are in step with the models, and are what an API server would take.

The rules are Kubernetes' own: "Specifying a structural schema", "Field pruning", "Defaulting" and "Additional
printer columns" in the documentation of CustomResourceDefinitions, and the validation of apiextensions.k8s.io/v1.
Each is shown to bite on a definition that breaks it.
"""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.crds import FOLDER, generate, render_all, write_all
from reconciler.kinds import discover
from reconciler.load import load

ROOT = Path(__file__).parents[2]
TEXTS = render_all()
DEFINITIONS: dict[str, dict[str, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}

Node = dict[str, Any]
Rule = Callable[[Node], list[str]]

JUNCTORS = ("allOf", "anyOf", "oneOf", "not")
INT_OR_STRING = "x-kubernetes-int-or-string"
PRESERVE = "x-kubernetes-preserve-unknown-fields"


def version(definition: Node) -> Node:
    (only,) = definition["spec"]["versions"]
    return only


def schema(definition: Node) -> Node:
    return version(definition)["schema"]["openAPIV3Schema"]


def nodes(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every node of a schema outside of logical junctors, with its path."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from nodes(node[key], f"{path}[{key}]")


def inside_junctors(node: Node) -> Iterator[Node]:
    for key in JUNCTORS:
        found = node.get(key, [])
        for one in found if isinstance(found, list) else [found]:
            yield one
            yield from inside_junctors(one)


def every_node_has_a_type(definition: Node) -> list[str]:
    """Rule 1: a non-empty type for the root, each field and each item, but for int-or-string and preserved nodes."""
    return [
        path
        for path, node in nodes(schema(definition))
        if not node.get("type") and not node.get(INT_OR_STRING) and not node.get(PRESERVE)
    ]


def the_root_is_an_object(definition: Node) -> list[str]:
    return [] if schema(definition).get("type") == "object" else ["root"]


def an_int_or_string_has_no_type(definition: Node) -> list[str]:
    return [path for path, node in nodes(schema(definition)) if node.get(INT_OR_STRING) and "type" in node]


def junctors_only_restrict_what_is_specified(definition: Node) -> list[str]:
    """Rule 2: a field or item named inside allOf, anyOf, oneOf or not is specified outside of it too."""
    return [
        f"{path}.{name}"
        for path, node in nodes(schema(definition))
        for inner in inside_junctors(node)
        for name in inner.get("properties", {})
        if name not in node.get("properties", {})
    ]


def junctors_do_not_describe(definition: Node) -> list[str]:
    """Rule 3: no description, type, default, additionalProperties or nullable inside of junctors."""
    forbidden = {"description", "type", "default", "additionalProperties", "nullable"}
    return [
        path
        for path, node in nodes(schema(definition))
        for inner in inside_junctors(node)
        if forbidden & inner.keys() and not node.get(INT_OR_STRING)
    ]


def metadata_is_restricted_by_name_alone(definition: Node) -> list[str]:
    """Rule 4: of metadata only name and generateName may be restricted."""
    metadata = schema(definition)["properties"]["metadata"]
    extra = metadata.keys() - {"type", "properties", "description"}
    return sorted(extra | (metadata.get("properties", {}).keys() - {"name", "generateName"}))


def forbidden_fields_are_absent(definition: Node) -> list[str]:
    """Fields of JSON schema that apiextensions.k8s.io/v1 refuses, and what it does not know at all."""
    allowed = {
        *("description", "type", "format", "title", "default", "maximum", "exclusiveMaximum", "minimum"),
        *("exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems", "multipleOf", "enum"),
        *("maxProperties", "minProperties", "required", "items", "properties", "additionalProperties", "nullable"),
        *("example", "externalDocs", "uniqueItems", *JUNCTORS, INT_OR_STRING, PRESERVE),
        *("x-kubernetes-embedded-resource", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
        *("x-kubernetes-map-type", "x-kubernetes-validations"),
    }
    return [f"{path}: {key}" for path, node in nodes(schema(definition)) for key in node.keys() - allowed]


def items_are_unique_by_nothing(definition: Node) -> list[str]:
    """uniqueItems cannot be true: it is quadratic."""
    return [path for path, node in nodes(schema(definition)) if node.get("uniqueItems")]


def additional_properties_are_a_schema_alone(definition: Node) -> list[str]:
    """additionalProperties cannot be false, nor stand beside properties."""
    return [
        path
        for path, node in nodes(schema(definition))
        if "additionalProperties" in node
        and (not isinstance(node["additionalProperties"], dict) or "properties" in node)
    ]


def unknown_fields_are_pruned(definition: Node) -> list[str]:
    kept = [path for path, node in nodes(schema(definition)) if PRESERVE in node]
    return kept + (["spec.preserveUnknownFields"] if definition["spec"].get("preserveUnknownFields") else [])


def lists_say_what_they_hold(definition: Node) -> list[str]:
    return [path for path, node in nodes(schema(definition)) if node.get("type") == "array" and "items" not in node]


def required_fields_are_specified(definition: Node) -> list[str]:
    return [
        f"{path}.{name}"
        for path, node in nodes(schema(definition))
        for name in node.get("required", [])
        if name not in node.get("properties", {})
    ]


def fits(value: Any, node: Node) -> bool:
    """Whether a value is valid and complete under a node, nothing of it pruned."""
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
    if not isinstance(value, int | str if INT_OR_STRING in node else types[node["type"]]):
        return False
    if isinstance(value, bool) and node.get("type") != "boolean":
        return False
    if "enum" in node and value not in node["enum"]:
        return False
    if isinstance(value, str) and not re.search(node.get("pattern", ""), value):
        return False
    if isinstance(value, int) and not node.get("minimum", value) <= value <= node.get("maximum", value):
        return False
    if isinstance(value, dict):
        fields = node.get("properties", {})
        return all(name in fields and fits(one, fields[name]) for name, one in value.items())
    return True


def defaults_are_valid(definition: Node) -> list[str]:
    """A default passes the schema that it stands in, and pruning takes nothing from it."""
    return [path for path, node in nodes(schema(definition)) if "default" in node and not fits(node["default"], node)]


def defaults_are_not_required(definition: Node) -> list[str]:
    return [
        f"{path}.{name}"
        for path, node in nodes(schema(definition))
        for name in node.get("required", [])
        if "default" in node.get("properties", {}).get(name, {})
    ]


def metadata_has_no_defaults(definition: Node) -> list[str]:
    return [path for path, node in nodes(schema(definition)["properties"]["metadata"]) if "default" in node]


def patterns_are_of_the_api_server_s_dialect(definition: Node) -> list[str]:
    """RE2 has neither look-around nor back-references."""
    return [
        path
        for path, node in nodes(schema(definition))
        if re.search(r"\(\?[=!<]|\\[1-9]", node.get("pattern", "")) or not re.compile(node.get("pattern", ""))
    ]


def everything_is_described(definition: Node) -> list[str]:
    silent = [path for path, node in nodes(schema(definition)) if not node.get("description")]
    return [path for path in silent if path != ".metadata" and not path.endswith(("[items]", "[additionalProperties]"))]


def names_are_consistent(definition: Node) -> list[str]:
    names, wrong = definition["spec"]["names"], []
    label = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
    if definition["metadata"]["name"] != f"{names['plural']}.{definition['spec']['group']}":
        wrong.append("metadata.name")
    wrong += [key for key in ("plural", "singular") if not label.fullmatch(names[key])]
    if names["listKind"] != names["kind"] + "List" or names["singular"] != names["kind"].lower():
        wrong.append("kind")
    return wrong


def one_version_is_stored_and_served(definition: Node) -> list[str]:
    versions = definition["spec"]["versions"]
    stored = [one["name"] for one in versions if one["storage"] and one["served"]]
    return [] if stored == ["v1"] and definition["spec"]["scope"] == "Namespaced" else ["versions"]


def printer_columns_show_fields(definition: Node) -> list[str]:
    """A column has a type that kubectl knows and a simple JSON path to a field of the schema."""
    wrong = []
    for column in version(definition)["additionalPrinterColumns"]:
        node: Node | None = schema(definition)
        for step in re.findall(r"[A-Za-z]+|\[\*\]", column["jsonPath"]):
            node = node and (node.get("items") if step == "[*]" else node.get("properties", {}).get(step))
        path_is_simple = re.fullmatch(r"(\.[A-Za-z]+(\[\*\])?)+", column["jsonPath"])
        if not node or not path_is_simple or column["type"] not in ("string", "integer", "number", "boolean", "date"):
            wrong.append(column["name"])
    return wrong


def set_at(*path: str, **values: Any) -> Callable[[Node], None]:
    """Breaks a definition: sets keys of the node of `spec` at a path."""

    def break_it(definition: Node) -> None:
        node = schema(definition)
        for step in path:
            node = node[step]
        for key, value in values.items():
            if value is ...:
                del node[key]
            else:
                node[key.replace("__", "-")] = value

    return break_it


SPEC = ("properties", "spec")
REGION = (*SPEC, "properties", "region")


def rename(definition: Node) -> None:
    definition["metadata"]["name"] = "stack.reconciler.dev"


def unserved(definition: Node) -> None:
    version(definition)["served"] = False


def lost_column(definition: Node) -> None:
    version(definition)["additionalPrinterColumns"][0]["jsonPath"] = ".spec.regions"


RULES: list[tuple[Rule, Callable[[Node], None]]] = [
    (every_node_has_a_type, set_at(*REGION, type=...)),
    (the_root_is_an_object, set_at(type="string")),
    (an_int_or_string_has_no_type, set_at(*REGION, **{INT_OR_STRING: True})),
    (junctors_only_restrict_what_is_specified, set_at(*SPEC, anyOf=[{"properties": {"colour": {}}}])),
    (junctors_do_not_describe, set_at(*REGION, allOf=[{"type": "string"}])),
    (metadata_is_restricted_by_name_alone, set_at("properties", "metadata", "properties", labels={"type": "object"})),
    (forbidden_fields_are_absent, set_at(*REGION, **{"$ref": "#/definitions/Region"})),
    (items_are_unique_by_nothing, set_at(*REGION, uniqueItems=True)),
    (additional_properties_are_a_schema_alone, set_at(*SPEC, additionalProperties=False)),
    (unknown_fields_are_pruned, set_at(*SPEC, **{PRESERVE: True})),
    (lists_say_what_they_hold, set_at(*REGION, type="array")),
    (required_fields_are_specified, set_at(*SPEC, required=["regions"])),
    (defaults_are_valid, set_at(*SPEC, "properties", "drift", default={"policy": "Mend"})),
    (defaults_are_not_required, set_at(*SPEC, required=["owner"])),
    (metadata_has_no_defaults, set_at("properties", "metadata", "properties", "name", default="x")),
    (patterns_are_of_the_api_server_s_dialect, set_at(*REGION, pattern="^(?!us)")),
    (everything_is_described, set_at(*REGION, description=...)),
    (names_are_consistent, rename),
    (one_version_is_stored_and_served, unserved),
    (printer_columns_show_fields, lost_column),
]
each_rule = pytest.mark.parametrize(("rule", "breaks"), RULES, ids=[rule.__name__ for rule, _ in RULES])


@each_rule
@pytest.mark.parametrize("name", DEFINITIONS)
def test_kubernetes_would_take_it(name: str, rule: Rule, breaks: Callable[[Node], None]) -> None:
    assert rule(DEFINITIONS[name]) == []


@each_rule
def test_the_rule_bites(rule: Rule, breaks: Callable[[Node], None]) -> None:
    definition = copy.deepcopy(DEFINITIONS["stack.yaml"])
    breaks(definition)
    assert rule(definition) != []


def test_the_files_are_in_step_with_the_models() -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / FOLDER).iterdir()}
    assert on_disk == TEXTS, "run `.venv/bin/python -m reconciler.crds`"


def test_there_is_one_for_every_kind() -> None:
    assert sorted(TEXTS) == sorted(f"{name.lower()}.yaml" for name in discover())


def test_equal_models_give_equal_bytes() -> None:
    assert {f"{name.lower()}.yaml": generate(kind) for name, kind in discover().items()} == TEXTS


def test_writing_removes_what_no_kind_is_behind(tmp_path: Path) -> None:
    folder = tmp_path / "crds-like"
    folder.mkdir()
    (folder / "gone.yaml").write_text("old")
    write_all(folder)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == TEXTS


def valid(value: Any, node: Node) -> bool:
    """Whether the API server would take a value: what `fits` says, required fields and entries included."""
    if isinstance(value, dict) and "additionalProperties" in node:
        return all(valid(one, node["additionalProperties"]) for one in value.values())
    if isinstance(value, dict) and node.get("type") == "object":
        fields = node.get("properties", {})
        inner = all(valid(one, fields[name]) for name, one in value.items() if name in fields)
        return set(node.get("required", [])) <= value.keys() and inner and (not fields or value.keys() <= fields.keys())
    if isinstance(value, list) and node.get("type") == "array":
        return len(value) >= node.get("minItems", 0) and all(valid(one, node["items"]) for one in value)
    return fits(value, node)


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_the_specs_fit_the_definitions(path: Path) -> None:
    """With the values of their variables."""
    for stack in load({path.name: path.read_bytes()}).stacks.values():
        for obj in (stack.stack, *stack.objects.values()):
            spec = obj.spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
            document = {
                "apiVersion": "reconciler.dev/v1",
                "kind": obj.kind,
                "metadata": {"name": obj.name},
                "spec": spec,
            }
            assert valid(document, schema(DEFINITIONS[f"{obj.kind.lower()}.yaml"])), obj.id


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_the_specs_fit_the_definitions_as_they_are_written(path: Path) -> None:
    """But for what stands for a variable: `kubectl` would send the text of it."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if "${var." not in str(document):
            spec = schema(DEFINITIONS[f"{document['kind'].lower()}.yaml"])["properties"]["spec"]
            assert valid(document.get("spec", {}), spec), document["metadata"]

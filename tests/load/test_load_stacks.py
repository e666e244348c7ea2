"""Which objects a bundle holds, and which stack each belongs to."""

from pathlib import Path

import pytest
import yaml

from reconciler.kinds import Object, discover
from reconciler.kinds.task import KIND as TASK
from reconciler.load import Bundle, load

SPECS = Path(__file__).parents[2] / "specs"


def stack(name: str) -> str:
    return f"apiVersion: reconciler.dev/v1\nkind: Stack\nmetadata: {{name: {name}}}\nspec: {{region: us-east-1}}\n"


def cluster(name: str, of: str = "") -> str:
    extra = f", stack: {of}" if of else ""
    return f"apiVersion: reconciler.dev/v1\nkind: Cluster\nmetadata: {{name: {name}{extra}}}\nspec: {{}}\n"


def texts(bundle: Bundle) -> list[str]:
    return [problem.text for problem in bundle.problems]


def read(**files: str) -> Bundle:
    return load({name.replace("__", "/") + ".yaml": text.encode() for name, text in files.items()})


def test_the_reference_files_load_without_a_problem() -> None:
    bundle = load({path.name: path.read_bytes() for path in SPECS.glob("*.yaml")})
    assert texts(bundle) == []
    assert {name: len(bundle.stacks[name].objects) for name in ("peers", "shop")} == {"peers": 10, "shop": 12}
    documents = [one for path in SPECS.glob("*.yaml") for one in yaml.safe_load_all(path.read_bytes())]
    assert sorted(bundle.stacks) == sorted(d["metadata"]["name"] for d in documents if d["kind"] == "Stack")


def test_two_files_with_equal_names_in_different_stacks_do_not_meet() -> None:
    bundle = load({path.name: path.read_bytes() for path in SPECS.glob("*.yaml")})
    assert [task.name for task in bundle.stacks["shop"].of(TASK)] == ["orders", "web"]
    assert bundle.stacks["shop"].get(TASK, "private-1") is None


def test_the_order_of_the_files_makes_no_difference() -> None:
    files = [("b.yaml", cluster("x").encode()), ("a.yaml", (stack("s") + "---\n" + cluster("x")).encode())]
    assert load(files) == load(list(reversed(files)))
    assert len(load(files).problems) == 1


def test_a_file_without_a_stack_takes_the_only_one_of_its_folder() -> None:
    bundle = read(net__stack=stack("s"), net__more=cluster("main"), other=stack("o"))
    assert texts(bundle) == []
    assert list(bundle.stacks["s"].objects) == [("Cluster", "main")]


def test_the_stack_of_the_file_comes_before_the_one_of_the_folder() -> None:
    bundle = read(a=stack("a") + "---\n" + cluster("x"), b=stack("b"))
    assert texts(bundle) == []
    assert list(bundle.stacks["a"].objects) == [("Cluster", "x")]


def test_metadata_stack_comes_before_everything() -> None:
    bundle = read(a=stack("a") + "---\n" + cluster("x", of="b"), b=stack("b"))
    assert texts(bundle) == []
    assert list(bundle.stacks["b"].objects) == [("Cluster", "x")]


def test_a_folder_with_two_stacks_leaves_a_third_file_undecided() -> None:
    bundle = read(a=stack("a"), b=stack("b"), c=cluster("x"))
    assert texts(bundle) == [
        "c.yaml:3:18: Cluster/x: metadata.name: could belong to each of the stacks a, b, add metadata.stack"
    ]


def test_a_subfolder_does_not_inherit_a_stack() -> None:
    bundle = read(a=stack("a"), sub__b=cluster("x"))
    assert texts(bundle) == [
        "sub/b.yaml:3:18: Cluster/x: metadata.name: belongs to no Stack: its file and folder have none, "
        "add a Stack or metadata.stack"
    ]


def test_a_stack_that_is_not_there_is_named_with_the_closest() -> None:
    bundle = read(a=stack("shop") + "---\n" + cluster("x", of="shp"))
    assert texts(bundle) == ['a.yaml:8:28: Cluster/x: metadata.stack: there is no Stack "shp", did you mean "shop"?']


def test_a_stack_is_asked_for_where_there_is_none_at_all() -> None:
    assert texts(read(a=cluster("x", of="shop"))) == [
        'a.yaml:3:28: Cluster/x: metadata.stack: there is no Stack "shop", add a Stack'
    ]


def test_the_same_object_twice_names_both_places() -> None:
    bundle = read(a=stack("s") + "---\n" + cluster("x"), b=cluster("x", of="s"))
    assert texts(bundle) == [
        "b.yaml:3:18: Cluster/x: metadata.name: is defined twice, first at a.yaml:8, rename one of them"
    ]


def test_two_stacks_of_one_name_name_both_places() -> None:
    bundle = read(a=stack("s"), b=stack("s"))
    assert texts(bundle) == [
        "b.yaml:3:18: Stack/s: metadata.name: is defined twice, first at a.yaml:3, rename one of them"
    ]


def test_a_stack_of_the_same_name_as_another_is_one_problem_though_both_have_objects() -> None:
    """Be it that half of the objects were meant for another stack, or that a folder was copied as a whole."""
    for also in (cluster("z"), cluster("x")):
        for one, other in (("a", "b"), ("a", "a")):
            files = {f"{one}__s": stack("s"), f"{one}__x": cluster("x")}
            bundle = read(**files, **{f"{other}__t": stack("s"), f"{other}__y": also})
            place = f"{other}/t.yaml:3:18: Stack/s: metadata.name"
            assert texts(bundle) == [f"{place}: is defined twice, first at {one}/s.yaml:3, rename one of them"]


def test_a_variable_of_one_of_two_stacks_of_the_same_name_is_not_called_unknown_or_unused() -> None:
    declared = stack("s").replace("us-east-1", "us-east-1, variables: {x: {default: 10.0.0.0/16}}")
    network = "apiVersion: reconciler.dev/v1\nkind: Network\nmetadata: {name: x}\n"
    user = network + 'spec: {cidr: "${var.x}", availabilityZones: [us-east-1a], public: {cidrs: [10.0.0.0/24]}}\n'
    for first, second in ((declared, stack("s")), (stack("s"), declared)):
        found = texts(read(a="---\n".join((first, second, user))))
        assert found == ["a.yaml:8:18: Stack/s: metadata.name: is defined twice, first at a.yaml:3, rename one of them"]


def test_one_name_for_two_kinds_is_fine() -> None:
    network = "apiVersion: reconciler.dev/v1\nkind: Network\nmetadata: {name: x}\nspec: {cidr: 10.0.0.0/16, "
    network += "availabilityZones: [us-east-1a]}\n"
    bundle = read(a="---\n".join([stack("s"), cluster("x"), network]))
    assert texts(bundle) == []
    assert list(bundle.stacks["s"].objects) == [("Cluster", "x"), ("Network", "x")]


def test_an_object_that_cannot_be_read_is_known_by_name() -> None:
    broken = cluster("x").replace("spec: {}", "spec: {size: 3}")
    bundle = read(a=stack("s") + "---\n" + broken)
    found = bundle.stacks["s"]
    assert (dict(found.objects), found.broken, found.complete) == ({}, {("Cluster", "x")}, True)


@pytest.mark.parametrize(
    "rest",
    ["kind: [", cluster("x").replace("Cluster", "Clstr"), cluster("x").replace("name: x", ""), "--- \n"],
    ids=["no YAML", "an unknown kind", "no name", "an empty document"],
)
def test_what_may_be_any_object_makes_the_stack_incomplete(rest: str) -> None:
    bundle = read(a=stack("s") + "---\n" + rest)
    assert bundle.problems
    assert not bundle.stacks["s"].complete


def test_a_stack_with_a_wrong_field_still_has_objects_to_check() -> None:
    text = stack("s").replace("us-east-1", "us-east-1, prune: 3") + "---\n" + cluster("x")
    bundle = read(a=text)
    assert len(bundle.problems) == 1
    assert list(bundle.stacks["s"].objects) == [("Cluster", "x")]


def test_nothing_to_read_is_a_problem_and_no_empty_set_of_stacks_to_apply() -> None:
    assert [problem.message for problem in load({}).problems] == ["there is nothing to read"]


def test_a_stack_cannot_sit_in_another_stack() -> None:
    bundle = read(a=stack("a").replace("name: a", "name: a, stack: b") + "---\n" + stack("b"))
    assert texts(bundle) == ["a.yaml:3:28: Stack/a: metadata.stack: a Stack is its own stack, remove it"]


def test_objects_that_say_the_same_are_equal_wherever_they_are_written() -> None:
    one = read(a=stack("s") + "---\n" + cluster("x")).stacks["s"]
    two = read(a="# moved down\n\n" + stack("s") + "---\n" + cluster("x")).stacks["s"]
    assert one.objects == two.objects


def test_a_field_is_found_where_it_is_written() -> None:
    files = {"two-tier.yaml": (SPECS / "two-tier.yaml").read_bytes()}
    web: Object[object] | None = load(files).stacks["shop"].get(discover()["Task"], "web")  # type: ignore[type-var]
    assert web is not None
    lines = files["two-tier.yaml"].decode().splitlines()

    def at(*path: str | int) -> str:
        position = web.source.at(path)
        return lines[position.line - 1][position.column - 1 :]

    assert at("spec", "cpu") == "512"
    assert at("spec", "containers", 0, "ports", 0, "containerPort").startswith("80,")
    assert at("spec", "containers") == "containers:"
    assert at("spec", "containers", 1).startswith("name: app")
    assert at("spec", "containers", 1, "env").startswith("env: {ORDERS_URL")
    assert at("spec", "nothing", "here").startswith("spec:")

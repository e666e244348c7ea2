"""Variables of a stack: where values come from, what they become, and what is said of those that are not there."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.load import Given, load

DECLARED = """\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: shop}
spec:
  region: us-east-1
  variables:
"""
TASK = """\
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web, annotations: {reconciler.dev/paused: "${var.paused}"}}
spec:
  cluster: main
  network: main
  replicas: ${var.size}
  executeCommand: ${var.shell}
  containers:
    - name: app
      image: ${var.image}
      command: ${var.command}
      env: {SIZE: "${var.size}", URL: "${var.size} of ${var.image}", PLAIN: "$${var.size} ${HOME} ${var.shell}"}
"""
VARIABLES = """\
    size: {type: Integer, default: 2, description: Number of copies}
    image: {default: "nginx:1"}
    shell: {type: Boolean, default: false}
    command: {type: List, default: [run, "1"]}
    paused: {default: "true"}
"""
ALL = DECLARED + VARIABLES + TASK


def spec(given: Given | None = None, text: str = ALL) -> Any:
    bundle = load({"f": text.encode()}, given)
    assert not bundle.problems, [problem.text for problem in bundle.problems]
    return bundle.stacks["shop"].objects["Task", "web"]


def problems(given: Given | None = None, text: str = ALL) -> list[str]:
    return [problem.text for problem in load({"f": text.encode()}, given).problems]


def one(variables: str, use: str = "nginx", given: Given | None = None) -> list[str]:
    """The problems of a stack with these variables, whose one task has this image."""
    task = TASK.partition("  replicas:")[0].replace(', annotations: {reconciler.dev/paused: "${var.paused}"}', "")
    return problems(given, f"{DECLARED}{variables}\n{task}  containers:\n    - name: app\n      image: {use}\n")


def test_a_plain_value_has_the_variable_s_type_and_everything_else_is_text() -> None:
    task = spec()
    assert (task.spec.replicas, task.spec.execute_command) == (2, False)
    (container,) = task.spec.containers
    assert (container.image, container.command) == ("nginx:1", ("run", "1"))
    assert container.env == {"SIZE": "2", "URL": "2 of nginx:1", "PLAIN": "${var.size} ${HOME} false"}
    assert task.metadata.annotations == {"reconciler.dev/paused": "true"}


def test_the_flag_wins_over_files_the_last_file_over_the_first_files_over_the_environment() -> None:
    files = (("a.yaml", b"size: 3\n"), ("b.yaml", b"size: 4\n"))
    environment = {"size": "5", "other": "of somebody else"}
    given = [
        Given(),
        Given(environment=environment),
        Given(environment=environment, files=files[:1]),
        Given(environment=environment, files=files),
        Given(environment=environment, files=files, flags={"size": "6"}),
    ]
    assert [spec(one).spec.replicas for one in given] == [2, 5, 3, 4, 6]


def test_flags_and_the_environment_are_read_by_the_type_that_is_declared() -> None:
    task = spec(Given(flags={"size": "7", "shell": "true", "command": "run, all"}, environment={"image": "10"}))
    (container,) = task.spec.containers
    assert (task.spec.replicas, task.spec.execute_command) == (7, True)
    assert (container.command, container.image) == (("run", "all"), "10")


def test_two_stacks_of_one_set_have_their_own_values() -> None:
    other = ALL.replace("{name: shop}", "{name: other}").replace("default: 2", "default: 9")
    bundle = load({"a/f": ALL.encode(), "b/f": other.encode()}, Given(flags={"image": "nginx:2"}))
    assert not bundle.problems
    found = {name: stack.objects["Task", "web"].spec for name, stack in bundle.stacks.items()}
    assert {name: task.replicas for name, task in found.items()} == {"shop": 2, "other": 9}
    assert {task.containers[0].image for task in found.values()} == {"nginx:2"}


IMAGE = "    image: {description: What runs}"
SAYS = {
    "a name that is near another": (
        ('    image: {default: "a"}\n', "${var.imag}"),
        [
            'f:17:14: Task/web: spec.containers[0].image: there is no variable "imag" in Stack/shop, '
            'did you mean "image"?'
        ],
    ),
    "a name like no other": (
        ('    image: {default: "a"}\n', "${var.zzz}"),
        [
            'f:17:14: Task/web: spec.containers[0].image: there is no variable "zzz" in Stack/shop, '
            "the variables are image"
        ],
    ),
    "a name that can be none": (
        ('    image: {default: "a"}\n', "${var.a-b}"),
        [
            'f:17:14: Task/web: spec.containers[0].image: "a-b" is no name of a variable, write letters, digits and '
            "'_', beginning with a letter, at most 64 (a plain ${var. is $${var.)"
        ],
    ),
    "a reference without an end": (
        ('    image: {default: "a"}\n', "x${var.image"),
        ["f:17:14: Task/web: spec.containers[0].image: \"${var.image\" is never closed, add the '}'"],
    ),
    "a variable that nothing uses": (
        ('    image: {default: "a"}\n', "nginx"),
        [
            "f:7:5: Stack/shop: spec.variables.image: is used nowhere, "
            "write ${var.image} where it is meant, or remove it"
        ],
    ),
    "a variable without a value": (
        (IMAGE, "${var.image}"),
        [
            "f:7:5: Stack/shop: spec.variables.image: has no value (What runs), give it one by --var image=VALUE, "
            "a --var-file, RECONCILER_VAR_image or default"
        ],
    ),
    "a value that no field takes": (
        ('    image: {default: "a b"}\n', "${var.image}"),
        [
            'f:17:14: Task/web: spec.containers[0].image: is "a b" (variable image, from its default in Stack/shop), '
            "write an image such as public.ecr.aws/nginx/nginx:1.27"
        ],
    ),
    "a default of another type": (
        ("    image: {default: 1}\n", "${var.image}"),
        [
            "f:7:22: Stack/shop: spec.variables.image.default: is a number, not text; the variable is String, "
            'write "1" in quotes'
        ],
    ),
    "a list inside of text": (
        ("    image: {type: List, default: [a]}\n", "x${var.image}"),
        [
            "f:17:14: Task/web: spec.containers[0].image: variable image is a list (its default in Stack/shop), "
            "write ${var.image} without quotes and alone, or another variable"
        ],
    ),
    "a default that names a variable": (
        ('    image: {default: "${var.image}"}\n', "${var.image}"),
        [
            "f:7:22: Stack/shop: spec.variables.image.default: names a variable; the variable is String, "
            "write the value itself"
        ],
    ),
}


@pytest.mark.parametrize("case", SAYS)
def test_what_is_wrong_with_a_variable_is_said_at_its_place(case: str) -> None:
    (variables, use), expected = SAYS[case]
    assert one(variables.removesuffix("\n"), use) == expected


def test_what_is_given_wrongly_from_outside_is_said_with_where_it_came_from() -> None:
    flag = one(IMAGE.replace("{", "{type: Integer, "), "${var.image}", Given(flags={"image": "many"}))
    assert flag == ['f:7:5: Stack/shop: spec.variables.image: is Integer, and --var says "many", write a whole number']
    unknown = one(IMAGE, "${var.image}", Given(flags={"image": "a", "imgae": "b"}))
    assert unknown == [
        'f:6:3: Stack/shop: spec.variables: has no imgae, which --var gives a value, did you mean "image"?'
    ]
    file = one(IMAGE, "${var.image}", Given(files=(("v.yaml", b"# values\nimage: 5\nsize: 5\n"),)))
    assert file == [
        'v.yaml:2:8: image: is a number, not text; the variable is String, write "5" in quotes',
        "v.yaml:3:7: size: is a variable of no Stack, the variables are image",
    ]
    near = one(IMAGE, "${var.image}", Given(environment={"imagee": "b"}))
    assert "did you mean it by RECONCILER_VAR_imagee?" in near[0]
    no_map = one(IMAGE, "${var.image}", Given(flags={"image": "a"}, files=(("v.yaml", b"- 1\n"),)))
    assert no_map == ["v.yaml:1:1: the file holds no values by name, write NAME: value, one on a line"]
    control = one(IMAGE, "${var.image}", Given(environment={"image": "a\udcff"}))
    assert "gives text that holds the character U+DCFF" in control[0]


def test_what_an_object_is_called_never_varies() -> None:
    found = problems(text=ALL.replace("metadata: {name: web", 'metadata: {name: "${var.image}"'))
    assert found[0].endswith("metadata.name: names a variable, write it out: variables are for spec and annotations")


def test_nothing_is_called_unused_while_a_file_cannot_be_read() -> None:
    text = DECLARED + '    image: {default: "a"}\n'
    found = load({"f": text.encode(), "broken": b"{"}, Given(flags={"imgae": "x"})).problems
    assert [problem.file for problem in found] == ["broken"]


def test_a_number_in_braces_is_told_how_to_write_it() -> None:
    found = problems(text="a: {b: ${var.size}}\n")
    assert 'write "${...}" in quotes here' in found[0]

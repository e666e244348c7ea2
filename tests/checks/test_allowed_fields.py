"""Annotations that allow differences name fields that there are."""

from __future__ import annotations

import pytest
from worlds import SPECS

from reconciler import checks
from reconciler.load import load

REFERENCE = (SPECS / "two-tier.yaml").read_text()


def said(annotation: str, value: str, on: str = "metadata: {name: orders}\nspec:\n  cluster") -> list[str]:
    """The problems of the reference where its task `orders` has an annotation."""
    name = on.partition("{name: ")[2].partition("}")[0]
    annotated = on.replace(
        f"{{name: {name}}}", f"{{name: {name}, annotations: {{reconciler.dev/{annotation}: {value!r}}}}}"
    )
    assert on in REFERENCE
    bundle = load({"stack.yaml": REFERENCE.replace(on, annotated).encode()})
    assert not bundle.problems
    (stack,) = bundle.stacks.values()
    return [problem.text for problem in checks.check(stack)]


@pytest.mark.parametrize(
    "field",
    [
        "desiredCount",
        "tags[team]",
        "ingress[tcp 22 0.0.0.0/0]",
        "containerDefinitions[orders].environment[A.B]",
        "deploymentConfiguration.maximumPercent",
        "desiredCount, networkConfiguration.awsvpcConfiguration.subnets",
    ],
)
def test_a_field_of_a_resource_of_the_object_is_good(field: str) -> None:
    assert said("ignore-fields", field) == []


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("desiredCuont", 'did you mean "desiredCount"?'),
        ("deploymentConfiguration.maximumPercnt", 'did you mean "deploymentConfiguration.maximumPercent"?'),
        ("containerDefinitions[orders].imgae", 'did you mean "containerDefinitions[orders].image"?'),
        ("cidrBlock", "there are "),
    ],
)
def test_a_field_that_no_resource_of_the_object_has_is_a_problem(field: str, hint: str) -> None:
    (text,) = said("ignore-fields", field)
    assert "Task/orders: metadata.annotations" in text
    assert f'"{field}", which is no field' in text
    assert hint in text


def test_what_is_accepted_is_a_field_too() -> None:
    assert said("accept-drift", "desiredCount=4 until 2027-01-31 because of the sale") == []
    assert len(said("accept-drift", "desired=4 until 2027-01-31 because of the sale")) == 1


def test_a_stack_may_name_the_fields_of_all_its_resources() -> None:
    named = "metadata:\n  name: shop"
    annotated = f'{named}\n  annotations: {{reconciler.dev/ignore-fields: "cidrBlock, desiredCuont"}}'
    (stack,) = load({"stack.yaml": REFERENCE.replace(named, annotated).encode()}).stacks.values()
    (problem,) = checks.check(stack)
    assert '"desiredCuont", which is no field' in problem.text

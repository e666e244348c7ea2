"""What people read when a spec is wrong, word for word. `pytest tests/checks --update-golden` writes it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slips import SLIPS

from reconciler.checks import check
from reconciler.load import load

HERE = Path(__file__).parent
REFERENCE = (HERE.parents[1] / "specs" / "two-tier.yaml").read_text()


def said(name: str, text: str) -> str:
    """What is wrong with a file, a line each."""
    bundle = load({name: text.encode()})
    found = [*bundle.problems, *(problem for stack in bundle.stacks.values() for problem in check(stack))]
    return "\n".join(problem.text for problem in sorted(found))


def test_a_task_in_which_nearly_everything_is_wrong(golden: Callable[[str, str], None]) -> None:
    name = "broken-task.yaml"
    golden("broken-task.txt", said(name, (HERE / name).read_text()))


def test_slips_of_newcomers(golden: Callable[[str, str], None]) -> None:
    assert said("shop.yaml", REFERENCE) == ""
    answers = []
    for slip, (right, wrong) in SLIPS.items():
        assert right in REFERENCE, slip
        found = said("shop.yaml", REFERENCE.replace(right, wrong, 1))
        assert found, slip
        answers.append(f"# {slip}\n{found}\n")
    golden("slips.txt", "\n".join(answers))

"""What people read when a spec is wrong, word for word. `pytest tests/checks --update-golden` writes it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconciler.checks import check
from reconciler.load import load

HERE = Path(__file__).parent


def test_a_task_in_which_nearly_everything_is_wrong(golden: Callable[[str, str], None]) -> None:
    name = "broken-task.yaml"
    bundle = load({name: (HERE / name).read_bytes()})
    found = [*bundle.problems, *(problem for stack in bundle.stacks.values() for problem in check(stack))]
    golden("broken-task.txt", "\n".join(problem.text for problem in sorted(found)))

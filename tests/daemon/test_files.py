"""What the daemon makes of files: a stack whose tasks cannot start is no good version of it."""

from __future__ import annotations

from collections.abc import Callable

from worlds import SPECS

from reconciler.daemon.files import Files, Reading
from reconciler.load import load


def read(edit: Callable[[str], str]) -> Reading:
    text = edit((SPECS / "two-tier.yaml").read_text())
    return Files(lambda: load({"stack.yaml": text.encode()}), lambda: None).reading()


def test_a_stack_whose_tasks_cannot_start_is_not_taken_up_and_the_reason_is_told() -> None:
    good = read(lambda text: text)
    assert (good.stacks.keys(), good.problems) == ({"shop"}, ())
    hopeless = read(lambda text: text.replace("nat: Single", "nat: None"))
    assert hopeless.stacks == {}
    assert any("cannot be pulled" in problem for problem in hopeless.problems)


def test_a_stack_whose_tasks_may_not_start_is_taken_up() -> None:
    doubtful = read(lambda text: text.replace("nat: Single", "nat: None").replace("replicas: 2", "replicas: 0"))
    assert (doubtful.stacks.keys(), doubtful.problems) == ({"shop"}, ())

"""Whatever somebody feeds to the loader and the validator: an answer in words, never a traceback, never no answer.

`make test` has Hypothesis choose and shrink. `make fuzz` gives a million inputs, one for each seed (`FUZZ` says how
many for each of the parts); a failure says which.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import inputs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.checks import check
from reconciler.compile import graph_of
from reconciler.load import load

FUZZ = os.environ.get("FUZZ")
PARTS = 10 if FUZZ else 1
INPUTS = int(FUZZ or 50)
LONGEST = 1
"""Seconds of processor time after which an input counts as one that is never answered."""


@contextmanager
def answered() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise AssertionError(f"no answer after {LONGEST} seconds of work")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def judge(data: bytes) -> int:
    """The number of problems of an input, each of which says where it is and what is wrong on one line."""
    with answered():
        bundle = load({"specs/input.yaml": data})
        problems = list(bundle.problems)
        for stack in bundle.stacks.values():
            problems += check(stack)
        if not problems:
            for stack in bundle.stacks.values():
                assert graph_of(stack.stack, stack.objects).order is not None
    for problem in problems:
        assert problem.file == "specs/input.yaml"
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert len(problem.text.splitlines()) == 1
    return len(problems)


def judge_variables(random: Random) -> None:
    with answered():
        bundle = load({"f": inputs.VARIED}, inputs.given(random))
    for problem in bundle.problems:
        assert problem.file in ("f", "v0.yaml", "v1.yaml")
        assert len(problem.text.splitlines()) == 1


JUDGES: dict[str, Callable[[Random], object]] = {
    "damaged": lambda random: judge(inputs.damaged(random)),
    "edited": lambda random: judge(inputs.edited(random)),
    "scrap": lambda random: judge(inputs.scrap(random)),
    "variables": judge_variables,
}


@pytest.mark.parametrize("number", range(len(inputs.GOOD)))
def test_a_good_stack_is_good(number: int) -> None:
    assert judge(inputs.GOOD[number]) == 0


@pytest.mark.parametrize("kind", JUDGES)
def test_whatever_is_fed_to_the_loader_is_judged(kind: str) -> None:
    @settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def judged(random: Random) -> None:
        JUDGES[kind](random)

    judged()


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", JUDGES)
def test_the_input_of_every_seed_is_judged(kind: str, part: int) -> None:
    for number in range(INPUTS):
        seed = f"{kind} {part} {number}"
        try:
            JUDGES[kind](Random(seed))
        except Exception as error:
            error.add_note(f"the input of Random({seed!r})")
            raise

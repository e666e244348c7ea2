"""Whatever somebody feeds to the loader and the validator: an answer in words, never a traceback, never no answer.

`make fuzz` gives a million inputs, `FUZZ` says how many for each of the parts.
"""

from __future__ import annotations

import copy
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import kinds
from reconciler.checks import check
from reconciler.compile import graph_of
from reconciler.load import Given, load

FUZZ = os.environ.get("FUZZ")
PARTS = 10 if FUZZ else 1
INPUTS = int(FUZZ or 60)
LONGEST = 60
"""Seconds after which an input counts as one that is never answered."""
ENOUGH = settings(
    max_examples=INPUTS, deadline=None, database=None, derandomize=FUZZ is None, suppress_health_check=list(HealthCheck)
)
GOOD = [next(iter(yaml.safe_load_all(kind.example))) for kind in kinds.discover().values()]

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "internet",
            "task/web",
            "10.0.0.0/8",
            "${task/web.x}",
            "${",
            "${var.x}",
            "$${var.x",
            "1h",
            "-1",
            "9" * 400,
            "*",
            "&a",
        ]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
"""What may stand where something else was expected."""


@contextmanager
def answered() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise AssertionError(f"no answer for {LONGEST} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def judged(data: bytes) -> int:
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


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from places(item, (*path, key))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good stack in which some values are other ones, gone, twice or under another name."""
    documents = copy.deepcopy(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        *path, last = draw(st.sampled_from(list(places(documents))))
        place: Any = documents
        for step in path:
            place = place[step]
        match draw(st.sampled_from(["other", "gone", "again", "renamed"])):
            case "gone":
                del place[last]
            case "again" if isinstance(place, list):
                place.append(copy.deepcopy(place[last]))
            case "renamed" if isinstance(place, dict):
                place[draw(st.text(max_size=12))] = place.pop(last)
            case _:
                place[last] = draw(anything)
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, allow_unicode=True).encode("utf-8", "surrogatepass")


def test_the_good_stack_is_good() -> None:
    assert judged(yaml.dump_all(GOOD, Dumper=yaml.CSafeDumper).encode()) == 0


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_stack_is_judged(part: int) -> None:
    @ENOUGH
    @given(damaged())
    def judge(data: bytes) -> None:
        judged(data)

    judge()


VARIED = b"""\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: s}
spec:
  region: ${var.text}
  tags: {a: "${var.text} ${var.number} ${var.flag}", b: "$${var.text}"}
  variables: {text: {}, number: {type: Integer}, flag: {type: Boolean}, many: {type: List}}
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  availabilityZones: ${var.many}
"""


@pytest.mark.parametrize("part", range(PARTS))
def test_any_values_of_variables_are_judged(part: int) -> None:
    names = st.sampled_from(["text", "number", "flag", "many", "other", "te xt", ""])
    values = st.dictionaries(names, st.text(max_size=20) | st.sampled_from(["true", "5", "us-east-1", "a,b"]))
    lines = st.dictionaries(names, anything).map(
        lambda data: yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True)
    )
    files = st.binary(max_size=60) | lines.map(lambda text: text.encode("utf-8", "surrogatepass"))

    @ENOUGH
    @given(values, st.lists(files, max_size=2), values)
    def judge(flags: dict[str, str], contents: list[bytes], environment: dict[str, str]) -> None:
        named = tuple((f"v{number}.yaml", data) for number, data in enumerate(contents))
        with answered():
            bundle = load({"f": VARIED}, Given(flags, named, environment))
        for problem in bundle.problems:
            assert problem.file in ("f", "v0.yaml", "v1.yaml")
            assert len(problem.text.splitlines()) == 1

    judge()


@pytest.mark.parametrize("part", range(PARTS))
def test_any_bytes_are_judged(part: int) -> None:
    @ENOUGH
    @given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def judge(data: bytes) -> None:
        judged(data)

    judge()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_good_stack_with_characters_put_in_or_taken_out_is_judged(part: int) -> None:
    text = yaml.dump_all(GOOD, Dumper=yaml.CSafeDumper).encode()

    @ENOUGH
    @given(st.integers(0, len(text)), st.integers(0, 30), st.binary(max_size=30))
    def judge(start: int, gone: int, put: bytes) -> None:
        judged(text[:start] + put + text[start + gone :])

    judge()

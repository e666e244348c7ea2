"""Packets through the Linux network stack and the analysis agree, on random networks that are randomly broken.

`ORACLE_SEEDS` is how many (50), `ORACLE_FROM` the first (0); one seed alone: `python tests/oracle/ask.py SEED`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from agreement import Oracle, Outcome
from faults import FAULTS, Fault
from namespaces import why_not
from verdicts import judge

FIRST = int(os.environ.get("ORACLE_FROM", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("ORACLE_SEEDS", "50")))


@pytest.fixture(scope="module", autouse=True)
def _namespaces() -> None:
    reason = why_not()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"the oracle must run here: {reason}")
    if reason:
        pytest.skip(reason)


@cache
def outcome(seed: int) -> Outcome:
    """What packets and the analysis say of a seed."""
    oracle = Oracle(seed)
    try:
        return oracle.outcome(judge)
    finally:
        oracle.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_packets_and_the_analysis_agree(seed: int) -> None:
    found = outcome(seed)
    assert not found.disagreements, str(found)


@pytest.mark.parametrize(("seed", "make"), FAULTS.values(), ids=FAULTS)
def test_packets_catch_an_analysis_where(seed: int, make: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    found = outcome(seed)
    assert not found.disagreements, str(found)
    make(monkeypatch)
    verdict = judge(found.snapshot)
    assert any(verdict(question)[0] != answer for question, answer in found.packets.items())


def test_what_linux_is_built_from_knows_nothing_of_the_analysis() -> None:
    knowing = {path.name for path in Path(__file__).parent.glob("*.py") if "reconciler.flows" in path.read_text()}
    assert knowing <= {"verdicts.py", "faults.py", Path(__file__).name}

"""Lives at random: whatever comes in between, the end is that of an undisturbed run.

`make soak` lives 200 of them, `make soak SEEDS=17` one again; a few are lived with every run of the tests.
"""

from __future__ import annotations

import os

import pytest
from soak import Life

from reconciler.sandbox import Sandbox

FEW = "0-2"


def seeds(text: str) -> list[int]:
    """`7` is one seed, `0-199` are 200."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


@pytest.mark.parametrize("seed", seeds(os.environ.get("SOAK", FEW)))
def test_a_life_of_kills_and_breaks_ends_as_an_undisturbed_one(sandbox: Sandbox, seed: int) -> None:
    rehearsal = Life(sandbox, seed)
    life = Life(sandbox, seed, undisturbed=rehearsal.after)
    for each in (rehearsal, life):
        sandbox.reset()
        try:
            each.live()
        except Exception as error:
            error.add_note(f"live it again with: make soak SEEDS={seed}\nits history:\n  " + "\n  ".join(each.history))
            error.add_note(
                "the requests of its last step, which threads may order otherwise:\n  " + "\n  ".join(each.calls)
            )
            raise

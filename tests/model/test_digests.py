"""What objects in AWS carry as a digest: equal for equal values, and the same from one version to the next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.fields import canonical, digest_of
from reconciler.model.values import FrozenMap


def digest(value: Any) -> str:
    return digest_of(canonical(value, str))


@given(st.dictionaries(st.text(max_size=3) | st.integers(), st.integers(), max_size=5), st.randoms())
def test_the_order_in_which_a_map_was_filled_does_not_matter(entries: dict[Any, int], dice: Any) -> None:
    shuffled = list(entries.items())
    dice.shuffle(shuffled)
    assert digest(FrozenMap(shuffled)) == digest(FrozenMap(entries))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (FrozenMap({"a!": 1, "a": 2, 'a"': 3, "é": 4}), "v1.e283e5e62dd6f5ad"),
        (FrozenMap({"a": frozenset({("b", 2), ("b", 1)}), "b": frozenset("xyz!")}), "v1.eb02f900827aa767"),
    ],
)
def test_what_was_written_by_an_earlier_version_is_read_as_the_same(value: Any, expected: str) -> None:
    assert digest(value) == expected

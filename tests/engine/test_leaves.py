"""An entry that is only on one side says the same of itself whichever side that is."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.leaves import PRESENT, differences
from reconciler.model.fields import Fields
from reconciler.model.values import UNSET, FrozenMap


class Entry(Fields):
    count: int | None = None
    enabled: bool | None = None
    names: frozenset[str] = frozenset()


def _both_ways(value: Any) -> list[tuple[str, Any]]:
    appears = [(path, new) for path, old, new in differences("x", None, value, str) if old is None]
    vanishes = [(path, old) for path, old, new in differences("x", value, None, str) if new is None]
    assert appears == vanishes
    return appears


@pytest.mark.parametrize("value", [0, 3])
def test_a_number_of_an_entry_is_told_though_it_is_zero(value: int) -> None:
    assert _both_ways(Entry(count=value)) == [("x.count", value)]


def test_what_is_off_is_told_when_its_entry_vanishes() -> None:
    assert _both_ways(Entry(enabled=False, names=frozenset({"a"}))) == [("x.enabled", False), ("x.names[a]", PRESENT)]


@pytest.mark.parametrize("entry", [Entry(), Entry(count=UNSET)])
def test_an_entry_that_says_nothing_is_there_or_not(entry: Entry) -> None:
    assert _both_ways(entry) == [("x", PRESENT)]


def test_entries_of_a_map_are_told_in_the_order_of_their_texts() -> None:
    found = _both_ways(FrozenMap({"b": Entry(count=1), "a": Entry()}))
    assert found == [("x[a]", PRESENT), ("x[b].count", 1)]

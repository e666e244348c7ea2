"""Records behave as frozen dataclasses do, whichever of a family is made first."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reconciler.model.frozen import Frozen


def _family() -> tuple[type[Any], type[Any]]:
    """A record and one that extends it, of which none was made yet."""

    class Base(Frozen):
        name: str
        seen: list[str] = dataclasses.field(default_factory=list)

    class Wide(Base):
        size: int = 3

    return Base, Wide


def test_a_record_takes_its_fields_in_order_by_name_and_by_default() -> None:
    base, wide = _family()
    one = wide("a", size=4)
    assert (one.name, one.seen, one.size) == ("a", [], 4)
    assert base("a", ["x"]).seen == ["x"]
    assert wide("a").size == 3


def test_a_subclass_keeps_its_fields_when_its_base_was_made_first() -> None:
    base, wide = _family()
    base("a")
    assert wide("b", [], 5).size == 5


def test_each_record_gets_a_default_of_its_own() -> None:
    base, _ = _family()
    base("a").seen.append("x")
    assert base("b").seen == []


@pytest.mark.parametrize(("given", "named"), [((), {}), (("a", [], 1, 2), {}), (("a",), {"other": 1})])
def test_what_is_no_field_is_refused_the_first_time_and_later(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    _, wide = _family()
    for _ in range(2):
        with pytest.raises(TypeError):
            wide(*given, **named)


def test_fields_by_name_alone_are_taken_by_name_alone() -> None:
    class Named(Frozen, kw_only=True):
        name: str

    assert Named(name="a").name == "a"
    with pytest.raises(TypeError):
        Named("a")  # type: ignore[misc]


def test_a_record_cannot_be_changed() -> None:
    base, _ = _family()
    one = base("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    assert one.name == "a"
    assert dataclasses.replace(one, name="b").name == "b"


def test_records_are_equal_when_class_and_fields_are() -> None:
    class Noted(Frozen):
        name: str
        note: str = dataclasses.field(default="", compare=False)

    class Other(Frozen):
        name: str
        note: str = ""

    assert Noted("a", "x") == Noted("a", "y")
    assert hash(Noted("a", "x")) == hash(Noted("a", "y"))
    assert Noted("a") != Noted("b")
    assert Noted("a") != Other("a")
    assert repr(Other("a")).endswith("Other(name='a', note='')")

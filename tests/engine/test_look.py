"""How a look goes about its questions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.observe import look


class Thing(Fields):
    size: int = field(default=1)


class First(Readable[Thing]):
    name = "first"
    cloudformation = "AWS::EC2::VPC"
    fields = Thing

    def __init__(self, asked_ahead: threading.Event) -> None:
        self._asked_ahead = asked_ahead

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Thing]]:
        assert self._asked_ahead.wait(30), "nobody asked ahead"
        return ()


class Second(Readable[Thing]):
    name = "second"
    cloudformation = "AWS::EC2::Subnet"
    fields = Thing
    needs = ("first",)

    def __init__(self, asked_ahead: threading.Event) -> None:
        self._asked_ahead = asked_ahead

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        return (self._asked_ahead.set,)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Thing]]:
        return ()


class Nobody:
    account, region, partition = "123456789012", "us-east-1", "aws"


def test_what_needs_no_other_type_is_asked_while_that_is_looked_at() -> None:
    asked_ahead = threading.Event()
    types = {"second": Second(asked_ahead), "first": First(asked_ahead)}
    seen = look(types, Nobody(), ["shop"])  # type: ignore[arg-type]
    assert sorted(seen.found) == ["first", "second"]

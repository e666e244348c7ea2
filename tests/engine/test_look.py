"""How a look goes about its questions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from reconciler.model.errors import AwsError, ErrorClass
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


class Slow(Readable[Thing]):
    """One whose ids are known before the rest, which nobody may be told of before `others` were asked."""

    name = "first"
    cloudformation = "AWS::EC2::VPC"
    fields = Thing

    def __init__(self, others: threading.Event, failure: AwsError | None = None) -> None:
        self._others = others
        self._failure = failure

    def outline(self, reader: Reader, scope: Scope) -> Iterable[Observed[Thing]]:
        return (Observed(type=self.name, id="first-1", fields=Thing()),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Thing]]:
        assert self._others.wait(30), "what needs no more than ids waited for everything"
        if self._failure is not None:
            raise self._failure
        return (Observed(type=self.name, id="first-1", fields=Thing(size=2)),)


class Within(Readable[Thing]):
    name = "second"
    cloudformation = "AWS::EC2::Subnet"
    fields = Thing
    needs = ("first",)

    def __init__(self, asked: threading.Event) -> None:
        self._asked = asked

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Thing]]:
        self._asked.set()
        return (Observed(type=self.name, id=f"in {one.id}", fields=Thing()) for one in scope.found["first"])


class Deeper(Within):
    name = "third"
    needs = ("second",)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Thing]]:
        return ()


def test_what_needs_ids_alone_is_asked_while_the_rest_is_looked_at() -> None:
    asked = threading.Event()
    seen = look({"first": Slow(asked), "second": Within(asked)}, Nobody(), ["shop"])  # type: ignore[arg-type]
    assert [one.id for one in seen.found["second"]] == ["in first-1"]
    assert [one.fields for one in seen.found["first"]] == [Thing(size=2)]


def test_what_was_asked_by_ids_is_unknown_where_the_rest_could_not_be_read() -> None:
    asked = threading.Event()
    denied = AwsError(
        operation="ec2:DescribeVpcAttribute",
        code="UnauthorizedOperation",
        message="not you",
        error_class=ErrorClass.DENIED,
    )
    types = {"first": Slow(asked, denied), "second": Within(asked), "third": Deeper(asked)}
    seen = look(types, Nobody(), ["shop"])  # type: ignore[arg-type]
    assert seen.found == {}
    assert seen.unknown == dict.fromkeys(["first", "second", "third"], str(denied))
    assert seen.errors == {"first": denied}

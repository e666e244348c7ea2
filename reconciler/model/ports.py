"""The doors between the pure rooms and the world: reading AWS, writing AWS, time, and the right to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from reconciler.model.resource import Call

T = TypeVar("T")


class Reader(Protocol):
    """Read access to one account and region. Remembers each answer for one pass."""

    @property
    def account(self) -> str:
        """The twelve digits of the account the credentials belong to."""

    @property
    def region(self) -> str:
        """The region that is looked at."""

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`, ..."""

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        """The items under `key` of every page of a `Describe`, `Get` or `List` operation.

        `operation` is AWS's name (`DescribeSubnets`). Raises `AwsError`.
        """

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        """One whole answer of a `Describe`, `Get` or `List` operation. Raises `AwsError`."""

    def together(self, questions: Iterable[Callable[[], T]]) -> list[T]:
        """What each of some questions to this reader gives, in their order; they may be asked side by side.

        The first error in that order is raised.
        """

    def fresh(self) -> Reader:
        """The same access with nothing remembered: a new pass."""


class Writer(Protocol):
    """Write access to one account and region."""

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Makes one request, `params` being the call's own with every reference resolved.

        Raises `AwsError`, and `LeaseLost` where it is guarded.
        """

    def guarded(self, guard: Guard) -> Writer:
        """The same access for who asks `guard` right before each request leaves, each further try included."""


class Clock(Protocol):
    """Time, so that tests can step it. Seconds."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class Guard(Protocol):
    """The right to change a stack, asked before every mutating call."""

    def check(self) -> None:
        """Raises `LeaseLost` when it is gone."""

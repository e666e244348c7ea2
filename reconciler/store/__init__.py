"""What is remembered between passes and processes: statuses, events, history, leases, alerts on their way.

AWS's tags stay the truth about AWS. Losing a store loses history; leases it held count as lost.

Everything is one of three things, so that a key-value service can hold it as well as a file: *items* by kind and key,
*entries* appended to a log, and *leases*. Values are JSON objects. Times are seconds since the epoch and come from the
caller's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from reconciler.model.errors import ReconcilerError
from reconciler.model.frozen import Frozen

Value = Mapping[str, Any]
"""A JSON object."""

MOST_CHANGES = 100
"""Changes that one `write` may carry: what DynamoDB's TransactWriteItems takes (its API reference)."""


class StoreError(ReconcilerError):
    """The store could not be read or written. The text says what to do about it."""


class Put(Frozen):
    """An item is to have this value, whatever it had before."""

    kind: str
    key: str
    value: Value


class Remove(Frozen):
    """An item is to be gone; it may be gone already."""

    kind: str
    key: str


class Append(Frozen):
    """One entry more in a log. `stack` is empty for what concerns no stack."""

    log: str
    time: float
    stack: str
    value: Value


class Entry(Frozen):
    """One entry of a log; `id` grows with every entry of any log, also of a store that is begun anew in its place."""

    id: int
    time: float
    stack: str
    value: Value


class Lease(Frozen):
    """The right of one holder to do something until `expires`.

    `fence` grows each time the lease changes hands or is taken anew: who has an older one has lost it.
    """

    name: str
    holder: str
    fence: int
    expires: float


class Retention(Frozen):
    """How long logs are kept: `seconds` of age, and `size` bytes of the whole store."""

    seconds: float = 90 * 24 * 3600.0
    size: int = 256 * 1024 * 1024


class Store(Protocol):
    """The memory of one or several processes. Safe to share among threads. Everything raises `StoreError`."""

    @property
    def where(self) -> str:
        """Where it is, for people."""

    def get(self, kind: str, key: str) -> Value | None:
        """One item."""

    def items(self, kind: str, prefix: str = "") -> Mapping[str, Value]:
        """The items of a kind whose key begins with `prefix`, in order of key."""

    def write(self, *changes: Put | Remove | Append) -> None:
        """All of these changes or none of them; at most `MOST_CHANGES`."""

    def entries(self, log: str, *, stack: str | None = None, after: int | None = None, limit: int = 100) -> list[Entry]:
        """Entries of a log in order: the first ones `after` an id, or without that the newest ones."""

    def acquire(self, name: str, holder: str, now: float, term: float) -> Lease:
        """The lease as it is afterwards: the holder's for `term` seconds where nobody else's runs, else the other's."""

    def renew(self, lease: Lease, now: float, term: float) -> Lease | None:
        """The same lease for `term` seconds from now, or None when it has expired or is another's."""

    def release(self, lease: Lease) -> None:
        """Give a lease back. One that is lost is left alone."""

    def leases(self) -> list[Lease]:
        """All leases that were ever taken and not given back, expired ones included."""

    def prune(self, retention: Retention, now: float) -> int:
        """Drop the oldest entries of the logs beyond what is to be kept; how many."""

    def close(self) -> None:
        """Let go of the file or the connection. Using the store opens it again."""

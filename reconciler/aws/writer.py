"""The Writer: every request that changes AWS goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.aws.calls import Calls
from reconciler.aws.retries import Patience
from reconciler.aws.sessions import Access
from reconciler.aws.wire import Wire, plain
from reconciler.model.ports import Clock, Guard
from reconciler.model.resource import Call


class AwsWriter:
    """Write access to one account and region. Safe to share among threads."""

    def __init__(
        self,
        access: Access,
        clock: Clock,
        calls: Calls,
        patience: Patience | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._access = access
        self._clock = clock
        self._calls = calls
        self._patience = patience
        self._wire = Wire(access, clock, calls, patience, guard)

    def guarded(self, guard: Guard) -> AwsWriter:
        """The same access for who asks `guard` right before each request leaves, each further try included."""
        return AwsWriter(self._access, self._clock, self._calls, self._patience, guard)

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Makes one request, `params` being the call's own with every reference resolved; `None`s are left out.

        Throttling is waited out. A request whose answer never came is sent again only where AWS would not do it
        twice. Raises `AwsError`, also for failures that AWS reports in an answer of HTTP status 200.
        """
        return self._wire.call(call.service, call.operation, plain(params))

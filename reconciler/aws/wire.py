"""One AWS request: paced, counted, sent, its failure classed, tried again where that is right."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from reconciler.aws.calls import Calls
from reconciler.aws.errors import SDK_ERRORS, classify, hidden_failure
from reconciler.aws.limits import Pacer
from reconciler.aws.retries import Patience, policy, replayed, worth_trying
from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.ports import Clock, Guard


class Clients(Protocol):
    """What a request needs of an account and region. `reached` is set once AWS has answered, `held_up` hears of what
    goes on failing while it is tried again."""

    reached: bool
    held_up: Callable[[AwsError], None]

    @property
    def dice(self) -> random.Random: ...

    @property
    def pacer(self) -> Pacer: ...

    def method(self, service: str, operation: str) -> Callable[..., dict[str, Any]]: ...


class Wire:
    """The one way to AWS. Safe to share among threads."""

    def __init__(
        self,
        clients: Clients,
        clock: Clock,
        calls: Calls,
        patience: Patience | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._clients = clients
        self._clock = clock
        self._calls = calls
        self._patience = patience or Patience()
        self._guard = guard

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request. `params` are plain values. Raises `AwsError`.

        `lost` stays set on the error of a later attempt: that something exists already may well be our own doing.
        """
        replay = replayed(service, operation, params)
        lost = False

        def attempt() -> dict[str, Any]:
            nonlocal lost
            try:
                return self._send(service, operation, params)
            except AwsError as error:
                lost = error.lost = lost or error.lost
                raise

        retrying = policy(
            self._clock,
            self._clients.dice,
            self._patience,
            lambda error: worth_trying(error, replay=replay),
            lambda: self._clients.reached,
            self._clients.held_up,
        )
        return retrying(attempt)

    def _send(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        pacer = self._clients.pacer
        pacer.wait(service, operation, self._clock)
        try:
            method = self._clients.method(service, operation)
            if self._guard is not None:
                self._guard.check()
            self._calls.count(service, operation)
            answer = method(**params)
        except SDK_ERRORS as cause:
            error = classify(service, operation, cause)
            self._clients.reached |= error.error_class is not ErrorClass.TRANSIENT
            if error.error_class is ErrorClass.THROTTLED:
                self._calls.throttled(service, operation)
                pacer.throttled(service, self._clock)
            raise error from cause
        self._clients.reached = True
        pacer.answered(service, self._clock)
        failure = hidden_failure(service, operation, answer)
        if failure is not None:
            raise failure
        return answer


def plain(value: Any) -> Any:
    """`value` as botocore takes it: mappings as dicts without their `None`s, sequences as lists, sets sorted."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, AbstractSet):
        return sorted(map(plain, value))
    return value

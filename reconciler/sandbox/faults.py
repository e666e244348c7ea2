"""What goes wrong on purpose: one line in a test names it, and a seed makes it repeat."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final, Literal, Self

Phase = Literal["before", "after"]
"""Before AWS did the work of a request, or after it."""


Kind = Literal["throttle", "errors_5xx", "lost_before", "lost_after"]
"""The faults that come at a rate."""


class ClientDied(BaseException):
    """The client's process died at this request; nothing below `BaseException` can catch it."""


class ConnectionLostError(Exception):
    """No answer came. Whether AWS did the work, the client cannot know."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates are probabilities of 0 to 1 for each request, drawn from `seed`, the operation and its count.

    So threads that interleave differently still meet the same faults.
    """

    latency: float | Callable[[str], float] = 0.0
    """Seconds of the sandbox's clock before each answer, or a function of the operation ("ec2:CreateVpc")."""
    throttle: float = 0.0
    errors_5xx: float = 0.0
    lost_before: float = 0.0
    """The connection breaks before AWS did the work."""
    lost_after: float = 0.0
    """AWS did the work and the answer never comes."""
    die_at: tuple[int, Phase] | None = None
    """The client dies at its n-th mutating request (from 1), before or after AWS did the work."""
    lag: float = 0.0
    """Seconds for which a new id is unknown; its tags come as much later again."""
    buckets: bool = False
    """Token buckets of the published sizes, with AWS's codes."""
    page: int | None = None
    """The most items on a page of a list, as AWS may give fewer than were asked for."""
    seed: int = 0
    only: frozenset[str] | None = None
    """The operations ("ec2:CreateVpc") that rates and latency apply to; None is all of them."""
    times: int | None = None
    """How many requests the rates may spoil in all; None is no limit."""

    def document(self) -> dict[str, Any]:
        """As JSON, without what is as it always is; `from_document` reads it."""
        usual = asdict(Faults())
        found = {name: value for name, value in asdict(self).items() if value != usual[name]}
        return {**found, "only": sorted(self.only)} if self.only is not None else found

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """What `document` wrote. Raises ValueError, which says what may stand there."""
        unknown = sorted(document.keys() - SETTINGS.keys())
        if unknown:
            raise ValueError(f"there is no fault {unknown[0]!r}; there are: {', '.join(SETTINGS)}")
        for name, value in document.items():
            is_right, wanted = SETTINGS[name]
            if not is_right(value):
                raise ValueError(f"{name} is {wanted}, not {value!r}")
        only = document.get("only")
        return cls(**{**document, **({"only": frozenset(only)} if only is not None else {})})


def _is_number(value: Any, most: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most


def _is_count(value: Any, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _are_operations(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and ":" in each for each in value)


_RATE: Final = (lambda value: _is_number(value, 1), "a rate of 0 to 1")
_SECONDS: Final = (lambda value: _is_number(value, 3600), "a number of seconds up to 3600")
_COUNT: Final = (_is_count, "a whole number from 1")

SETTINGS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "throttle": _RATE,
    "errors_5xx": _RATE,
    "lost_before": _RATE,
    "lost_after": _RATE,
    "latency": _SECONDS,
    "lag": _SECONDS,
    "buckets": (lambda value: isinstance(value, bool), "true or false"),
    "page": _COUNT,
    "seed": (lambda value: _is_count(value, 0), "a whole number from 0"),
    "only": (_are_operations, "operations like ec2:CreateVpc"),
    "times": _COUNT,
}
"""The faults that another process may ask for: whether a value is right, and what it is. A client that dies at a
request of its own is none: it is killed."""


class Dice:
    """Draws the faults of one sandbox."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._spoiled = 0
        self._mutations = 0
        self._dead = False
        self._lock = threading.Lock()

    def latency(self, operation: str) -> float:
        """Seconds that this request takes."""
        if not self._applies(operation):
            return 0.0
        latency = self.faults.latency
        return latency(operation) if callable(latency) else latency

    def draw(self, kind: Kind, operation: str) -> bool:
        """Whether this request meets the fault `kind`."""
        rate: float = getattr(self.faults, kind)
        if rate <= 0 or not self._applies(operation):
            return False
        with self._lock:
            if self.faults.times is not None and self._spoiled >= self.faults.times:
                return False
            key = (kind, operation)
            self._drawn[key] += 1
            seed = f"{self.faults.seed}/{kind}/{operation}/{self._drawn[key]}"
            hit = Random(seed).random() < rate  # noqa: S311 (a repeatable fault, not a secret)
            self._spoiled += hit
            return hit

    def mutation(self) -> int:
        """Count one mutating request. Raises ClientDied when the client is dead."""
        with self._lock:
            if self._dead:
                raise ClientDied
            self._mutations += 1
            return self._mutations

    def die(self, number: int, phase: Phase) -> None:
        """Raise ClientDied when the client is to die at this mutating request and phase."""
        if self.faults.die_at == (number, phase):
            self._dead = True
            raise ClientDied

    def check_alive(self) -> None:
        """Raise ClientDied once the client is dead: its other threads are dead too."""
        if self._dead:
            raise ClientDied

    def _applies(self, operation: str) -> bool:
        return self.faults.only is None or operation in self.faults.only

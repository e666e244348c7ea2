"""SQS's long poll: the waiting is done at the gate, on the sandbox's clock and without the lock.

moto waits inside of the request on the wall clock, and whoever holds the lock meanwhile keeps everybody else out.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from moto.sqs.models import SQSBackend

from . import wire
from .clock import Clock
from .patch import Installer, Patch, patch

_LONGEST: Final = 20
_REAL_PAUSE: Final = 0.05
_STEP: Final = 1.0
_WAIT: Final = re.compile(r'"WaitTimeSeconds"\s*:\s*(\d+)')


def patience(request: wire.Request) -> float:
    """Seconds that a request is willing to wait for something to arrive."""
    if request.name != "sqs:ReceiveMessage":
        return 0.0
    asked = _WAIT.search(request.body)
    return float(min(int(asked[1]), _LONGEST)) if asked else 0.0


def found_nothing(answer: wire.Answer) -> bool:
    """Whether an answer to ReceiveMessage brings no message. A refusal is something."""
    status, _, body = answer
    return status == 200 and not json.loads(body or "{}").get("Messages")


def pause(clock: Clock) -> float:
    """Seconds of the clock between two looks at the queue."""
    return _REAL_PAUSE * max(1.0, clock.rate) if clock.rate else _STEP


@patch("sqs-long-poll", "SQS API: ReceiveMessage, WaitTimeSeconds")
def _poll(into: Installer) -> None:
    @into.wrap(SQSBackend, "receive_message")
    def receive(original: Any, backend: Any, queue_name: str, count: int, _: int, *rest: Any) -> Any:
        return original(backend, queue_name, count, 0, *rest)


PATCHES: Final[tuple[Patch, ...]] = (_poll,)

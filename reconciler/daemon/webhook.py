"""One webhook: events as JSON, retried a while, never in the way of the loop."""

from __future__ import annotations

import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import tenacity

Event = Mapping[str, Any]
"""An event as JSON."""

_TIMEOUT = 10
_KEPT = 1000
_ATTEMPTS = 6


class Webhook:
    """Delivers in order from a thread of its own; when the receiver is down too long, the oldest events are told to
    `complain` and dropped."""

    def __init__(self, url: str, complain: Callable[[str], None]) -> None:
        self._url = url
        self._complain = complain
        self._waiting: queue.Queue[Event | None] = queue.Queue(_KEPT)
        self._thread = threading.Thread(target=self._deliver, name="webhook", daemon=True)
        self._thread.start()

    def send(self, event: Event) -> None:
        """Hand over one event; returns at once."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._complain(f"webhook: too far behind, dropped {event['event']}")

    def close(self, timeout: float) -> None:
        """Deliver what is waiting, for at most `timeout` seconds."""
        self._waiting.put(None)
        self._thread.join(timeout)

    def _deliver(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                self._post(event)
            except (urllib.error.URLError, OSError) as error:
                self._complain(f"webhook: {error}; dropped {event['event']}")

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type((urllib.error.URLError, OSError)),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=20),
        stop=tenacity.stop_after_attempt(_ATTEMPTS),
        reraise=True,
    )
    def _post(self, event: Event) -> None:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked where the option is read
            self._url, json.dumps(event).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT):  # noqa: S310 - as above
            return

"""What one account and region tells of the calls that are made in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.aws.calls import Calls
from reconciler.aws.event_queue import EventQueue
from reconciler.aws.sessions import Access
from reconciler.aws.topic import publish
from reconciler.aws.trail import TrailReader
from reconciler.model.ports import Clock


class AwsSource:
    """CloudTrail and the queues of one account and region, as one principal. Safe to share among threads."""

    def __init__(self, access: Access, clock: Clock, calls: Calls) -> None:
        self._access = access
        self._clock = clock
        self._calls = calls
        self._trail = TrailReader(access, clock, calls)

    @property
    def me(self) -> str:
        """The ARN that calls are made as. Raises `AwsError` and `Refused`."""
        return self._access.principal(self._clock, self._calls)

    def records(self, names: Iterable[str], fresh: float = 0.0) -> list[Mapping[str, Any]]:
        """CloudTrail's records of calls by name; see `TrailReader.records`."""
        return self._trail.records(names, fresh)

    def publish(self, topic: str, subject: str, body: str, group: str, message_id: str) -> None:
        """Send one message to an SNS topic; see `publish`."""
        publish(
            self._access,
            self._clock,
            self._calls,
            topic=topic,
            subject=subject,
            body=body,
            group=group,
            message_id=message_id,
        )

    def queue(self, url: str) -> EventQueue:
        """The queue at a URL, for one thread."""
        return EventQueue(self._access, self._clock, self._calls, url)

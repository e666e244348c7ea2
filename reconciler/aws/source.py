"""What one account and region tells of the calls that are made in it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.aws.calls import Calls
from reconciler.aws.event_queue import EventQueue
from reconciler.aws.sessions import Access
from reconciler.aws.topic import publish
from reconciler.aws.trail import TrailReader
from reconciler.model.ports import Clock

_GLOBAL: Final = frozenset({"iam"})
"""Services whose calls CloudTrail keeps in one region (CloudTrail User Guide, "Global service events")."""
_HOME: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


class AwsSource:
    """CloudTrail and the queues of one account and region, as one principal. Safe to share among threads."""

    def __init__(self, access: Access, clock: Clock, calls: Calls) -> None:
        self._access = access
        self._clock = clock
        self._calls = calls
        self._trail = TrailReader(access, clock, calls)
        self._home: TrailReader | None = None
        self._opening = threading.Lock()

    @property
    def me(self) -> str:
        """The ARN that calls are made as. Raises `AwsError` and `Refused`."""
        return self._access.principal(self._clock, self._calls)

    def records(self, calls: Iterable[str], fresh: float = 0.0) -> list[Mapping[str, Any]]:
        """CloudTrail's records of calls (`ec2:DeleteRoute`), each from the region that has them.

        See `TrailReader.records`.
        """
        parts = [call.partition(":") for call in calls]
        everywhere = {name for service, _, name in parts if service in _GLOBAL}
        here = {name for service, _, name in parts if service not in _GLOBAL}
        found = self._trail.records(here, fresh)
        return found + self._home_trail().records(everywhere, fresh) if everywhere else found

    def _home_trail(self) -> TrailReader:
        with self._opening:
            if self._home is None:
                home = self._access.in_region(_HOME.get(self._access.partition, self._access.region))
                is_here = home is self._access
                self._home = self._trail if is_here else TrailReader(home, self._clock, self._calls)
            return self._home

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

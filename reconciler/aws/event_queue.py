"""The queue that EventBridge feeds. AWS: SQS ReceiveMessage, DeleteMessageBatch; standard queue, at least once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from reconciler.aws.calls import Calls
from reconciler.aws.sessions import Access
from reconciler.aws.wire import Wire
from reconciler.model.ports import Clock

LONG_POLL: Final = 20
"""Seconds: the longest that SQS waits for a message."""
_MOST: Final = 10
"""Messages of one answer and of one batch (SQS API reference)."""


class Message(NamedTuple):
    """One message. `receipt` is what deletes it, `body` what is in it."""

    body: str
    receipt: str


class EventQueue:
    """One queue. Used by one thread."""

    def __init__(self, access: Access, clock: Clock, calls: Calls, url: str) -> None:
        self.url = url
        self._wire = Wire(access, clock, calls)

    def receive(self, wait: int = LONG_POLL) -> list[Message]:
        """The next messages, within `wait` seconds; they come again unless they are deleted. Raises `AwsError`."""
        answer = self._wire.call(
            "sqs", "ReceiveMessage", {"QueueUrl": self.url, "MaxNumberOfMessages": _MOST, "WaitTimeSeconds": wait}
        )
        return [Message(row.get("Body", ""), row["ReceiptHandle"]) for row in answer.get("Messages", ())]

    def delete(self, messages: Sequence[Message]) -> None:
        """Take messages out of the queue. One that cannot be deleted comes again. Raises `AwsError`."""
        for start in range(0, len(messages), _MOST):
            part = messages[start : start + _MOST]
            entries = [{"Id": str(number), "ReceiptHandle": one.receipt} for number, one in enumerate(part)]
            self._wire.call("sqs", "DeleteMessageBatch", {"QueueUrl": self.url, "Entries": entries})

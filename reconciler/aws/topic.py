"""Publishing to SNS. AWS: SNS Publish; a subject is ASCII and at most 100 characters."""

from __future__ import annotations

from reconciler.aws.calls import Calls
from reconciler.aws.sessions import Access
from reconciler.aws.wire import Wire
from reconciler.model.ports import Clock

SUBJECT_LIMIT = 100


def publish(
    access: Access, clock: Clock, calls: Calls, *, topic: str, subject: str, body: str, group: str, message_id: str
) -> None:
    """Send one message; a FIFO topic keeps the order of a `group` and drops a second one with the same `message_id`.

    Raises `AwsError`.
    """
    plain = "".join(char if " " <= char <= "~" else "?" for char in subject)[:SUBJECT_LIMIT].strip() or "reconciler"
    attributes = {
        "key": {"DataType": "String", "StringValue": group},
        "id": {"DataType": "String", "StringValue": message_id},
    }
    params = {"TopicArn": topic, "Subject": plain, "Message": body, "MessageAttributes": attributes}
    if topic.endswith(".fifo"):
        params |= {"MessageGroupId": group[:128].replace(" ", "_"), "MessageDeduplicationId": message_id}
    Wire(access, clock, calls).call("sns", "Publish", params)

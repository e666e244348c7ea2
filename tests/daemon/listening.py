"""The reference stack with the queue that AWS's events come through."""

from __future__ import annotations

from typing import Any

import boto3
from cuts import client
from worlds import graph

from reconciler.aws import Access, AwsReader, AwsSource, AwsWriter, Calls
from reconciler.aws.event_queue import EventQueue
from reconciler.daemon.hearing import Hearing
from reconciler.daemon.intake import Intake
from reconciler.engine import view
from reconciler.event_setup import calls
from reconciler.notices import Known
from reconciler.sandbox import Sandbox

NAME = "reconciler-events"
ACCOUNT = "123456789012"


class Listening:
    """The reference stack with its queue, and an intake that notes what it triggers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.desired = graph()
        self.access, self.sent = Access("us-east-1"), Calls()
        base = f"{self.access.client('sqs').meta.endpoint_url}/{ACCOUNT}"
        writer = AwsWriter(self.access, sandbox.clock, self.sent)
        for call in calls(
            NAME, self.desired.types, partition="aws", region="us-east-1", account="123456789012", url=base
        ):
            writer.perform(call, call.params)
        self.url = f"{base}/{NAME}"
        self.triggered: list[tuple[str, frozenset[str]]] = []
        self.said: list[str] = []
        self.fails = False
        self.known = {"shop": Known("", "", {})}
        queue = EventQueue(self.access, sandbox.clock, self.sent, self.url)
        me = self.access.principal(sandbox.clock)
        self.intake = Intake(queue, lambda: self.known, self._trigger, sandbox.clock, me, self.said.append)

    def _trigger(self, stack: str, addresses: Any, call: str) -> None:
        if self.fails:
            raise RuntimeError("a bug")
        self.triggered.append((stack, frozenset(addresses)))

    def converge(self) -> None:
        assert client(self.sandbox.clock, threads=16).apply(self.desired).converged
        reader = AwsReader(self.access, self.sandbox.clock, self.sent)
        self.known = {"shop": Known.of(view(self.desired, reader).snapshot)}
        self.drain()
        self.triggered.clear()

    def drain(self) -> None:
        """Take in everything that is there."""
        before = -1
        while before != self.intake.counts.total():
            before = self.intake.counts.total()
            self.intake.poll()

    def send(self, body: str) -> None:
        boto3.client("sqs").send_message(QueueUrl=self.url, MessageBody=body)

    def let_messages_come_again_at_once(self) -> None:
        """moto forgets the attributes that a request does not name, so all are named."""
        sqs, names = boto3.client("sqs"), ["Policy", "RedrivePolicy"]
        kept = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes=kept | {"VisibilityTimeout": "0"})

    def waiting(self, name: str = NAME) -> int:
        sqs = boto3.client("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])


def hearing_of(sandbox: Sandbox) -> Hearing:
    """What hears of one account through its queue and its trail."""
    source = AwsSource(Access("us-east-1"), sandbox.clock, Calls())
    return Hearing(lambda _: source, sandbox.clock, print)

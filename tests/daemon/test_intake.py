"""Events of AWS taken in: what leads to a look, what is dropped, what comes again."""

from __future__ import annotations

import json

import boto3
import pytest
from listening import NAME, Listening

from reconciler.notices import Known
from reconciler.sandbox import Faults, Sandbox


@pytest.fixture
def world(sandbox: Sandbox) -> Listening:
    return Listening(sandbox)


@pytest.mark.parametrize("body", ["{", "[]", '{"detail": 3}', "x" * 200_000], ids=["cut", "list", "odd", "huge"])
def test_a_bad_message_is_counted_dropped_and_told(world: Listening, body: str) -> None:
    world.send(body)
    world.drain()
    assert world.intake.counts["bad"] == 1
    assert world.waiting() == 0
    assert "a message was dropped" in world.said[0]


def test_an_event_that_comes_twice_counts_once(world: Listening) -> None:
    world.known = {"shop": Known("123456789012", "us-east-1", {"vpc-1": frozenset({"vpc/main"})})}
    detail = {
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DeleteTags",
        "eventID": "e",
        "userIdentity": {"type": "IAMUser", "userName": "ann"},
        "requestParameters": {"resourcesSet": {"items": [{"resourceId": "vpc-1"}]}},
    }
    envelope = {"id": "1", "account": "123456789012", "region": "us-east-1", "time": "t", "detail": detail}
    for number in ("1", "2"):
        world.send(json.dumps(envelope | {"id": number, "detail-type": "AWS API Call via CloudTrail"}))
    world.drain()
    assert world.triggered == [("shop", frozenset({"vpc/main"}))]
    assert (world.intake.counts["touching"], world.intake.counts["duplicate"]) == (1, 1)


def test_what_concerns_nobody_is_dropped(world: Listening) -> None:
    boto3.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    world.drain()
    assert world.intake.counts["foreign"] == 1
    assert (world.triggered, world.waiting()) == ([], 0)


def test_a_queue_that_cannot_be_read_is_told_once_and_tried_again(world: Listening) -> None:
    world.sandbox.faults = Faults(errors_5xx=1, only=frozenset({"sqs:ReceiveMessage"}))
    pauses = [world.intake.poll() for _ in range(3)]
    assert pauses == [1.0, 2.0, 4.0]
    assert len(world.said) == 1
    world.sandbox.faults = Faults()
    assert world.intake.poll() == 0.0
    assert world.said[1:] == ["events: the queue can be read again"]


def test_a_message_that_fails_is_left_for_the_dead_letter_queue(world: Listening) -> None:
    world.let_messages_come_again_at_once()
    world.known = {"shop": Known("123456789012", "us-east-1", {})}
    world.fails = True
    boto3.client("ec2").create_vpc(
        CidrBlock="10.9.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "reconciler.dev/stack", "Value": "shop"}]}],
    )
    for _ in range(5):
        world.intake.poll()
    assert world.intake.counts["failed"] == 3
    assert (world.waiting(), world.waiting(f"{NAME}-dead")) == (0, 1)

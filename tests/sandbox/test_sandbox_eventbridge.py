"""What EventBridge hands to a queue: calls by way of CloudTrail, and ECS's own events."""

from __future__ import annotations

import json
import threading
from typing import Any

import boto3
import pytest
from fargate_world import World

from reconciler.sandbox import Clock, Sandbox, Timings


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World.build(sandbox)


class Queue:
    """A queue fed by one rule."""

    def __init__(self, pattern: dict[str, Any], *, policy: bool = True) -> None:
        self.sqs, events = boto3.client("sqs"), boto3.client("events")
        self.url = self.sqs.create_queue(QueueName="events")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:events"
        rule = events.put_rule(Name="rule", EventPattern=json.dumps(pattern))["RuleArn"]
        events.put_targets(Rule="rule", Targets=[{"Id": "queue", "Arn": arn}])
        if policy:
            self.let_in(rule)

    def let_in(self, rule: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:us-east-1:123456789012:events",
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while rows := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(row["Body"]) for row in rows]
        return found


@pytest.mark.stricter_than_moto
def test_a_call_arrives_in_eventbridges_envelope(network: Any, sandbox: Sandbox) -> None:
    """Source: EventBridge User Guide, "AWS service events delivered via AWS CloudTrail"."""
    queue = Queue({"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"]})
    group = network.group()
    boto3.client("logs").create_log_group(logGroupName="not-asked-for")
    (event,) = queue.events()
    assert {key: event[key] for key in event.keys() - {"id", "detail"}} == {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2",
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
    }
    assert event["detail"]["eventName"] == "CreateSecurityGroup"
    assert event["detail"]["responseElements"]["groupId"] == group


@pytest.mark.stricter_than_moto
def test_a_queue_without_a_policy_takes_nothing(network: Any) -> None:
    """Source: EventBridge User Guide, "Amazon SQS permissions"."""
    queue = Queue({"source": ["aws.ec2"]}, policy=False)
    network.group()
    assert queue.events() == []
    queue.let_in("arn:aws:events:us-east-1:123456789012:rule/another")
    network.group("b")
    assert queue.events() == []
    queue.let_in("arn:aws:events:us-east-1:123456789012:rule/rule")
    network.group("c")
    assert len(queue.events()) == 1


@pytest.mark.stricter_than_moto
def test_an_event_takes_its_time(plain_moto: bool) -> None:
    """EventBridge User Guide, Events from AWS services: CloudTrail's are delivered once CloudTrail has them."""
    with Sandbox(strict=not plain_moto, timings=Timings(trail_delivery=30)) as sandbox:
        queue = Queue({"source": ["aws.ec2"]})
        boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
        assert queue.events() == []
        sandbox.clock.advance(30)
        assert len(queue.events()) == 1


@pytest.mark.stricter_than_moto
def test_tasks_services_and_deployments_tell_what_becomes_of_them(world: World) -> None:
    """Source: ECS Developer Guide, "Amazon ECS events"."""
    queue = Queue({"source": ["aws.ecs"]})
    world.service(desiredCount=1)
    world.after(120)
    events = [event for event in queue.events() if event["detail-type"].startswith("ECS ")]
    tasks = [event for event in events if event["detail-type"] == "ECS Task State Change"]
    assert [event["detail"]["lastStatus"] for event in tasks] == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    assert [event["detail"]["version"] for event in tasks] == [1, 2, 3, 4]
    assert tasks[0]["resources"] == [tasks[0]["detail"]["taskArn"]]
    rest = [(e["detail-type"], e["detail"]["eventName"]) for e in events if e not in tasks]
    assert rest == [
        ("ECS Deployment State Change", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
        ("ECS Deployment State Change", "SERVICE_DEPLOYMENT_COMPLETED"),
        ("ECS Service Action", "SERVICE_STEADY_STATE"),
    ]


def test_a_long_poll_lets_others_in_and_ends_when_something_comes() -> None:
    """The clock is slow: a machine that is busy for twenty seconds has not missed the end of the poll."""
    with Sandbox(clock=Clock.scaled(0.1)) as sandbox:
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="events")["QueueUrl"]
        found: list[Any] = []
        poll = threading.Thread(target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
        began = sandbox.clock.now()
        poll.start()
        while not sandbox.calls["sqs:ReceiveMessage"]:
            boto3.client("sts").get_caller_identity()
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        poll.join()
        assert [row["Body"] for row in found[0]["Messages"]] == ["hello"]
        assert sandbox.calls["sqs:ReceiveMessage"] == 1
        assert sandbox.clock.now() < began + 20


def test_a_long_poll_of_nothing_takes_its_time_on_the_clock(sandbox: Sandbox) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    began = sandbox.clock.now()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert sandbox.clock.now() == began + 20

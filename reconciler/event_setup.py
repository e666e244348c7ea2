"""What makes AWS tell the daemon of changes: a queue, EventBridge rules that feed it, and the permission to. Pure.

Sources: EventBridge User Guide, "AWS service events delivered via AWS CloudTrail", "Amazon SQS permissions"; quotas: a
pattern has at most 2048 characters, so there is a rule for each service.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from reconciler.model.graph import Types
from reconciler.model.resource import Call
from reconciler.model.values import FrozenMap

RETENTION_SECONDS: Final = 3600
"""An older event says nothing that a pass has not seen."""
VISIBILITY_SECONDS: Final = 30
RECEIVES: Final = 3
"""How often a message is tried before it goes to the dead-letter queue."""
DEAD_LETTER_SECONDS: Final = 14 * 86400

_SOURCES: Final = {"elbv2": "elasticloadbalancing", "application-autoscaling": "autoscaling"}
_ECS_DETAILS: Final = ("ECS Task State Change", "ECS Service Action", "ECS Deployment State Change")


def patterns(types: Types) -> dict[str, dict[str, Any]]:
    """The event pattern of each rule, by what it is for: the calls that can change a type of ours, and ECS's own."""
    calls: dict[str, set[str]] = {}
    for kind in types.values():
        tagging = kind.tag("it", FrozenMap({"key": "value"}), ["other"]) if kind.taggable else ()
        for name in (*kind.changed_by, *(call.name for call in tagging)):
            service, _, operation = name.partition(":")
            calls.setdefault(_SOURCES.get(service, service), set()).add(operation)
    found: dict[str, dict[str, Any]] = {
        service: {
            "source": [f"aws.{service}"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventSource": [f"{service}.amazonaws.com"], "eventName": sorted(names)},
        }
        for service, names in sorted(calls.items())
    }
    found["ecs-state"] = {"source": ["aws.ecs"], "detail-type": list(_ECS_DETAILS)}
    return found


def calls(name: str, types: Types, *, partition: str, region: str, account: str, url: str) -> list[Call]:
    """The requests that set everything up, in order; making them again changes nothing.

    `url` is where SQS puts the queues of the account: a queue's own URL is that and `/` and its name.
    """
    queue, dead = _arn("sqs", partition, region, account, name), _arn("sqs", partition, region, account, f"{name}-dead")
    rules = {f"{name}-{what}": pattern for what, pattern in patterns(types).items()}
    attributes = {
        "MessageRetentionPeriod": str(RETENTION_SECONDS),
        "VisibilityTimeout": str(VISIBILITY_SECONDS),
        "RedrivePolicy": _text({"deadLetterTargetArn": dead, "maxReceiveCount": RECEIVES}),
        "Policy": _text(_policy(queue, [_arn("events", partition, region, account, f"rule/{rule}") for rule in rules])),
    }
    found = [
        Call("sqs", "CreateQueue", {"QueueName": f"{name}-dead"}),
        Call(
            "sqs",
            "SetQueueAttributes",
            {"QueueUrl": f"{url}/{name}-dead", "Attributes": {"MessageRetentionPeriod": str(DEAD_LETTER_SECONDS)}},
        ),
        Call("sqs", "CreateQueue", {"QueueName": name}),
        Call("sqs", "SetQueueAttributes", {"QueueUrl": f"{url}/{name}", "Attributes": attributes}),
    ]
    for rule, pattern in rules.items():
        found.append(Call("events", "PutRule", {"Name": rule, "EventPattern": _text(pattern), "State": "ENABLED"}))
        found.append(Call("events", "PutTargets", {"Rule": rule, "Targets": [{"Id": "reconciler", "Arn": queue}]}))
    return found


def _policy(queue: str, rules: Iterable[str]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "EventBridge",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {"ArnEquals": {"aws:SourceArn": sorted(rules)}},
            }
        ],
    }


def _arn(service: str, partition: str, region: str, account: str, resource: str) -> str:
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))

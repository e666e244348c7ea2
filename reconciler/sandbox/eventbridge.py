"""EventBridge: events of AWS's own services, handed to the SQS targets of the rules on the default bus.

A queue takes them only if its policy lets EventBridge in, as on AWS; otherwise they are lost. Sources: EventBridge
User Guide, "Events in Amazon EventBridge" (the envelope) and "Using resource-based policies" (SQS permissions).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final
from uuid import uuid4

from moto.events.models import events_backends
from moto.sqs.models import sqs_backends

from .engine import engine

_SENDER: Final = "events.amazonaws.com"


def publish(
    account: str,
    region: str,
    source: str,
    detail_type: str,
    detail: Callable[[], dict[str, Any]],
    resources: Iterable[str] = (),
) -> None:
    """Send one event to every rule that matches it. `detail` is asked for only where there is a rule."""
    backend = events_backends[account][region]
    rules = [rule for rule in backend.event_buses["default"].rules.values() if rule.state.startswith("ENABLED")]
    if not rules:
        return
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": datetime.fromtimestamp(int(engine().now()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": list(resources),
        "detail": detail(),
    }
    text = json.dumps(event, default=_shown)
    for rule in rules:
        if rule.event_pattern.get_pattern() and rule.event_pattern.matches_event(json.loads(text)):
            for target in rule.targets:
                _send(rule, target, text)


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    raise TypeError(f"{value!r} is no JSON")


def _send(rule: Any, target: dict[str, Any], text: str) -> None:
    arn: str = target["Arn"]
    if ":sqs:" not in arn:
        return
    region, account, name = arn.split(":")[3:6]
    backend = sqs_backends[account][region]
    queue = backend.queues.get(name)
    if queue is not None and _lets_in(queue.policy, rule.arn, arn):
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        backend.send_message(name, text, group_id=group)


def _lets_in(policy: str | None, rule_arn: str, queue_arn: str) -> bool:
    statements = json.loads(policy).get("Statement", []) if policy else []
    return any(
        each.get("Effect") == "Allow"
        and _SENDER in _several(each.get("Principal", {}), "Service")
        and any(fnmatchcase("sqs:SendMessage", action) for action in _several(each, "Action"))
        and any(fnmatchcase(queue_arn, resource) for resource in _several(each, "Resource"))
        and _holds(each.get("Condition", {}), rule_arn)
        for each in statements
    )


def _holds(conditions: dict[str, Any], rule_arn: str) -> bool:
    """Conditions on the rule that sends; any other is taken not to hold."""
    return all(
        key == "aws:SourceArn" and any(fnmatchcase(rule_arn, wanted) for wanted in _several(by_key, key))
        for by_key in conditions.values()
        for key in by_key
    )


def _several(mapping: Any, key: str) -> list[str]:
    value = mapping.get(key, []) if isinstance(mapping, dict) else []
    return value if isinstance(value, list) else [value]

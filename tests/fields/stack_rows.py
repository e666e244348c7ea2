"""Every field of Stack, Cluster, Alert and Flow."""

from __future__ import annotations

from typing import Final

from rows import ABSENT, Row

_WINDOW: Final = {"schedule": "0 2 * * 6", "duration": "2h"}
_WINDOWS: Final = (("Stack/shop maintenanceWindows", [_WINDOW]),)
_SIZE: Final = (
    ("Stack/shop variables", {"size": {"type": "Integer", "default": 3, "description": "copies"}}),
    ("Task/web replicas", "${var.size}"),
)
_IN_TEXT: Final = (
    ("Stack/shop variables", {"size": {"type": "Integer", "default": 3}}),
    ("Task/web containers[app].env", {"SIZE": "${var.size} copies"}),
)
_ROLE: Final = ("Stack/shop assumeRole", {"arn": "arn:aws:iam::123456789012:role/reconciler"})


def _secret(field: str) -> tuple[Row, ...]:
    """The three places that a secret of an alert may be in."""
    places = {
        "env": ("HOOK_URL", "OTHER_URL"),
        "file": ("/run/hook", "/run/other"),
        "value": ("https://a.example.com", "https://b.example.com"),
    }
    one_of = "exactly one|write one|has none"
    return tuple(
        Row(f"{field}.{name}", after, given=((field, {name: before}),), needed=one_of)
        for name, (before, after) in places.items()
    )


_TOPIC: Final = "arn:aws:sns:us-east-1:123456789012:other"
_SINKS: Final = "Alert/on-call sinks"
_ALERTS: Final = (
    Row(_SINKS, [{"name": "chat", "apprise": {"url": {"env": "OTHER"}}}]),
    Row(f"{_SINKS}[hook].name", "other"),
    Row(f"{_SINKS}[hook].webhook", {"url": {"env": "URL"}}, needed="hook|sink|write one"),
    Row(f"{_SINKS}[hook].webhook.url", {"env": "URL"}),
    *_secret(f"{_SINKS}[hook].webhook.url"),
    Row(f"{_SINKS}[hook].webhook.secret", {"env": "KEY"}),
    *_secret(f"{_SINKS}[hook].webhook.secret"),
    Row(f"{_SINKS}[topic].sns", {"topicArn": _TOPIC}, needed="topic|sink|write one"),
    Row(f"{_SINKS}[topic].sns.topicArn", _TOPIC),
    Row(f"{_SINKS}[chat].apprise", {"url": {"env": "OTHER"}}, needed="chat|sink|write one"),
    Row(f"{_SINKS}[chat].apprise.url", {"env": "OTHER"}),
    *_secret(f"{_SINKS}[chat].apprise.url"),
    Row("Alert/on-call severity", "error"),
    Row("Alert/on-call events", ["ApplyFailed"]),
    Row("Alert/on-call objects", ["Task/*"]),
    Row("Alert/on-call groupWait", "10s"),
    Row("Alert/on-call repeatInterval", "4h"),
    Row("Alert/on-call template", {"title": "drift", "text": "drift"}),
    Row("Alert/on-call template.title", "drift"),
    Row("Alert/on-call template.text", "drift"),
)

ROWS: Final = (
    *_ALERTS,
    Row("Stack/shop events", {"queueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/events"}),
    Row(
        "Stack/shop events.queueUrl",
        "https://sqs.us-east-1.amazonaws.com/123456789012/others",
        given=(("Stack/shop events", {"queueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/events"}),),
    ),
    Row("Stack/shop account", "123456789012"),
    Row("Stack/shop assumeRole", {"arn": "arn:aws:iam::123456789012:role/reconciler"}),
    Row("Stack/shop assumeRole.arn", "arn:aws:iam::123456789012:role/deploy", given=(_ROLE,)),
    Row("Stack/shop assumeRole.externalId", "shop", given=(_ROLE,)),
    Row("Stack/shop assumeRole.sessionName", "shop", given=(_ROLE,)),
    Row(
        "Stack/shop variables",
        {"size": {"type": "Integer", "default": 3}},
        ("service/web desiredCount",),
        also=(("Task/web replicas", "${var.size}"),),
    ),
    Row(
        "Stack/shop variables[size].type",
        "String",
        given=_IN_TEXT,
        also=(("Stack/shop variables[size].default", "3"),),
        needed="is a number, not text",
    ),
    Row("Stack/shop variables[size].default", 5, ("service/web desiredCount",), given=_SIZE, needed="has no value"),
    Row("Stack/shop variables[size].description", "how many", given=_SIZE),
    Row("Stack/shop owner", "checkout", refused="belongs to owner default"),
    Row("Stack/shop tags", {"team": "checkout"}, ("* tags[team]",)),
    Row("Stack/shop drift", {"policy": "Alert"}),
    Row("Stack/shop drift.policy", "Ignore"),
    Row("Stack/shop drift.interval", "5m"),
    Row("Stack/shop prune", False),
    Row("Stack/shop heal", False),
    Row("Stack/shop promote", False),
    Row("Stack/shop maxDisruption", 3),
    Row("Stack/shop maintenanceWindows", [_WINDOW]),
    Row("Stack/shop maintenanceWindows[0].schedule", "0 3 * * *", given=_WINDOWS),
    Row("Stack/shop maintenanceWindows[0].duration", "1h", given=_WINDOWS),
    Row("Stack/shop maintenanceWindows[0].timeZone", "Europe/Berlin", given=_WINDOWS),
    Row("Stack/shop maintenanceWindows[0].allows", ["Heal"], given=_WINDOWS),
    Row("Flow/in from", "10.0.0.0/8"),
    Row("Flow/in to", "task/api"),
    Row("Flow/in port", 80),
    Row("Flow/in protocol", "udp", also=(("Flow/in path", ABSENT), ("Flow/in host", ABSENT))),
    Row("Flow/in path", "/"),
    Row("Flow/in host", "www.example.com"),
    Row("Flow/in via", []),
    Row("Flow/in notVia", ["loadBalancer/spare"]),
    Row("Flow/in expect", "Blocked"),
)

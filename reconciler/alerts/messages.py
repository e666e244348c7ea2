"""Messages: what one alert says of one incident, for programs and for people. Pure."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reconciler.kinds.alert import Template
from reconciler.model.events import Event

Message = Mapping[str, Any]
"""A JSON object. `key` is the same in every message of one incident and of no other; `id` is the same only in copies
of one message: whoever drops what has an `id` that they know hears everything exactly once."""

REMINDER: Final = "reminder"
_MOST_LINES: Final = 20


def message_of(event: Event, phase: str, time: float) -> dict[str, Any]:
    """What is said of an event."""
    document = event.document()
    attribution = event.data.get("attribution")
    key = event.incident or f"{event.stack}/{event.type}/{event.time:.3f}/{event.pass_id}"
    return {
        "key": key,
        "id": hashlib.sha256(f"{key}\n{phase}\n{time:.3f}".encode()).hexdigest()[:24],
        "phase": phase,
        "event": event.type,
        "severity": event.severity.value,
        "stack": event.stack,
        "object": event.object,
        "address": event.address,
        "message": event.message,
        "who": attribution["who"] if isinstance(attribution, Mapping) else "",
        "time": document["time"],
        "data": dict(event.data),
    }


def reminder_of(message: Message, time: float) -> dict[str, Any]:
    """The same said again because it lasts."""
    identity = hashlib.sha256(f"{message['key']}\n{REMINDER}\n{time:.3f}".encode()).hexdigest()[:24]
    return {**message, "id": identity, "phase": REMINDER}


def envelope(alert: str, stack: str, messages: Sequence[Message]) -> dict[str, Any]:
    """Several messages to a program: one document."""
    return {"version": "1", "alert": alert, "stack": stack, "messages": list(messages)}


def words(template: Template, messages: Sequence[Message]) -> tuple[str, str]:
    """Title and text for people; a burst is one message with a line for each."""
    rendered = [_rendered(template, message) for message in messages]
    if len(rendered) == 1:
        return rendered[0]
    resolved = sum(message["phase"] == "resolved" for message in messages)
    stacks = sorted({str(message["stack"]) for message in messages if message["stack"]})
    title = f"{len(messages)} alerts, {resolved} of them resolved, in {', '.join(stacks) or 'no stack'}"
    lines = [f"{first}\n  {text}" for first, text in rendered[:_MOST_LINES]]
    more = [f"and {len(rendered) - _MOST_LINES} more"] if len(rendered) > _MOST_LINES else []
    return title, "\n".join([*lines, *more])


def _rendered(template: Template, message: Message) -> tuple[str, str]:
    fields = {**message, "object": message["object"] or "the stack", "who": message["who"] or "unknown"}
    title = string.Template(template.title).substitute(fields)
    return " ".join(title.split()), string.Template(template.text).substitute(fields)


def worst(messages: Iterable[Message]) -> str:
    """The worst severity of what is not over; `resolved` where everything is."""
    found = {message["severity"] for message in messages if message["phase"] != "resolved"}
    return next((severity for severity in ("error", "warning", "info") if severity in found), "resolved")

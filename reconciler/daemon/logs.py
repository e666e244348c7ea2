"""Events as lines: JSON for machines, words for people."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from reconciler.model.events import Event


def json_line(event: Event) -> str:
    """One JSON document."""
    return json.dumps(event.document(), ensure_ascii=False, default=str)


def text_line(event: Event) -> str:
    """Time, stack, object, resource, what happened, and in which pass."""
    at = datetime.fromtimestamp(event.time, UTC).strftime("%H:%M:%S")
    resource = "" if event.message.startswith(event.address) else event.address
    where = " ".join(part for part in (event.stack, event.object, resource) if part)
    said = f"{at} {event.severity.value:<7} {event.type}"
    passed = f" (pass {event.pass_id})" if event.pass_id else ""
    head = f"{said} {where}" if where else said
    return f"{head}: {event.message}{passed}" if event.message else f"{head}{passed}"

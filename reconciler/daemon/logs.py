"""Events as lines: JSON for machines, words for people."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from reconciler.model.events import Event


def json_line(event: Event) -> str:
    """One JSON document."""
    return json.dumps(event.document(), ensure_ascii=False, default=str)


def text_line(event: Event) -> str:
    """Time, stack, what happened, to what, and the rest."""
    at = datetime.fromtimestamp(event.time, UTC).strftime("%H:%M:%S")
    where = " ".join(part for part in (event.stack, event.object) if part)
    said = f"{at} {event.severity.value:<7} {event.type}"
    return f"{said} {where}: {event.message}" if where or event.message else said

"""What people are told, from one pass to the next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.plan import Drifted

Event = dict[str, Any]
Incidents = Mapping[str, Event]
"""Open drift by address."""


def incidents(stack: str, drift: tuple[Drifted, ...]) -> dict[str, Event]:
    """What has drifted, one entry per object, in a form that is equal while the drift is the same."""
    found: dict[str, Event] = {}
    for item in drift:
        key = f"{item.address} {item.id or ''}"
        found[key] = {
            "stack": stack,
            "object": item.owner,
            "address": item.address,
            "id": item.id,
            "status": item.status.value,
            "changes": [{"path": c.path, "observed": c.observed, "desired": c.desired} for c in item.changes],
        }
    return found


def news(before: Incidents, now: Incidents, *, healed: bool) -> Iterator[Event]:
    """Events for what appeared, what changed and what is gone. Said once, and again only when it changes."""
    for key in sorted(now):
        if before.get(key) != now[key]:
            yield {"event": "DriftFound", **now[key]}
    for key in sorted(before.keys() - now.keys()):
        yield {"event": "DriftHealed" if healed else "DriftResolved", **before[key]}

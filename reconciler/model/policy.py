"""What somebody allowed or forbade for a stack or one of its objects, as data."""

from __future__ import annotations

from datetime import date

from reconciler.model.frozen import Frozen


class Accepted(Frozen):
    """An exception: this field may have this value in AWS until the end of that day."""

    field: str
    value: str
    until: date
    because: str


class ObjectPolicy(Frozen):
    """What the annotations of an object say. `drift` is None where the stack's policy holds.

    `retain` keeps its resources when it goes, `prevent_replace` blocks what would replace one of them, `adopt` are ids
    (or `ADDRESS=ID`) of what it takes over.
    """

    drift: str | None = None
    ignored: tuple[str, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    paused: bool = False
    retain: bool = False
    prevent_replace: bool = False
    adopt: tuple[str, ...] = ()


class Window(Frozen):
    """A maintenance window: it opens by a cron expression in a time zone and stays open for `seconds`.

    `allows` are the works (`Heal`, `Promote`) that are done in such windows and not outside of them.
    """

    schedule: str
    seconds: float
    time_zone: str
    allows: frozenset[str]

"""What happened, as people and programs are told: events, and the findings they open and close. Data and pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from reconciler.model.frozen import Frozen


class Severity(Enum):
    """How much an event asks for somebody's attention."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Phase(Enum):
    """Where in the life of its incident an event stands."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"


class Event(Frozen):
    """One thing that happened. `time` is in seconds since the epoch.

    `incident` is the same in every event of one incident, and never used again; `phase` is None for what is no
    incident (an apply that began). `data` are JSON values. `pass_id` joins what happened in one pass.
    """

    type: str
    time: float
    stack: str = ""
    object: str = ""
    address: str = ""
    message: str = ""
    severity: Severity = Severity.INFO
    incident: str = ""
    phase: Phase | None = None
    pass_id: str = ""
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds"),
            "event": self.type,
            "severity": self.severity.value,
            "stack": self.stack,
            "object": self.object,
            "address": self.address,
            "message": self.message,
            "incident": self.incident,
            "phase": self.phase.value if self.phase else "",
            "pass": self.pass_id,
            **self.data,
        }
        return {name: value for name, value in found.items() if value != ""}


class Finding(Frozen):
    """Something that is not as it should be, as long as it lasts.

    `key` names it within its stack and begins with its group (`drift`, `apply`, `look`): a pass that could not
    judge a group leaves its findings as they were. `ended` is the type of the event that says it is over.
    """

    key: str
    type: str
    ended: str
    message: str
    severity: Severity = Severity.WARNING
    object: str = ""
    address: str = ""
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def group(self) -> str:
        """The first word of the key."""
        return self.key.partition(" ")[0]


class Open(Frozen):
    """A finding that was told, and under which incident."""

    finding: Finding
    incident: str

    def document(self) -> dict[str, Any]:
        """As JSON; `from_document` reads it."""
        found = dataclasses.asdict(self.finding)
        return {**found, "severity": self.finding.severity.value, "incident": self.incident}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Open:
        """What `document` wrote. Raises `KeyError`, `TypeError` and `ValueError` for anything else."""
        fields = dict(document)
        incident = str(fields.pop("incident"))
        return cls(Finding(**{**fields, "severity": Severity(fields["severity"])}), incident)


def news(
    stack: str,
    before: Mapping[str, Open],
    findings: Iterable[Finding],
    now: float,
    *,
    kept: Iterable[str] = (),
    ended: str = "",
    pass_id: str = "",
) -> tuple[list[Event], dict[str, Open]]:
    """Events for what appeared, changed and is gone, and what is open afterwards.

    `kept` are keys of which this pass knows nothing: they stay open. `ended` replaces the findings' own word for
    being over.
    """
    current = {finding.key: finding for finding in findings}
    events: list[Event] = []
    still = {key: before[key] for key in kept if key in before}

    def tell(finding: Finding, kind: str, incident: str, phase: Phase) -> None:
        over = phase is Phase.RESOLVED
        severity = Severity.INFO if over else finding.severity
        message = f"no longer: {finding.message}" if over else finding.message
        events.append(
            Event(
                kind,
                now,
                stack,
                finding.object,
                finding.address,
                message,
                severity,
                incident,
                phase,
                pass_id,
                finding.data,
            )
        )

    for key, finding in sorted(current.items()):
        known = before.get(key)
        if known is None:
            incident = f"{stack}/{key.replace(' ', '/')}/{now:.3f}"
            tell(finding, finding.type, incident, Phase.OPENED)
            still[key] = Open(finding, incident)
        else:
            if known.finding != finding:
                tell(finding, finding.type, known.incident, Phase.UPDATED)
            still[key] = Open(finding, known.incident)
    for key in sorted(before.keys() - still.keys()):
        known = before[key]
        tell(known.finding, ended or known.finding.ended, known.incident, Phase.RESOLVED)
    return events, still

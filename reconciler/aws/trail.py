"""CloudTrail's records of calls, read within LookupEvents' two requests a second.

Asked for by the name of the call, so that one question serves every object of a type in the whole account and region;
what was read is remembered, and the next look asks only for what came later.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.aws.calls import Calls
from reconciler.aws.sessions import Access
from reconciler.aws.wire import Wire
from reconciler.model.ports import Clock

MOST_PAGES: Final = 4
"""Pages of fifty that are read of one name: what is further back is older than two hundred such calls."""

_PAGE: Final = 50
_LATE_SECONDS: Final = 1200.0
"""How far back a second look reads again: CloudTrail lists calls minutes late and in no order."""


class TrailReader:
    """The records of one account and region. Safe to share among threads."""

    def __init__(self, access: Access, clock: Clock, calls: Calls) -> None:
        self._clock = clock
        self._wire = Wire(access, clock, calls)
        self._lock = threading.Lock()
        self._read: dict[str, tuple[float, dict[str, Mapping[str, Any]]]] = {}

    def records(self, names: Iterable[str], fresh: float = 0.0) -> list[Mapping[str, Any]]:
        """The records of all calls of these names (`DeleteRoute`), as JSON documents, in no order.

        What was read less than `fresh` seconds ago is not asked for again. Raises `AwsError`.
        """
        found: list[Mapping[str, Any]] = []
        with self._lock:
            for name in sorted(set(names)):
                at, known = self._read.get(name, (0.0, {}))
                now = self._clock.now()
                if (not known and not at) or now - at >= fresh:
                    known = _newest({**known, **self._page_by_page(name, at - _LATE_SECONDS if at else None)})
                    self._read[name] = now, known
                found += known.values()
        return found

    def _page_by_page(self, name: str, since: float | None) -> dict[str, Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
            "MaxResults": _PAGE,
        }
        if since is not None:
            asked["StartTime"] = since
        found: dict[str, Mapping[str, Any]] = {}
        for _ in range(MOST_PAGES):
            answer = self._wire.call("cloudtrail", "LookupEvents", asked)
            for row in answer.get("Events", ()):
                document = _document(row.get("CloudTrailEvent"))
                if document is not None:
                    found[str(row.get("EventId"))] = document
            if not answer.get("NextToken"):
                break
            asked["NextToken"] = answer["NextToken"]
        return found


def _newest(records: dict[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """As many as a first reading gives, so that a daemon's memory stays flat."""
    ordered = sorted(records, key=lambda key: str(records[key].get("eventTime")))
    return {key: records[key] for key in ordered[-MOST_PAGES * _PAGE :]}


def _document(text: Any) -> Mapping[str, Any] | None:
    try:
        document = json.loads(text)
    except (TypeError, ValueError):
        return None
    return document if isinstance(document, dict) else None

"""CloudTrail: who called what, when, from where. Told by LookupEvents, and handed to EventBridge.

A call is kept as it went over the wire and put into CloudTrail's words when somebody asks. The account has a trail
in every region that logs management events, without which AWS hands nothing to EventBridge. Sources: CloudTrail API
Reference, LookupEvents; CloudTrail User Guide, "CloudTrail record contents".
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

from moto.cloudtrail.models import cloudtrail_backends

from . import eventbridge, wire
from .cloudtrail_record import Record, is_management
from .engine import engine
from .faults import Faults

_MOST_ON_PAGE: Final = 50
_KEPT_SECONDS: Final = 90 * 86400.0
_GLOBAL: Final = frozenset({"iam", "sts", "route53", "cloudfront", "organizations"})
"""Services whose calls are logged in us-east-1 wherever they are made."""

_ATTRIBUTES: Final[dict[str, Callable[[Record], set[str]]]] = {
    "EventId": lambda record: {record.event_id},
    "EventName": lambda record: {record.request.operation},
    "ReadOnly": lambda _: {"false"},
    "Username": lambda record: {record.identity.name},
    "ResourceType": lambda record: {row["ResourceType"] for row in record.resources},
    "ResourceName": lambda record: {row["ResourceName"] for row in record.resources},
    "EventSource": lambda record: {record.source},
    "AccessKeyId": lambda record: {record.request.access_key},
}


class _WrongLookupError(Exception):
    """LookupEvents refuses a request; the arguments are AWS's code and message."""


@dataclass(frozen=True)
class _Lookup:
    """One LookupEvents, checked."""

    request: dict[str, Any]

    def check(self) -> None:
        """Raises _WrongLookupError for what AWS refuses."""
        _ = self.most, self.times, self.attribute, self.below

    @cached_property
    def most(self) -> int:
        most = self.request.get("MaxResults", _MOST_ON_PAGE)
        if not isinstance(most, int) or not 1 <= most <= _MOST_ON_PAGE:
            raise _WrongLookupError(
                "InvalidMaxResultsException", "The MaxResults parameter is not in the range 1 to 50."
            )
        return most

    @cached_property
    def times(self) -> tuple[float, float]:
        start, end = self.request.get("StartTime") or 0.0, self.request.get("EndTime") or float("inf")
        if start > end:
            raise _WrongLookupError("InvalidTimeRangeException", "The start time is after the end time.")
        return start, end

    @cached_property
    def attribute(self) -> tuple[str, str] | None:
        wanted = self.request.get("LookupAttributes") or []
        if len(wanted) > 1 or any(each.get("AttributeKey") not in _ATTRIBUTES for each in wanted):
            raise _WrongLookupError("InvalidLookupAttributesException", "Exactly one lookup attribute may be given.")
        return (wanted[0]["AttributeKey"], wanted[0]["AttributeValue"]) if wanted else None

    @cached_property
    def below(self) -> int | None:
        """The number of the last event of the page before: later events do not move the pages."""
        token = self.request.get("NextToken")
        if token is None:
            return None
        try:
            return int(b64decode(token, validate=True))
        except ValueError:
            raise _WrongLookupError("InvalidNextTokenException", "The NextToken is not valid.") from None

    def wants(self, record: Record) -> bool:
        start, end = self.times
        if not start <= int(record.time) <= end or (self.below is not None and record.number >= self.below):
            return False
        if self.attribute is None:
            return True
        key, value = self.attribute
        return value in _ATTRIBUTES[key](record)


@dataclass
class CloudTrail:
    """A rule of the gate that answers LookupEvents, and the audit that notes what was called."""

    _kept: dict[tuple[str, str], list[Record]] = field(default_factory=lambda: defaultdict(list))

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def before(self, request: wire.Request, _: Faults) -> wire.Answer | None:
        """The answer to LookupEvents; everything else passes."""
        if request.name != "cloudtrail:LookupEvents":
            return None
        lookup = _Lookup(json.loads(request.body or "{}"))
        try:
            page = self._page(request, lookup)
        except _WrongLookupError as wrong:
            return wire.error(request, 400, *wrong.args)
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-requestid": str(uuid4())}
        return 200, headers, json.dumps(page)

    def after(self, request: wire.Request, faults: Faults, answer: wire.Answer) -> None:
        """Nothing: `note` is told of refusals too."""

    def note(self, request: wire.Request, answer: wire.Answer) -> None:
        """Keep a call that may have changed something, and hand it to EventBridge."""
        if not is_management(request):
            return
        region = "us-east-1" if request.service in _GLOBAL else request.region
        kept = self._kept[request.account, region]
        now = engine().now()
        while kept and kept[0].time < now - _KEPT_SECONDS:
            kept.pop(0)
        record = Record(request, answer, now, region, kept[-1].number + 1 if kept else 1)
        kept.append(record)
        seconds = engine().timings.trail_delivery
        backend = cloudtrail_backends[request.account][region]
        if seconds:
            engine().after(backend, seconds, lambda: _hand_on(record))
        else:
            _hand_on(record)

    def _page(self, request: wire.Request, lookup: _Lookup) -> dict[str, Any]:
        lookup.check()
        most = lookup.most
        found = list(self._newest_first(request, lookup, most + 1))
        page: dict[str, Any] = {"Events": [record.entry for record in found[:most]]}
        if len(found) > most:
            page["NextToken"] = b64encode(str(found[most - 1].number).encode()).decode()
        return page

    def _newest_first(self, request: wire.Request, lookup: _Lookup, count: int) -> Iterator[Record]:
        listed = engine().clock.now() - engine().timings.trail_lookup
        for record in reversed(self._kept[request.account, request.region]):
            if count and record.time <= listed and lookup.wants(record):
                count -= 1
                yield record


def _hand_on(record: Record) -> None:
    eventbridge.publish(
        record.request.account,
        record.region,
        f"aws.{record.source.partition('.')[0]}",
        "AWS API Call via CloudTrail",
        lambda: record.event,
    )

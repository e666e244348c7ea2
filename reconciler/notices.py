"""What EventBridge tells of, and which objects of which stacks it touches. Pure.

An event is a hint to look again and never the truth: it may come late, twice, out of order or from anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler.attribution import Record, record_of
from reconciler.model import tags as own_tags
from reconciler.model.frozen import Frozen
from reconciler.model.snapshot import Snapshot

MOST_CHARACTERS: Final = 1024 * 1024
"""The largest message that SQS takes (SQS quotas)."""

_CALL: Final = "AWS API Call via CloudTrail"
_TASK: Final = "ECS Task State Change"
_SERVICE: Final = "ECS Service Action"
_DEPLOYMENT: Final = "ECS Deployment State Change"
_QUIET: Final = "INFO"
_STEADY: Final = "SERVICE_STEADY_STATE"


class UnreadableError(ValueError):
    """A message is no event of AWS's."""


class Notice(Frozen):
    """One event. `names` are the texts in it that may name an object, `record` who did what where it is a call.

    `telling` is False for what follows from our own rollouts all the time and says nothing of the configuration.
    """

    id: str
    account: str
    region: str
    time: str
    kind: str
    names: frozenset[str]
    record: Record | None = None
    telling: bool = True


def notice_of(body: str) -> Notice:
    """The event in the body of a message. Raises `UnreadableError`."""
    if len(body) > MOST_CHARACTERS:
        raise UnreadableError("it is larger than a message may be")
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"it is no JSON: {error}") from None
    if not isinstance(event, dict) or not isinstance(event.get("detail"), dict):
        raise UnreadableError("it is no event of EventBridge")
    texts = {key: event.get(key) for key in ("id", "account", "region", "time", "detail-type")}
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise UnreadableError("it lacks what every event of EventBridge has")
    kind, detail = str(event["detail-type"]), event["detail"]
    record = record_of(detail) if kind == _CALL else None
    names = record.names if record else frozenset(_texts([event.get("resources"), detail]))
    return Notice(
        id=record.event_id if record and record.event_id else str(event["id"]),
        account=str(event["account"]),
        region=str(event["region"]),
        time=str(event["time"]),
        kind=kind,
        names=names,
        record=record,
        telling=_is_telling(kind, detail, record),
    )


def _is_telling(kind: str, detail: Mapping[str, Any], record: Record | None) -> bool:
    if kind == _CALL:
        return record is not None
    if kind == _TASK:
        return detail.get("lastStatus") == "STOPPED"
    if kind == _SERVICE:
        return detail.get("eventType") != _QUIET or detail.get("eventName") == _STEADY
    return kind == _DEPLOYMENT


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


class Known(Frozen):
    """What the live objects of one stack are called, in one account and region."""

    account: str
    region: str
    addresses: Mapping[str, frozenset[str]]
    """Ids, ARNs and names with the addresses that they belong to."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> Known:
        """The names in a snapshot."""
        found: dict[str, set[str]] = {}
        for observed in snapshot.live():
            called = {observed.id, *(v for name, v in observed.outputs.items() if name in ("id", "arn", "name"))}
            for name in called:
                if name and observed.address:
                    found.setdefault(name, set()).add(observed.address)
        addresses = {name: frozenset(places) for name, places in found.items()}
        return cls(snapshot.account, snapshot.region, addresses)


def touched(notice: Notice, stacks: Mapping[str, Known]) -> dict[str, frozenset[str]]:
    """The stacks that an event touches, each with the addresses of what it names; those may be none.

    A stack is touched too by what carries its tags, and by what happens inside of something that is its own: a rule
    of its listener, a group in its VPC.
    """
    found: dict[str, frozenset[str]] = {}
    values = notice.record.values if notice.record else notice.names
    parts = frozenset(_parts(notice.names))
    for stack, known in stacks.items():
        if (known.account, known.region) != (notice.account, notice.region):
            continue
        addresses = {place for name in parts & known.addresses.keys() for place in known.addresses[name]}
        if addresses or {own_tags.STACK, stack} <= values:
            found[stack] = frozenset(addresses)
    return found


def _parts(names: Iterable[str]) -> Iterator[str]:
    """Names, in place of an ARN that leads through others (`listener-rule/app/...`) those as well, and the service
    whose group a task is in (`service:NAME`)."""
    for name in names:
        yield name
        yield name.removeprefix("service:")
        if name.startswith("arn:") and ":listener-rule/" in name:
            yield name.replace(":listener-rule/", ":listener/").rpartition("/")[0]
        if name.startswith("arn:") and ":listener" in name:
            balancer = name.partition("/")
            kind = balancer[0].replace(":listener-rule", ":loadbalancer").replace(":listener", ":loadbalancer")
            yield f"{kind}/{'/'.join(balancer[2].split('/')[:3])}"

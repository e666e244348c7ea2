"""Whose doing a drift is: CloudTrail's records matched with what differs. Pure.

A record counts for a drifted object when its call is one that can cause such a change (the type says which) and names
the object: by id, ARN or name. Only what came after our own last such call can be the cause. Where that leaves
nobody, nobody is named: CloudTrail tells late, and a guess would accuse the wrong person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.diff import Comparison
from reconciler.leaves import PRESENT
from reconciler.model import tags as own_tags
from reconciler.model.frozen import Frozen
from reconciler.model.plan import Drifted, Status
from reconciler.model.resource import ResourceType
from reconciler.model.values import EMPTY, KNOWN_AFTER_APPLY, FrozenMap, refs
from reconciler.naming import object_name

OUR_MARK: Final = "reconciler/"
"""Part of the user agent of every request of ours."""

_SERVICES: Final = {"elasticloadbalancing": "elbv2", "autoscaling": "application-autoscaling"}
"""Event sources that are called otherwise than the service in a `Call`."""
_REMOVING: Final = ("Delete", "Disassociate", "Detach", "Release", "Deregister", "Replace")
_PEERS: Final = frozenset({"ipPermissions", "referencedGroupInfo"})
"""Members that name other objects of the same type: the other groups in a security group's rules."""
_SESSION: Final = re.compile(r"^arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.*$")
_TOKENS: Final = re.compile(r"[\[\]\s]+")


class Record(Frozen):
    """What a CloudTrail record says, as far as it matters here. Records that name no principal have an empty `who`.

    `call` is `ec2:DeleteRoute`; `time` is AWS's text, to the second. `names` are the texts in the parameters and the
    answer that may name the object of the call, `values` all scalars in them as text.
    """

    call: str
    time: str
    event_id: str
    principal: str
    who: str
    source_address: str
    user_agent: str
    names: frozenset[str]
    values: frozenset[str]
    parameters: Mapping[str, Any]
    response: Mapping[str, Any]


class Attribution(Frozen):
    """Who changed something, by which call, when and from where. `principal` is an ARN, or the name of a service."""

    who: str
    principal: str
    call: str
    time: str
    source_address: str
    user_agent: str
    event_id: str

    def document(self) -> dict[str, str]:
        """As JSON."""
        return {
            "who": self.who,
            "principal": self.principal,
            "call": self.call,
            "time": self.time,
            "sourceAddress": self.source_address,
            "userAgent": self.user_agent,
            "eventId": self.event_id,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, str]) -> Attribution:
        """What `document` wrote. Raises `KeyError` for anything else."""
        names = ("who", "principal", "call", "time", "sourceAddress", "userAgent", "eventId")
        return cls(*(document[name] for name in names))


Key = tuple[str, str | None]
"""Address and id of a drifted object."""


def record_of(document: Mapping[str, Any]) -> Record | None:
    """The record in a CloudTrail event; None for what failed, only read, or is no such event."""
    source, name, identity = document.get("eventSource"), document.get("eventName"), document.get("userIdentity")
    if document.get("errorCode") or document.get("readOnly") is True or not isinstance(identity, Mapping):
        return None
    if not isinstance(source, str) or not isinstance(name, str):
        return None
    service = source.partition(".")[0]
    parameters, response = _mapping(document.get("requestParameters")), _mapping(document.get("responseElements"))
    principal, who = _principal(identity)
    return Record(
        call=f"{_SERVICES.get(service, service)}:{name}",
        time=str(document.get("eventTime", "")),
        event_id=str(document.get("eventID", "")),
        principal=principal,
        who=who,
        source_address=str(document.get("sourceIPAddress", "")),
        user_agent=str(document.get("userAgent", "")),
        names=frozenset(text for text in _scalars([parameters, response], _PEERS) if text),
        values=frozenset(_scalars([parameters, response])),
        parameters=parameters,
        response=response,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _principal(identity: Mapping[str, Any]) -> tuple[str, str]:
    """ARN and short name. Source: CloudTrail User Guide, "CloudTrail userIdentity element"."""
    service = identity.get("invokedBy")
    kind, arn = identity.get("type"), str(identity.get("arn") or "")
    if isinstance(service, str) and (kind == "AWSService" or service.endswith(".amazonaws.com")):
        return service, service
    if kind == "Root":
        return arn, "root"
    if kind == "AssumedRole":
        return arn, arn.partition(":assumed-role/")[2] or arn
    name = (
        identity.get("userName") or arn.rpartition("/")[2] or identity.get("principalId") or identity.get("accountId")
    )
    return arn or str(name or ""), str(name or "")


def _scalars(value: Any, without: frozenset[str] = frozenset()) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key not in without:
                yield from _scalars(item, without)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _scalars(item, without)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value is not None:
        yield str(value)


def calls_to_look_up(comparison: Comparison, drift: Iterable[Drifted]) -> frozenset[str]:
    """The calls whose records may tell whose doing these are."""
    types = comparison.graph.types
    found: set[str] = set()
    for item in drift:
        kind = types[item.type]
        found.update(_causes(kind, item))
        if item.status is Status.MISSING:
            found.update(kind.changed_by)
    return frozenset(found)


def attributed(
    comparison: Comparison,
    drift: Sequence[Drifted],
    records: Iterable[Record],
    me: str,
    since: Mapping[str, str] = EMPTY,
) -> Mapping[Key, Attribution]:
    """Whose doing each drift is, where it can be known. `me` is the ARN that our own calls are made as, `since` says by
    address when we last put it right, as a record's time: CloudTrail may not list that call of ours yet.
    """
    finding = _Finding(comparison, sorted(records, key=lambda record: record.time), me, since)
    found = {(item.address, item.id): record for item in drift if (record := finding.cause_of(item))}
    drifted = {item.address: (item.address, item.id) for item in drift}
    for item in drift:
        if (item.address, item.id) not in found and _follows(item):
            record = _went_with(comparison, item.address, drifted, found)
            if record is not None:
                found[item.address, item.id] = record
    return {
        key: Attribution(r.who, r.principal, r.call, r.time, r.source_address, r.user_agent, r.event_id)
        for key, r in found.items()
    }


def is_ours(record: Record, me: str) -> bool:
    """Whether we made this call ourselves: our program, run by our principal, whatever the session is called."""
    return OUR_MARK in record.user_agent and _lasting(record.principal) == _lasting(me)


def _lasting(arn: str) -> str:
    """A role's ARN without the name of the session."""
    return _SESSION.sub(r"arn:\1:sts::\2:assumed-role/\3", arn)


def _follows(item: Drifted) -> bool:
    """Whether a drift may be but the consequence of another: something is gone, or waits for what is."""
    return item.status is Status.MISSING or any(KNOWN_AFTER_APPLY in str(change.desired) for change in item.changes)


def _went_with(
    comparison: Comparison, address: str, drifted: Mapping[str, Key], found: Mapping[Key, Record]
) -> Record | None:
    """The record of what took an object along: the nearest one that it refers to, itself drifted, for which somebody
    is known. A load balancer takes its listeners with it, and the address that a task was told."""
    waiting, seen = [address], {address}
    while waiting:
        for target in sorted(comparison.graph.targets.get(waiting.pop(0), ())):
            if target in drifted and target not in seen:
                if record := found.get(drifted[target]):
                    return record
                seen.add(target)
                waiting.append(target)
    return None


def _causes(kind: ResourceType[Any], item: Drifted) -> tuple[str, ...]:
    """The calls that can cause such a drift."""
    if item.status is Status.MISSING:
        return tuple(call for call in kind.changed_by if call.partition(":")[2].startswith(_REMOVING))
    if item.status in (Status.ORPHANED, Status.DUPLICATE):
        return tuple(call for call in kind.changed_by if call not in _of_verbs(kind, _REMOVING))
    tagging = [change.path.startswith("tags[") for change in item.changes]
    calls = () if tagging and all(tagging) else kind.changed_by
    if any(tagging):
        calls += tuple(call.name for call in kind.tag("it", FrozenMap({"key": "value"}), ["other"]))
    return calls


def _of_verbs(kind: ResourceType[Any], verbs: tuple[str, ...]) -> frozenset[str]:
    return frozenset(call for call in kind.changed_by if call.partition(":")[2].startswith(verbs))


class _Finding:
    """One search through records in order of time."""

    def __init__(self, comparison: Comparison, records: Sequence[Record], me: str, since: Mapping[str, str]) -> None:
        self._comparison = comparison
        self._records = records
        self._me = me
        self._since = since

    def cause_of(self, item: Drifted) -> Record | None:
        """The record of the call that most likely did it, or None."""
        kind = self._comparison.graph.types[item.type]
        causes = frozenset(_causes(kind, item))
        identity = self._identity(item)
        matching = [r for r in self._records if r.call in causes and any(_names(r, name) for name in identity)]
        ours = max(
            self._since.get(item.address, ""), *(record.time for record in matching if is_ours(record, self._me)), ""
        )
        others = [r for r in matching if r.time >= ours and r.who and not is_ours(r, self._me)]
        sought = frozenset(_sought(item))
        return max(others, key=lambda record: (len(sought & record.values), record.time), default=None)

    def _identity(self, item: Drifted) -> frozenset[str]:
        """Everything that a record may call the object."""
        found = {item.id} if item.id else set()
        winner = self._comparison.winners.get(item.address)
        if winner is not None and winner.id == item.id:
            found.update(value for name, value in winner.outputs.items() if name in ("arn", "name"))
        if item.status is Status.MISSING:
            found.update(self._former(item))
        return frozenset(text for text in found if text)

    def _former(self, item: Drifted) -> Iterator[str]:
        """Names of what is gone: the one that we gave it, and what the answer to our own create call said."""
        graph = self._comparison.graph
        kind, stack = graph.types[item.type], graph.stack
        digest = graph.replacement_digests.get(item.address, "")
        yield object_name(kind, stack.name, stack.region, item.address, digest)
        held = self._referred(item.address)
        for record in self._records:
            if record.call in kind.changed_by and is_ours(record, self._me) and self._made(record, item, held):
                yield from record.names - frozenset(_scalars(record.parameters))

    def _made(self, record: Record, item: Drifted, held: frozenset[str]) -> bool:
        tagged = own_tags.ADDRESS in record.values
        if tagged:
            return {item.address, self._comparison.graph.stack.name} <= record.values
        return bool(held) and held <= record.values and not self._comparison.graph.types[item.type].taggable

    def _referred(self, address: str) -> frozenset[str]:
        """The ids that an object's own fields lead to."""
        values = {self._comparison.lookup(ref) for ref in refs(self._comparison.graph.resources[address].fields)}
        return frozenset(value for value in values if value)


def _names(record: Record, name: str) -> bool:
    """Whether a record names an object: by its id or ARN, or as a part of a longer ARN."""
    if name in record.names:
        return True
    part = name.rpartition(":")[2].partition("/")[2] if name.startswith("arn:") else name
    return bool(part) and any(f"/{part}/" in f"{text}/" for text in record.names if text.startswith("arn:"))


def _sought(item: Drifted) -> Iterator[str]:
    """The words of a change that a call which makes it would hold."""
    for change in item.changes:
        yield from (part for part in _TOKENS.split(change.path.partition("[")[2]) if part)
        for value in (change.observed, change.desired):
            if isinstance(value, str | int) and value != PRESENT:
                yield str(value)

"""The annotations of ours: what a user says about one object beside what it is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from reconciler.kinds._object import listed, quoted
from reconciler.model.policy import Accepted, ObjectPolicy
from reconciler.model.tags import RETAIN

PREFIX: Final = "reconciler.dev/"
DRIFT: Final = PREFIX + "drift"
IGNORE_FIELDS: Final = PREFIX + "ignore-fields"
ACCEPT_DRIFT: Final = PREFIX + "accept-drift"
PAUSED: Final = PREFIX + "paused"
DELETION_POLICY: Final = PREFIX + "deletion-policy"
PREVENT_REPLACE: Final = PREFIX + "prevent-replace"
ADOPT: Final = PREFIX + "adopt"
KNOWN: Final = (DRIFT, IGNORE_FIELDS, ACCEPT_DRIFT, PAUSED, DELETION_POLICY, PREVENT_REPLACE, ADOPT)
POLICIES: Final = ("Heal", "Alert", "Ignore")
DELETION_POLICIES: Final = ("Delete", RETAIN)

OF_RESOURCES: Final = (DELETION_POLICY, PREVENT_REPLACE, ADOPT)
_OWNERS: Final = "put it on the Network, Cluster, LoadBalancer or Task that it is meant for"
_ADOPTED = re.compile(
    r"([a-z-]+(/[A-Za-z0-9._-]+)+=)?((vpc|subnet|igw|rtb|sg|eipalloc|nat|vpce|acl)-[0-9a-f]{8,17}"
    r"|arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:(loadbalancer|targetgroup|listener)/[!-~]+"
    r"|arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:(cluster/[!-~]+|service/[!-~]+/[!-~]+)"
    r"|arn:[a-z-]+:application-autoscaling:[a-z0-9-]+:[0-9]{12}:scalable-target/[!-~]+"
    r"|arn:[a-z-]+:iam::[0-9]{12}:role/[!-~]+)"
)
_ADOPTABLE: Final = (
    "write the id of something of EC2 such as vpc-0123456789abcdef0, or the ARN of a load balancer, target group, "
    "listener, cluster, service, scalable target or role; ADDRESS=ID where there are several, with ; between"
)
_ACCEPTED = re.compile(r"(?P<field>[^=]+)=(?P<value>.*?) until (?P<until>\d{4}-\d{2}-\d{2}) because (?P<because>.+)")


class Fault(NamedTuple):
    """What is wrong with one annotation, and what would be right."""

    key: str
    message: str
    hint: str


def faults(annotations: Mapping[str, str], *, of_stack: bool, has_resources: bool = True) -> Iterator[Fault]:
    """Everything that is wrong with the annotations of ours. `has_resources`: the object becomes something in AWS."""
    for key, value in annotations.items():
        if key.startswith(PREFIX):
            yield from _faults_of(key, value, of_stack, has_resources)
        elif PREFIX + key in KNOWN:
            yield Fault(key, "says nothing without its prefix", f"write {quoted(PREFIX + key)}")


def _faults_of(key: str, value: str, of_stack: bool, has_resources: bool) -> Iterator[Fault]:
    match key:
        case _ if key == ADOPT and of_stack:
            yield Fault(key, "is for the objects of a stack", "put it on the object that is to take it over")
        case _ if key in OF_RESOURCES and not (has_resources or of_stack):
            yield Fault(key, "says nothing here: this kind has no resources of its own in AWS", _OWNERS)
        case _ if key == DRIFT and of_stack:
            yield Fault(key, "is for the objects of a stack", "set spec.drift.policy instead")
        case _ if key == DRIFT and value not in POLICIES:
            yield Fault(key, f"is {quoted(value)}", _near(value, POLICIES))
        case _ if key == DELETION_POLICY and value not in DELETION_POLICIES:
            yield Fault(key, f"is {quoted(value)}", _near(value, DELETION_POLICIES))
        case _ if key in (PAUSED, PREVENT_REPLACE) and value not in ("true", "false"):
            yield Fault(key, f"is {quoted(value)}", 'write "true" or "false"')
        case _ if key == IGNORE_FIELDS and not list(_fields(value)):
            yield Fault(key, "names no field", "write fields as plans show them, such as desiredCount, tags[team]")
        case _ if key in (ADOPT, ACCEPT_DRIFT):
            yield from _wrong_entries(key, value)
        case _ if key not in KNOWN:
            names = tuple(known.removeprefix(PREFIX) for known in KNOWN)
            yield Fault(key, "is not a known annotation", _near(key.removeprefix(PREFIX), names, PREFIX))


def _wrong_entries(key: str, value: str) -> Iterator[Fault]:
    """The entries of a list that are not what they must be."""
    right = _ADOPTABLE
    if key == ACCEPT_DRIFT:
        right = 'write "FIELD=VALUE until 2027-01-31 because REASON", several with ; between'
    for entry in _entries(value) or [""]:
        good = _accepted(entry) is not None if key == ACCEPT_DRIFT else _ADOPTED.fullmatch(entry)
        if not good:
            yield Fault(key, f"says {quoted(entry)}", right)


def policy_of(annotations: Mapping[str, str]) -> ObjectPolicy:
    """What annotations without faults say."""
    return ObjectPolicy(
        drift=annotations.get(DRIFT),
        ignored=tuple(_fields(annotations.get(IGNORE_FIELDS, ""))),
        accepted=tuple(
            accepted
            for entry in _entries(annotations.get(ACCEPT_DRIFT, ""))
            if (accepted := _accepted(entry)) is not None
        ),
        paused=annotations.get(PAUSED) == "true",
        retain=annotations.get(DELETION_POLICY) == RETAIN,
        adopt=tuple(_entries(annotations.get(ADOPT, ""))),
        prevent_replace=annotations.get(PREVENT_REPLACE) == "true",
    )


def _fields(text: str) -> Iterator[str]:
    """Names of fields, with commas between them that lie in no brackets."""
    return (part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip())


def _entries(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]


def _accepted(text: str) -> Accepted | None:
    found = _ACCEPTED.fullmatch(text)
    if found is None:
        return None
    try:
        until = date.fromisoformat(found["until"])
    except ValueError:
        return None
    return Accepted(found["field"].strip(), found["value"].strip(), until, found["because"].strip())


def _near(word: str, words: tuple[str, ...], prefix: str = "") -> str:
    close = difflib.get_close_matches(word, words, 1, 0.6) or difflib.get_close_matches(
        word.capitalize(), words, 1, 0.6
    )
    return f"did you mean {quoted(prefix + close[0])}?" if close else f"write one of {listed(words)}"

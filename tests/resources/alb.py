"""An Application load balancer as its guide describes it: which rule takes a request. Knows nothing of the program.

Source: ALB guide, "Listener rules" and "Condition types for listener rules". Rules are JSON as the API takes them.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

LAST = 50_000


@dataclass(frozen=True)
class Request:
    path: str
    host: str
    method: str
    headers: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...]
    source: str


def requests(
    paths: Iterable[str],
    hosts: Iterable[str],
    methods: Iterable[str],
    headers: Iterable[tuple[tuple[str, str], ...]],
    queries: Iterable[tuple[tuple[str, str], ...]],
    sources: Iterable[str],
) -> tuple[Request, ...]:
    """Every combination."""
    return tuple(itertools.starmap(Request, itertools.product(paths, hosts, methods, headers, queries, sources)))


def fits(pattern: str, text: str, *, any_case: bool = False) -> bool:
    """`*` is any text, `?` one character."""
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if any_case else 0)) is not None


def meets(condition: Mapping[str, Any], request: Request) -> bool:
    """Whether one value of a condition fits."""
    match condition["Field"]:
        case "path-pattern":
            return any(fits(v, request.path) for v in condition["PathPatternConfig"]["Values"])
        case "host-header":
            return any(fits(v, request.host, any_case=True) for v in condition["HostHeaderConfig"]["Values"])
        case "http-request-method":
            return request.method in condition["HttpRequestMethodConfig"]["Values"]
        case "source-ip":
            source = ipaddress.ip_address(request.source)
            return any(source in ipaddress.ip_network(v) for v in condition["SourceIpConfig"]["Values"])
        case "http-header":
            config = condition["HttpHeaderConfig"]
            name = config["HttpHeaderName"].lower()
            found = [value for key, value in request.headers if key.lower() == name]
            return any(fits(v, value, any_case=True) for v in config["Values"] for value in found)
        case "query-string":
            pairs = condition["QueryStringConfig"]["Values"]
            return any(
                fits(pair.get("Key", "*"), key, any_case=True) and fits(pair["Value"], value, any_case=True)
                for pair in pairs
                for key, value in request.query
            )
    raise AssertionError(condition)


class Refused(Exception):
    """What the API answers with an error."""


class Listener:
    """The rules of one listener, changed by the calls of the API. `most` is the quota of rules."""

    def __init__(self, asked: tuple[Request, ...], default: str, most: int = 100) -> None:
        self.rules: dict[str, dict[str, Any]] = {}
        self.default = default
        self._asked = asked
        self._most = most
        self._made = 0

    def create(self, priority: int, conditions: Any, actions: Any) -> str:
        self._made += 1
        arn = f"rule-{self._made}"
        if len(self.rules) >= self._most:
            raise Refused("TooManyRules")
        self.rules[arn] = {"Priority": priority, "Conditions": conditions, "Actions": actions}
        self._check()
        return arn

    def modify(self, arn: str, changes: Mapping[str, Any]) -> None:
        self.rules[arn] |= {key: value for key, value in changes.items() if key in ("Conditions", "Actions")}

    def prioritise(self, priorities: Mapping[str, int]) -> None:
        for arn, priority in priorities.items():
            self.rules[arn]["Priority"] = priority
        self._check()

    def delete(self, arn: str) -> None:
        del self.rules[arn]

    def copy(self) -> Listener:
        other = Listener(self._asked, self.default, self._most)
        other.rules = {arn: dict(rule) for arn, rule in self.rules.items()}
        other._made = self._made
        return other

    def in_order(self) -> list[dict[str, Any]]:
        return sorted(self.rules.values(), key=lambda rule: int(rule["Priority"]))

    def answers(self) -> dict[str, int]:
        """By answer the requests that get it, a bit for each."""
        left = (1 << len(self._asked)) - 1
        found: dict[str, int] = {}
        for rule in self.in_order():
            taken = left & taken_by(json.dumps(rule["Conditions"], sort_keys=True), self._asked)
            answer = json.dumps(rule["Actions"], sort_keys=True)
            found[answer] = found.get(answer, 0) | taken
            left &= ~taken
        found[self.default] = found.get(self.default, 0) | left
        return found

    def _check(self) -> None:
        taken = [rule["Priority"] for rule in self.rules.values()]
        if len(taken) > len(set(taken)):
            raise Refused("PriorityInUse")
        if not all(1 <= priority <= LAST for priority in taken):
            raise Refused("ValidationError")


@cache
def taken_by(conditions: str, asked: tuple[Request, ...]) -> int:
    """The requests that meet all conditions, a bit for each."""
    taken = (1 << len(asked)) - 1
    for condition in json.loads(conditions):
        taken &= _met(json.dumps(condition), asked)
    return taken


@cache
def _met(condition: str, asked: tuple[Request, ...]) -> int:
    found = json.loads(condition)
    return sum(1 << n for n, request in enumerate(asked) if meets(found, request))


def wrongly(now: Mapping[str, int], before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """The requests that get an answer of neither table, a bit for each."""
    wrong = 0
    for answer, taken in now.items():
        wrong |= taken & ~(before.get(answer, 0) | after.get(answer, 0))
    return wrong

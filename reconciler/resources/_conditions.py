"""When a listener's rule applies. AWS: Elastic Load Balancing v2, RuleCondition.

AWS answers with the older `Values` beside the typed form of a condition and keeps no order. Hosts, header names and
values, and query strings match whatever their case (ALB guide, "Condition types for listener rules").
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from reconciler.model.values import FrozenMap

Conditions = FrozenMap[str, frozenset[str]]
"""Values by AWS's name of the condition (`path-pattern`, `host-header`, `http-request-method`, `source-ip`); any value
of a condition may match, all conditions must. The two that name what they look at say it in the key or the value:
`http-header x-version`, `query-string` with `key=value` (`=value` for any key). Where AWS allows a condition twice, the
second has a number: `query-string 2`."""

_TYPED = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
}
_WHATEVER_CASE = ("host-header", "http-header", "query-string")
_REGEX = " regex"
"""Ends the key of a condition by regular expression, which only others make."""


def conditions_of(entries: Iterable[tuple[str, Iterable[str]]]) -> Conditions:
    """The canonical form of conditions given as (name, values), a name as often as it is asked for."""
    lowered = [
        (key.lower(), frozenset(value.lower() for value in values))
        if key.split(" ")[0] in _WHATEVER_CASE and not key.endswith(_REGEX)
        else (key, frozenset(values))
        for key, values in entries
    ]
    found: dict[str, frozenset[str]] = {}
    for key, values in sorted(lowered, key=lambda entry: (entry[0], sorted(entry[1]))):
        same = sum(1 for known in found if known == key or known.rsplit(" ", 1)[0] == key)
        found[f"{key} {same + 1}" if same else key] = values
    return FrozenMap(found)


def read_conditions(answer: Iterable[Mapping[str, Any]]) -> Conditions:
    """Conditions as DescribeRules lists them; the typed form is the truth where there is one."""
    return conditions_of(_read(condition) for condition in answer)


def condition_params(conditions: Conditions) -> list[dict[str, Any]]:
    """Conditions as CreateRule and ModifyRule take them."""
    return [_params(key, conditions[key]) for key in sorted(conditions)]


def _read(condition: Mapping[str, Any]) -> tuple[str, Iterable[str]]:
    name = condition["Field"]
    config = condition.get(_TYPED.get(name, "")) or {"Values": condition.get("Values", ())}
    if config.get("RegexValues"):
        return name + _REGEX, config["RegexValues"]
    values = config.get("Values", ())
    if name == "query-string":
        return name, [f"{pair.get('Key', '')}={pair['Value']}" for pair in values]
    if name == "http-header":
        return f"{name} {config['HttpHeaderName']}", values
    return name, values


def _params(key: str, values: frozenset[str]) -> dict[str, Any]:
    name, *rest = key.split(" ")
    config: dict[str, Any] = {"Values": sorted(values)}
    if name == "query-string":
        config = {"Values": [_pair(value) for value in sorted(values)]}
    elif name == "http-header":
        config["HttpHeaderName"] = rest[0]
    return {"Field": name, _TYPED[name]: config}


def _pair(text: str) -> dict[str, str]:
    key, _, value = text.partition("=")
    return {"Key": key, "Value": value} if key else {"Value": value}


def may_meet(one: Conditions, other: Conditions) -> bool:
    """Whether some request could meet both. A request may carry a header or a key of the query several times, and
    regular expressions are not looked into: by those no two conditions are told apart."""
    for key, values in one.items():
        meet, others = _TOLD_APART.get(key), other.get(key)
        if meet and others is not None and not any(meet(a, b) for a in values for b in others):
            return False
    return True


def covers(wide: Conditions, narrow: Conditions) -> bool:
    """Whether it is plain to see that whatever meets `narrow` meets `wide`."""
    return all(key in narrow and narrow[key] <= values for key, values in wide.items())


@lru_cache(maxsize=4096)
def _patterns_meet(one: str, other: str) -> bool:
    """Whether some text fits both patterns: a walk through both at once, in step up to the first `*`."""
    start = 0
    for a, b in zip(one, other, strict=False):
        if a == "*" or b == "*":
            break
        if a != b and a != "?" and b != "?":
            return False
        start += 1
    waiting = [(start, start)]
    seen = set(waiting)
    for i, j in waiting:
        if (i, j) == (len(one), len(other)):
            return True
        for there in _steps(one, other, i, j):
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    return False


def _steps(one: str, other: str, i: int, j: int) -> Iterator[tuple[int, int]]:
    a, b = one[i : i + 1], other[j : j + 1]
    if a == "*":
        yield i + 1, j
    if b == "*":
        yield i, j + 1
    if a and b and (a == b or not {a, b}.isdisjoint("?*")):
        yield i + (a != "*"), j + (b != "*")


def _blocks_meet(one: str, other: str) -> bool:
    a, b = ip_network(one, strict=False), ip_network(other, strict=False)
    return a.version == b.version and a.overlaps(b)


_TOLD_APART: Mapping[str, Callable[[str, str], bool]] = {
    "path-pattern": _patterns_meet,
    "host-header": _patterns_meet,
    "http-request-method": operator.eq,
    "source-ip": _blocks_meet,
}

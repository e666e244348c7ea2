"""Which conditions a rule of an Application load balancer can have.

Source: "Condition types for listener rules" and "Quotas", Application Load Balancers user guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from reconciler.checks._cidrs import host_bits
from reconciler.checks._lookup import repeated
from reconciler.kinds import Object, Path, Problem
from reconciler.kinds._object import quoted
from reconciler.kinds.route import Match

CONDITION_VALUES: Final = 5
WILDCARDS: Final = 5
"""Both are fixed quotas."""
PATTERN_LENGTH: Final = 128

_PATH = re.compile(r"[A-Za-z0-9_.$/~\"'@:+&*?-]+")
_HOST = re.compile(r"[A-Za-z0-9.*?_-]*\.[A-Za-z*?]+")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}")
_QUERY_KEY = re.compile(r"[!-<>-~]{1,128}")


def match_problems(route: Object[Any], path: Path, match: Match) -> Iterator[Problem]:
    """What is wrong with the conditions of one rule."""
    lists = list(_lists(path, match))
    yield from _quotas(route, path, [value for _, some in lists for value in some], match.query)
    for where, some in lists:
        if not some:
            yield route.problem(where, "has no values", "write what the value may be, or * for any")
        for again, _ in repeated(((*where, i), value) for i, value in enumerate(some)):
            yield route.problem(again, "is written twice", "keep one")
    for index, value in enumerate(match.paths):
        yield from _path_pattern(route, (*path, "paths", index), value)
    for index, value in enumerate(match.hosts):
        if len(value) > PATTERN_LENGTH or not _HOST.fullmatch(value):
            right = f"write at most {PATTERN_LENGTH} letters, digits and - . * ?, with a dot, such as *.example.com"
            yield route.problem((*path, "hosts", index), f"{quoted(value)} is no pattern of a host", right)
    yield from _names(route, path, match)
    for index, value in enumerate(match.source_ips):
        where = (*path, "sourceIps", index)
        if problem := host_bits(route, where, value):
            yield problem
        elif value == "255.255.255.255/32":
            yield route.problem(where, "nobody connects from 255.255.255.255", "remove it")


def _quotas(route: Object[Any], path: Path, values: Sequence[str], query: Iterable[str]) -> Iterator[Problem]:
    if not values:
        right = "add paths, hosts, methods, headers, query or sourceIps, or move the action to spec.default"
        yield route.problem(path, "matches nothing", right)
    if len(values) > CONDITION_VALUES:
        message = f"has {len(values)} values"
        yield route.problem(path, message, f"write at most {CONDITION_VALUES} and put the rest in another rule")
    wildcards = sum(text.count("*") + text.count("?") for text in (*values, *query))
    if wildcards > WILDCARDS:
        message = f"has {wildcards} wildcards"
        yield route.problem(path, message, f"write at most {WILDCARDS} and put the rest in another rule")


def _lists(path: Path, match: Match) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The values of each condition that is written."""
    for name, values in (
        ("paths", match.paths),
        ("hosts", match.hosts),
        ("methods", match.methods),
        ("sourceIps", match.source_ips),
    ):
        if values:
            yield (*path, name), values
    for name, values in match.headers.items():
        yield (*path, "headers", name), values
    for name, values in match.query.items():
        yield (*path, "query", name), values


def _names(route: Object[Any], path: Path, match: Match) -> Iterator[Problem]:
    for name in match.headers:
        where = (*path, "headers", name)
        if not _HEADER.fullmatch(name):
            right = "write at most 40 letters, digits and ! # $ % & ' * + . ^ _ ` | ~ -"
            yield route.problem(where, f"{quoted(name)} is no name of a header", right)
        elif name.lower() == "host":
            yield route.problem(where, "the header Host has a condition of its own", "write hosts")
    for names, what in ((match.headers, "headers"), (match.query, "query")):
        for again, _ in repeated(((*path, what, name), name.lower()) for name in names):
            yield route.problem(again, "is written twice, in another case", "put the values together")
    for key in match.query:
        if not _QUERY_KEY.fullmatch(key):
            message = f"{quoted(key)} is no key of a query"
            right = f"write 1 to {PATTERN_LENGTH} characters of ASCII without spaces and ="
            yield route.problem((*path, "query", key), message, right)


def _path_pattern(route: Object[Any], path: Path, value: str) -> Iterator[Problem]:
    if len(value) > PATTERN_LENGTH or not _PATH.fullmatch(value):
        right = f"write at most {PATTERN_LENGTH} letters, digits and _ - . $ / ~ \" ' @ : + & * ?"
        yield route.problem(path, f"{quoted(value)} is no pattern of a path", right)
    elif value[0] not in "/*?":
        yield route.problem(path, f"{quoted(value)} fits no path", f"write {quoted('/' + value)}")

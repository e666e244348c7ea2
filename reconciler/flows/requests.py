"""Which rule of a listener takes which requests, and which requests no rule is left for.

A condition looks at one side of a request (path, host, method, a header, the query, the client's address). On each
side the values that the rules tell apart are numbered; a set of requests is a box of such numbers, and what a rule
takes is what its box has in common with what the rules before it left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from reconciler.flows.patterns import kinds, matches
from reconciler.flows.ranges import (
    ALL_ADDRESSES,
    NOTHING,
    Ranges,
    addresses_text,
    block,
    difference,
    intersection,
    union,
)
from reconciler.model.frozen import Frozen

Region = tuple[frozenset[int], ...]
"""For each side the numbers of the values that it may have."""


class Rule(Frozen):
    """What a listener does with what meets `when`."""

    name: str
    order: int
    when: Mapping[str, frozenset[str]]
    pools: Mapping[str, int]
    answer: str
    unclear: str


class Request(Frozen):
    """What is known of a request; `None` is anything. Header names are in lower case. `source` are its clients."""

    path: str | None = None
    host: str | None = None
    method: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    source: Ranges = ALL_ADDRESSES

    @property
    def text(self) -> str:
        """The request as people write it, `request` where nothing is known."""
        parts = [part for part in (self.method, (self.host or "") + (self.path or "")) if part]
        return " ".join(parts) or "request"


class Side(Frozen):
    """One side of requests: examples of the values that rules tell apart, and which of them each condition takes."""

    name: str
    examples: tuple[str, ...]
    takes: Mapping[frozenset[str], frozenset[int]]

    @property
    def everything(self) -> frozenset[int]:
        return frozenset(range(len(self.examples)))


class Taken(Frozen):
    """The requests that a rule takes: what those before it `left` of what fits its conditions."""

    rule: Rule
    left: tuple[Region, ...]
    shadowed_by: tuple[Rule, ...]
    """Where nothing is left, the rules before it that take what fits it too."""


class Requests:
    """The rules of one listener, ready to be asked."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        conditions: dict[str, set[frozenset[str]]] = {}
        for rule in rules:
            for key, values in rule.when.items():
                conditions.setdefault(_side_of(key, values), set()).add(values)
        self.sides = tuple(_side(name, conditions[name]) for name in sorted(conditions))
        self._boxes = [self._box(rule) for rule in self.rules]

    def _box(self, rule: Rule) -> Region:
        wanted: dict[str, list[frozenset[str]]] = {}
        for key, values in rule.when.items():
            wanted.setdefault(_side_of(key, values), []).append(values)
        box = []
        for side in self.sides:
            numbers = side.everything
            for values in wanted.get(side.name, ()):
                numbers &= side.takes[values]
            box.append(numbers)
        return tuple(box)

    def region(self, request: Request) -> Region:
        """The requests that are meant."""
        return tuple(_meant(side, request) for side in self.sides)

    def clients(self, regions: Iterable[Region]) -> Ranges:
        """The addresses from which a request may come that is in one of the regions."""
        at = next((n for n, side in enumerate(self.sides) if side.name == "source"), None)
        if at is None:
            return ALL_ADDRESSES if any(True for _ in regions) else NOTHING
        numbers = {number for region in regions for number in region[at]}
        return union(_read(self.sides[at].examples[number]) for number in numbers)

    def taken(self, request: Request) -> list[Taken]:
        """What each rule takes of the requests that are meant, in the order in which they are asked."""
        left: list[Region] = [self.region(request)]
        found = []
        before: list[tuple[Rule, Region]] = []
        for rule, box in zip(self.rules, self._boxes, strict=True):
            here = tuple(part for one in left if (part := _common(one, box)) is not None)
            rivals = () if here else tuple(other for other, theirs in before if _common(theirs, box) is not None)
            found.append(Taken(rule, here, rivals))
            left = [piece for one in left for piece in _cut(one, box)]
            before.append((rule, box))
        return found


def _common(one: Region, other: Region) -> Region | None:
    found = tuple(a & b for a, b in zip(one, other, strict=True))
    return found if all(found) else None


def _cut(region: Region, box: Region) -> Iterable[Region]:
    """What of a region is not in a box, in pieces that share nothing."""
    if _common(region, box) is None:
        yield region
        return
    inside: list[frozenset[int]] = []
    for at, (numbers, taken) in enumerate(zip(region, box, strict=True)):
        rest = numbers - taken
        if rest:
            yield (*inside, rest, *region[at + 1 :])
        inside.append(numbers & taken)


def _side_of(key: str, values: frozenset[str]) -> str:
    """The side that a condition looks at; a condition on the query, which may hold many pairs, is a side of its own."""
    name, _, rest = key.partition(" ")
    if key.endswith(" regex"):
        return f"{key} {'|'.join(sorted(values))}"
    if name == "http-header":
        return f"header {rest.split(' ')[0]}"
    if name == "query-string":
        return f"query {'|'.join(sorted(values))}"
    return {"path-pattern": "path", "host-header": "host", "http-request-method": "method", "source-ip": "source"}.get(
        name, key
    )


def _side(name: str, conditions: Iterable[frozenset[str]]) -> Side:
    if name == "source":
        return _addresses(name, conditions)
    word = name.split(" ")[0]
    if word in ("path", "host", "header"):
        values = tuple(sorted({value for condition in conditions for value in condition}))
        found = kinds(values, "/" if word == "path" else "")
        if found is not None:
            if word == "header":
                found = (*found, (frozenset(), "no such header"))
            return _side_of_kinds(name, conditions, found)
    if word == "method":
        values = tuple(sorted({value for condition in conditions for value in condition}))
        found = (*((frozenset({v}), v) for v in values), (frozenset(), "another method"))
        return _side_of_kinds(name, conditions, found)
    takes = {condition: frozenset({number}) for number, condition in enumerate(conditions, 1)}
    return Side(name, ("anything else", *("|".join(sorted(c)) for c in takes)), takes)


def _side_of_kinds(
    name: str, conditions: Iterable[frozenset[str]], found: Sequence[tuple[frozenset[str], str]]
) -> Side:
    takes = {
        condition: frozenset(number for number, (kind, _) in enumerate(found) if kind & condition)
        for condition in conditions
    }
    return Side(name, tuple(example for _, example in found), takes)


def _addresses(name: str, conditions: Iterable[frozenset[str]]) -> Side:
    """Client addresses, cut at the edges of all blocks."""
    known = list(conditions)
    parts: list[tuple[Ranges, frozenset[str]]] = [(ALL_ADDRESSES, frozenset())]
    for value in sorted({value for condition in known for value in condition}):
        taken = block(value)
        cut: list[tuple[Ranges, frozenset[str]]] = []
        for ranges, held in parts:
            inside, outside = intersection(ranges, taken), difference(ranges, taken)
            cut += [(inside, held | {value})] if inside else []
            cut += [(outside, held)] if outside else []
        parts = cut
    takes = {c: frozenset(n for n, (_, held) in enumerate(parts) if held & c) for c in known}
    return Side(name, tuple(addresses_text(ranges, 1_000_000) for ranges, _ in parts), takes)


def _meant(side: Side, request: Request) -> frozenset[int]:
    word, _, rest = side.name.partition(" ")
    if word == "source":
        return frozenset(n for n, text in enumerate(side.examples) if intersection(_read(text), request.source))
    known = {
        "path": request.path,
        "host": request.host.lower() if request.host else None,
        "method": request.method,
        "header": request.headers.get(rest),
    }.get(word)
    if known is None:
        return side.everything
    if word == "header":
        known = known.lower()
    return frozenset({_number(side, word, known)})


def _number(side: Side, word: str, text: str) -> int:
    """The number of the kind that a text is of."""
    conditions = list(side.takes)
    values = {value for condition in conditions for value in condition}
    hit = {value for value in values if (matches(value, text) if word != "method" else value == text)}
    wanted = [bool(condition & hit) for condition in conditions]
    for number in range(len(side.examples)):
        if [number in side.takes[condition] for condition in conditions] == wanted:
            return number
    return 0


def _read(text: str) -> Ranges:
    found = []
    for part in text.split(", "):
        low, _, high = part.partition("-")
        found.append((block(low)[0][0], block(high or low)[0][0]))
    return tuple(found)

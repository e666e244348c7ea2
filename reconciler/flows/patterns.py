"""Patterns with `*` (any text) and `?` (one character), and the kinds of text that several of them tell apart.

Two texts are of one kind when the same patterns match both. Every kind that exists is found, with an example, by
walking all patterns at once, one character at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

OTHER = "\0"
"""Stands for every character that no pattern waits for."""
MOST = 20_000
"""Combinations of places in the patterns that are looked at before giving up."""

_Places = tuple[tuple[str, frozenset[int]], ...]
"""Of each pattern that may still match, how far it has got."""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches the whole of a text."""
    places = _started(pattern)
    for char in text:
        places = _stepped(pattern, places, char)
        if not places:
            return False
    return len(pattern) in places


def _started(pattern: str) -> frozenset[int]:
    return _skipped(pattern, {0})


def _skipped(pattern: str, places: Iterable[int]) -> frozenset[int]:
    """Places with those reached because `*` may stand for nothing."""
    found = set()
    for place in places:
        here = place
        found.add(here)
        while here < len(pattern) and pattern[here] == "*":
            here += 1
            found.add(here)
    return frozenset(found)


def _stepped(pattern: str, places: frozenset[int], char: str) -> frozenset[int]:
    after = set()
    for place in places:
        if place < len(pattern):
            wanted = pattern[place]
            if wanted == "*":
                after.add(place)
            elif wanted in ("?", char):
                after.add(place + 1)
    return _skipped(pattern, after)


@lru_cache(maxsize=256)
def kinds(patterns: Sequence[str], start: str = "") -> tuple[tuple[frozenset[str], str], ...] | None:
    """Every kind of text that begins with `start`: the patterns that match it, and the shortest example.

    `None` where there are too many to look at.
    """
    places: _Places = tuple((pattern, _started(pattern)) for pattern in patterns)
    for char in start:
        places = _moved(places, char)
    seen = {places: start}
    waiting = [places]
    found: dict[frozenset[str], str] = {}
    for here in waiting:
        text = seen[here]
        kind = frozenset(pattern for pattern, at in here if len(pattern) in at)
        found.setdefault(kind, text)
        for char in [*_told_apart(here), OTHER]:
            there = _moved(here, char)
            if there not in seen:
                if len(seen) >= MOST:
                    return None
                seen[there] = text + char
                waiting.append(there)
    return tuple((kind, text.replace(OTHER, _unused(patterns))) for kind, text in found.items())


def _moved(places: _Places, char: str) -> _Places:
    return tuple((pattern, after) for pattern, at in places if (after := _stepped(pattern, at, char)))


def _told_apart(places: _Places) -> list[str]:
    """The characters that some pattern waits for; all others are alike."""
    waited = {pattern[place] for pattern, at in places for place in at if place < len(pattern)}
    return sorted(waited - {"*", "?"})


def _unused(patterns: Iterable[str]) -> str:
    used = {char for pattern in patterns for char in pattern}
    return next(char for char in "xyzabcdefghijklmnopqrstuvw0123456789-_~!$&" if char not in used)

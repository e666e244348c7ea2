"""Sets of packets of one protocol: boxes of source addresses, destination addresses and destination ports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.flows.ranges import Ranges, covers, difference, intersection, size, union


class Box(NamedTuple):
    """All packets from any of `source` to any of `target` on any of `ports`."""

    source: Ranges
    target: Ranges
    ports: Ranges

    @property
    def empty(self) -> bool:
        return not (self.source and self.target and self.ports)


Packets = tuple[Box, ...]
"""Boxes that share no packet."""


def packets(source: Ranges, target: Ranges, ports: Ranges) -> Packets:
    """One box, or nothing."""
    box = Box(source, target, ports)
    return () if box.empty else (box,)


def meet(box: Box, other: Box) -> Box:
    """The packets of both."""
    return Box(*(intersection(a, b) for a, b in zip(box, other, strict=True)))


def within(found: Packets, box: Box) -> Packets:
    """The packets that are in a box too."""
    parts = (meet(one, box) for one in found)
    return tuple(part for part in parts if not part.empty)


def without(found: Packets, box: Box) -> Packets:
    """The packets that are not in a box."""
    left: list[Box] = []
    for one in found:
        common = meet(one, box)
        if common.empty:
            left.append(one)
            continue
        pieces = (
            Box(difference(one.source, common.source), one.target, one.ports),
            Box(common.source, difference(one.target, common.target), one.ports),
            Box(common.source, common.target, difference(one.ports, common.ports)),
        )
        left += [piece for piece in pieces if not piece.empty]
    return tuple(left)


def turned(found: Packets, ports: Ranges) -> Packets:
    """The answers to packets: addresses swapped, to the ports that clients connect from."""
    return tuple(Box(one.target, one.source, ports) for one in found)


def ports_of(found: Packets) -> Ranges:
    """All destination ports."""
    return union(one.ports for one in found)


def few(found: Iterable[Box], internet: Ranges, limit: int) -> bool:
    """Whether what is in these boxes has an end in the internet and concerns fewer than `limit` of its addresses."""
    for one in found:
        ends = [end for end in (one.source, one.target) if covers(internet, end)]
        if not ends or min(map(size, ends)) >= limit:
            return False
    return True

"""Circles in a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter


def cycles(edges: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Circles, each beginning at its least name, until taking one edge out of each leaves none."""
    left = {node: set(targets) for node, targets in sorted(edges.items())}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][:-1]
            circle.reverse()  # graphlib goes from a node to the ones that wait for it
            start = circle.index(min(circle))
            circle = circle[start:] + circle[:start]
            yield circle
            left[circle[0]].discard(circle[1 % len(circle)])
        else:
            return

"""Stacks of one account and region are looked at together: one look serves all that want one at about that time."""

from __future__ import annotations

import dataclasses
import math
import random
import threading
from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.daemon.queue import JITTER, jittered
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph, Readables
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.model.resource import Known
from reconciler.observe import Look, known_of, look, look_again

STACKS_PER_LOOK: Final = 200
"""Values that one filter of an EC2 request may have (EC2 API reference)."""


class Seen(Frozen):
    """One look: when it began and ended, and what the jitter of what follows from it is, so that its stacks stay
    together.

    One that is not `whole` is an earlier one with some types looked at again: it may say that all is well, no more.
    """

    look: Look
    at: float
    ended: float
    jitter: float
    stacks: frozenset[str]
    evidence: Readables
    """What was looked at beside the types of the graphs."""
    whole: bool = True


class Place:
    """One account and region, with the stacks that the daemon holds in it. Safe to share among threads."""

    def __init__(self, reader: Reader, writer: Writer, clock: Clock, dice: random.Random) -> None:
        self.reader = reader
        self.evidence: Readables = {}
        """What is looked at beside the types of the graphs: what declared flows are judged by, where there are some."""
        self.writer = writer
        self._clock = clock
        self._dice = dice
        self._lock = threading.Lock()
        self._latest: Mapping[str, Seen] = {}
        self._alone: Mapping[str, Seen] = {}

    def seen(self, graph: Graph, neighbours: Mapping[str, Graph], *, began: float, ended: float = -math.inf) -> Seen:
        """A look at this stack that began and ended after these times: a new one at it and all its neighbours if need
        be. One that began later than it is now is from before the clock was put back, and old."""
        with self._lock:
            known = self._latest.get(graph.stack.name)
            if known is not None and began < known.at <= self._clock.now() and known.ended > ended:
                return known
            here = {**neighbours, graph.stack.name: graph}
            others = [name for name in sorted(here) if name != graph.stack.name][: STACKS_PER_LOOK - 1]
            chosen = [here[name] for name in (graph.stack.name, *others)]
            fresh = self._look(chosen, by_index=True)
            self._latest = dict.fromkeys(fresh.stacks, fresh)
            self._alone = {name: one for name, one in self._alone.items() if name not in fresh.stacks}
            return fresh

    def seen_alone(self, graph: Graph, *, by_index: bool = False, more: Readables | None = None) -> Seen:
        """A look at one stack and nothing else, for what cannot wait and what is to be acted upon. `more` is looked at
        beside: what it takes to say what a change opened or closed."""
        fresh = self._look([graph], by_index=by_index, more=more)
        with self._lock:
            self._alone = {**self._alone, graph.stack.name: fresh}
        return fresh

    def seen_in_part(self, graph: Graph, types: Iterable[str], since: float) -> Seen | None:
        """The last look at a stack with these types of it looked at again; None where there was none after `since`."""
        name = graph.stack.name
        with self._lock:
            known = [one[name] for one in (self._latest, self._alone) if name in one]
        last = max(known, key=lambda one: one.at, default=None)
        chosen = {kind: graph.types[kind] for kind in types}
        if last is None or not since < last.at <= self._clock.now():
            return None
        there = {*last.look.found, *last.look.unknown, *chosen}
        if not all(there.issuperset(kind.needs) for kind in chosen.values()):
            return None
        return dataclasses.replace(last, look=look_again(last.look, chosen, self.reader.fresh(), graph), whole=False)

    def next_at(self, stack: str, interval: float, seen: Seen) -> float:
        """When the next routine look is due: with the stacks that shared the last one, where that is still to come."""
        with self._lock:
            shared = self._latest.get(stack, seen)
        times = [one.at + interval * one.jitter for one in (shared, seen)]
        now = self._clock.now()
        latest = now + interval * (1 + JITTER)
        return min((at for at in times if now < at <= latest), default=now if min(times) <= now else latest)

    def _look(self, graphs: list[Graph], *, by_index: bool, more: Readables | None = None) -> Seen:
        at = self._clock.now()
        names = [graph.stack.name for graph in graphs]
        evidence = {**self.evidence, **(more or {})}
        types = {**graphs[0].types, **evidence}
        seen = look(types, self.reader.fresh(), names, graphs, self._known(names), by_index=by_index)
        return Seen(seen, at, self._clock.now(), jittered(1.0, self._dice), frozenset(names), evidence)

    def _known(self, names: Iterable[str]) -> Known:
        """What the last looks that these stacks were part of found of them."""
        looks = {id(one): one.look for name in names if (one := self._latest.get(name)) is not None}
        of_these = frozenset(names)
        found = (one for look in looks.values() for some in look.found.values() for one in some)
        return known_of(one for one in found if one.stack in of_these)

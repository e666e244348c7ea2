"""A walk through a world so far: what it passed, what stood in the way, what is not known."""

from __future__ import annotations

import dataclasses

from reconciler.flows.packets import Box, Packets, ports_of
from reconciler.flows.ranges import Ranges, intersection, size
from reconciler.flows.world import End, World
from reconciler.model.frozen import Frozen


class Hop(Frozen):
    """One component on the way, and what of it let the traffic through."""

    component: str
    allowed_by: str | None = None
    segment: str = ""
    """Where it stands, for an end."""


class Blocker(Frozen):
    """One setting that stops traffic: all of it, or (`partial`) some. `about` is what a fix needs to know."""

    component: str
    code: str
    detail: str
    partial: bool = False
    about: tuple[str, ...] = ()


class Unclear(Frozen):
    """A component that the analysis does not model, on the way."""

    component: str
    detail: str


@dataclasses.dataclass(slots=True)
class Walk:
    """A walk so far. `found` are the packets that got here, `protocol` is theirs, `heard` the ports they come from."""

    world: World
    protocol: str
    found: Packets
    heard: Ranges
    hops: list[Hop] = dataclasses.field(default_factory=list)
    blockers: list[Blocker] = dataclasses.field(default_factory=list)
    unclear: list[Unclear] = dataclasses.field(default_factory=list)
    weight: int = 1
    """How many destination addresses it stands for."""

    @property
    def ports(self) -> Ranges:
        """The destination ports that get through, where it reaches."""
        return ports_of(self.found)

    def branch(self, targets: Ranges) -> Walk:
        """A copy for a part of the destinations."""
        parts = (Box(box.source, intersection(box.target, targets), box.ports) for box in self.found)
        found = tuple(part for part in parts if part.target)
        return dataclasses.replace(
            self,
            found=found,
            hops=list(self.hops),
            blockers=list(self.blockers),
            unclear=list(self.unclear),
            weight=size(targets),
        )

    def hop(self, component: str, allowed_by: str | None = None) -> None:
        self.hops.append(Hop(component, allowed_by))

    def end(self, end: End) -> None:
        self.hops.append(Hop(end.name, None, end.segment))

    def block(self, component: str, code: str, detail: str, *about: str) -> None:
        self.blockers.append(Blocker(component, code, detail, about=about))

    def lose(self, component: str, detail: str) -> None:
        self.unclear.append(Unclear(component, detail))

    def state(self, component: str) -> None:
        """A component that is not in working order passes nothing on."""
        said = self.world.states.get(component)
        if said:
            self.block(component, "BAD_STATE", said)

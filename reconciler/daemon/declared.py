"""The declared flows of a stack from look to look: which of those that do not hold are told."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.daemon import findings
from reconciler.engine import View
from reconciler.flows import Judged
from reconciler.model.events import Finding
from reconciler.model.resource import State

MAKING: Final = 600.0
"""Seconds that what is being made may keep a declared flow from holding for the first time before that is told: AWS
takes minutes for a load balancer."""


@dataclass(slots=True)
class Declared:
    """What is remembered of them; none of it is truth about AWS."""

    making_since: float | None = None
    """Since when looks find something that is not there yet, or not at rest."""
    held: frozenset[str] = frozenset()
    """Those that held when last it could be told."""

    def broken(self, flows: Sequence[Judged], view: View, told: Container[str], now: float) -> list[Finding]:
        """Those that do not hold. One that never did waits for what is being made, but not for long; one that was
        `told`, by the key of its finding, stays so."""
        if view.comparison.converged_before and not busy(view):
            self.making_since = None
        elif self.making_since is None:
            self.making_since = now
        making = self.making_since is not None and now - self.making_since < MAKING and not view.plan.drift
        found = [
            finding
            for finding in findings.flows(flows)
            if not making or finding.key in told or finding.data["flow"] in self.held
        ]
        unknown = {flow.name for flow in flows if flow.holds is None}
        self.held = self.held & unknown | {flow.name for flow in flows if flow.holds}
        return found


def unjudged(flows: Iterable[Judged]) -> list[str]:
    """The keys of findings about flows of which it is not known this time whether they hold."""
    return [f"{findings.FLOW} {flow.name}" for flow in flows if flow.holds is None]


def busy(view: View) -> frozenset[str]:
    """The types of which AWS still works on something."""
    return frozenset(one.type for one in view.comparison.winners.values() if one.state is State.PENDING)

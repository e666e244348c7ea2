"""What is not written any more: what somebody else sets too, and what AWS never shows as it was written.

It follows from the findings that are open in the store: a restart, or the other one of two processes, does not begin
again what was given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from reconciler import policy
from reconciler.daemon import findings
from reconciler.engine import View
from reconciler.model.events import Event, Finding, Open, Phase
from reconciler.model.graph import Graph

_FIXES: Final = {
    "DriftContested": "find out who sets it, then change the spec, annotate it, or stop the other party",
    "NonConverging": "make the spec say what AWS makes of it, or take the field out",
}


def withheld(graph: Graph, told: Mapping[str, Open]) -> dict[str, tuple[str, str]]:
    """Addresses that are left alone for as long as the spec wants the same of them, each with why and what to do."""
    return {
        one.finding.address: (str(one.finding.data["why"]), _FIXES[one.finding.type])
        for one in told.values()
        if one.finding.type in _FIXES and _is_wanted_as_before(graph, one.finding)
    }


def _is_wanted_as_before(graph: Graph, finding: Finding) -> bool:
    return graph.applied_digests.get(finding.address, "") == finding.data.get("wanted")


def not_over(view: View, told: Mapping[str, Open]) -> list[str]:
    """The keys of findings about what is withheld and differs still, as far as a look can tell."""
    comparison = view.comparison
    differing = comparison.changes.keys() | comparison.replaced.keys() | comparison.missing.keys()
    held = withheld(comparison.graph, told).keys() & (differing | comparison.unreadable.keys())
    return [key for key, one in told.items() if one.finding.address in held]


def contests(
    view: View, fresh: Iterable[Event], told: Mapping[str, Open], drifts: Callable[[], Mapping[str, Sequence[float]]]
) -> list[Finding]:
    """One finding for each address that somebody else sets too: until a look finds it right again, and for as long as
    we would heal it. `fresh` are the events of this look, `drifts` says when each address drifted of late."""
    graph = view.comparison.graph
    differing = {item.address for item in view.plan.drift} | view.comparison.unreadable.keys()
    found = {
        one.finding.address: one.finding
        for one in told.values()
        if one.finding.group == findings.CONTESTED
        and one.finding.address in differing
        and _is_wanted_as_before(graph, one.finding)
    }
    opened = [event for event in fresh if event.type == "DriftFound" and event.phase is Phase.OPENED]
    often = drifts() if opened else {}
    for event in opened:
        if policy.is_contested(often.get(event.address, ()), event.time):
            who = (event.data.get("attribution") or {}).get("who") or "somebody else"
            wanted = graph.applied_digests.get(event.address, "")
            found.setdefault(event.address, findings.contested(event, who, wanted, _FIXES["DriftContested"]))
    return [one for one in found.values() if policy.drift_policy(graph.stack, one.object) == "Heal"]

"""What is not written any more: what somebody else sets too, and what AWS never shows as it was written.

It follows from the findings that are open in the store: a restart, or the other one of two processes, does not begin
again what was given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from reconciler import engine, policy
from reconciler.daemon import findings
from reconciler.daemon.memory import Drifts
from reconciler.engine import View
from reconciler.model.events import Event, Finding, Open, Phase
from reconciler.model.graph import Graph

_TYPES: Final = frozenset({"DriftContested", engine.NON_CONVERGING})


def withheld(graph: Graph, told: Mapping[str, Open]) -> dict[str, tuple[str, str]]:
    """Addresses that are left alone for as long as the spec wants the same of them, each with why and what to do."""
    return {
        one.finding.address: (str(one.finding.data["why"]), _fix(one.finding))
        for one in told.values()
        if one.finding.type in _TYPES and _is_wanted_as_before(graph, one.finding)
    }


def _fix(finding: Finding) -> str:
    """What a person can do about it."""
    return engine.NOT_KEPT if finding.type == engine.NON_CONVERGING else _fix_with(finding.data["who"])


def _fix_with(who: str) -> str:
    return engine.TWO_MINDS if who else f"find out who it is, then {engine.TWO_MINDS}"


def _is_wanted_as_before(graph: Graph, finding: Finding) -> bool:
    return graph.applied_digests.get(finding.address, "") == finding.data.get("wanted")


def not_over(view: View, told: Mapping[str, Open]) -> list[str]:
    """The keys of findings about what is withheld and differs still, as far as a look can tell."""
    comparison = view.comparison
    differing = comparison.changes.keys() | comparison.replaced.keys() | comparison.missing.keys()
    held = withheld(comparison.graph, told).keys() & (differing | comparison.unreadable.keys())
    return [key for key, one in told.items() if one.finding.address in held]


def contests(
    view: View, fresh: Iterable[Event], told: Mapping[str, Open], drifts: Callable[[], Mapping[str, Drifts]]
) -> list[Finding]:
    """One finding for each address that somebody else sets too: until a look finds it right again, and for as long as
    we would heal it. `fresh` are the events of this look, `drifts` says what was told of each address of late."""
    graph = view.comparison.graph
    differing = {item.address for item in view.plan.drift} | view.comparison.unreadable.keys()
    found = {
        one.finding.address: _named(one.finding, told)
        for one in told.values()
        if one.finding.group == findings.CONTESTED
        and one.finding.address in differing
        and _is_wanted_as_before(graph, one.finding)
    }
    opened = [event for event in fresh if event.type == "DriftFound" and event.phase is Phase.OPENED]
    often = drifts() if opened else {}
    for event in opened:
        known = often.get(event.address, Drifts())
        if policy.is_contested(known.times, event.time):
            found.setdefault(event.address, _contested(graph, event.address, event.object, known.who))
    return [one for one in found.values() if _is_healed(graph, one)]


def _is_healed(graph: Graph, finding: Finding) -> bool:
    stack = graph.stack
    return policy.drift_policy(stack, finding.object) == "Heal" and (stack.prune or finding.address in graph.resources)


def _contested(graph: Graph, address: str, owner: str, who: str) -> Finding:
    return findings.contested(address, owner, who, graph.applied_digests.get(address, ""), _fix_with(who))


def _named(contested: Finding, told: Mapping[str, Open]) -> Finding:
    """With the name of the other party, where it became known only after it was told: CloudTrail lists calls late."""
    drift = (one.finding for one in told.values() if one.finding.group == findings.DRIFT)
    names = [who for one in drift if one.address == contested.address and (who := _who(one))]
    if contested.data["who"] or not names:
        return contested
    data = contested.data
    return findings.contested(contested.address, contested.object, names[0], data["wanted"], _fix_with(names[0]))


def _who(drift: Finding) -> str:
    return str((drift.data["attribution"] or {}).get("who", ""))

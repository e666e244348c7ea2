"""The JSON that scripts build on, from plans and outcomes. Pure; fields are only ever added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.attribution import Attribution, Key
from reconciler.cli._addresses import NewAddresses
from reconciler.engine import Applied, View
from reconciler.flows import REACHABLE, Effect, Judged, broken
from reconciler.model.graph import Graph, Types
from reconciler.model.plan import Action, Change, Outcome, Plan, Reason, Result, Verb, verb_shown
from reconciler.model.resource import Observed, State
from reconciler.policy import told

_PENDING = (Reason.PENDING, Reason.CASCADE)
_WORST_FIRST = (Result.FAILED, Result.SKIPPED, Result.PENDING, Result.DONE)


def plan_document(plan: Plan, graph: Graph, flows: Sequence[Judged]) -> dict[str, Any]:
    """`plan -o json`."""
    addresses = NewAddresses(plan, graph.types)
    return {
        "stack": plan.stack,
        "summary": plan.summary(),
        "actions": [_action(action, graph.types, flows, addresses) for action in plan.visible],
        "blocked": _blocked(plan),
        "disruptions": list(plan.disruptions),
        "requestsAffected": [
            {
                "address": action.address,
                "rule": exposed.name,
                "requests": {name: sorted(values) for name, values in sorted(exposed.requests.items())},
            }
            for action in plan.visible
            for exposed in action.exposed
        ],
        "flows": flow_documents(flows),
    }


def flow_documents(flows: Sequence[Judged]) -> list[dict[str, Any]]:
    """Declared flows; one of which it is not known whether it holds is never true."""
    return [{"name": f.name, "expect": f.expect, "actual": f.actual, "holds": f.holds, "why": f.why} for f in flows]


def drift_document(
    view: View,
    graph: Graph,
    flows: Sequence[Judged],
    effects: Mapping[Key, Effect],
    who: Mapping[Key, Attribution] | None = None,
) -> dict[str, Any]:
    """`drift -o json`. Objects whose policy is `Ignore` are only counted.

    What could not be read, or a flow that does not hold, is not in sync.
    """
    who = who or {}
    plan = view.plan
    shown = told(graph.stack, plan.drift)
    drift = [
        {
            "address": d.address,
            "type": graph.types[d.type].cloudformation,
            "object": d.owner,
            "id": d.id,
            "status": d.status.value,
            "changes": [change_document(c) for c in d.changes],
            "attribution": found.document() if (found := who.get((d.address, d.id))) else None,
            "opened": list(effects[d.address, d.id].opened),
            "closed": list(effects[d.address, d.id].closed),
            "compared": "internet" if effects[d.address, d.id].only_internet else "all",
        }
        for d in shown
    ]
    return {
        "stack": plan.stack,
        "inSync": not view.snapshot.unknown and not drift and not broken(flows),
        "pending": len(list(_pending(plan))),
        "ignored": len(plan.drift) - len(shown),
        "drift": drift,
        "accepted": [
            {
                "address": e.change.address,
                "path": e.change.path,
                "value": e.by.value,
                "until": e.by.until.isoformat(),
                "because": e.by.because,
            }
            for e in view.comparison.exempt
        ],
        "blocked": _blocked(plan),
        "foreign": [{"type": graph.types[o.type].cloudformation, "id": o.id} for o in view.snapshot.foreign],
        "unknown": dict(view.snapshot.unknown),
        "flows": flow_documents(flows),
    }


def apply_document(
    stack: str, applied: Applied, types: Types, operations: Mapping[str, int], mutating: int
) -> dict[str, Any]:
    """`apply -o json` and `delete -o json`; a replacement is one action."""
    merged = merged_outcomes(applied.outcomes)
    summary = {result.value: 0 for result in (Result.DONE, Result.PENDING, Result.FAILED, Result.SKIPPED)}
    for _, result, _ in merged:
        summary[result.value] += 1
    return {
        "stack": stack,
        "converged": applied.converged and applied.settled,
        "summary": {**summary, "unchanged": applied.unchanged},
        "actions": [
            {
                "address": parts[0].action.address,
                "action": verb_shown(parts[0].action),
                "id": next((p.id for p in parts if p.id), None),
                "status": result.value,
                "seconds": round(seconds, 2),
                "error": next((p.failure.message for p in parts if p.failure), None),
                "because": next((p.because for p in parts if p.because), None),
            }
            for parts, result, seconds in merged
        ],
        "errors": [
            {
                "object": o.action.owner,
                "address": o.action.address,
                "type": types[o.action.type].cloudformation,
                "operation": o.failure.operation,
                "code": o.failure.code,
                "message": o.failure.message,
                "next": o.failure.next,
            }
            for o in applied.outcomes
            if o.failure
        ],
        "inProgress": [{"address": live.address, "detail": live.detail} for live in under_way(applied)],
        "blocked": _blocked(applied.left),
        "calls": {"total": sum(operations.values()), "mutating": mutating, "byOperation": dict(operations)},
    }


def under_way(applied: Applied) -> list[Observed[Any]]:
    """What AWS took from this run and is still bringing about: the rollout of a service that nobody waited for."""
    done = {outcome.action.address for outcome in applied.outcomes if outcome.result is Result.DONE}
    winners = applied.seen.winners if applied.seen else {}
    return [winners[a] for a in sorted(winners.keys() & done) if winners[a].state is State.PENDING]


def acted_on(applied: Applied) -> list[str]:
    """The addresses that an apply or a delete set out to change, as `-o name` lists them."""
    return [parts[0].action.address for parts, _, _ in merged_outcomes(applied.outcomes)]


def merged_outcomes(outcomes: Sequence[Outcome]) -> list[tuple[list[Outcome], Result, float]]:
    """Outcomes as people count them: (the parts of one action, the worst of their results, seconds)."""
    groups: dict[tuple[str, str | None], list[Outcome]] = {}
    for outcome in outcomes:
        action = outcome.action
        if action.verb is not Verb.REFRESH:
            groups.setdefault((action.address, action.replaces or action.id), []).append(outcome)
    merged = []
    for parts in groups.values():
        parts.sort(key=lambda o: o.action.verb in (Verb.PREPARE, Verb.DELETE))
        result = next(r for r in _WORST_FIRST if any(p.result is r for p in parts))
        merged.append((parts, result, sum(p.seconds for p in parts)))
    return merged


def _pending(plan: Plan) -> Iterator[Action]:
    """What the files ask for and AWS has not: what they name no longer too, unless that is drift."""
    drifted = {(item.address, item.id) for item in plan.drift}
    for action in plan.visible:
        removed = action.reason is Reason.ORPHANED and (action.address, action.id) not in drifted
        if removed or action.reason in _PENDING:
            yield action


def _blocked(plan: Plan) -> list[dict[str, str]]:
    return [{"address": one.address, "reason": one.reason, "fix": one.fix} for one in plan.blocked]


def change_document(change: Change) -> dict[str, Any]:
    """One field that differs."""
    return {"path": change.path, "observed": change.observed, "desired": change.desired}


def _action(action: Action, types: Types, flows: Sequence[Judged], addresses: NewAddresses) -> dict[str, Any]:
    return {
        "address": action.address,
        "type": types[action.type].cloudformation,
        "object": action.owner,
        "action": verb_shown(action),
        "order": action.order,
        "id": action.id,
        "reason": action.reason.value,
        "changes": [change_document(c) for c in action.changes],
        "interrupts": interrupted(action, flows),
        "newAddresses": addresses.of(action),
    }


def interrupted(action: Action, flows: Iterable[Judged]) -> list[str]:
    """The declared flows whose traffic passes what a step removes, for good or to put another in its place."""
    if verb_shown(action) not in ("replace", "delete") or action.handed_over:
        return []
    return [
        flow.name
        for flow in flows
        if flow.expect == REACHABLE and flow.verdict and action.address in flow.verdict.passes
    ]

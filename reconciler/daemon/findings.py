"""What of a view is worth telling. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from reconciler import engine, policy
from reconciler.attribution import Attribution, Key
from reconciler.flows import Effect, Judged, broken
from reconciler.leaves import PRESENT
from reconciler.model.errors import AwsError, ErrorClass, ReconcilerError
from reconciler.model.events import Finding, Open, Severity
from reconciler.model.graph import Graph
from reconciler.model.plan import Change, Drifted, Failure, Outcome, Plan, Result

DRIFT = "drift"
APPLY = "apply"
CONTESTED = "contested"
LOOK = "look"
_SHOWN = 3
FLOW = "flow"


def flows(judged: Iterable[Judged]) -> Iterator[Finding]:
    """One finding per declared flow that does not hold."""
    for flow in broken(judged):
        yield Finding(
            key=f"{FLOW} {flow.name}",
            type="FlowBroken",
            ended="FlowHolds",
            message=f"flow {flow.name} is expected {flow.expect} and is {flow.actual}: {flow.why}",
            severity=Severity.ERROR,
            object=f"Flow/{flow.name}",
            data={"flow": flow.name, "expect": flow.expect, "actual": flow.actual},
        )


def drift(
    items: Iterable[Drifted], effects: Mapping[Key, Effect], whose: Mapping[Key, Attribution]
) -> Iterator[Finding]:
    """One finding per object of ours that AWS no longer has as we left it: what that opened or closed, whose doing."""
    for item in items:
        effect = effects.get((item.address, item.id), Effect())
        who = whose.get((item.address, item.id))
        yield Finding(
            key=_key(item),
            type="DriftFound",
            ended="DriftResolved",
            message="; ".join((in_words(item) + (f", by {who.who} ({who.call})" if who else ""), *effect.sentences)),
            object=item.owner,
            address=item.address,
            data={
                "id": item.id,
                "status": item.status.value,
                "changes": _changes(item),
                "opened": list(effect.opened),
                "closed": list(effect.closed),
                "attribution": who.document() if who else None,
            },
        )


def remembered(
    items: Iterable[Drifted], whose: Mapping[Key, Attribution], told: Mapping[str, Open]
) -> Mapping[Key, Attribution]:
    """Whose doing each drift is, with what was told of those that are as they were: who is once known stays known."""
    found = dict(whose)
    for item in items:
        known = told.get(_key(item))
        if (item.address, item.id) not in found and known is not None:
            said = known.finding.data.get("attribution")
            if said and known.finding.data.get("changes") == _changes(item):
                found[item.address, item.id] = Attribution.from_document(said)
    return found


def _key(item: Drifted) -> str:
    return f"{DRIFT} {item.address} {item.id or ''}".rstrip()


def _changes(item: Drifted) -> list[dict[str, object]]:
    return [{"path": c.path, "observed": c.observed, "desired": c.desired} for c in item.changes]


def in_words(item: Drifted) -> str:
    """One line: what it is like and what it should be."""
    if not item.changes:
        return f"{item.address} is {item.status.value.lower()}" + (f" ({item.id})" if item.id else "")
    shown = [_difference(change) for change in item.changes[:_SHOWN]]
    more = f" and {len(item.changes) - _SHOWN} more" if len(item.changes) > _SHOWN else ""
    return f"{item.address}: {'; '.join(shown)}{more}"


def _difference(change: Change) -> str:
    if change.observed is None and change.desired == PRESENT:
        return f"{change.path} is missing"
    if change.observed == PRESENT and change.desired is None:
        return f"{change.path} was added"
    return f"{change.path} is {_text(change.observed)}, not {_text(change.desired)}"


def _text(value: object) -> str:
    if value is None:
        return "absent"
    return value if isinstance(value, str) else json.dumps(value)


def failures(outcomes: Iterable[Outcome], graph: Graph) -> Iterator[Finding]:
    """One finding per action that AWS refused; what somebody set again has drifted, and is told as that."""
    for outcome in outcomes:
        failure = outcome.failure
        if outcome.result is Result.FAILED and failure is not None and failure.code != engine.SET_AGAIN:
            yield Finding(
                key=f"{APPLY} {outcome.action.address} {failure.code}",
                type=failure.code if failure.code == engine.NON_CONVERGING else "ApplyFailed",
                ended="ApplySucceeded",
                message="; ".join(filter(None, (_refused(outcome.action.address, failure), failure.next))),
                severity=Severity.ERROR,
                object=outcome.action.owner,
                address=outcome.action.address,
                data={
                    "operation": failure.operation,
                    "code": failure.code,
                    "why": failure.message,
                    "wanted": graph.applied_digests.get(outcome.action.address, ""),
                },
            )


def _refused(address: str, failure: Failure) -> str:
    return ": ".join(filter(None, (address, failure.operation, failure.message.rstrip("."))))


def contested(address: str, owner: str, who: str, wanted: str, fix: str) -> Finding:
    """Something that is no longer put right, for it does not stay so. `who` is empty where that is not known, `wanted`
    is the digest of what it should be.
    """
    often = f"it has drifted {policy.CONTESTED_TIMES} times in {policy.CONTESTED_WITHIN / 60:.0f} minutes"
    why = f"contested: {often}, so {who or 'somebody else'} sets it too"
    return Finding(
        key=f"{CONTESTED} {address}",
        type="DriftContested",
        ended="ContestResolved",
        message=f"{address}: {why}; {fix}",
        severity=Severity.ERROR,
        object=owner,
        address=address,
        data={"who": who, "why": why, "wanted": wanted},
    )


def refusal(plan: Plan, keys: Iterable[str], why: str, fix: str) -> Finding:
    """A plan that is left to a person."""
    return Finding(
        key=f"{APPLY} refused",
        type="ApplyRefused",
        ended="ApplyAllowed",
        message=f"{why}; nothing was changed; {fix}",
        severity=Severity.ERROR,
        data={"actions": len(plan.visible), "keys": sorted(keys)},
    )


def denied(errors: Iterable[AwsError]) -> list[Finding]:
    """One finding where AWS lets these credentials not read everything: nothing is known of the rest."""
    found = [error for error in errors if error.error_class is ErrorClass.DENIED]
    if not found:
        return []
    said = sorted(set(map(in_full, found)))
    more = f" (and {len(said) - _SHOWN} more)" if len(said) > _SHOWN else ""
    return [failed_pass("CredentialsFailing", f"{'. '.join(said[:_SHOWN])}{more}")]


def in_full(error: ReconcilerError) -> str:
    """What went wrong, and what to do about it."""
    return "; ".join(filter(None, (str(error).rstrip("."), error.next_step if isinstance(error, AwsError) else "")))


def failed_pass(kind: str, message: str) -> Finding:
    """A pass that did not get to see AWS."""
    return Finding(key=f"{LOOK} {kind}", type=kind, ended="PassSucceeded", message=message, severity=Severity.ERROR)

"""Plans, drift and outcomes as text for people. Pure: whether to colour is the caller's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.cli._documents import merged_outcomes
from reconciler.engine import Applied
from reconciler.execute import Progress, Step
from reconciler.flows import Judged
from reconciler.model.plan import Action, Cause, Change, Drifted, Plan, Result, Verb, verb_shown

_SIGNS = {"create": "+", "update": "~", "replace": "-/+", "delete": "-"}
_COLOURS = {"create": "32", "update": "33", "replace": "35", "delete": "31"}
_VALUE_WIDTH = 72
_DOING = {Verb.CREATE: "creating", Verb.UPDATE: "updating", Verb.DELETE: "deleting", Verb.REFRESH: "tagging"}
_DONE = {Verb.CREATE: "created", Verb.UPDATE: "updated", Verb.DELETE: "deleted", Verb.REFRESH: "tagged"}


def plan_text(plan: Plan, flows: Sequence[Judged], *, colour: bool) -> str:
    """A plan, grouped by what the user wrote."""
    lines = [f"Stack {plan.stack}"]
    by_owner: dict[str, list[Action]] = {}
    for action in plan.visible:
        by_owner.setdefault(action.owner, []).append(action)
    for owner, actions in sorted(by_owner.items()):
        lines += ["", _bold(owner, colour)]
        for action in actions:
            lines += _action_lines(action, colour)
    for blocked in plan.blocked:
        lines += ["", f"! {blocked.address} is blocked: {blocked.reason}", f"    fix: {blocked.fix}"]
    lines += ["", _counts(plan)]
    lines += [f"Needs --allow-disruption: {disruption}" for disruption in plan.disruptions]
    lines += flow_lines(flows)
    return "\n".join(lines)


def flow_lines(flows: Sequence[Judged]) -> Iterator[str]:
    """How many declared flows hold, and each that does not."""
    if not flows:
        return
    holding = sum(1 for flow in flows if flow.holds)
    yield f"Flows: {holding} of {len(flows)} hold."
    for flow in flows:
        if flow.holds is not True:
            word = "is not known" if flow.holds is None else "is broken"
            yield f"! flow {flow.name} {word}: expected {flow.expect}, is {flow.actual}: {flow.why}"


def _counts(plan: Plan) -> str:
    summary = plan.summary()
    if not plan.visible and not plan.blocked:
        return f"No changes. AWS matches the files ({summary['unchanged']} resources)."
    parts = [f"{summary[verb]} to {verb}" for verb in _SIGNS]
    return f"Plan: {', '.join(parts)}, {summary['unchanged']} unchanged."


def _action_lines(action: Action, colour: bool) -> Iterator[str]:
    verb = verb_shown(action)
    order = f" ({action.order})" if action.order else ""
    identity = f" {action.id}" if action.id else ""
    why = f"  # {action.reason.value}" if action.reason.value != "pending" else ""
    yield _painted(f"  {_SIGNS[verb]:>3} {action.address}{identity}{order}{why}", verb, colour)
    for change in action.changes:
        yield f"        {_change_text(change, created=verb == 'create')}"


def _change_text(change: Change, *, created: bool) -> str:
    values = _shown(change.desired) if created else f"{_shown(change.observed)} -> {_shown(change.desired)}"
    forced = "  # forces replacement" if change.replaces else ""
    drift = "  (drift)" if change.cause is Cause.DRIFT and not created else ""
    return f"{change.path}: {values}{forced}{drift}"


def _shown(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) and value.startswith("(") else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_WIDTH else text[: _VALUE_WIDTH - 3] + "..."


def drift_text(
    document: Mapping[str, Any], drift: Sequence[Drifted], flows: Sequence[Judged], *, colour: bool, who: bool = False
) -> str:
    """What differs in AWS from what we left there; with `who` also whose doing it is."""
    lines = [f"Stack {document['stack']}"]
    for item, shown in zip(drift, document["drift"], strict=False):
        identity = f" {item.id}" if item.id else ""
        lines += ["", _bold(f"{item.owner}: {item.address}{identity}: {item.status.value}", colour)]
        lines += [f"    {c.path}: {_shown(c.desired)} wanted, {_shown(c.observed)} found" for c in item.changes]
        if who:
            lines.append(f"    by {_who(shown['attribution'])}")
    for name, reason in document["unknown"].items():
        lines += ["", f"! {name} could not be read: {reason}"]
    lines.append("")
    lines += flow_lines(flows)
    if document["inSync"]:
        lines.append("In sync: nothing has drifted.")
    elif document["drift"]:
        lines.append(f"Drift: {len(document['drift'])} of our resources differ. Apply heals them.")
    if document["pending"]:
        lines.append(f"Pending: {document['pending']} changes of the files are not applied yet; see plan.")
    if document["ignored"]:
        lines.append(f"Ignored: {document['ignored']} (policy Ignore).")
    if document["foreign"]:
        lines.append(f"Foreign, left alone: {', '.join(f['id'] for f in document['foreign'])}")
    return "\n".join(lines)


def _who(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "unknown: CloudTrail lists no call of somebody else that explains it (it may take minutes to list one)"
    return f"{found['who']}: {found['call']} at {found['time']} from {found['sourceAddress']}"


def apply_text(applied: Applied) -> str:
    """What became of a plan: counts, then each failure with what to try next."""
    merged = merged_outcomes(applied.outcomes)
    counts = {result: len([1 for _, r, _ in merged if r is result]) for result in Result}
    lines = []
    for outcome in applied.outcomes:
        if outcome.failure:
            failure = outcome.failure
            said = ": ".join(part for part in (failure.operation, failure.code, failure.message) if part)
            lines += [f"failed: {outcome.action.owner}: {outcome.action.address}: {said}", f"  next: {failure.next}"]
    for outcome in applied.outcomes:
        if outcome.result is Result.SKIPPED:
            lines.append(f"skipped: {outcome.action.address}: because of {outcome.because}")
        elif outcome.result is Result.PENDING:
            lines.append(f"still settling: {outcome.action.address}: {outcome.detail}")
    for blocked in applied.left.blocked:
        lines += [f"blocked: {blocked.address}: {blocked.reason}", f"  fix: {blocked.fix}"]
    summary = ", ".join(f"{counts[result]} {result.value}" for result in Result)
    verdict = "Converged" if applied.converged else "Not converged; run again to go on from here"
    return "\n".join([*lines, f"{verdict}: {summary}."])


def progress_line(progress: Progress) -> str:
    """One step of one action as a plain line."""
    action = progress.action
    took = f" ({progress.seconds:.1f}s)"
    match progress.step:
        case Step.STARTED:
            what = f"{_DOING[action.verb]}..."
        case Step.WAITING:
            what = f"waiting{took}: {progress.detail}"
        case Step.DONE:
            what = f"{_DONE[action.verb]}{took}"
        case Step.PENDING:
            what = f"still settling{took}: {progress.detail}"
        case Step.FAILED:
            what = f"FAILED{took}: {progress.detail}"
        case Step.SKIPPED:
            what = f"skipped because of {progress.detail}"
    return f"{action.address}: {what}"


def _bold(text: str, colour: bool) -> str:
    return f"\033[1m{text}\033[0m" if colour else text


def _painted(text: str, verb: str, colour: bool) -> str:
    return f"\033[{_COLOURS[verb]}m{text}\033[0m" if colour else text

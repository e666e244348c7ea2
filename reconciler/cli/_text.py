"""Plans, drift and outcomes as text for people. Pure: whether to colour is the caller's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.cli._addresses import NewAddresses
from reconciler.cli._documents import interrupted, merged_outcomes, under_way
from reconciler.cli._values import changed_lines, created_lines, found_lines
from reconciler.engine import Applied
from reconciler.execute import INTERRUPTED, Progress, Step
from reconciler.flows import ONLY_INTERNET, Judged
from reconciler.kinds import counted, printable
from reconciler.model.plan import (
    Action,
    Blocked,
    Cause,
    Change,
    Drifted,
    Outcome,
    Plan,
    Reason,
    Result,
    Verb,
    verb_shown,
)
from reconciler.resources import discover

_SIGNS = {"create": "+", "update": "~", "replace": "-/+", "delete": "-", "adopt": ">", "release": "="}
_GREEN, _YELLOW, _MAGENTA, _RED, _DIM, _BOLD = "32", "33", "35", "31", "2", "1"
_COLOURS = {
    "create": _GREEN,
    "update": _YELLOW,
    "replace": _MAGENTA,
    "delete": _RED,
    "adopt": _GREEN,
    "release": _YELLOW,
}
_DOING = {Verb.CREATE: "creating", Verb.UPDATE: "updating", Verb.DELETE: "deleting", Verb.RELEASE: "releasing"}
_DONE = {Verb.CREATE: "created", Verb.UPDATE: "updated", Verb.DELETE: "deleted", Verb.RELEASE: "released"}
_WHY = {
    Reason.DRIFT: "changed in AWS",
    Reason.ORPHANED: "not in the files",
    Reason.DUPLICATE: "a double that nothing uses",
    Reason.CASCADE: "what it refers to is replaced",
}
_ORDERS = {"create-first": "made before the old one goes", "delete-first": "the old one goes first"}
NOT_IN_FILES, OF_THE_STACK = "Not in the files", "All that carries the stack's tags"
"""Headings over what no object owns: in a plan of the files, and of what is deleted whatever they say."""
_ALWAYS_COUNTED = ("create", "update", "replace", "delete")


def plan_text(
    plan: Plan, flows: Sequence[Judged], *, colour: bool, calls: bool = False, unowned: str = NOT_IN_FILES
) -> str:
    """A plan, grouped by what the user wrote, the rest `unowned`; with `calls`, the AWS requests of each action too."""
    ink = _Ink(colour)
    lines = [f"Stack {plan.stack}"]
    addresses = NewAddresses(plan, discover())
    for owner, actions in _by_owner(plan.visible, unowned):
        lines += ["", ink(_BOLD, owner)]
        for action in actions:
            lines += _action_lines(action, ink)
            lines += [ink(_YELLOW, f"        {text}") for text in _consequences(action, flows, addresses)]
            if calls:
                lines += [ink(_DIM, f"        > {text}") for text in _requests(plan, action)]
    if plan.blocked:
        lines += ["", ink(_BOLD, "Blocked"), *_blocked_lines(plan.blocked, ink)]
    lines += ["", _counts(plan)]
    lines += [ink(_RED, f"Needs --allow-disruption: this {disruption}.") for disruption in plan.disruptions]
    lines += flow_lines(flows, ink)
    return "\n".join(lines)


def _consequences(action: Action, flows: Sequence[Judged], addresses: NewAddresses) -> Iterator[str]:
    """What a step does to traffic: flows that it interrupts, addresses that are others afterwards."""
    names = interrupted(action, flows)
    if names:
        yield f"interrupts {', '.join(names)}"
    for what in addresses.of(action):
        gone = verb_shown(action) == "delete"
        many = what.endswith("addresses")
        yield f"its {what} {'are' if many else 'is'} {'gone' if gone else 'others' if many else 'another'} afterwards"


def flow_lines(flows: Sequence[Judged], ink: _Ink) -> Iterator[str]:
    """How many declared flows hold, and each that does not."""
    if not flows:
        return
    holding = sum(1 for flow in flows if flow.holds)
    yield f"Flows: {holding} of {len(flows)} hold."
    for flow in flows:
        if flow.holds is not True:
            word = "is not known" if flow.holds is None else "is broken"
            yield ink(_RED, f"  !   {flow.name} {word}: expected {flow.expect}, is {flow.actual}: {flow.why}")


def drift_text(
    document: Mapping[str, Any], drift: Sequence[Drifted], flows: Sequence[Judged], *, colour: bool, who: bool = False
) -> str:
    """What differs in AWS from what we left there; with `who` also whose doing it is."""
    ink = _Ink(colour)
    lines = [f"Stack {document['stack']}"]
    told = {(item["address"], item["id"]): item for item in document["drift"]}
    for owner, items in _by_owner([item for item in drift if (item.address, item.id) in told], NOT_IN_FILES):
        lines += ["", ink(_BOLD, owner)]
        for item in items:
            identity = f"  {item.id}" if item.id else ""
            lines.append(ink(_YELLOW, f"  {item.status.value}  {item.address}{identity}"))
            lines += [f"        {text}" for change in item.changes for text in found_lines(change)]
            shown = told[item.address, item.id]
            lines += [ink(_YELLOW, f"        {sentence}") for sentence in (*shown["opened"], *shown["closed"])]
            lines += [f"        {ONLY_INTERNET}"] if shown["compared"] == "internet" else []
            if who:
                lines.append(f"        by {_who(shown['attribution'])}")
    for name, reason in document["unknown"].items():
        lines += ["", ink(_RED, f"! {name} could not be read: {reason}")]
    lines.append("")
    lines += flow_lines(flows, ink)
    lines += _drift_summary(document, flows)
    return "\n".join(lines)


def _drift_summary(document: Mapping[str, Any], flows: Sequence[Judged]) -> Iterator[str]:
    """How it stands, in counts."""
    if document["drift"]:
        yield f"Drift in {counted(len(document['drift']), 'resource')}; apply heals it."
    elif document["inSync"]:
        yield "In sync: nothing has drifted."
    elif document["unknown"]:
        yield "Not known to be in sync: not everything could be read."
    elif any(flow.holds is False for flow in flows):
        yield "Nothing of ours has drifted, and yet a declared flow does not hold."
    if document["pending"]:
        yield f"Pending: {counted(document['pending'], 'change')} of the files not applied yet; see plan."
    if document["blocked"]:
        yield f"Blocked: {counted(len(document['blocked']), 'resource')} that apply leaves as it finds them; see plan."
    for one in document["accepted"]:
        yield f"Accepted until {one['until']}: {one['address']} {one['path']} is {one['value']} ({one['because']})."
    if document["ignored"]:
        yield f"Ignored: {document['ignored']} (drift policy Ignore)."
    if document["foreign"]:
        yield f"Foreign, left alone: {', '.join(f['id'] for f in document['foreign'])}"


def _who(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "unknown: CloudTrail lists no call that explains it (yet)"
    return f"{found['who']}: {found['call']} at {found['time']} from {found['sourceAddress']}"


def apply_text(applied: Applied, *, colour: bool) -> str:
    """What became of a plan: each failure with what to try next, what was skipped because of what, counts."""
    ink = _Ink(colour)
    merged = merged_outcomes(applied.outcomes)
    counts = Counter(result for _, result, _ in merged)
    lines: list[str] = []
    for outcome in applied.outcomes:
        if outcome.failure:
            lines += _failure_lines(outcome, ink)
    lines += _interrupted_lines(merged)
    for because, addresses in sorted(_skipped(applied.outcomes).items()):
        lines.append(f"skipped because of {because}: {_listed(addresses)}")
    for outcome in applied.outcomes:
        if outcome.result is Result.PENDING:
            lines.append(f"still settling: {outcome.action.address}: {outcome.detail}")
    lines += [f"in progress: {live.address}: {live.detail} (apply --wait waits for it)" for live in under_way(applied)]
    lines += _blocked_lines(applied.left.blocked, ink)
    summary = ", ".join(f"{counts[result]} {result.value}" for result in Result)
    if applied.converged and applied.settled:
        return "\n".join([*lines, ink(_GREEN, f"Converged: {summary}.")])
    left = len(applied.left.blocked)
    summary += f", {left} blocked" if left else ""
    only_blocked = left and counts[Result.DONE] == counts.total()
    again = (
        "Running again changes nothing before that is put right." if only_blocked else "Run again to go on from here."
    )
    return "\n".join([*lines, ink(_RED, f"Not converged: {summary}. {again}")])


def progress_line(progress: Progress) -> str:
    """One step of one action as a plain line; empty for what Ctrl-C cut short, which `apply_text` lists."""
    action = progress.action
    if progress.detail == INTERRUPTED:
        return ""
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
            first, *_ = progress.detail.splitlines() or [""]
            what = f"FAILED{took}: {first}"
        case Step.SKIPPED:
            what = f"skipped because of {progress.detail}"
    return f"{action.address}: {what}"


class _Ink:
    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour and text else text


def _by_owner(items: Iterable[Any], unowned: str) -> list[tuple[str, list[Any]]]:
    """Actions or drift by the object they belong to; last, under `unowned`, what none of the files owns."""
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(unowned if item.owner == item.address else item.owner, []).append(item)
    return sorted(found.items(), key=lambda group: (group[0] == unowned, group[0]))


def _action_lines(action: Action, ink: _Ink) -> Iterator[str]:
    verb = verb_shown(action)
    identity = f"  {action.id}" if action.id else ""
    notes = [_ORDERS[action.order]] if action.order else []
    if action.reason in _WHY and action.owner != action.address:
        notes.append(_WHY[action.reason])
    if action.adopts:
        notes.append("taken over")
    if action.verb is Verb.RELEASE:
        notes.append(f"stays: {action.because} needs it" if action.because else "stays, no longer the stack's")
    why = f"  # {', '.join(notes)}" if notes else ""
    yield ink(_COLOURS[verb], f"  {_SIGNS[verb]:<3} {action.address}") + identity + ink(_DIM, why)
    for change in action.changes:
        yield from (f"        {text}" for text in _change_lines(change, action, ink))


def _change_lines(change: Change, action: Action, ink: _Ink) -> Iterator[str]:
    if verb_shown(action) == "create":
        yield from created_lines(change)
        return
    note = ink(_RED, "  # forces replacement") if change.replaces else ""
    if change.cause is Cause.DRIFT and action.reason is not Reason.DRIFT:
        note += ink(_DIM, "  # changed in AWS")
    for text in changed_lines(change):
        yield text + note


def _requests(plan: Plan, action: Action) -> Iterator[str]:
    """The AWS operations behind what a person sees as one action, in order."""
    for part in plan.actions:
        prepares = part.verb is Verb.PREPARE and part.address == action.address
        retires = action.replaces and part.address == action.address and part.id == action.replaces
        if part is action or prepares or retires:
            counts = Counter(call.name for call in (*part.calls, *part.seal))
            yield from (name if count == 1 else f"{name} x{count}" for name, count in counts.items())


def _blocked_lines(blocked: Iterable[Blocked], ink: _Ink) -> Iterator[str]:
    """What is blocked, once for all that share a reason; then what only waits for that."""
    found: dict[tuple[str, str], list[str]] = {}
    waiting: list[str] = []
    for one in blocked:
        if one.behind:
            waiting.append(one.address)
        else:
            found.setdefault((one.reason, one.fix), []).append(one.address)
    for (reason, fix), addresses in found.items():
        yield ink(_RED, f"  !   {_listed(addresses)}") + f": {reason}"
        yield f"        fix: {fix}"
    if waiting:
        verb = "waits" if len(waiting) == 1 else "wait"
        yield ink(_RED, f"  !   {_listed(waiting)}") + f": {verb} for what is blocked"


def _counts(plan: Plan) -> str:
    summary = plan.summary()
    if not plan.visible and not plan.blocked:
        return f"No changes. AWS matches the files ({counted(summary['unchanged'], 'resource')})."
    parts = [f"{summary[verb]} to {verb}" for verb in _SIGNS if summary[verb] or verb in _ALWAYS_COUNTED]
    blocked = f", {len(plan.blocked)} blocked" if plan.blocked else ""
    return f"Plan: {', '.join(parts)}, {summary['unchanged']} unchanged{blocked}."


def _failure_lines(outcome: Outcome, ink: _Ink) -> Iterator[str]:
    failure = outcome.failure
    assert failure is not None
    action = outcome.action
    owner = "" if action.owner == action.address else action.owner
    said = ": ".join(part for part in (owner, action.address, failure.operation, failure.code) if part)
    yield ink(_RED, f"failed: {said}")
    yield from (f"  {printable(line)}" for line in failure.message.splitlines())
    yield f"  next: {failure.next}"


def _interrupted_lines(merged: Sequence[tuple[list[Outcome], Result, float]]) -> Iterator[str]:
    """After Ctrl-C: what is done, what was begun, what was not."""
    parts = [part for group, _, _ in merged for part in group]
    cut = [part for part in parts if part.because == INTERRUPTED]
    if cut:
        done = [group[0].action.address for group, result, _ in merged if result is Result.DONE]
        yield f"interrupted; done: {_listed(done) if done else 'nothing'}"
        for what in ("begun, not finished", "not begun"):
            addresses = [part.action.address for part in cut if bool(part.detail) == (what != "not begun")]
            if addresses:
                yield f"{what}: {_listed(addresses)}"


def _skipped(outcomes: Iterable[Outcome]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.result is Result.SKIPPED and outcome.because not in (INTERRUPTED, outcome.action.address):
            found.setdefault(outcome.because, []).append(outcome.action.address)
    return found


def _listed(addresses: Iterable[str]) -> str:
    return ", ".join(sorted(set(addresses)))

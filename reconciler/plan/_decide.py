"""What is to be done of each desired address, and of what is live beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from reconciler.adoption import adoptees, refusals
from reconciler.diff import Replaced
from reconciler.model.plan import Change, Reason, Verb
from reconciler.model.resource import Observed, Replacement, State
from reconciler.model.values import KNOWN_AFTER_APPLY
from reconciler.plan import _actions
from reconciler.plan._draft import Draft
from reconciler.plan._remove import remove
from reconciler.retention import protected


def block(draft: Draft) -> None:
    """Say of what nothing is to be done, whatever differs."""
    comparison, graph = draft.comparison, draft.graph
    for address, (reason, fix) in {**comparison.unresolved, **comparison.unreadable}.items():
        draft.block(address, reason, fix)
    for address, twins in comparison.contested.items():
        names = ", ".join(twin.id for twin in twins)
        fix = "move what uses one of them to the other, delete it, and run again"
        draft.block(address, f"Duplicate: {names} carry one address and are both in use", fix)
    for address, detail in comparison.failed.items():
        if not draft.choices.retry and address in comparison.changes:
            fix = "change the spec, or try the same again with apply --retry"
            draft.block(address, f"AWS gave up on the desired state: {detail}", fix)
    for address, (reason, fix) in draft.choices.withheld.items():
        if address in graph.resources:
            draft.block(address, reason, fix)
    for address, replaced in comparison.replaced.items():
        kind = graph.kind(address)
        why = kind.protected(replaced.old)
        if why is not None:
            draft.block(address, *why)
        if kind.replacement is Replacement.NEVER:
            draft.block(address, f"{kind.name} cannot be replaced: {kind.replacement_reason}", "replace it by hand")
    for one in (*refusals(comparison), *protected(comparison)):
        draft.block(one.address, one.reason, one.fix)


def decide(draft: Draft) -> None:
    """Make, change and replace what is desired, in the order of the graph."""
    adopted = adoptees(draft.comparison)
    for address in draft.graph.order:
        if address in draft.blocked:
            continue
        lacking = draft.lacking_target(address)
        if lacking is None:
            _act_on(draft, address, adopts=address in adopted)
        elif lacking not in draft.left_out:
            draft.block_behind(address, lacking)
        elif _has_work(draft, address):
            draft.block(address, f"needs {lacking}, which is left as it is", f"let {lacking} be put right first")
        else:
            draft.left_out.add(address)


def _act_on(draft: Draft, address: str, *, adopts: bool) -> None:
    """What is to be done of an address that nothing stands in the way of."""
    comparison = draft.comparison
    if adopts:
        if draft.choices.promote:
            draft.add(_actions.adopt(comparison, address, _parent_changes(draft, address)))
        else:
            draft.left_out.add(address)
    elif address in comparison.missing:
        cause = comparison.missing[address]
        if draft.wants(address, cause):
            draft.add(_actions.create(comparison, address, cause))
        else:
            draft.left_out.add(address)
    elif address in comparison.replaced:
        if draft.wants(address, comparison.replaced[address].cause):
            _replace(draft, address, comparison.replaced[address])
        else:
            draft.left_out.add(address)
    elif address in comparison.changes:
        changes = tuple(c for c in comparison.changes[address] if draft.wants(address, c.cause))
        if changes:
            draft.add(_actions.update(comparison, address, changes, _parent_changes(draft, address)))
    elif address in comparison.stale and draft.choices.promote:
        draft.add(_actions.refresh(comparison, address))


def _has_work(draft: Draft, address: str) -> bool:
    """Whether something of an address would be written."""
    comparison = draft.comparison
    causes = {c.cause for c in comparison.changes.get(address, ())}
    if address in comparison.missing:
        causes.add(comparison.missing[address])
    if address in comparison.replaced:
        causes.add(comparison.replaced[address].cause)
    return any(draft.wants(address, cause) for cause in causes)


def _replace(draft: Draft, address: str, replaced: Replaced) -> None:
    create = _actions.create_instead(draft.comparison, address, replaced.cause, replaced.changes, replaced.old)
    order = draft.graph.kind(address).replacement
    if order is Replacement.CREATE_FIRST and not _can_coexist(draft, address, replaced.old):
        order = Replacement.DELETE_FIRST
    reason = Reason.CASCADE if _cascades(draft, address, replaced.changes) else create.reason
    draft.add(dataclasses.replace(create, order=order.value, reason=reason))
    remove(draft, replaced.old, create.reason, retires=True)


def _can_coexist(draft: Draft, address: str, old: Observed[Any]) -> bool:
    """Whether AWS has a new object beside the old one: two of one name it has not, and what uses something that is
    deleted before it is made anew has to go before that."""
    name = _actions.name_of(draft.comparison, address)
    if (name and old.outputs.get("name") == name) or _actions.conflict(draft.comparison, address, old) is not None:
        return False
    targets = (draft.actions.get(f"create {target}") for target in draft.graph.targets[address])
    return all(a is None or a.order != Replacement.DELETE_FIRST.value for a in targets)


def _cascades(draft: Draft, address: str, changes: Iterable[Change]) -> bool:
    """Whether nothing but the replacement of what it refers to forces this one."""
    comparison, graph = draft.comparison, draft.graph
    if address in comparison.following:
        return True
    others = graph.targets[address] | graph.holders.get(address, frozenset())
    replaced = any(other in comparison.replaced for other in others)
    return replaced and all(c.desired == KNOWN_AFTER_APPLY for c in changes if c.replaces)


def _parent_changes(draft: Draft, address: str) -> frozenset[str]:
    """The fields of the parent of a collection that this plan changes and that its update goes around."""
    parent = draft.actions.get(f"update {draft.graph.parent(address)}")
    return draft.graph.kind(address).goes_around & {c.field for c in parent.changes} if parent else frozenset()


def await_pending(draft: Draft) -> set[str]:
    """What an earlier run made and AWS is still making ready: this run waits for it as for its own."""
    coming: set[str] = set()
    touched = {a.address for a in draft.actions.values() if a.verb is not Verb.DELETE}
    for address, winner in draft.comparison.winners.items():
        if touched and winner.state is State.PENDING and draft.graph.kind(address).awaited:
            coming.add(address)
            if address not in touched:
                draft.add(_actions.await_ready(draft.comparison, address))
    return coming

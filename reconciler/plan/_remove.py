"""What goes: losers of an address, needless twins, and what is desired no longer."""

from __future__ import annotations

from typing import Any

from reconciler.model.plan import Cause, Reason
from reconciler.model.resource import Observed
from reconciler.plan._actions import delete
from reconciler.plan._draft import Draft
from reconciler.retention import releases


def remove(draft: Draft, live: Observed[Any], reason: Reason, *, retires: bool = False) -> None:
    """Let a live object go, unless it has to stay. `retires`: something else stands in for it."""
    in_its_history = retires and draft.graph.types[live.type].keeps and live.in_use
    if in_its_history or (live.type, live.id) in draft.kept:
        return
    action = delete(draft.comparison, live, reason, retires=retires)
    if action is not None:
        draft.going[action.key] = live
        draft.add(action)


def remove_needless(draft: Draft) -> None:
    """Let go what is live and has no place in the desired graph."""
    _keep_withheld(draft)
    _keep_protected(draft)
    _remove_retired(draft)
    comparison, choices = draft.comparison, draft.choices
    for twin in comparison.twins:
        if choices.heal and draft.graph.resources[twin.address or ""].owner not in choices.unhealed:
            remove(draft, twin, Reason.DUPLICATE)
    unasked = comparison.converged_before
    if draft.graph.stack.prune and (choices.heal if unasked else choices.promote) and comparison.orphans:
        staying = draft.live.kept(comparison.orphans, choices.retained)
        for orphan in comparison.orphans:
            if (orphan.type, orphan.id) not in staying:
                remove(draft, orphan, Reason.ORPHANED)
        for action in releases(comparison.orphans, staying, draft.graph.types):
            draft.add(action)


def _keep_withheld(draft: Draft) -> None:
    """What is left alone stays, though it is too much."""
    for live in (*draft.comparison.twins, *draft.comparison.orphans):
        address = live.address or ""
        if address in draft.choices.withheld:
            draft.block(address, *draft.choices.withheld[address])
            draft.kept.add((live.type, live.id))


def _keep_protected(draft: Draft) -> None:
    """What AWS refuses to delete stays, with all that is in it: half of it is of no use to anybody."""
    comparison = draft.comparison
    for live in (*comparison.retired, *comparison.twins, *comparison.orphans):
        why = draft.graph.types[live.type].protected(live)
        if why is not None:
            draft.block(live.address or "", *why)
            draft.kept |= {(live.type, live.id), *draft.live.users((live.type, live.id))}


def _remove_retired(draft: Draft) -> None:
    """Of what another stands in for, the newest may stay as history; what a heal has no room for goes with it."""
    comparison = draft.comparison
    kept: dict[str, int] = dict.fromkeys(comparison.replaced, 1)
    for loser in sorted(comparison.retired, key=lambda o: (o.created, o.id), reverse=True):
        address = loser.address or ""
        keeps = draft.graph.kind(address).keeps
        if address in draft.blocked:
            continue
        if keeps and (loser.in_use or kept.get(address, 0) < keeps):
            kept[address] = kept.get(address, 0) + 1
        elif draft.choices.promote:
            by = comparison.replaced.get(address)
            healed = by is not None and by.cause is Cause.DRIFT
            remove(draft, loser, Reason.DRIFT if healed else Reason.PENDING, retires=True)

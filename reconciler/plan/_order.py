"""What each action waits for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from reconciler.handover import in_turn, parted
from reconciler.model.plan import Action, Verb
from reconciler.model.resource import Replacement
from reconciler.model.tags import listed_places
from reconciler.plan._actions import conflict
from reconciler.plan._draft import Draft, Node


def order(draft: Draft, coming: Iterable[str]) -> None:
    """Creates and updates follow the desired edges; deletes follow the edges of what lives, reversed.

    `coming` are addresses that are awaited though nothing is done to them.
    """
    at_address = {a.address: a.key for a in draft.actions.values() if a.verb in (Verb.CREATE, Verb.UPDATE)}
    deletes = {(a.type, a.id or ""): a.key for a in draft.actions.values() if a.verb is Verb.DELETE}
    for key, action in draft.actions.items():
        if action.verb is Verb.DELETE:
            needs = _before_delete(draft, action, at_address, deletes)
        elif action.address in draft.graph.resources:
            needs = _before(draft, action, at_address, deletes)
        else:
            continue
        draft.actions[key] = dataclasses.replace(action, needs=frozenset(needs - {key}))
    _let_go_last_of_what_tells_of_parts(draft)
    for action in [a for a in draft.actions.values() if a.parent_changes]:
        _part(draft, action)
    for address in coming:
        _hold_until_ready(draft, address)
    if draft.comparison.following:
        draft.actions, stopped = in_turn(draft.actions, draft.comparison, draft.live, draft.blocked.keys())
        for one in stopped:
            draft.block(one.address, one.reason, one.fix)


def _let_go_last_of_what_tells_of_parts(draft: Draft) -> None:
    """What says in its tags which objects of others hold parts of ours goes after those parts: whoever goes on after an
    interruption would not find them."""
    types = draft.graph.types
    going = [a for a in draft.actions.values() if a.verb in (Verb.DELETE, Verb.RELEASE)]
    parts = {action.key for action in going if types[action.type].marks_parts}
    awaited, left = set(parts), list(parts)
    while left:
        fresh = draft.actions[left.pop()].needs - awaited
        awaited |= fresh
        left += fresh & draft.actions.keys()
    for key, live in draft.going.items():
        if parts and listed_places(live.tags) and key not in awaited:
            draft.actions[key] = dataclasses.replace(draft.actions[key], needs=draft.actions[key].needs | parts)


def _before(draft: Draft, action: Action, at_address: Mapping[str, str], deletes: Mapping[Node, str]) -> set[str]:
    targets = draft.graph.edges[action.address] & at_address.keys()
    needs = {at_address[target] for target in targets if not _is_only_mentioned(draft, action, target)}
    if action.order == Replacement.DELETE_FIRST.value:
        needs.add(deletes.get((action.type, action.replaces or ""), action.key))
    if action.verb is Verb.CREATE:
        needs |= _in_its_place(draft, action)
    return needs


def _is_only_mentioned(draft: Draft, action: Action, target: str) -> bool:
    is_mentioned = draft.graph.kind(target).name in draft.graph.kind(action.address).mentions
    return is_mentioned and target in draft.comparison.outputs


def _in_its_place(draft: Draft, action: Action) -> set[str]:
    """The deletes of what AWS does not have beside a new object."""
    found: set[str] = set()
    for key, live in draft.going.items():
        why = conflict(draft.comparison, action.address, live) if live.type == action.type else None
        if why is not None:
            draft.conflicts[action.address] = why
            found.add(key)
    return found


def _before_delete(
    draft: Draft, action: Action, at_address: Mapping[str, str], deletes: Mapping[Node, str]
) -> set[str]:
    needs: set[str] = set()
    for other in draft.live.users((action.type, action.id or "")):
        key = deletes.get(other) or at_address.get(draft.live.address(other) or "")
        if key is None:
            parent = draft.live.parent(other)
            key = deletes.get(parent) if parent else None
        if key is not None:
            needs.add(key)
    replacement = at_address.get(action.address)
    if replacement and action.retires and draft.actions[replacement].order != Replacement.DELETE_FIRST.value:
        needs.add(replacement)
    return needs


def _part(draft: Draft, action: Action) -> None:
    """An update that goes around that of its parent in two: what comes before it, and what after."""
    parent = draft.actions.get(f"update {draft.graph.parent(action.address)}")
    if parent is None:
        return
    early, late = parted(action)
    draft.add(dataclasses.replace(early, needs=early.needs - {parent.key}))
    draft.add(dataclasses.replace(late, needs=late.needs | {parent.key}))
    draft.add(dataclasses.replace(parent, needs=parent.needs | {early.key}))


def _hold_until_ready(draft: Draft, address: str) -> None:
    """Let all that leads to an address wait for it, through whatever needs no action itself."""
    (key,) = (a.key for a in draft.actions.values() if a.address == address and a.verb is not Verb.DELETE)
    after = {address}
    for node in draft.graph.order:
        if not after.isdisjoint(draft.graph.edges[node]):
            after.add(node)
    for other, action in draft.actions.items():
        if action.address in after - {address} and action.verb in (Verb.CREATE, Verb.PREPARE, Verb.UPDATE):
            draft.actions[other] = dataclasses.replace(action, needs=action.needs | {key})

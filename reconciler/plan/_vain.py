"""What cannot be done after all: circles, and what would wait for something that is not to be."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from reconciler.model.plan import Action, Blocked, Verb
from reconciler.model.resource import Replacement
from reconciler.plan._draft import Draft, Node


def break_cycles(draft: Draft) -> None:
    """A circle means that something would have to go while what stays still uses it."""
    while True:
        try:
            TopologicalSorter({a.key: a.needs for a in draft.actions.values()}).prepare()
            return
        except CycleError as error:
            circle = {draft.actions[key].address for key in error.args[1]}
            conflicts = [draft.conflicts[address] for address in sorted(circle) if address in draft.conflicts]
            fix = conflicts[0] if conflicts else "change what uses it first, or delete and create it in two steps"
            stuck = circle & draft.conflicts.keys() or circle
            for address in sorted(stuck):
                users = ", ".join(sorted(circle - {address}))
                draft.block(address, f"cannot be replaced while others use it: {users}", fix)
            for address in sorted(circle - stuck):
                draft.block_behind(address, min(stuck))
            draft.drop({key for key, a in draft.actions.items() if a.address in circle})
            drop_what_waits_in_vain(draft)


def drop_what_waits_in_vain(draft: Draft) -> None:
    """What refers to something that is neither there nor made is blocked with it, and what that uses stays."""
    while True:
        vain = {
            key: lacking
            for key, a in draft.actions.items()
            if a.address in draft.graph.resources
            and a.verb is not Verb.DELETE
            and (lacking := draft.lacking_target(a.address))
        }
        for key, lacking in vain.items():
            draft.block_behind(draft.actions[key].address, lacking)
        draft.drop(vain.keys())
        if not vain and not _drop_deletes_of_what_is_still_used(draft):
            return


def _drop_deletes_of_what_is_still_used(draft: Draft) -> bool:
    """What was to make way for something that is blocked stays, and so does what something blocked uses."""
    deletes = {(a.type, a.id or ""): a for a in draft.actions.values() if a.verb is Verb.DELETE}
    kept = {
        node
        for node, action in deletes.items()
        if (action.retires and action.address in draft.blocked)
        or draft.live.parent(node) in draft.kept
        or any(
            user in draft.kept or (user not in deletes and draft.live.address(user) in draft.blocked)
            for user in draft.live.users(node)
        )
    }
    draft.kept |= kept
    draft.drop({deletes[node].key for node in kept})
    for node in kept:
        _wait_for_its_place(draft, deletes[node], node)
    return bool(kept)


def _wait_for_its_place(draft: Draft, stays: Action, node: Node) -> None:
    """What is made where something stands, which has to go first and stays, cannot be made."""
    made = draft.actions.get(f"create {stays.address}")
    if made is None or not stays.retires or made.order != Replacement.DELETE_FIRST.value:
        return
    users = sorted({str(draft.live.address(user)) for user in draft.live.users(node)} & draft.blocked.keys())
    draft.block_behind(stays.address, users[0] if users else stays.address)
    draft.drop({made.key})


def make_nothing_idle(draft: Draft) -> None:
    """What serves one holder alone, such as an Elastic IP, is not made where all that would use it is blocked."""
    blocked = draft.blocked.keys()
    for key, action in list(draft.actions.items()):
        holders = draft.graph.holders.get(action.address, frozenset())
        if action.verb is not Verb.CREATE or action.replaces or not holders or not holders <= blocked:
            continue
        if draft.graph.dependants[action.address] <= blocked:
            holder = min(holders)
            reason = f"serves {holder} alone, which is blocked"
            draft.blocked[action.address] = Blocked(action.address, reason, f"see {holder}", behind=holder)
            draft.drop({key})

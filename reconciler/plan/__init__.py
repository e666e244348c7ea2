"""From what differs to what to do: actions with their requests, in an order that AWS accepts. Pure.

A draft (`_draft`) takes its turns: what is to be done of each address (`_decide`) and what goes (`_remove`), each as an
action with its requests (`_actions`); what waits for what (`_order`); and what cannot be done after all (`_vain`).
"""

from __future__ import annotations

from reconciler.diff import Comparison
from reconciler.disruptions import disruptions
from reconciler.model.fields import canonical, digest_of
from reconciler.model.graph import Graph
from reconciler.model.plan import Plan, Verb
from reconciler.model.snapshot import Snapshot
from reconciler.plan._actions import full_tags, part_tags
from reconciler.plan._decide import await_pending, block, decide
from reconciler.plan._draft import Choices, Draft
from reconciler.plan._drifted import drifted
from reconciler.plan._order import order
from reconciler.plan._remove import remove_needless
from reconciler.plan._vain import break_cycles, drop_what_waits_in_vain, make_nothing_idle

__all__ = ["Choices", "fingerprint", "full_tags", "make", "part_tags"]


def make(comparison: Comparison, choices: Choices | None = None) -> Plan:
    """The plan that brings AWS to the desired graph, for as much of it as can be planned."""
    draft = Draft(comparison, choices or Choices())
    block(draft)
    decide(draft)
    remove_needless(draft)
    order(draft, await_pending(draft))
    break_cycles(draft)
    if draft.kept:
        drop_what_waits_in_vain(draft)
    make_nothing_idle(draft)
    snapshot = comparison.snapshot
    touched = {a.address for a in draft.actions.values() if a.verb is not Verb.REFRESH}
    return Plan(
        stack=draft.graph.stack.name,
        actions=tuple(sorted(draft.actions.values(), key=lambda a: (a.owner, a.address, a.verb.value, a.key))),
        drift=tuple(drifted(comparison)),
        blocked=tuple(draft.blocked[address] for address in sorted(draft.blocked)),
        disruptions=tuple(disruptions(draft.actions.values(), draft.graph.types, snapshot)),
        unchanged=len([a for a in comparison.winners if a not in touched]),
        outputs=comparison.outputs,
    )


def fingerprint(graph: Graph, snapshot: Snapshot) -> str:
    """A digest of everything a plan depends on: another world gives another plan."""
    live = [
        [o.address, o.type, o.id, canonical(o.fields, lambda _: ""), sorted(o.tags.items()), o.state.value]
        for o in snapshot.live()
    ]
    live += [[address, one.type, one.id] for address, one in sorted(snapshot.referred.items())]
    place = [snapshot.account, snapshot.region, sorted(snapshot.unknown.keys() & graph.types.keys())]
    return digest_of([graph.digest, place, live], 32)

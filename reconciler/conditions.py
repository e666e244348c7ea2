"""What a user's objects are like, in Kubernetes' words, from one comparison. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.diff import Comparison
from reconciler.flows import Judged
from reconciler.model.frozen import Frozen
from reconciler.model.plan import Plan
from reconciler.model.resource import Observed, State


class Condition(Frozen):
    """One statement on an object: `status` is `True`, `False` or `Unknown`, `reason` one CamelCase word."""

    type: str
    status: str
    reason: str
    message: str = ""


def conditions_of(owner: str, comparison: Comparison, plan: Plan) -> tuple[Condition, ...]:
    """Ready, Synced, Drifted and Stalled of one object (`Task/web`); a `Stack` is as all of it is, a `Route` as the
    listener that it is a part of."""
    whole = owner == f"Stack/{comparison.graph.stack.name}"
    owners = {a: resource.owner for a, resource in comparison.graph.resources.items()}
    owners |= {a: reference.owner for a, reference in comparison.graph.references.items()}
    parts = comparison.graph.parts.get(owner, frozenset())
    addresses = [address for address, by in owners.items() if whole or by == owner or address in parts]
    if not addresses:
        return (Condition("Ready", "Unknown", "Unknown"),)
    live = [comparison.winners[a] for a in addresses if a in comparison.winners]
    live += [comparison.replaced[a].old for a in addresses if a in comparison.replaced]
    live += [comparison.snapshot.referred[a] for a in addresses if a in comparison.snapshot.referred]
    drift = [d.address for d in plan.drift if whole or d.owner == owner or d.address in parts]
    visible = [a.address for a in plan.visible if whole or a.owner == owner or a.address in parts]
    blocked = [b for b in plan.blocked if b.address in addresses]
    differing = comparison.changes.keys() | comparison.missing.keys() | comparison.replaced.keys()
    apart = {*drift, *visible, *(b.address for b in blocked if b.address in differing)}
    return (
        _ready(len(addresses), live),
        _said("Synced", not apart, "AsDesired", "Differs", sorted(apart)),
        _said("Drifted", bool(drift), "ChangedInAws", "NoDrift", drift),
        _said("Stalled", bool(blocked), "Blocked", "NotBlocked", [f"{b.address}: {b.reason}" for b in blocked]),
    )


def with_flows(obj: str, said: tuple[Condition, ...], flows: Sequence[Judged]) -> tuple[Condition, ...]:
    """What is true of an object where these flows of its stack were judged.

    A Stack's flows hold when all of them do, those of what a flow begins or ends at when these do; an object that
    becomes nothing of its own in AWS lacks nothing.
    """
    kind, _, name = obj.partition("/")
    if kind == "Stack":
        return (*said, _flows_hold(flows))
    if kind == "Flow":
        return (Condition("Ready", "True", "Declared"), _flows_hold([flow for flow in flows if flow.name == name]))
    if said == (Condition("Ready", "Unknown", "Unknown"),):
        return (Condition("Ready", "True", "NothingOfItsOwn"),)
    end = f"{kind[:1].lower()}{kind[1:]}/{name}"
    mine = [flow for flow in flows if end in flow.ends]
    return (*said, _flows_hold(mine)) if mine else said


def _flows_hold(flows: Sequence[Judged]) -> Condition:
    for holds, status, reason in ((False, "False", "Broken"), (None, "Unknown", "NotKnown")):
        found = [flow for flow in flows if flow.holds is holds]
        if found:
            return Condition("FlowsHold", status, reason, "; ".join(f"{flow.name}: {flow.why}" for flow in found))
    return Condition("FlowsHold", "True", "AsDeclared")


def status_of(conditions: Sequence[Condition]) -> str:
    """One word for a table."""
    held = {c.type: c for c in conditions}
    for name, word in (("Stalled", "Blocked"), ("Drifted", "Drifted")):
        if name in held and held[name].status == "True":
            return word
    if "Synced" in held and held["Synced"].status == "False":
        return "Pending"
    if "FlowsHold" in held and held["FlowsHold"].status != "True":
        return "Broken" if held["FlowsHold"].status == "False" else "Unknown"
    ready = held["Ready"]
    return "Ready" if ready.status == "True" else ready.reason


def _ready(wanted: int, live: Sequence[Observed[Any]]) -> Condition:
    failed = [o for o in live if o.state in (State.FAILED, State.REVERTED)]
    busy = [o for o in live if o.state is State.PENDING]
    if failed:
        return Condition("Ready", "False", "Failed", "; ".join(f"{o.address}: {o.detail}" for o in failed))
    if len(live) < wanted:
        return Condition("Ready", "False", "Missing", f"{wanted - len(live)} of {wanted} AWS resources are not there")
    if busy:
        return Condition("Ready", "False", "InProgress", "; ".join(f"{o.address}: {o.detail}" for o in busy))
    return Condition("Ready", "True", "Available")


def _said(name: str, holds: bool, yes: str, no: str, names: Sequence[str]) -> Condition:
    return Condition(name, "True" if holds else "False", yes if holds else no, ", ".join(names))

"""What AWS no longer has as we left it."""

from __future__ import annotations

from reconciler.diff import Comparison
from reconciler.model.plan import Cause, Drifted, Status


def drifted(comparison: Comparison) -> list[Drifted]:
    """The objects that differ, are missing or are too many, in order of address."""
    graph = comparison.graph
    found: list[Drifted] = []
    for address, cause in comparison.missing.items():
        if cause is Cause.DRIFT:
            resource = graph.resources[address]
            found.append(Drifted(address, resource.type, resource.owner, None, Status.MISSING))
    in_place = {a: (comparison.winners[a], changes) for a, changes in comparison.changes.items()}
    anew = {a: (replaced.old, replaced.changes) for a, replaced in comparison.replaced.items()}
    for address, (live, changes) in {**in_place, **anew}.items():
        drift = tuple(c for c in changes if c.cause is Cause.DRIFT)
        if drift and address not in comparison.failed:
            resource = graph.resources[address]
            found.append(Drifted(address, resource.type, resource.owner, live.id, Status.MODIFIED, drift))
    for twin in (*comparison.twins, *(t for doubles in comparison.contested.values() for t in doubles)):
        address = twin.address or ""
        owner = graph.resources[address].owner
        found.append(Drifted(address, twin.type, owner, twin.id, Status.DUPLICATE))
    if not graph.stack.prune or comparison.converged_before:
        for orphan in comparison.orphans:
            address = orphan.address or ""
            found.append(Drifted(address, orphan.type, address, orphan.id, Status.ORPHANED))
    return sorted(found, key=lambda d: (d.address, d.id or ""))

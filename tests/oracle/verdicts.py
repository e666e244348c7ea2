"""What the analysis says: the only place here that knows it."""

from __future__ import annotations

from collections.abc import Callable

from agreement import Answer, Question

from reconciler.flows import REACHABLE, UNKNOWN, Query, trace, world_of_snapshot
from reconciler.model.snapshot import Snapshot
from reconciler.resources import discover, evidence


def judge(snapshot: Snapshot) -> Callable[[Question], tuple[Answer, str]]:
    """The analysis of one snapshot, ready to be asked."""
    world = world_of_snapshot(None, snapshot, {**discover(), **evidence()})

    balancers = tuple(
        f"loadBalancer/{o.address.split('/', 1)[1]}" for o in snapshot.live() if o.type == "load-balancer"
    )

    def verdict(question: Question) -> tuple[Answer, str]:
        request = question.request
        found = trace(
            world,
            Query(
                question.source,
                question.target,
                port=question.port,
                protocol=question.protocol,
                path=request.path if request else None,
                host=request.host if request else None,
                method=request.method if request else None,
                headers=dict(request.headers) if request else {},
                via=(question.via,) if question.via else (),
                not_via=() if question.via else balancers,
            ),
        )
        why = "; ".join(f"{blocker.code} {blocker.component}: {blocker.detail}" for blocker in found.blockers)
        lost = "; ".join(f"{unclear.component}: {unclear.detail}" for unclear in found.unclear)
        return Answer(found.verdict == REACHABLE, found.some, known=found.verdict != UNKNOWN), why or lost

    return verdict

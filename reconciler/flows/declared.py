"""The `Flow` objects of a stack, judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.flows.ends import NoSuchEndError
from reconciler.flows.trace import BLOCKED, REACHABLE, UNKNOWN, Query, Verdict, trace
from reconciler.flows.world import World
from reconciler.kinds import Object
from reconciler.model.frozen import Frozen


class Judged(Frozen):
    """One declared flow. `holds` is `None` where it is not known; `why` says in a sentence what decides; `ends` are as
    the flow names them (`internet`, `task/web`)."""

    name: str
    expect: str
    actual: str
    holds: bool | None
    why: str
    verdict: Verdict | None
    ends: tuple[str, ...] = ()


def judged(world: World, flows: Iterable[Object[Any]]) -> list[Judged]:
    """Each flow in the order given. One that is expected to be blocked holds only if no traffic at all gets through."""
    return [_judged(world, flow) for flow in flows]


def broken(flows: Iterable[Judged]) -> list[Judged]:
    """The declared flows that do not hold."""
    return [flow for flow in flows if flow.holds is False]


def query_of(flow: Object[Any]) -> Query:
    """The question that a Flow object asks."""
    spec = flow.spec
    return Query(
        source=spec.from_,
        target=spec.to,
        port=spec.port,
        protocol=spec.protocol,
        path=spec.path,
        host=spec.host,
        via=tuple(spec.via),
        not_via=tuple(spec.not_via),
    )


def _judged(world: World, flow: Object[Any]) -> Judged:
    expect, ends = flow.spec.expect, (flow.spec.from_, flow.spec.to)
    try:
        verdict = trace(world, query_of(flow))
    except NoSuchEndError as error:
        return Judged(flow.name, expect, UNKNOWN, None, str(error), None, ends)
    actual = REACHABLE if expect == BLOCKED and verdict.some else verdict.verdict
    holds = None if actual == UNKNOWN else actual == expect
    return Judged(flow.name, expect, actual, holds, _why(verdict, actual), verdict, ends)


def _why(verdict: Verdict, actual: str) -> str:
    if actual == UNKNOWN and verdict.unclear:
        lost = verdict.unclear[0]
        return f"{lost.component}: {lost.detail}"
    if actual == BLOCKED and verdict.blockers:
        first = verdict.blockers[0]
        return f"{first.component}: {first.detail}"
    through = next((path for path in verdict.paths if path.reaches), None)
    if actual == REACHABLE and through is not None:
        way = f"through {', '.join(through.via)}" if through.via else "directly"
        let_in = next((hop for hop in reversed(through.hops) if (hop.allowed_by or "").startswith("ingress")), None)
        return f"{way}, let in by {let_in.component}: {let_in.allowed_by}" if let_in else way
    return ""

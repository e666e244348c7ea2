"""The answer to a trace, as JSON and as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.flows import BLOCKED, REACHABLE, Blocker, Hop, Query, Unclear, Verdict, World, fixes
from reconciler.flows.ranges import ports_text

_COLOURS = {REACHABLE: "32", BLOCKED: "31"}


def trace_document(world: World, verdict: Verdict) -> dict[str, Any]:
    """`trace -o json`: the way that explains the verdict best, then all ways under `paths`."""
    query = verdict.query
    return {
        "from": query.source,
        "to": query.target,
        "protocol": query.protocol,
        "port": ports_text(verdict.ports),
        "verdict": verdict.verdict,
        "partial": verdict.partial,
        "via": list(verdict.via),
        "hops": _hops(world, verdict.hops),
        "blockers": [
            {**blocker, "fix": fix}
            for blocker, fix in zip(_blockers(world, verdict.blockers), fixes(world, verdict), strict=True)
        ],
        "unknown": _unclear(verdict.unclear),
        "paths": [
            {
                "via": list(path.via),
                "place": path.place,
                "verdict": "Blocked" if path.blocked else "Unknown" if path.unclear else "Reachable",
                "hops": _hops(world, path.hops),
                "blockers": _blockers(world, path.blockers),
                "unknown": _unclear(path.unclear),
            }
            for path in verdict.paths
        ],
    }


def _hops(world: World, hops: Sequence[Hop]) -> list[dict[str, Any]]:
    return [{"component": h.component, "id": world.ids.get(h.component), "allowedBy": h.allowed_by} for h in hops]


def _blockers(world: World, blockers: Sequence[Blocker]) -> list[dict[str, Any]]:
    return [
        {
            "component": blocker.component,
            "id": world.ids.get(blocker.component),
            "code": blocker.code,
            "detail": blocker.detail,
            "partial": blocker.partial,
        }
        for blocker in blockers
    ]


def _unclear(unclear: Sequence[Unclear]) -> list[dict[str, Any]]:
    return [{"component": lost.component, "detail": lost.detail} for lost in unclear]


def trace_text(world: World, verdict: Verdict, *, where: str, colour: bool) -> str:
    """Every hop in order, what blocks, and the verdict last."""
    return "\n".join(_lines(world, verdict, where, colour))


def _lines(world: World, verdict: Verdict, where: str, colour: bool) -> Iterator[str]:
    yield f"{_asked(verdict.query, ports_text(verdict.ports))} ({where})"
    if verdict.place:
        yield f"shown: the way {verdict.place}"
    if verdict.hops:
        yield ""
    stopped = {blocker.component for blocker in verdict.blockers}
    lost = {one.component for one in verdict.unclear}
    shown = [(hop, _named(world, hop.component)) for hop in verdict.hops]
    width = min(max((len(name) for _, name in shown), default=0), 60)
    for number, (hop, name) in enumerate(shown, 1):
        sign = "x" if hop.component in stopped and not hop.allowed_by else "?" if hop.component in lost else " "
        yield f"{sign} {number:>2}  {name:<{width}}  {hop.allowed_by or ''}".rstrip()
    for blocker, fix in zip(verdict.blockers, fixes(world, verdict), strict=True):
        some = " (some of it)" if blocker.partial else ""
        yield ""
        yield f"x {_named(world, blocker.component)}: {blocker.code}{some}"
        yield f"    {blocker.detail}"
        yield f"    fix: {fix}"
    for one in verdict.unclear:
        yield ""
        yield f"? {_named(world, one.component)}: {one.detail}"
    yield ""
    yield _verdict(verdict, colour)


def _asked(query: Query, ports: str) -> str:
    request = " ".join(part for part in (query.method, (query.host or "") + (query.path or "")) if part)
    headers = "".join(f" {name}: {value}" for name, value in query.headers.items())
    return f"{query.source} -> {query.target} {query.protocol} {ports}{' ' + request if request else ''}{headers}"


def _named(world: World, component: str) -> str:
    identity = world.ids.get(component, component)
    short = identity.rsplit("/", 1)[-1] if identity.startswith("arn:") else identity
    return component if identity == component else f"{component} ({short})"


def _verdict(verdict: Verdict, colour: bool) -> str:
    through = f" through {', '.join(verdict.via)}" if verdict.via else ""
    text = f"{verdict.verdict}{through}"
    if verdict.verdict == BLOCKED and verdict.partial:
        text = "Blocked in part: some copies, addresses or ports get through, some do not"
    painted = _COLOURS.get(verdict.verdict, "33")
    return f"\033[{painted}m{text}\033[0m" if colour else text

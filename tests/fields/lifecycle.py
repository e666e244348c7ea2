"""The life of one field: made, changed, changed behind our back, healed, removed; nothing else ever moves."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cuts import client

from reconciler.aws import Access, AwsWriter, Calls
from reconciler.diff import compare
from reconciler.engine import View, apply, view
from reconciler.execute import Limits, execute
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Plan, Result, Status, Verb
from reconciler.model.ports import Clock, Writer
from reconciler.model.resource import Call, Observed
from reconciler.model.snapshot import Snapshot
from reconciler.model.tags import is_ours
from reconciler.plan import make

_REST = 900.0
"""Seconds on the sandbox's clock after which every service has its tasks."""

Lines = frozenset[str]
"""What a plan or a drift report shows: `address path` of a change, `+ address` and `- address` of a whole object."""


@dataclasses.dataclass(frozen=True)
class World:
    """A graph that AWS was brought to, with the look that says so."""

    clock: Clock
    graph: Graph
    snapshot: Snapshot


def converged(clock: Clock, graph: Graph) -> World:
    """AWS brought to a graph, from whatever it is, and come to rest."""
    mine = client(clock, threads=4)
    applied = mine.apply(graph)
    assert applied.converged, _explained(applied)
    clock.sleep(_REST)
    return World(clock, graph, in_sync(clock, graph).snapshot)


def in_sync(clock: Clock, graph: Graph) -> View:
    """A look by somebody who was not there, who finds nothing to do."""
    seen = view(graph, client(clock).reader)
    assert (shown(seen), drifted(seen)) == (frozenset(), frozenset())
    assert seen.snapshot.unknown == {}
    return seen


def seen_from(snapshot: Snapshot, graph: Graph, references: Any = None) -> View:
    """What a look that found this, and these references, would make of a graph."""
    snapshot = dataclasses.replace(snapshot, references=snapshot.references if references is None else references)
    comparison = compare(graph, snapshot)
    return View(snapshot, comparison, make(comparison))


def moved(world: World, graph: Graph, lines: Iterable[str]) -> World:
    """The plan from here to a graph shows exactly these lines; it is carried out, and nothing is left to do."""
    first = seen_from(world.snapshot, graph, _references(world, graph))
    assert not first.plan.blocked, first.plan.blocked
    _same(shown(first), lines, "plan")
    return _applied(world.clock, graph, first)


def behind(world: World, before: World) -> World | None:
    """Somebody without our tags does what leads back to `before`; drift shows exactly that, and it is healed.

    The world afterwards; `None` where AWS lets nobody do it.
    """
    back = seen_from(_idle(world.snapshot), before.graph, before.snapshot.references)
    actions = _possible(back.plan)
    if not actions:
        return None
    plan = dataclasses.replace(back.plan, actions=actions)
    stranger = Stranger(AwsWriter(Access("us-east-1"), world.clock, Calls()))
    reader = client(world.clock).reader
    live = tuple(world.snapshot.live())
    outcomes = execute(plan, before.graph, reader, stranger, world.clock, live=live, limits=Limits(threads=1))
    assert all(o.result in (Result.DONE, Result.PENDING) for o in outcomes), outcomes
    touched = {a.address for a in actions if a.verb is not Verb.CREATE}
    forward = seen_from(_idle(before.snapshot), world.graph, world.snapshot.references)
    expected = {
        line.replace("+ ", "- ", 1)
        for action in forward.plan.visible
        if action.address in touched or _parent(action.address) in touched
        for line in _lines(action, forward)
    }
    seen = view(world.graph, client(world.clock).reader)
    _same(drifted(seen), expected, "drift")
    return _applied(world.clock, world.graph, seen)


def _idle(snapshot: Snapshot) -> Snapshot:
    """The same, with services that have no tasks yet: whether they have is a matter of time, and a stranger who puts
    one in the place of another does not wait until it is at work."""

    def idle(one: Observed[Any]) -> Observed[Any]:
        return dataclasses.replace(one, in_use=False) if one.type == "service" else one

    found = {address: tuple(map(idle, some)) for address, some in snapshot.found.items()}
    return dataclasses.replace(snapshot, found=found)


def _references(world: World, graph: Graph) -> Any:
    """What the references of a graph mean, looked for where they are not those of a world."""
    if graph.references == world.graph.references:
        return world.snapshot.references
    return view(graph, client(world.clock).reader).snapshot.references


def shown(seen: View) -> Lines:
    """What a plan shows."""
    return frozenset(line for action in seen.plan.visible for line in _lines(action, seen))


def changes_of(seen: View) -> set[tuple[str, str]]:
    """(address, field) of everything that a plan changes in place or anew."""
    return {(c.address, c.field) for action in seen.plan.visible for c in action.changes}


def drifted(seen: View) -> Lines:
    """What a drift report shows."""
    found = set()
    for one in seen.plan.drift:
        if one.status is Status.MISSING:
            found.add(f"- {one.address}")
        else:
            assert one.status is Status.MODIFIED, one
            found |= {_named(f"{one.address} {c.path}", seen) for c in one.changes}
    return frozenset(found)


class Stranger:
    """A writer that leaves our tags out, as whoever knows nothing of us would."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        left = dict(params)
        for member in ("Tags", "tags", "TagKeys", "tagKeys"):
            if member in left:
                left[member] = _strangers(left[member])
        if re.match(r"(Create|Delete|Add|Remove|Tag|Untag).*(Tags|Role|Resource)$", call.operation) and not any(
            left.get(member) for member in ("Tags", "tags", "TagKeys", "tagKeys", "RoleName", "PolicyName")
        ):
            return {}
        return self._writer.perform(call, left)


def _strangers(tags: Any) -> Any:
    if isinstance(tags, Mapping):
        return {key: value for key, value in tags.items() if not is_ours(key)}
    return [tag for tag in tags if not is_ours(tag if isinstance(tag, str) else tag.get("Key") or tag.get("key"))]


def _possible(plan: Plan) -> tuple[Action, ...]:
    """What of a plan somebody can do to objects of ours and have them stay ours: changing and deleting.

    A task definition never changes: who wants another makes a revision and points the service at it.
    """
    kept: dict[str, Action] = {}
    left = {a.key: a for a in plan.actions}
    moving = True
    while moving:
        moving = False
        for key, action in list(left.items()):
            anew = action.type == "task-definition" and action.verb is Verb.CREATE
            changes = action.verb is Verb.UPDATE or (action.verb is Verb.DELETE and not action.retires)
            here = {a.key for a in plan.actions if a.key in action.needs}
            if (anew or changes) and here <= kept.keys() | _harmless(plan):
                kept[key] = left.pop(key)
                moving = True
    chosen = [a for a in plan.actions if a.key in kept]
    if all(a.verb is Verb.CREATE for a in chosen):
        return ()
    return tuple(dataclasses.replace(a, needs=a.needs & kept.keys()) for a in chosen)


def _harmless(plan: Plan) -> set[str]:
    """Our own tags are nobody else's business."""
    return {a.key for a in plan.actions if a.verb is Verb.REFRESH}


def _parent(address: str) -> str:
    """A collection goes with what it is a part of."""
    return address.rpartition("/")[0]


def _lines(action: Action, seen: View) -> Iterable[str]:
    if action.verb is Verb.DELETE:
        yield f"- {action.address}"
    elif action.verb is Verb.CREATE and action.replaces is None:
        yield f"+ {action.address}"
    else:
        yield from (_named(f"{action.address} {c.path}", seen) for c in action.changes)


def _named(line: str, seen: View) -> str:
    """The line with ids of ours as addresses."""
    for live in seen.snapshot.live():
        for value in {v for v in live.outputs.values() if v.startswith(_AWS_MADE)}:
            line = line.replace(value, str(live.address))
    return line


_AWS_MADE = ("arn:", "sg-", "subnet-", "vpc-")


def _applied(clock: Clock, graph: Graph, first: View) -> World:
    """What the last look of an apply found: nothing to do."""
    mine = client(clock)
    applied = apply(graph, first, mine.reader, mine.doing)
    assert applied.converged, _explained(applied)
    assert (applied.left.actions, applied.left.drift) == ((), ())
    assert applied.seen
    return World(clock, graph, applied.seen.snapshot)


def _explained(applied: Any) -> object:
    failed = [(o.action.key, o.failure, o.because) for o in applied.outcomes if o.failure or o.because]
    return failed or [(a.key, a.changes) for a in applied.left.actions] or applied.left.blocked


def _same(found: Lines, expected: Iterable[str], what: str) -> None:
    patterns = {text: re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")) for text in expected}
    unexpected = sorted(line for line in found if not any(p.fullmatch(line) for p in patterns.values()))
    missing = sorted(text for text, p in patterns.items() if not any(p.fullmatch(line) for line in found))
    assert (unexpected, missing) == ([], []), f"{what}: unexpected {unexpected}, missing {missing}"

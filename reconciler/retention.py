"""What stays: resources that outlive their object, and those that nothing may replace. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.diff import Comparison
from reconciler.model import tags as own_tags
from reconciler.model.graph import Graph, Types
from reconciler.model.plan import Action, Blocked, Reason, Verb
from reconciler.model.resource import Observed, ResourceType


def releases(
    orphans: Iterable[Observed[Any]], staying: Mapping[tuple[str, str], str], types: Types
) -> Iterator[Action]:
    """The actions that let go of what stays; `staying` are nodes with the address that needs each, or nothing.

    What stays only because others need it says so before any of these is let go: whoever goes on after an interruption
    would not see what it is needed for. Parts in objects of others are let go first: the rest may tell where they are.
    """
    free = [o for o in orphans if (o.type, o.id) in staying and _bears_marks(types[o.type])]
    mark = {own_tags.DELETION_POLICY: own_tags.RETAIN}
    marks = [
        _on_tags(live, types, Verb.REFRESH, mark, ())
        for live in free
        if live.tags.get(own_tags.DELETION_POLICY) != own_tags.RETAIN
    ]
    yield from marks
    needs = frozenset(marked.key for marked in marks)
    for live in sorted(free, key=lambda live: not types[live.type].marks_parts):
        ours = sorted(key for key in live.tags if own_tags.is_ours(key))
        action = _on_tags(live, types, Verb.RELEASE, {}, {*ours, own_tags.DELETION_POLICY})
        yield dataclasses.replace(action, needs=needs, because=staying[live.type, live.id])
        if types[live.type].marks_parts:
            needs |= {action.key}


def _on_tags(live: Observed[Any], types: Types, verb: Verb, put: Mapping[str, str], remove: Iterable[str]) -> Action:
    """An action on an orphan that only sets and removes our own tags."""
    kind = types[live.type]
    address = live.address or ""
    return Action(
        key=f"{verb.value} {address} {live.type} {live.id}",
        address=address,
        type=live.type,
        owner=address,
        verb=verb,
        reason=Reason.ORPHANED,
        id=live.id,
        calls=tuple(
            kind.tag_parts(live, put, sorted(remove))
            if kind.marks_parts
            else kind.tag(live.outputs.get(kind.tagged_by, live.id), put, sorted(remove))
        ),
    )


def _bears_marks(kind: ResourceType[Any]) -> bool:
    """Whether objects of a type, or their parts, carry tags that say whose they are."""
    return kind.marks_parts or (kind.taggable and kind.collection is None)


def protected(comparison: Comparison) -> Iterator[Blocked]:
    """What an annotation keeps from being replaced, and what could only be replaced together with that.

    A new revision of a task definition replaces nothing that anybody uses.
    """
    graph, replaced = comparison.graph, comparison.replaced
    for address in graph.order:
        resource = graph.resources[address]
        mine = any(policy.prevent_replace for policy in graph.stack.policies(resource.owner))
        if not mine or address not in replaced or graph.types[resource.type].keeps:
            continue
        paths = sorted({change.path for change in replaced[address].changes if change.replaces})
        what = ", ".join(paths) or "what it needs"
        forbids = f"reconciler.dev/prevent-replace of {resource.owner} forbids"
        fix = "change it back, or take the annotation out and plan again"
        yield Blocked(address, f"{what} would replace it, which {forbids}", fix)
        for other in sorted(_leads_to(graph, address) & replaced.keys()):
            yield Blocked(other, f"replacing it would replace {address}, which {forbids}", f"see {address}")


def _leads_to(graph: Graph, address: str) -> set[str]:
    """Everything that an address refers to, directly or not."""
    found: set[str] = set()
    left = [address]
    while left:
        fresh = graph.targets.get(left.pop(), frozenset()) - found
        found |= fresh
        left += fresh
    return found

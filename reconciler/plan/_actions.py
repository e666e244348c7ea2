"""What is to be done to one object, as an action with its requests and the tags that record it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.diff import Comparison, creation
from reconciler.model import tags as own_tags
from reconciler.model.fields import digest_of, exclusive_ids
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Cause, Change, Reason, Verb
from reconciler.model.resource import Call, Context, Observed, Resource, State
from reconciler.model.values import FrozenMap, Id, Ref, Token, transform
from reconciler.naming import object_name

_TOKEN_LENGTH = 24
"""Hexadecimal digits of an idempotency token, to which a run adds eight: ECS allows 36 characters, EC2 64 (their API
references)."""


def full_tags(graph: Graph, address: str, applied: str) -> dict[str, str]:
    """All tags that a create call of an address carries."""
    tags = {
        **graph.stack.tags,
        own_tags.STACK: graph.stack.name,
        own_tags.OWNER: graph.stack.owner,
        own_tags.ADDRESS: address,
        own_tags.APPLIED: applied,
        **graph.key_lists,
    }
    if graph.retains(address):
        tags[own_tags.DELETION_POLICY] = own_tags.RETAIN
    if graph.kind(address).cloudformation.startswith("AWS::EC2::"):
        tags.setdefault("Name", "/".join([graph.stack.name, *address.split("/")[1:]]))
    return tags


def part_tags(graph: Graph, address: str) -> dict[str, str]:
    """The tags of the parts of an address that has none itself."""
    tags = {own_tags.STACK: graph.stack.name, own_tags.OWNER: graph.stack.owner, own_tags.ADDRESS: address}
    return {**tags, own_tags.DELETION_POLICY: own_tags.RETAIN} if graph.retains(address) else tags


def create(comparison: Comparison, address: str, cause: Cause) -> Action:
    """Make what is not there. It waits for what is dying at its address and holds what it needs for itself."""
    holders = tuple(
        live.id
        for live in comparison.snapshot.found.get(address, ())
        if live.state is State.DELETING and next(exclusive_ids(live.fields), None) is not None
    )
    resource = comparison.graph.resources[address]
    return _create(comparison, resource, cause, creation(comparison, address, cause), after_gone=holders)


def create_instead(
    comparison: Comparison, address: str, cause: Cause, changes: tuple[Change, ...], old: Observed[Any]
) -> Action:
    """Make what stands in for an object that cannot become the desired one."""
    resource = comparison.graph.resources[address]
    fields = comparison.graph.kind(address).succeeding(resource.fields, old)
    succeeding = dataclasses.replace(resource, fields=fields)
    return _create(comparison, succeeding, cause, changes, id=old.id, replaces=old.id)


def _create(
    comparison: Comparison, resource: Resource[Any], cause: Cause, changes: tuple[Change, ...], **details: Any
) -> Action:
    address = resource.address
    kind = comparison.graph.kind(address)
    applied = comparison.graph.applied_digests[address]
    context = _context(comparison, address, applied)
    calls = tuple(kind.create(resource, context))
    seal: tuple[Call, ...] = ()
    if kind.collection and kind.parent:
        seal = tuple(kind.tag(getattr(resource.fields, kind.parent), _seal_tags(comparison.graph, address), ()))
    elif kind.taggable and len(calls) > 1:
        unsealed = dataclasses.replace(context, tags=_new_tags(comparison.graph, address, own_tags.NONE))
        calls = tuple(kind.create(resource, unsealed))
        seal = tuple(kind.tag(Ref(address, kind.tagged_by), {own_tags.APPLIED: applied}, ()))
    return Action(
        key=f"create {address}",
        address=address,
        type=kind.name,
        owner=resource.owner,
        verb=Verb.CREATE,
        reason=Reason.DRIFT if cause is Cause.DRIFT else Reason.PENDING,
        changes=changes,
        calls=calls,
        seal=seal,
        **details,
    )


def update(comparison: Comparison, address: str, changes: tuple[Change, ...], around: frozenset[str]) -> Action:
    """Bring an object to what is desired. `around` are the fields of its parent that it goes around in this plan."""
    graph = comparison.graph
    resource = comparison.desired(address)
    kind = graph.kind(address)
    winner = comparison.winners[address]
    changed = frozenset(c.field for c in changes) - {"tags"}
    context = dataclasses.replace(_context(comparison, address, graph.applied_digests[address]), parent_changes=around)
    calls = tuple(kind.update(resource, winner, changed, context)) if changed else ()
    pending = any(c.cause is Cause.PENDING for c in changes)
    if pending and len(calls) > 1 and kind.taggable and winner.applied != own_tags.NONE:
        mark = {own_tags.applied_key(kind.collection): own_tags.NONE}
        calls = (*kind.tag(_tag_target(graph, address, winner), mark, ()), *calls)
    drift = all(c.cause is Cause.DRIFT for c in changes)
    return Action(
        key=f"update {address}",
        address=address,
        type=kind.name,
        owner=resource.owner,
        verb=Verb.UPDATE,
        reason=Reason.DRIFT if drift else Reason.PENDING,
        id=winner.id,
        changes=changes,
        calls=calls,
        seal=tuple(_tag_calls(graph, address, winner, changes)),
        exposed=tuple(kind.exposes(resource, winner, context)) if changed else (),
        parent_changes=around,
    )


def adopt(comparison: Comparison, address: str, around: frozenset[str]) -> Action:
    """Take over what nobody of ours made: our tags first, so that whoever goes on from there finds it."""
    graph = comparison.graph
    whose = {**part_tags(graph, address), own_tags.APPLIED: own_tags.NONE}
    target = _tag_target(graph, address, comparison.winners[address])
    rest = update(comparison, address, comparison.changes.get(address, ()), around)
    calls = (*graph.kind(address).tag(target, whose, ()), *rest.calls)
    return dataclasses.replace(rest, calls=calls, reason=Reason.PENDING, adopts=True)


def refresh(comparison: Comparison, address: str) -> Action:
    """Bring no more than our own tags up to date."""
    winner = comparison.winners[address]
    tags = tuple(_tag_calls(comparison.graph, address, winner, ()))
    return dataclasses.replace(await_ready(comparison, address), seal=tags)


def await_ready(comparison: Comparison, address: str) -> Action:
    """Do nothing but wait for what an earlier run made."""
    resource = comparison.graph.resources[address]
    return Action(
        key=f"refresh {address}",
        address=address,
        type=resource.type,
        owner=resource.owner,
        verb=Verb.REFRESH,
        reason=Reason.PENDING,
        id=comparison.winners[address].id,
    )


def delete(comparison: Comparison, live: Observed[Any], reason: Reason, *, retires: bool) -> Action | None:
    """Remove a live object; `None` where there is nothing to ask of AWS."""
    graph, snapshot = comparison.graph, comparison.snapshot
    context = Context(graph.stack.name, snapshot.account, snapshot.region, snapshot.partition)
    calls = tuple(graph.types[live.type].delete(live, context))
    if not calls:
        return None
    address = live.address or ""
    resource = graph.resources.get(address)
    return Action(
        key=f"delete {address} {live.type} {live.id}",
        address=address,
        type=live.type,
        owner=resource.owner if resource else address,
        verb=Verb.DELETE,
        reason=reason,
        id=live.id,
        calls=calls,
        retires=retires,
    )


def conflict(comparison: Comparison, address: str, live: Observed[Any]) -> str | None:
    """Why AWS has no new object of an address beside a live one of its type."""

    def known(value: Any) -> Any:
        identity = comparison.lookup(value) if isinstance(value, Ref) else None
        return Id(identity, value.output) if identity else value

    desired = transform(comparison.graph.resources[address].fields, known)
    return comparison.graph.kind(address).conflicts(desired, live.fields)


def name_of(comparison: Comparison, address: str) -> str:
    """The name that a new object of an address gets; empty where AWS gives ids only."""
    graph = comparison.graph
    digest = graph.replacement_digests[address]
    return object_name(graph.kind(address), graph.stack.name, graph.stack.region, address, digest)


def _context(comparison: Comparison, address: str, applied: str) -> Context:
    graph, snapshot = comparison.graph, comparison.snapshot
    return Context(
        stack=graph.stack.name,
        account=snapshot.account,
        region=snapshot.region,
        partition=snapshot.partition,
        name=name_of(comparison, address),
        token=_token(comparison, address),
        tags=_new_tags(graph, address, applied),
    )


def _new_tags(graph: Graph, address: str, applied: str) -> FrozenMap[str, str]:
    kind = graph.kind(address)
    if kind.marks_parts:
        return FrozenMap(part_tags(graph, address))
    return FrozenMap(full_tags(graph, address, applied) if kind.taggable and not kind.collection else {})


def _token(comparison: Comparison, address: str) -> Token:
    """Names the creation of one address as it is desired now."""
    graph = comparison.graph
    parts = [comparison.snapshot.account, graph.stack.name, address, graph.applied_digests[address]]
    return Token(digest_of(parts, _TOKEN_LENGTH).split(".", 1)[1])


def _seal_tags(graph: Graph, address: str) -> dict[str, str]:
    return {own_tags.applied_key(graph.kind(address).collection): graph.applied_digests[address]}


def _tag_target(graph: Graph, address: str, winner: Observed[Any]) -> str:
    return winner.outputs.get(graph.kind(address).tagged_by, winner.id)


def _tag_calls(graph: Graph, address: str, winner: Observed[Any], changes: Iterable[Change]) -> Iterator[Call]:
    kind = graph.kind(address)
    changed = {c.path[len("tags[") : -1]: c.desired for c in changes if c.field == "tags"}
    if kind.marks_parts and changed:
        put = {key: value for key, value in changed.items() if value is not None}
        yield from kind.tag_parts(winner, put, sorted(changed.keys() - put.keys()), graph.resources[address])
    if not kind.taggable:
        return
    put = {} if winner.applied == graph.applied_digests[address] else _seal_tags(graph, address)
    remove: set[str] = set()
    if kind.collection is None:
        put |= {key: value for key, value in changed.items() if value is not None}
        remove |= {key for key, value in changed.items() if value is None}
        put |= {key: value for key, value in graph.key_lists.items() if winner.tags.get(key) != value}
        remove |= {k for k in winner.tags if k.startswith(own_tags.TAG_KEYS)} - graph.key_lists.keys()
    if put or remove:
        yield from kind.tag(_tag_target(graph, address, winner), put, sorted(remove))

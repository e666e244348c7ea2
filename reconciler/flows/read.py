"""From a desired graph, or from what was observed, to the world that both describe in facts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from reconciler.flows.builder import Builder
from reconciler.flows.world import World
from reconciler.model.facts import Name
from reconciler.model.graph import Graph, Readables
from reconciler.model.resource import Observed, Readable, ResourceType, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import Id, Ref, transform


def world_of_graph(graph: Graph, snapshot: Snapshot | None = None) -> World:
    """What is wanted: nothing has an address yet, so a copy of a task may be anywhere in its subnets.

    What lives in networks that are only referred to is taken as `snapshot` has it; without one it is not known.
    """
    referred = {one.id: address for address, one in snapshot.referred.items()} if snapshot else {}
    builder = Builder(lambda name: name.address if isinstance(name, Ref) else referred.get(name.value, name.value))
    for address, resource in graph.resources.items():
        for fact in graph.types[resource.type].facts(Ref(address), resource.fields, None):
            builder.add(fact)
    for observed in snapshot.evidence if snapshot and graph.references else ():
        if observed.type in graph.types:
            name: Name = Ref(referred[observed.id]) if observed.id in referred else Id(observed.id)
            for fact in graph.types[observed.type].facts(name, observed.fields, observed.id):
                builder.add(fact)
    world = builder.done()
    world.unread = dict.fromkeys(graph.references.keys() - set(referred.values()), _ONLY_REFERRED_TO)
    world.owners.update((address, resource.owner) for address, resource in graph.resources.items())
    return world


_ONLY_REFERRED_TO = "the files only refer to it, and only AWS knows what it is"


def world_of_snapshot(graph: Graph | None, snapshot: Snapshot, types: Readables) -> World:
    """What was observed, called by our addresses where it is ours; `graph` adds whose each thing is.

    `types` are those that the snapshot was made with. Of an address that is doubled the first keeps the name.
    """
    keys = _keys(snapshot)
    builder = Builder(lambda name: name.address if isinstance(name, Ref) else keys.get(name.value, name.value))
    world = builder.world
    world.observed = True
    for observed in snapshot.everything():
        key = keys.get(observed.id, observed.id)
        kind = types[observed.type]
        collection = getattr(kind, "collection", None)
        if collection is None:
            world.ids[key] = observed.id
            if observed.state is not State.READY:
                world.states[key] = _said(observed)
        own: Name = Ref(key) if key != observed.id else Id(observed.id)
        fields = _named_as_wanted(graph, kind, observed, keys) if graph else observed.fields
        for fact in kind.facts(own, fields, observed.id):
            builder.add(fact)
    world = builder.done()
    world.unread = {
        name: why for name, why in snapshot.unknown.items() if name in types and says_something(types[name])
    }
    if world.health is None and any(t.tells_health for name, t in types.items() if name not in snapshot.unknown):
        world.health = {}
    if graph is not None:
        world.want = partial(world_of_graph, graph)
        world.owners.update((address, resource.owner) for address, resource in graph.resources.items())
    return world


def _keys(snapshot: Snapshot) -> Mapping[str, str]:
    """Our address by AWS's ids; an ARN that another output gives names the same thing."""
    found = {one.id: address for address, one in snapshot.referred.items()}
    for address, doubled in snapshot.found.items():
        first = min(doubled, key=lambda one: (one.state is not State.READY, not one.in_use, one.created, one.id))
        found.setdefault(first.id, address)
    return found


def _said(observed: Observed[Any]) -> str:
    return f"its state is {observed.state.value}" + (f": {observed.detail}" if observed.detail else "")


def _named_as_wanted(graph: Graph, kind: Readable[Any], observed: Observed[Any], keys: Mapping[str, str]) -> Any:
    """The fields with their entries called as in the files, where AWS keeps no name for an entry."""
    wanted = graph.resources.get(observed.address or "")
    if wanted is None or not isinstance(kind, ResourceType) or type(kind).align is ResourceType.align:
        return observed.fields

    def leaf(value: Any) -> Any:
        return Ref(keys[value.value], value.output) if isinstance(value, Id) and value.value in keys else value

    return kind.align(wanted.fields, transform(observed.fields, leaf))


def says_something(kind: Readable[Any]) -> bool:
    """Whether an answer is worth nothing without what this type says."""
    return type(kind).facts is not Readable.facts and not kind.refines

"""Whether tasks can start: what the files want and what AWS has, looked through for what ECS would only tell later."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from reconciler.flows import world_of_graph, world_of_snapshot
from reconciler.load import StackObjects
from reconciler.model.graph import Graph, Readables
from reconciler.model.snapshot import Snapshot
from reconciler.startable import _addresses, _checks, _exec, _paths, _ports, _quotas, _roles, _secrets
from reconciler.startable._doubt import Doubt
from reconciler.startable._volumes import Volumes

__all__ = ["Doubt", "doubts", "doubts_of_files"]


def doubts(stack: StackObjects, graph: Graph, snapshot: Snapshot, types: Readables) -> list[Doubt]:
    """Everything that keeps a task from starting, or may: in order of place, what is certain first.

    `types` are those that the snapshot was made with. What AWS has is doubted only where the files do not have the same
    fault: an apply would not repair that either.
    """
    wanted = world_of_graph(graph, snapshot)
    anywhere = dataclasses.replace(
        snapshot, evidence=tuple(one for one in snapshot.evidence if one.type != "network-interface")
    )
    present = world_of_snapshot(graph, anywhere, types)
    ways = _paths.doubts(stack, graph, wanted, present)
    volumes = Volumes(stack, graph, snapshot, wanted, present).doubts(types)
    checks = _checks.doubts(stack, graph, wanted, present)
    return sorted({*_found(stack, graph, snapshot, types), *ways, *checks, *volumes})


def doubts_of_files(stack: StackObjects, graph: Graph) -> list[Doubt]:
    """What the files alone keep from starting, or may, wherever they are applied."""
    nothing = Snapshot(account="", region=graph.stack.region, partition="", stack=graph.stack.name, found={})
    wanted = world_of_graph(graph)
    ways = _paths.doubts(stack, graph, wanted, None)
    checks = _checks.doubts(stack, graph, wanted, None)
    return sorted({*_found(stack, graph, nothing, graph.types), *ways, *checks})


def _found(stack: StackObjects, graph: Graph, snapshot: Snapshot, types: Readables) -> Iterator[Doubt]:
    yield from _addresses.doubts(stack, graph, snapshot)
    yield from _ports.doubts(stack, graph, snapshot)
    yield from _roles.doubts(stack, graph, snapshot, types)
    yield from _secrets.doubts(stack, graph, snapshot, types)
    yield from _quotas.doubts(stack, graph, snapshot)
    yield from _exec.doubts(stack)

"""Who uses whom in AWS now: what must be done before a live object can go. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from reconciler.model.fields import edge_ids
from reconciler.model.graph import Types, related_edges
from reconciler.model.resource import Observed, ResourceType
from reconciler.model.snapshot import Snapshot
from reconciler.model.tags import DELETION_POLICY, RETAIN
from reconciler.model.values import Id


class LiveGraph:
    """Who uses whom among the live objects of a stack, by the ids in their fields and by their types' `after`."""

    def __init__(self, snapshot: Snapshot, types: Types) -> None:
        live = {(o.type, o.id): o for o in snapshot.live()}
        by_value: dict[str, list[tuple[str, str]]] = {}
        for node, observed in live.items():
            if types[node[0]].collection is None:
                for value in {observed.id, *observed.outputs.values()}:
                    by_value.setdefault(value, []).append(node)
        targets = {
            _text(node): frozenset(
                _text(target) for i in edge_ids(o.fields) for target in by_value.get(i.value, ()) if target != node
            )
            for node, o in live.items()
        }
        after = related_edges(targets, {_text(node): node[0] for node in live}, types)
        nodes = {_text(node): node for node in live}
        self._needs = {node: [nodes[target] for target in sorted(targets[_text(node)])] for node in live}
        self._users: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for text, node in nodes.items():
            for target in targets[text] | after[text]:
                self._users.setdefault(nodes[target], set()).add(node)
        self._addresses = {node: o.address for node, o in live.items()}
        self._parents = {
            node: parent for node, o in live.items() if (parent := _parent_of(o, types[node[0]], by_value)) is not None
        }

    def users(self, node: tuple[str, str]) -> list[tuple[str, str]]:
        """The live objects that refer to `node` or come after it, in a stable order."""
        return sorted(self._users.get(node, ()))

    def kept(self, orphans: Iterable[Observed[Any]], retained: AbstractSet[str]) -> Mapping[tuple[str, str], str]:
        """The orphans that stay: those that are to, their parts, and all that these need.

        By node, the address that needs it; empty for what stays for its own sake.
        """
        left = {(o.type, o.id): o for o in orphans}
        found = {node: "" for node, o in left.items() if o.tags.get(DELETION_POLICY) == RETAIN or o.address in retained}
        fresh = list(found)
        while fresh:
            node = fresh.pop()
            why = found[node] or left[node].address or ""
            parts = [part for part, parent in self._parents.items() if parent == node and part in left]
            for other, because in (*((p, found[node]) for p in parts), *((n, why) for n in self._needs[node])):
                if other in left and other not in found:
                    found[other] = because
                    fresh.append(other)
        return found

    def address(self, node: tuple[str, str]) -> str | None:
        """The address of a live object."""
        return self._addresses[node]

    def parent(self, node: tuple[str, str]) -> tuple[str, str] | None:
        """The object that a collection is part of."""
        return self._parents.get(node)


def _parent_of(
    observed: Observed[Any], kind: ResourceType[Any], by_value: Mapping[str, list[tuple[str, str]]]
) -> tuple[str, str] | None:
    if kind.parent is None:
        return None
    parent = getattr(observed.fields, kind.parent)
    found = by_value.get(parent.value, []) if isinstance(parent, Id) else []
    return found[0] if found else None


def _text(node: tuple[str, str]) -> str:
    return f"{node[0]} {node[1]}"

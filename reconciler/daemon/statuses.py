"""The conditions of every object, kept between passes so that the time of their last change is known."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler import engine
from reconciler.conditions import Condition, conditions_of, status_of, with_flows
from reconciler.daemon.desired import Desired
from reconciler.daemon.memory import STATUS, Memory
from reconciler.flows import Judged
from reconciler.model.events import Finding
from reconciler.store import Put, Remove

Document = Mapping[str, Any]


class Statuses:
    """What `status`, `get` and `wait` show, written when it changes. Safe to share among threads."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._kept: dict[str, dict[str, Document]] = {}
        self._said: dict[str, Mapping[str, tuple[Condition, ...]]] = {}
        self.broken: tuple[str, ...] = ()
        """What is wrong with the files."""
        self.good: frozenset[str] = frozenset()
        """The stacks of which nothing is wrong: the others are stalled as long as something is."""

    def are_lost(self, stack: str) -> bool:
        """Whether the store has nothing of a stack any more that we kept in it: it was begun anew."""
        return stack in self._kept and not self._memory.items(STATUS, f"{stack}/")

    def keep(
        self, desired: Desired, view: engine.View, flows: Sequence[Judged], now: float, refused: Finding | None = None
    ) -> None:
        """The conditions of every object after a pass that judged these flows, and left what is `refused` to a person:
        the stack is stalled until somebody does something."""
        found = {obj: with_flows(obj, conditions_of(obj, view.comparison, view.plan), flows) for obj in desired.objects}
        if refused is not None:
            stack = f"Stack/{desired.graph.stack.name}"
            found[stack] = _with(found[stack], Condition("Stalled", "True", refused.type, refused.message))
        self._put(desired, found, now)

    def unknown(self, desired: Desired, reason: str, message: str, now: float) -> None:
        """A pass that saw nothing: `Ready` and `Synced` of every object are unknown."""
        said = tuple(Condition(name, "Unknown", reason, message) for name in ("Ready", "Synced"))
        self._put(desired, dict.fromkeys(desired.objects, said), now)

    def refresh(self, desired: Desired, now: float) -> None:
        """The same conditions in the light of what is wrong with the files."""
        said = self._said.get(desired.graph.stack.name)
        if said is not None:
            self._put(desired, said, now)

    def _put(self, desired: Desired, found: Mapping[str, tuple[Condition, ...]], now: float) -> None:
        stack = desired.graph.stack.name
        self._said[stack] = found
        if self.broken and stack not in self.good:
            found = {obj: self._stalled(said) if obj.startswith("Stack/") else said for obj, said in found.items()}
        on_disk = self._memory.items(STATUS, f"{stack}/")
        with self._lock:
            kept = self._kept.get(stack, {})
            before = on_disk or kept
            after = {
                f"{stack}/{obj}": _document(stack, obj, desired.objects[obj], before.get(f"{stack}/{obj}"), said, now)
                for obj, said in found.items()
            }
            self._kept[stack] = after
        written = kept if self._memory.failing else on_disk
        changes = [Remove(STATUS, key) for key in written.keys() - after.keys()]
        self._memory.write_each(
            *changes, *(Put(STATUS, key, document) for key, document in after.items() if written.get(key) != document)
        )

    def _stalled(self, said: tuple[Condition, ...]) -> tuple[Condition, ...]:
        more = f" and {len(self.broken) - 1} more" if len(self.broken) > 1 else ""
        stalled = Condition("Stalled", "True", "SpecInvalid", f"{self.broken[0]}{more}; the last good version holds")
        return _with(said, stalled)


def _with(said: tuple[Condition, ...], condition: Condition) -> tuple[Condition, ...]:
    """These conditions, one of them replaced."""
    return (*(one for one in said if one.type != condition.type), condition)


def _document(
    stack: str, obj: str, spec: str, before: Document | None, conditions: Iterable[Condition], now: float
) -> Document:
    """An object's status; `generation` counts its specs, as Kubernetes does."""
    known = before or {}
    generation = int(known.get("generation", 0)) + (known.get("spec") != spec)
    old = {one["type"]: one for one in known.get("conditions", ())}
    said = tuple(conditions)
    kind, _, name = obj.partition("/")
    return {
        "kind": kind,
        "name": name,
        "stack": stack,
        "status": status_of(said),
        "generation": generation,
        "spec": spec,
        "conditions": [_stamped(one, old.get(one.type), generation, now) for one in said],
    }


def _stamped(condition: Condition, before: Document | None, generation: int, now: float) -> dict[str, Any]:
    same = before is not None and before["status"] == condition.status
    return {
        **dataclasses.asdict(condition),
        "observedGeneration": generation,
        "lastTransitionTime": before["lastTransitionTime"] if same and before else now,
    }

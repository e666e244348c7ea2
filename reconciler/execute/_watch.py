"""Looking at AWS in the middle of a run: what became of what this run makes, waits for, or may have made already."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from reconciler.diff import compare
from reconciler.execute._failures import Failed, failure_of
from reconciler.execute._run import Run
from reconciler.model.errors import AwsError
from reconciler.model.plan import Action, Verb
from reconciler.model.resource import Call, Context, Observed, Scope, State
from reconciler.model.values import FrozenMap
from reconciler.observe import Look, by_type, snapshot_of
from reconciler.plan import part_tags


class Watch:
    """Looks at one type at a time, one look serving everybody who waits for that type."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._begun: Counter[str] = Counter()
        self._seen: dict[str, tuple[int, list[Observed[Any]]]] = {}

    def look(self, type_name: str, identity: str | None) -> Observed[Any] | None:
        """The object as it is now, by id. Raises `Failed`."""
        return next((o for o in self._current(type_name) if o.id == identity), None)

    def find(self, type_name: str, address: str, *, made: bool) -> Observed[Any] | None:
        """The object as it is now, by address; of doubles the older. One that was `made` by this run is none that the
        plan knew: what is being replaced, or kept as history, has the same address. Raises `Failed`."""
        stack = self._run.graph.stack.name
        known = {(o.type, o.id) for o in self._run.live} if made else set()
        here = [o for o in self._current(type_name) if o.stack == stack and o.address == address]
        mine = [o for o in here if (o.type, o.id) not in known]
        dead = {State.DELETING, State.FAILED} if self._run.graph.types[type_name].dead_when_failed else {State.DELETING}
        return min((o for o in mine if o.state not in dead), key=lambda o: (o.created, o.id), default=None)

    def remaining(self, action: Action, mine: Observed[Any]) -> Iterable[Call]:
        """What still differs of an object from the desired state, as calls of the type itself."""
        graph, reader = self._run.graph, self._run.reader
        stack = graph.stack
        seen = Look(reader.account, reader.region, reader.partition, {action.type: [mine]}, {}, (stack.name,))
        snapshot = snapshot_of(seen, stack)
        live = {**self._stand_ins(), action.address: (mine,)}
        referred = {address: (one,) for address, one in self._referred().items()}
        comparison = compare(graph, dataclasses.replace(snapshot, found=live, references=referred))
        changes = comparison.changes.get(action.address, ())
        changed = frozenset(c.field for c in changes) - {"tags"}
        if not changed or action.address not in comparison.winners:
            return ()
        kind = self._run.kind_of(action)
        context = Context(
            stack.name,
            reader.account,
            reader.region,
            reader.partition,
            tags=FrozenMap(part_tags(graph, action.address) if kind.marks_parts else {}),
            parent_changes=action.parent_changes,
        )
        resource = comparison.desired(action.address)
        calls = kind.update(resource, comparison.winners[action.address], changed, context)
        return [call for call in calls if action.verb is not Verb.PREPARE or not call.late]

    def _stand_ins(self) -> dict[str, tuple[Observed[Any], ...]]:
        """Everything whose outputs are known, as live objects in their desired state."""
        graph = self._run.graph
        known = self._run.outputs.addresses()
        return {address: (self._stand_in(address),) for address in known if address in graph.resources}

    def _referred(self) -> dict[str, Observed[Any]]:
        """What the references of the spec mean, by address, as far as the plan knew."""
        graph = self._run.graph
        return {
            address: dataclasses.replace(
                one.kind.found(one.fields, outputs["id"]), outputs=outputs, address=address, stack=graph.stack.name
            )
            for address, one in graph.references.items()
            if (outputs := self._run.outputs.of(address))
        }

    def _stand_in(self, address: str) -> Observed[Any]:
        graph = self._run.graph
        resource = graph.resources[address]
        outputs = self._run.outputs.of(address)
        return Observed(
            type=resource.type,
            id=outputs.get("id", ""),
            fields=resource.fields,
            address=address,
            stack=graph.stack.name,
            owner=graph.stack.owner,
            outputs=outputs,
            applied=graph.applied_digests[address],
        )

    def _current(self, type_name: str) -> list[Observed[Any]]:
        """A look that began after this was asked: one that is under way may have missed what was just made."""
        with self._lock:
            lock = self._locks.setdefault(type_name, threading.Lock())
            begun_before = self._begun[type_name]
        with lock:
            with self._lock:
                number, seen = self._seen.get(type_name, (0, []))
                if number > begun_before:
                    return seen
                self._begun[type_name] += 1
                number = self._begun[type_name]
            seen = self._observe(type_name)
            with self._lock:
                self._seen[type_name] = (number, seen)
            return seen

    def _observe(self, type_name: str) -> list[Observed[Any]]:
        run = self._run
        kind = run.graph.types[type_name]
        live: dict[str, list[Observed[Any]]] = {}
        for known in run.live:
            live.setdefault(known.type, []).append(known)
        for (stand_in,) in self._stand_ins().values():
            live.setdefault(stand_in.type, []).append(stand_in)
        scope = Scope(
            region=run.reader.region,
            stacks=(run.graph.stack.name,),
            expected={type_name: [r for r in run.graph.resources.values() if r.type == type_name]},
            graphs={run.graph.stack.name: run.graph},
            found={**by_type(self._referred().values()), **{need: live.get(need, []) for need in kind.needs}},
        )
        try:
            return list(kind.observe(run.reader.fresh(), scope))
        except AwsError as error:
            raise Failed(failure_of(error)) from error

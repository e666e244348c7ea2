"""Live objects of stacks, as `get` and `describe` show them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any

from reconciler import engine
from reconciler.cli._settings import Settings
from reconciler.cli._workspace import InputError, connect, graph_of
from reconciler.conditions import Condition, conditions_of, status_of
from reconciler.kinds import Object, discover
from reconciler.load import StackObjects
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader
from reconciler.status import RunningTask, running_tasks, services_of


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """One object beside what AWS has of it."""

    obj: Object[Any]
    graph: Graph
    view: engine.View
    conditions: tuple[Condition, ...]
    tasks: tuple[RunningTask, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """Names and addresses by which it is reached."""
        winner = self.view.comparison.winners.get(f"load-balancer/{self.obj.name}")
        if self.obj.kind == "LoadBalancer" and winner:
            return [winner.outputs.get("dnsName", "")]
        return [address for t in self.tasks for address in (t.public_address, t.private_address) if address]

    def document(self) -> dict[str, Any]:
        """One item of `get -o json`."""
        winners = self.view.comparison.winners
        mine = [a for a, r in self.graph.resources.items() if r.owner == self.obj.id]
        item: dict[str, Any] = {
            "kind": self.obj.kind,
            "name": self.obj.name,
            "stack": self.obj.stack,
            "status": status_of(self.conditions),
            "conditions": [dataclasses.asdict(c) for c in self.conditions],
            "addresses": self.addresses,
            "resources": [
                {
                    "address": a,
                    "type": self.graph.types[self.graph.resources[a].type].cloudformation,
                    "id": winners[a].id if a in winners else None,
                    "state": winners[a].state.value if a in winners else "missing",
                }
                for a in mine
            ],
        }
        if self.obj.kind == "Task":
            item["tasks"] = [dataclasses.asdict(t) for t in self.tasks]
        return item


def kind_of(word: str) -> str:
    """The kind that a word on the command line means. Raises `InputError` with the nearest right one."""
    names: dict[str, str] = {}
    for kind in discover().values():
        names |= {kind.name.lower(): kind.name, kind.plural: kind.name}
    if word.lower() in names:
        return names[word.lower()]
    near = difflib.get_close_matches(word.lower(), names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(set(names.values())))}"
    raise InputError(f"no kind {word}; {hint}")


def shown(stacks: Sequence[StackObjects], kind: str | None, name: str | None, settings: Settings) -> list[Shown]:
    """The chosen objects of some stacks with one look at AWS per stack."""
    found: list[Shown] = []
    for stack in stacks:
        graph = graph_of(stack)
        reader = connect(graph.stack, settings).reader
        view = engine.view(graph, reader)
        objects = {obj.id: obj for obj in (stack.stack, *stack.objects.values())}
        for _, obj in sorted(objects.items()):
            if kind in (None, obj.kind) and name in (None, obj.name):
                conditions = conditions_of(obj.id, view.comparison, view.plan)
                tasks = _tasks(obj, view, reader) if obj.kind == "Task" else ()
                found.append(Shown(obj, graph, view, conditions, tuple(tasks)))
    return found


def _tasks(obj: Object[Any], view: engine.View, reader: Reader) -> list[RunningTask]:
    services = services_of(view.snapshot.live(), f"service/{obj.name}")
    return [task for service in services for task in running_tasks(reader, service)]

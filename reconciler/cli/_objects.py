"""Live objects of stacks, as `get` and `describe` show them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reconciler import engine, resources
from reconciler.cli._failures import InputError
from reconciler.cli._settings import Settings
from reconciler.cli._values import found_lines
from reconciler.cli._workspace import connect, flows_of, graph_of, today
from reconciler.conditions import Condition, conditions_of, status_of, with_flows
from reconciler.flows import judged, world_of_snapshot
from reconciler.kinds import Object, discover
from reconciler.load import StackObjects
from reconciler.model.fields import member_name, traits_of
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader
from reconciler.model.values import NOT_REPORTED
from reconciler.plan import Choices
from reconciler.status import RunningTask, running_tasks, services_of

if TYPE_CHECKING:
    from reconciler.aws import AwsReader

_JUDGED = ("Flow", "LoadBalancer", "Stack", "Task")
"""Kinds whose status says whether traffic goes where it must: only for these are network interfaces read."""
_ALWAYS = 4
"""Columns that a table has though all their cells are empty: what an object is and how it does."""


class Shown(Frozen):
    """One object beside what AWS has of it."""

    obj: Object[Any]
    graph: Graph
    view: engine.View
    conditions: tuple[Condition, ...]
    tasks: tuple[RunningTask, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """Names and addresses by which it is reached."""
        known = self.view.comparison.outputs.get(f"load-balancer/{self.obj.name}", {})
        if self.obj.kind == "LoadBalancer" and known:
            return [known.get("dnsName", "")]
        return [address for t in self.tasks for address in (t.public_address, t.private_address) if address]

    def document(self) -> dict[str, Any]:
        """One item of `get -o json`."""
        winners = self.view.comparison.winners
        referred = self.view.snapshot.referred
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
                    "type": self.graph.kind(a).cloudformation,
                    "id": winners[a].id if a in winners else None,
                    "state": winners[a].state.value if a in winners else "missing",
                }
                for a in mine
            ]
            + [
                {
                    "address": address,
                    "type": reference.kind.cloudformation,
                    "id": referred[address].id if address in referred else None,
                    "state": referred[address].state.value if address in referred else "missing",
                }
                for address, reference in self.graph.references.items()
                if reference.owner == self.obj.id
            ],
        }
        if self.obj.kind == "Task":
            item["tasks"] = [{member_name(n): value for n, value in dataclasses.asdict(t).items()} for t in self.tasks]
        return item


def chosen_object(what: str | None, stacks: Sequence[StackObjects]) -> tuple[str | None, str | None]:
    """The kind and the name that `KIND[/NAME]` means. Raises `InputError` where there is no such thing in the files."""
    if what is None:
        return None, None
    word, slash, name = what.partition("/")
    kind = _kind_of(word)
    if not slash:
        return kind, None
    known = sorted({o.name for s in stacks for o in (s.stack, *s.objects.values()) if o.kind == kind})
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known) or 'none'}"
        raise InputError(f"no {kind} {name!r} in these files; {hint}")
    return kind, name


def _kind_of(word: str) -> str:
    names: dict[str, str] = {}
    for kind in discover().values():
        names |= {kind.name.lower(): kind.name, kind.plural: kind.name}
    if word.lower() in names:
        return names[word.lower()]
    near = difflib.get_close_matches(word.lower(), names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(set(names.values())))}"
    raise InputError(f"no kind {word!r}; {hint}")


def shown(
    stacks: Sequence[StackObjects],
    kind: str | None,
    name: str | None,
    settings: Settings,
    readers: dict[str, AwsReader] | None = None,
) -> list[Shown]:
    """The chosen objects of some stacks with one look at AWS per stack. Who looks again and again keeps `readers`."""
    found: list[Shown] = []
    known = {} if readers is None else readers
    for stack in stacks:
        graph = graph_of(stack)
        if stack.stack.name not in known:
            known[stack.stack.name] = connect(graph.stack, settings).reader
        reader = known[stack.stack.name].fresh()
        objects = {obj.id: obj for obj in (stack.stack, *stack.objects.values())}
        chosen = [o for _, o in sorted(objects.items()) if kind in (None, o.kind) and name in (None, o.name)]
        declared = flows_of(stack) if any(o.kind in _JUDGED for o in chosen) else []
        evidence = resources.configuration() if declared else {}
        view = engine.view(graph, reader, Choices(today=today()), evidence=evidence)
        flows = judged(world_of_snapshot(graph, view.snapshot, {**graph.types, **evidence}), declared)
        for obj in chosen:
            conditions = with_flows(obj.id, conditions_of(obj.id, view.comparison, view.plan), flows)
            tasks = _tasks(obj, view, reader) if obj.kind == "Task" else ()
            found.append(Shown(obj, graph, view, conditions, tuple(tasks)))
    return found


def _tasks(obj: Object[Any], view: engine.View, reader: Reader) -> list[RunningTask]:
    services = services_of(view.snapshot.live(), f"service/{obj.name}")
    return [task for service in services for task in running_tasks(reader, service)]


def object_table(found: Sequence[Shown], *, wide: bool) -> str:
    """A line per object; wide, a line per running task."""
    rows = [["KIND", "NAME", "STACK", "STATUS", "ADDRESSES"]]
    if wide:
        rows[0] += ["TASK", "STATE", "ZONE", "ENI", "PRIVATE", "PUBLIC", "HEALTH"]
    for item in found:
        row = [item.obj.kind, item.obj.name, item.obj.stack, status_of(item.conditions)]
        if wide and item.tasks:
            rows += [[*row, "", *_place(task)] for task in item.tasks]
        else:
            row += [", ".join(item.addresses)]
            rows.append(row + [""] * (len(rows[0]) - len(row)))
    used = [n for n in range(len(rows[0])) if n < _ALWAYS or any(row[n] for row in rows[1:])]
    widths = {n: max(len(row[n]) for row in rows) for n in used}
    lines = ("  ".join(row[n].ljust(widths[n]) for n in used) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _place(task: RunningTask) -> list[str]:
    zone = [task.task, task.status, task.zone, task.network_interface]
    return [*zone, task.private_address, task.public_address, task.health]


def object_text(item: Shown) -> str:
    """Everything known of one object."""
    return "\n".join(_described(item))


def _referred(item: Shown) -> Iterator[str]:
    for address, reference in item.graph.references.items():
        if reference.owner == item.obj.id:
            found = item.view.snapshot.referred.get(address)
            yield f"Refers to {address}: {found.id if found else 'missing'}, which is only read"


def _described(item: Shown) -> Iterator[str]:
    yield f"{item.obj.id} in stack {item.obj.stack}: {status_of(item.conditions)}"
    yield "Conditions:"
    for condition in item.conditions:
        why = f": {condition.message}" if condition.message else ""
        yield f"  {condition.type}={condition.status} ({condition.reason}){why}"
    comparison = item.view.comparison
    parts = item.graph.parts.get(item.obj.id, frozenset())
    mine = [a for a, r in item.graph.resources.items() if r.owner == item.obj.id or a in parts]
    yield from _referred(item)
    if mine:
        yield "AWS resources:"
    for address in mine:
        winner = comparison.winners.get(address)
        replaced = comparison.replaced.get(address)
        state = f"{winner.state.value}  {winner.id}" if winner else "missing"
        yield f"  {address}: {f'to be replaced  {replaced.old.id}' if replaced else state}"
        if winner and winner.detail:
            yield f"    {winner.detail}"
        for change in replaced.changes if replaced else comparison.changes.get(address, ()):
            why = "AWS gave it up" if address in comparison.failed else change.cause.value
            yield from (f"    {text} ({why})" for text in found_lines(change))
        if winner:
            for name, by in winner.delegated.items():
                yield f"    {member_name(name)}: left to {by}"
            silent = [n for n in traits_of(type(winner.fields)) if getattr(winner.fields, n) is NOT_REPORTED]
            if silent:
                yield f"    not reported by AWS: {', '.join(map(member_name, silent))}"
    if item.tasks:
        yield "Tasks:"
    for task in item.tasks:
        public = f", public {task.public_address}" if task.public_address else ""
        place = f"{task.zone} {task.network_interface} {task.private_address}{public}"
        yield f"  {task.task}: {task.status} {place}, {task.health}"

"""What the files want of one stack, in the form that the daemon holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from reconciler.alerts import Rule
from reconciler.kinds import Object
from reconciler.kinds.alert import KIND as ALERT
from reconciler.load import StackObjects
from reconciler.model.fields import digest_of
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph


class Desired(Frozen):
    """A graph, and the objects that it was compiled from, each with a digest of its spec; `flows` are its Flows."""

    graph: Graph
    objects: Mapping[str, str] = field(default_factory=dict)
    flows: tuple[Object[Any], ...] = field(default=(), compare=False)
    alerts: tuple[Rule, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, stack: StackObjects, graph: Graph) -> Desired:
        """The desired state of a checked stack."""
        found = {obj.id: digest_of(obj.spec.model_dump(mode="json")) for obj in stack.objects.values()}
        found[stack.stack.id] = digest_of(stack.stack.spec.model_dump(mode="json"))
        flows = tuple(obj for (kind, _), obj in sorted(stack.objects.items()) if kind == "Flow")
        alerts = tuple(Rule(stack.stack.name, alert.name, alert.spec) for alert in stack.of(ALERT))
        return cls(graph, dict(sorted(found.items())), flows, alerts)

    def same(self, other: Desired) -> bool:
        """Whether both want the same of AWS and of the daemon."""
        return (
            self.graph.digest == other.graph.digest
            and self.graph.stack == other.graph.stack
            and self.objects == other.objects
        )

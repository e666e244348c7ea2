"""What the compile step of a kind may know beside its own object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.kinds import _template
from reconciler.kinds._object import Object
from reconciler.model.frozen import Frozen
from reconciler.model.values import FrozenMap, Ref, Template
from reconciler.resources._actions import Action
from reconciler.resources._listener_rules import ListenerRule
from reconciler.resources.target_group import TargetGroup

if TYPE_CHECKING:
    from reconciler.kinds._kind import Kind


TRANSPORTS: Mapping[str, tuple[str, ...]] = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp")}
"""What the protocols of ELBv2 are made of that are not TCP alone."""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A port of a task that a load balancer forwards to: what becomes one target group."""

    load_balancer: str
    task: str
    port_name: str
    container: str
    container_port: int
    group: TargetGroup = field(compare=False)

    @property
    def address(self) -> str:
        """Address of its target group."""
        return f"target-group/{self.load_balancer}/{self.task}/{self.port_name}"

    @property
    def ports(self) -> frozenset[tuple[str, int]]:
        """What the load balancer connects to, (protocol, port): the task's port, and that of its health check."""
        check = str(self.group.health_check_port)
        asked = int(check) if check.isdecimal() else self.container_port
        passed_on = TRANSPORTS.get(self.group.protocol, ("tcp",))
        return frozenset({("tcp", asked), *((protocol, self.container_port) for protocol in passed_on)})


class Scope(Frozen):
    """The checked objects of one stack, and what follows from several of them together.

    `defaults` and `rules` are by (load balancer, listener), `targets` by task.
    """

    stack: str
    region: str
    objects: Mapping[tuple[str, str], Object[Any]]
    kinds: Mapping[str, Kind[Any]]
    defaults: Mapping[tuple[str, str], tuple[Action, ...]] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], FrozenMap[str, ListenerRule]] = field(default_factory=dict)
    targets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)

    def spec(self, kind: str, name: str) -> Any:
        """The spec of another object."""
        return self.objects[kind, name].spec

    def text(self, value: str) -> str | Template:
        """A user's text with its `${kind/name.output}` as references."""
        parts = tuple(
            part if isinstance(part, str) else self._ref(part.word, part.name, part.output)
            for part in _template.parts(value)
        )
        return "".join(map(str, parts)) if all(isinstance(part, str) for part in parts) else Template(parts)

    def _ref(self, word: str, name: str, output: str) -> Ref:
        kind = next(k for k in self.kinds.values() if k.word == word)
        type_name, type_output = kind.output_refs[output]
        return Ref(f"{type_name}/{name}", type_output)

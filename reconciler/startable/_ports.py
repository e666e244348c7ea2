"""Whether a container opens each port that a load balancer sends connections and health checks to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.load import StackObjects
from reconciler.model.graph import Graph
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import Id, Ref
from reconciler.resources.service import Service, ServiceLoadBalancer
from reconciler.resources.target_group import TargetGroup
from reconciler.resources.task_definition import TaskDefinition
from reconciler.startable._doubt import Doubt, definitions, doubt


def doubts(stack: StackObjects, graph: Graph, snapshot: Snapshot) -> Iterator[Doubt]:
    """What the files want, and what runs: a service whose revision was changed by hand opens other ports."""
    groups = {a: r.fields for a, r in graph.resources.items() if isinstance(r.fields, TargetGroup)}
    wanted = definitions(graph.resources)
    running = {one.id: one.fields for one in snapshot.everything() if isinstance(one.fields, TaskDefinition)}
    for address, resource in sorted(graph.resources.items()):
        if not isinstance(resource.fields, Service):
            continue
        task = address.partition("/")[2]
        faults = list(_faults(resource.fields, wanted.get(task), groups))
        for balancer, fault in faults:
            yield _doubt(stack, task, balancer, fault, now=False)
        seen = snapshot.found.get(address, ())[:1]
        for one in seen if not faults else ():
            revision = one.fields.task_definition
            definition = running.get(revision.value) if isinstance(revision, Id) else None
            for balancer, fault in _faults(one.fields, definition, {}):
                yield _doubt(stack, task, balancer, fault, now=True)


def _faults(
    service: Service, definition: TaskDefinition | None, groups: Mapping[str, TargetGroup]
) -> Iterator[tuple[ServiceLoadBalancer, str]]:
    if definition is None:
        return
    for balancer in sorted(service.load_balancers, key=lambda one: (one.container_name, one.container_port)):
        container = definition.container_definitions.get(balancer.container_name)
        if container is None:
            yield balancer, f"it has no container {balancer.container_name}"
            continue
        opened = {(mapping.container_port, mapping.protocol) for mapping in container.port_mappings}
        ref = balancer.target_group_arn
        group = groups.get(ref.address) if isinstance(ref, Ref) else None
        spoken = {"udp"} if group and group.protocol == "UDP" else {"tcp", "udp"} if group is None else {"tcp"}
        if not any((balancer.container_port, protocol) in opened for protocol in spoken):
            shown = ", ".join(f"{protocol} {port}" for port, protocol in sorted(opened)) or "nothing"
            yield balancer, f"container {balancer.container_name} opens {shown}"
        port = group.health_check_port if group else None
        everywhere = {m.container_port for one in definition.container_definitions.values() for m in one.port_mappings}
        if isinstance(port, str) and port.isdecimal() and int(port) not in everywhere:
            yield balancer, f"no container opens {port}, where it is checked"


def _doubt(stack: StackObjects, task: str, balancer: ServiceLoadBalancer, fault: str, *, now: bool) -> Doubt:
    message = f"a load balancer sends to port {balancer.container_port} of it, and {fault}"
    if now:
        return doubt(
            stack,
            f"Task/{task}",
            ("spec", "containers"),
            f"as AWS is, {message}",
            "apply puts it right",
            possible=True,
        )
    hint = f"open the port in the ports of {balancer.container_name}"
    return doubt(stack, f"Task/{task}", ("spec", "containers"), message, hint, possible=False)

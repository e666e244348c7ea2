"""Flow: ports that its destination has, and a way that can be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.checks._cidrs import host_bits
from reconciler.checks._lookup import nearest
from reconciler.kinds import Object, Peer, Problem
from reconciler.kinds._object import quoted
from reconciler.kinds.flow import KIND, FlowSpec
from reconciler.kinds.load_balancer import KIND as LOAD_BALANCER
from reconciler.kinds.task import KIND as TASK
from reconciler.load import StackObjects


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every flow by itself."""
    for flow in objects.of(KIND):
        yield from _ends(flow)
        yield from _port(objects, flow)
        yield from _way(flow)


def _ends(flow: Object[FlowSpec]) -> Iterator[Problem]:
    for field, text in (("from", flow.spec.from_), ("to", flow.spec.to)):
        if Peer.parse(text).type == "cidr" and (problem := host_bits(flow, ("spec", field), text)):
            yield problem
    for field, value in (("path", flow.spec.path), ("host", flow.spec.host)):
        if value is not None and flow.spec.protocol == "udp":
            yield flow.problem(("spec", field), "belongs to HTTP, which does not use udp", "remove it or write tcp")


def _port(objects: StackObjects, flow: Object[FlowSpec]) -> Iterator[Problem]:
    port, to = flow.spec.port, Peer.parse(flow.spec.to)
    if isinstance(port, int):
        return
    names: Iterable[str]
    if to.type == "task":
        if (task := objects.get(TASK, to.value)) is None:
            return
        names = [one.name for container in task.spec.containers for one in container.ports]
    elif to.type == "loadBalancer":
        if (balancer := objects.get(LOAD_BALANCER, to.value)) is None:
            return
        names = [listener.name for listener in balancer.spec.listeners]
    else:
        yield flow.problem(("spec", "port"), f"{flow.spec.to} has no named ports", "write a number")
        return
    if port not in names:
        message = f"{flow.spec.to} has no port {quoted(port)}"
        yield flow.problem(("spec", "port"), message, nearest(port, names, "the port to it, or write a number"))


def _way(flow: Object[FlowSpec]) -> Iterator[Problem]:
    for field, texts in (("via", flow.spec.via), ("notVia", flow.spec.not_via)):
        for index, text in enumerate(texts):
            if Peer.parse(text).type not in ("task", "loadBalancer"):
                message = f"{text} is nothing that traffic passes through"
                yield flow.problem(("spec", field, index), message, "write loadBalancer/NAME or task/NAME")
    for index, text in enumerate(flow.spec.not_via):
        if text in flow.spec.via:
            yield flow.problem(("spec", "notVia", index), f"{text} is in spec.via too", "keep one")

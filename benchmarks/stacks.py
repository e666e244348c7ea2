"""The stacks that are measured: the reference, and the reference with copies of its service tier."""

from __future__ import annotations

from pathlib import Path

from reconciler.compile import graph_of
from reconciler.load import load
from reconciler.model.graph import Graph

SPECS = Path(__file__).parent.parent / "specs"
_RESOURCES_OF_A_SERVICE = 7
"""Security group and rules, role, log group, task definition, target group, service."""
_SERVICES_OF_A_BALANCER = 50
"""Behind one load balancer: its security group has one rule for each, and AWS allows sixty (VPC quotas)."""


def reference(services: int = 2) -> Graph:
    """The reference stack with so many services: its own two, and copies of the second with their routes."""
    documents = (SPECS / "two-tier.yaml").read_text().split("\n---\n")
    balancer = _find(documents, "LoadBalancer", "internal")
    task = _find(documents, "Task", "orders")
    route = _find(documents, "Route", "orders")
    for number in range(2, services):
        behind, place = divmod(number, _SERVICES_OF_A_BALANCER)
        name, entrance = f"orders-{number}", f"internal-{behind}" if behind else "internal"
        if behind and place == 0:
            documents.append(balancer.replace("{name: internal}", f"{{name: {entrance}}}"))
        documents.append(task.replace("{name: orders}", f"{{name: {name}}}"))
        documents.append(
            route.replace("{name: orders}", f"{{name: {name}}}")
            .replace("loadBalancer: internal", f"loadBalancer: {entrance}")
            .replace("name: orders\n", f"name: {name}\n")
            .replace('["/orders", "/orders/*"]', f'["/{name}/*"]')
            .replace("task: orders,", f"task: {name},")
        )
    bundle = load({"two-tier.yaml": "\n---\n".join(documents).encode()})
    if bundle.problems:
        raise SystemExit(bundle.problems[0].text)
    (stack,) = bundle.stacks.values()
    return graph_of(stack.stack, stack.objects)


def balancers(services: int) -> int:
    """How many load balancers `reference` has with so many services."""
    return 2 + (services - 1) // _SERVICES_OF_A_BALANCER


def _find(documents: list[str], kind: str, name: str) -> str:
    return next(d for d in documents if f"kind: {kind}\n" in d and f"{{name: {name}}}" in d)


def of_size(resources: int) -> Graph:
    """The reference stack with as many services as make about so many AWS resources."""
    smallest = len(reference().resources)
    return reference(2 + round((resources - smallest) / _RESOURCES_OF_A_SERVICE))

"""How long it takes to say where traffic can go, and how that grows: `python benchmarks/flows.py`.

A stack of tasks behind load balancers, half of them internal, as wanted and as observed with two interfaces for each
task. Each size is measured in a process of its own, so that the peak of memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "engine"))

SIZES = ((125, 20), (250, 20), (500, 20), (1000, 20), (2000, 20))
GOAL = (1000, 20)
MATRIX_SECONDS = 5.0
MATRIX_MIB = 300.0
TRACE_SECONDS = 0.010

HEAD = """
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: large}
spec: {region: us-east-1}
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  availabilityZones: [us-east-1a, us-east-1b]
  public: {cidrs: [10.0.0.0/20, 10.0.16.0/20]}
  private: {cidrs: [10.0.32.0/20, 10.0.48.0/20]}
  nat: Single
---
apiVersion: reconciler.dev/v1
kind: Cluster
metadata: {name: main}
spec: {}
"""


def text(tasks: int, balancers: int) -> str:
    """The files of a stack."""
    parts = [HEAD]
    for n in range(balancers):
        inner = n % 2 == 1
        scheme, peers = ("Internal", "[task/t0, 10.0.0.0/16]") if inner else ("InternetFacing", "[internet]")
        parts.append(
            f"apiVersion: reconciler.dev/v1\nkind: LoadBalancer\nmetadata: {{name: lb{n}}}\n"
            f"spec: {{network: main, scheme: {scheme}, allowFrom: {peers}, "
            "listeners: [{name: http, port: 80, protocol: HTTP}]}\n"
        )
        rules = ",\n    ".join(
            f'{{name: r{t}, match: {{paths: ["/t{t}/*"]}}, forward: [{{task: t{t}, port: http}}]}}'
            for t in range(n, tasks, balancers)
        )
        parts.append(
            f"apiVersion: reconciler.dev/v1\nkind: Route\nmetadata: {{name: r{n}}}\n"
            f"spec:\n  loadBalancer: lb{n}\n  listener: http\n  rules: [\n    {rules}]\n"
        )
    parts += [
        f"apiVersion: reconciler.dev/v1\nkind: Task\nmetadata: {{name: t{n}}}\nspec:\n"
        "  {cluster: main, network: main, placement: Private, replicas: 2, containers: [\n"
        '    {name: app, image: "nginx:1", ports: [{name: http, containerPort: 8080}]}]}\n'
        for n in range(tasks)
    ]
    return "---\n".join(parts)


def timed(function: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """The least processor time of some tries, and the last result."""
    best, result = float("inf"), None
    for _ in range(times):
        begun = time.process_time()
        result = function()
        best = min(best, time.process_time() - begun)
    return best, result


def measure(tasks: int, balancers: int) -> None:
    """One size, one line for each world."""
    from worlds import world as applied

    from reconciler import flows
    from reconciler.compile import graph_of
    from reconciler.load import load

    bundle = load({"large.yaml": text(tasks, balancers).encode()})
    (stack,) = bundle.stacks.values()
    graph = graph_of(stack.stack, stack.objects)
    snapshot = with_interfaces(graph, applied(graph), tasks)
    from reconciler.resources import discover, evidence

    types = {name: kind for name, kind in {**discover(), **evidence()}.items() if not kind.tells_health}
    before = peak()
    for name, make in (
        ("desired", lambda: flows.world_of_graph(graph)),
        ("observed", lambda: flows.world_of_snapshot(graph, snapshot, types)),
    ):
        built, world = timed(make)
        all_of_it, rows = timed(lambda world=world: flows.matrix(world))
        query = flows.Query("internet", "task/t40", port="http", path="/t40/x")
        first, _ = timed(lambda world=world, query=query: flows.trace(world, query))
        single, verdict = timed(lambda world=world, query=query: flows.trace(world, query), 20)
        print(
            f"{tasks:>5} tasks {name:<9} world {built:6.3f} s   matrix {all_of_it:6.3f} s {len(rows):>5} rows   "
            f"first trace {first * 1000:7.2f} ms   trace {single * 1000:6.2f} ms {verdict.verdict}   "
            f"memory {peak() - before:5.0f} MiB more"
        )
        if (tasks, balancers) == GOAL:
            judge("matrix", built + all_of_it, MATRIX_SECONDS)
            judge("trace", single, TRACE_SECONDS)
            judge("memory", peak() - before, MATRIX_MIB)


def judge(what: str, found: float, goal: float) -> None:
    """Say whether a goal is met."""
    print(f"      {what}: {'met' if found <= goal else 'MISSED'} ({found:.4g} of {goal:g})")


def peak() -> float:
    """The most memory that this process had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def with_interfaces(graph: Any, snapshot: Any, tasks: int) -> Any:
    """Two live interfaces for each task."""
    import dataclasses

    from worlds import outputs_of

    from reconciler.model.resource import Observed
    from reconciler.model.values import FrozenMap, Id
    from reconciler.resources.network_interface import NetworkInterface

    def id_of(address: str) -> Id:
        return Id(outputs_of(graph, address)["id"])

    found = []
    for n in range(tasks):
        for zone, third in (("us-east-1a", 32), ("us-east-1b", 48)):
            address = f"10.0.{third + n // 250}.{n % 250 + 4}"
            fields = NetworkInterface(
                vpc_id=id_of("vpc/main"),
                subnet_id=id_of(f"subnet/main/private/{zone}"),
                private_ip_addresses=(address,),
                public_ips=FrozenMap(),
                ipv6_addresses=(),
                groups=frozenset({id_of(f"security-group/task/t{n}")}),
                interface_type="interface",
                description="arn:aws:ecs:us-east-1:123456789012:attachment/0123",
                instance_owner_id=None,
                requester_id=None,
                status="in-use",
            )
            found.append(Observed(type="network-interface", id=f"eni-{n}-{zone}", fields=fields, evidence=True))
    return dataclasses.replace(snapshot, evidence=tuple(found))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(int(sys.argv[1]), int(sys.argv[2]))
    else:
        for size in SIZES:
            subprocess.run([sys.executable, __file__, *map(str, size)], check=True)

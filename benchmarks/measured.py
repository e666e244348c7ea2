"""One measured run in a process of its own, so that time and memory are the client's alone.

    python benchmarks/measured.py apply|drift URL RESOURCES

Prints one JSON document. Clients are made before the clock starts: a daemon makes them once, and `start` says what they
and the imports cost. Garbage is looked for as seldom as the command line has it. Requests are not paced: at a thousand
resources AWS's rate limits would be measured and nothing else.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from graphlib import TopologicalSorter
from typing import Any

from stacks import of_size

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.cli.main import OBJECTS_PER_COLLECTION
from reconciler.clock import SystemClock
from reconciler.engine import Doing, View, apply, view
from reconciler.model.graph import Types
from reconciler.model.plan import Plan

SERVICES = ("application-autoscaling", "ec2", "ecs", "elbv2", "iam", "logs", "resourcegroupstaggingapi", "sts")
_FIRST = 1
"""Rounds before the first change: who the credentials belong to, and every list, at once."""
_LAST = 5
"""Rounds after it, where each answer names what is asked next: ListClusters, ListServices, DescribeServices,
DescribeTaskDefinition; then the tag for what converged."""


def longest_chain(plan: Plan, types: Types) -> int:
    """The most requests of a plan that must follow each other, with one look at what AWS takes its time over.

    The requests of a collection could all be made at once.
    """
    actions = {a.key: a for a in plan.actions}
    length: dict[str, int] = {}
    for key in TopologicalSorter({a.key: a.needs for a in plan.actions}).static_order():
        action, kind = actions[key], types[actions[key].type]
        own = min(1, len(action.calls)) if kind.collection else len(action.calls) + (kind.awaited and kind.settles)
        length[key] = max((length[need] for need in action.needs), default=0) + own
    return max(length.values(), default=0)


def main() -> None:
    """Run and report."""
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    what, url, resources = sys.argv[1], sys.argv[2], int(sys.argv[3])
    desired = of_size(resources)
    access, calls, clock = Access(desired.stack.region, endpoint_url=url, paced=False), Calls(), SystemClock()
    reader = AwsReader(access, clock, calls)
    for service in SERVICES:
        access.client(service)
    ready = resource.getrusage(resource.RUSAGE_SELF)
    cpu, start = time.process_time(), time.monotonic()
    seen: View = view(desired, reader)
    report: dict[str, Any] = {"resources": len(desired.resources)}
    if what == "apply":
        done = apply(desired, seen, reader.fresh(), Doing(AwsWriter(access, clock, calls), clock))
        report["good"] = done.converged
        report["chain"] = _FIRST + longest_chain(seen.plan, desired.types) + _LAST
    else:
        report["good"] = not seen.plan.actions
    report |= {
        "wall": time.monotonic() - start,
        "cpu": time.process_time() - cpu,
        "start": ready.ru_utime + ready.ru_stime,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "calls": calls.total,
        "byOperation": dict(sorted(calls.by_operation().items())),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()

"""One measured run in a process of its own, so that time and memory are the client's alone.

    python benchmarks/measured.py apply|drift URL RESOURCES

Prints one JSON document. Requests are not paced here: at a thousand resources AWS's rate limits would be measured and
nothing else.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from graphlib import TopologicalSorter
from typing import Any

from stacks import of_size

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.clock import SystemClock
from reconciler.engine import Doing, View, apply, view
from reconciler.model.plan import Plan

_FIRST_LOOK = 1
"""Rounds that a look at an empty account needs: every list at once."""
_LOOK = 4
"""Rounds that a look needs: ListClusters, ListServices, DescribeServices, DescribeTaskDefinition, one from another."""


def longest_chain(plan: Plan) -> int:
    """The most requests of a plan that must follow each other."""
    actions = {a.key: a for a in plan.actions}
    length: dict[str, int] = {}
    for key in TopologicalSorter({a.key: a.needs for a in plan.actions}).static_order():
        before = max((length[need] for need in actions[key].needs), default=0)
        length[key] = before + len(actions[key].calls)
    return max(length.values(), default=0)


def main() -> None:
    """Run and report."""
    what, url, resources = sys.argv[1], sys.argv[2], int(sys.argv[3])
    desired = of_size(resources)
    access, calls, clock = Access(desired.stack.region, endpoint_url=url, paced=False), Calls(), SystemClock()
    reader = AwsReader(access, clock, calls)
    cpu, start = time.process_time(), time.monotonic()
    seen: View = view(desired, reader)
    report: dict[str, Any] = {"resources": len(desired.resources)}
    if what == "apply":
        done = apply(desired, seen, reader.fresh(), Doing(AwsWriter(access, clock, calls), clock))
        report["good"] = done.converged
        report["chain"] = _FIRST_LOOK + longest_chain(seen.plan) + _LOOK
    else:
        report["good"] = not seen.plan.actions
    report |= {
        "wall": time.monotonic() - start,
        "cpu": time.process_time() - cpu,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "calls": calls.total,
        "byOperation": dict(sorted(calls.by_operation().items())),
    }
    print(json.dumps(report))  # noqa: T201 (how the result is told)


if __name__ == "__main__":
    main()

"""What strictness costs: the reference apply in process on plain moto and on the strict sandbox.

    .venv/bin/python benchmarks/sandbox_speed.py

Seconds of processor time, alternating, best and median of seven. The strict sandbox may take 1.5 times as long:
its load balancers and NAT gateways take their time (on a clock that no one waits for), so the apply asks more often.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from moto import mock_aws
from plain_moto import mended

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.compile import graph_of
from reconciler.engine import Doing, apply, view
from reconciler.execute import Limits
from reconciler.load import load
from reconciler.model.graph import Graph
from reconciler.sandbox import Clock, Sandbox

SPEC = Path(__file__).parent.parent / "specs" / "two-tier.yaml"
ROUNDS = 7
ALLOWED = 1.5


def reference() -> Graph:
    """The desired graph of the reference stack."""
    (stack,) = load({SPEC.name: SPEC.read_bytes()}).stacks.values()
    return graph_of(stack.stack, stack.objects)


def seconds(desired: Graph, clock: Clock) -> tuple[float, int]:
    """Processor time and number of calls of one apply into an empty account."""
    access, calls = Access("us-east-1"), Calls()
    reader = AwsReader(access, clock, calls)
    doing = Doing(AwsWriter(access, clock, calls), clock, Limits(threads=1))
    before = time.process_time()
    applied = apply(desired, view(desired, reader), reader.fresh(), doing)
    taken = time.process_time() - before
    if not applied.converged:
        raise SystemExit("the apply did not converge")
    return taken, calls.total


def main() -> int:
    """Print both, and say by the exit status whether strictness costs too much."""
    desired = reference()
    plain: list[float] = []
    strict: list[float] = []
    counted = (0, 0)
    for number in range(ROUNDS + 1):
        with Sandbox() as sandbox:
            taken, strict_calls = seconds(desired, sandbox.clock)
            strict.append(taken)
        with mock_aws(), mended():
            taken, plain_calls = seconds(desired, Clock.stepped())
            plain.append(taken)
        counted = plain_calls, strict_calls
        if number == 0:
            plain.clear()
            strict.clear()
    for name, figures, calls in (("plain moto", plain, counted[0]), ("strict", strict, counted[1])):
        print(f"{name:<10}  best {min(figures):.2f} s  median {statistics.median(figures):.2f} s  {calls} calls")
    ratio = min(strict) / min(plain)
    print(f"strict takes {ratio:.2f} times as long (at most {ALLOWED})")
    return 0 if ratio <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())

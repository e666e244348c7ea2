"""What it costs to hold stacks that nobody touches: a daemon's passes at 1 and at 50 stacks.

    .venv/bin/python benchmarks/daemon.py

The sandbox answers over HTTP on the loopback from a process of its own, and the daemon that is measured runs in one of
its own too, on a clock that jumps from interval to interval. A pass is one interval's look at all stacks. Fails where
reads grow that AWS answers by the page, or where memory grows from pass to pass. Making 50 stacks takes minutes.
From an event to an alert: `alerts.py`.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from reconciler import engine
from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.clock import SystemClock
from reconciler.daemon.files import Files
from reconciler.daemon.loop import Loop, Options
from reconciler.execute import Limits
from reconciler.load import load
from reconciler.sandbox import Clock, process
from reconciler.store.sqlite import SqliteStore

HERE = Path(__file__).parent
SPEC = (HERE.parent / "specs" / "two-tier.yaml").read_text()
SIZES = (1, 50)
SPEED = 60
"""Times that the sandbox's clock runs faster."""
WARM = 15
"""Passes before anything is measured: eight workers' heaps take their size."""
PASSES = 20
INTERVAL = 100.0
"""More than the stack's interval with its jitter."""
GROWTH_AIM = 1.05
"""Memory after these passes beside that before: a heap that threads share settles slowly."""

FORCED = {
    "ec2:DescribeVpcAttribute": "one attribute of one VPC",
    "ecs:DescribeServices": "ten services of one cluster",
    "ecs:DescribeTaskDefinition": "one revision",
    "ecs:ListServices": "one cluster",
    "elbv2:DescribeListeners": "one load balancer",
    "elbv2:DescribeRules": "one listener",
}
"""What AWS answers for in one request, where that is less than an account and region (API reference of each)."""
PAGES = {
    "ec2:DescribeNetworkInterfaces": 1000 / 8,
    "ec2:DescribeRouteTables": 100 / 4,
    "ec2:DescribeSecurityGroups": 1000 / 5,
    "ec2:DescribeTags": 1000 / 44,
    "elbv2:DescribeLoadBalancers": 400 / 2,
    "elbv2:DescribeTags": 20 / 1,
    "elbv2:DescribeTargetGroups": 400 / 2,
    "iam:GetAccountAuthorizationDetails": 100 / 2,
    "logs:DescribeLogGroups": 50 / 2,
    "resourcegroupstaggingapi:GetResources": 100 / 16,
}
"""Stacks on a page: AWS's largest page, by what one stack has of it. Other pages hold all of them."""


def text_of(number: int) -> str:
    """The reference as one of many stacks, each with a network of its own."""
    return SPEC.replace("name: shop", f"name: shop-{number}").replace("10.0.", f"10.{number}.")


class Daemon:
    """The loop as `run` makes it, over moto, turn by turn."""

    def __init__(self, url: str, stacks: int, store: Path) -> None:
        self.calls, self.clock = Calls(), Clock.stepped(time.time())
        access = Access("us-east-1", endpoint_url=url, paced=False)
        reader = AwsReader(access, SystemClock(), self.calls)
        writer = AwsWriter(access, SystemClock(), self.calls)
        named = {f"{number}/stack.yaml": text_of(number).encode() for number in range(stacks)}
        reading = Files(lambda: load(named), lambda: None).reading()
        for desired in reading.stacks.values():
            first = engine.view(desired.graph, reader.fresh())
            doing = engine.Doing(writer, SystemClock(), Limits())
            if not engine.apply(desired.graph, first, reader.fresh(), doing).converged:
                raise SystemExit(f"{desired.graph.stack.name} did not converge")
        self.loop = Loop(
            self.clock,
            lambda _: (reader, writer),
            SqliteStore(store),
            lambda event: print(event, file=sys.stderr),
            threading.Event(),
            random.Random(1),
            Options(),
        )
        self.loop.follow(reading)
        self.turn()

    def turn(self) -> None:
        """One interval later: every stack is due."""
        self.clock.advance(INTERVAL)
        self.loop.turn()
        if not all(state.in_sync for state in self.loop.stacks.values()):
            raise SystemExit("something is not in sync")


def kilobytes() -> int:
    """What is resident now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def measure(url: str, stacks: int) -> dict[str, Any]:
    """The passes of one daemon; the least processor time counts."""
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(url, stacks, Path(folder) / "store.db")
        for _ in range(WARM):
            daemon.turn()
        memory, spent, calls = kilobytes(), [], Counter[str]()
        for _ in range(PASSES):
            before, cpu = Counter(daemon.calls.by_operation()), time.process_time()
            daemon.turn()
            spent.append(time.process_time() - cpu)
            calls = Counter(daemon.calls.by_operation()) - before
        grown = kilobytes() - memory
        daemon.loop.close()
    return {"calls": calls, "cpu": min(spent), "memory": memory, "grown": grown}


def measured(stacks: int) -> dict[str, Any]:
    """`measure` in a process of its own, against a sandbox of its own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        running, _ = process.start(speed=SPEED)
        try:
            command = [sys.executable, __file__, running.url, str(stacks)]
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
            found: dict[str, Any] = json.loads(subprocess.check_output(command, text=True, env=environment))
        finally:
            process.stop()
    return found


def main() -> int:
    few, many = SIZES
    found = {stacks: measured(stacks) for stacks in SIZES}
    small, large = (found[stacks]["calls"] for stacks in SIZES)
    good = True
    print(f"{'requests of a pass that changes nothing':44} {few:>4} {many:>5}")
    for operation in sorted(large):
        counts = small.get(operation, 0), large[operation]
        forced = FORCED.get(operation)
        pages = math.ceil(many / PAGES.get(operation, many))
        grown = forced is None and counts[1] > counts[0] * pages
        good &= not grown
        why = f"one request for {forced}" if forced else "MISSED: grows with stacks" if grown else ""
        print(f"  {operation:42} {counts[0]:4} {counts[1]:5}  {why}".rstrip())
    by_page = [sum(count for name, count in counts.items() if name not in FORCED) for counts in (small, large)]
    print(f"  {'all but those that AWS forces':42} {by_page[0]:4} {by_page[1]:5}")
    print(f"  {'all':42} {sum(small.values()):4} {sum(large.values()):5}")
    for stacks in SIZES:
        one = found[stacks]
        ratio = 1 + one["grown"] / one["memory"]
        good &= ratio <= GROWTH_AIM
        said = f"({ratio:.3f} {'ok' if ratio <= GROWTH_AIM else 'MISSED'})"
        print(
            f"{stacks:3} stacks: {one['cpu'] * 1000:.0f} ms of processor a pass, {one['cpu'] * 1000 / stacks:.0f} a "
            f"stack; {one['memory'] / 1024:.0f} MB, {one['grown']} kB more after {PASSES} passes {said}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    else:
        sys.exit(main())

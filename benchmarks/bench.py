"""How fast the program is, beside the bounds of what it does: `make bench`.

moto answers over HTTP on the loopback from a process of its own, 30 ms late. Each measured run is a process of its own
too. All have real-time priority where that is allowed, and runs are repeated and the best counts: whatever else the
machine does only ever makes them slower. What one request takes that nobody competes with is measured too, by plain
HTTP: 30 ms, the wake-ups of two processes, and moto's time.
"""

from __future__ import annotations

import dataclasses
import gc
import http.client
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stacks import balancers, of_size, reference
from worlds import world

from reconciler.cli.main import OBJECTS_PER_COLLECTION
from reconciler.diff import compare
from reconciler.model.graph import Graph
from reconciler.plan import make

HERE = Path(__file__).parent
LATENCY = 0.03
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Python keeps compiled modules, as it does for everybody who did not forbid it."""

_LONE_REQUESTS = 25
_LONE_BODY = "Action=DescribeVpcs&Version=2016-11-15"
_LONE_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/ec2/aws4_request, Signature=0",
}

LEFT_OUT = ("ecs:DescribeTaskDefinition", "ecs:ListTaskDefinition", "ec2:DescribeVpcAttribute")
"""Reads that the bound of a look is without: task definitions and attributes, which AWS gives one by one."""

APPLY_AIM, LOOK_AIM = 1.3, 1.2
PLAN_AIM, START_AIM, MEMORY_AIM = 2.0, 0.3, 150.0

TO_BEAT = {
    "one other tool": {"reference": (202, 132), "20 services": (580, 366)},
    "another": {"reference": (141, 32), "20 services": (447, 140)},
}
"""Calls of two other tools on these stacks, as they were handed to us: cold, and for a run that changes nothing (the
second: a drift check that finds one change of three). Not measured here."""


@dataclasses.dataclass(frozen=True)
class Size:
    """One stack that is measured, and how often."""

    name: str
    resources: int
    services: int
    rounds: int


def sizes() -> list[Size]:
    """The reference, with 20 services, and about 100 and 1,000 AWS resources."""
    smallest = len(reference().resources)
    found = [Size("reference", smallest, 2, 10)]
    for name, graph, services, rounds in (
        ("100 resources", of_size(100), None, 8),
        ("20 services", reference(20), 20, 6),
        ("1,000 resources", of_size(1000), None, 1),
    ):
        count = sum(1 for resource in graph.resources.values() if resource.type == "service")
        found.append(Size(name, len(graph.resources), services or count, rounds))
    return found


def look_bound(services: int) -> int:
    """Calls that a look needs with AWS's batch sizes, without what is in `LEFT_OUT`: 21 for the reference stack.

    One for each list but that of network ACLs, and two for each load balancer. DescribeServices takes 10,
    DescribeLogGroups gives 50, ListServices 100.
    """
    more = (math.ceil(services / size) - 1 for size in (10, 50, 100))
    return 21 + sum(more) + 2 * (balancers(services) - 2)


class Moto:
    """The server process, warm and empty."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self._address = f"127.0.0.1:{port}"
        self.url = f"http://{self._address}"

    def spent(self) -> float:
        """Seconds of processor time so far."""
        with urllib.request.urlopen(f"{self.url}/bench") as answer:
            return float(json.load(answer)["cpu"])

    def reset(self) -> None:
        """Back to an empty account."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        urllib.request.urlopen(request).close()

    def round_trip(self) -> float:
        """Seconds that a request takes which nothing else is beside."""
        return statistics.median(self._lone_request() for _ in range(_LONE_REQUESTS))

    def _lone_request(self) -> float:
        start = time.monotonic()
        connection = http.client.HTTPConnection(self._address)
        connection.request("POST", "/", _LONE_BODY, _LONE_HEADERS)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"moto answers a plain request with {answer.status}")
        return time.monotonic() - start

    def measured(self, what: str, resources: int) -> dict[str, Any]:
        """One run, with the time that moto spent on it."""
        before = self.spent()
        command = [sys.executable, str(HERE / "measured.py"), what, self.url, str(resources)]
        report: dict[str, Any] = json.loads(subprocess.check_output(command, env=ENVIRONMENT, text=True))
        if not report["good"]:
            raise SystemExit(f"{what} of {resources} resources did not end well")
        return report | {"service": self.spent() - before}


@contextmanager
def moto() -> Iterator[Moto]:
    """A server that has answered once: moto's first answers take seconds."""
    command = [sys.executable, str(HERE / "moto_server.py"), str(LATENCY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        try:
            assert process.stdout is not None
            running = Moto(process, int(process.stdout.readline()))
            running.measured("apply", 0)
            yield running
        finally:
            process.kill()


def say(text: str = "") -> None:
    """One line of the report."""
    print(text, flush=True)


def verdict(ratio: float, aim: float) -> str:
    """A ratio beside its aim."""
    return f"{ratio:5.2f} {'ok' if ratio <= aim else 'MISSED'}"


def applies_and_looks(aws: Moto) -> bool:
    """The two tables of calls and times. Whether all aims are met."""
    good = True
    applies: list[str] = []
    looks: list[str] = []
    round_trip = aws.round_trip()
    for size in sizes():
        cold: list[dict[str, Any]] = []
        for _ in range(size.rounds):
            aws.reset()
            cold.append(aws.measured("apply", size.resources))
        quiet = [aws.measured("drift", size.resources) for _ in range(min(3, size.rounds))]
        run = min(cold, key=lambda r: r["wall"])
        bound = max(run["chain"] * round_trip, run["service"])
        ratio = run["wall"] / bound
        memory = max(r["memory"] for r in cold + quiet)
        good &= ratio <= APPLY_AIM and memory <= MEMORY_AIM
        applies.append(
            f"{size.name:<16}{size.resources:>9}{run['calls']:>7}{run['wall']:>8.2f}{run['cpu']:>7.2f}{memory:>8.0f}"
            f"{run['chain']:>7}{run['service']:>8.2f}{bound:>8.2f}  {verdict(ratio, APPLY_AIM)}"
        )
        look = min(quiet, key=lambda r: r["wall"])
        counted = look["calls"] - sum(n for name, n in look["byOperation"].items() if name.startswith(LEFT_OUT))
        least = look_bound(size.services)
        good &= counted / least <= LOOK_AIM
        looks.append(
            f"{size.name:<16}{size.resources:>9}{look['calls']:>7}{look['wall']:>8.2f}{look['cpu']:>7.2f}"
            f"{look['memory']:>8.0f}{counted:>11}{least:>8}  {verdict(counted / least, LOOK_AIM)}"
        )
        results[size.name] = (run["calls"], look["calls"])
    say(f"Cold apply. Bound: the larger of chain x a lone request ({1000 * round_trip:.1f} ms) and all of moto's time.")
    say(
        f"{'':<16}{'resources':>9}{'calls':>7}{'wall s':>8}{'cpu s':>7}{'MB':>8}{'chain':>7}{'moto s':>8}"
        f"{'bound':>8}  ratio"
    )
    for line in applies:
        say(line)
    say(f"Aim: at most {APPLY_AIM} times the bound, {MEMORY_AIM:.0f} MB. CPU and memory are the client's alone.")
    say()
    say("A look that finds no change. Compared are the calls without task definitions and attributes.")
    say(f"{'':<16}{'resources':>9}{'calls':>7}{'wall s':>8}{'cpu s':>7}{'MB':>8}{'compared':>11}{'bound':>8}  ratio")
    for line in looks:
        say(line)
    say(f"Aim: at most {LOOK_AIM} times the bound.")
    say()
    return good


results: dict[str, tuple[int, int]] = {}
"""Calls of the cold apply and of the look, by size."""


def beside_others() -> None:
    """Our calls beside those of other tools."""
    names = ("reference", "20 services")
    say("Calls, cold and for a run that changes nothing:")
    say(f"{'':<30}" + "".join(f"{name:>16}" for name in names))
    rows: Mapping[str, Mapping[str, tuple[int, int]]] = {"this program": results, **TO_BEAT}
    for who, figures in rows.items():
        cells = (f"{figures[name][0]} / {figures[name][1]}" for name in names)
        say(f"{who:<30}" + "".join(f"{cell:>16}" for cell in cells))
    say("The figures of the other tools were measured elsewhere and are repeated, not measured, here.")
    say()


def processor_seconds(work: Callable[[], object]) -> float:
    """Processor time that some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def planning() -> bool:
    """Planning of 10,000 resources from memory. Whether the aim is met."""
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    desired = of_size(10_000)
    full = world(desired)
    good = True
    for name, snapshot in (("all to be made", dataclasses.replace(full, found={})), ("nothing to do", full)):

        def plan(snapshot: Any = snapshot) -> object:
            return make(compare(Graph(desired.stack, desired.resources, desired.types), snapshot))

        taken = min(processor_seconds(plan) for _ in range(5))
        good &= taken <= PLAN_AIM
        say(f"{f'plan {len(desired.resources):,} resources, {name}':<46}{taken:6.2f} s  aim {PLAN_AIM}")
    return good


def starting() -> bool:
    """Start-up of what needs no AWS. Whether the aim is met."""
    program = Path(sys.executable).with_name("reconciler")
    good = True
    for arguments in (["validate", "-f", str(HERE.parent / "specs" / "two-tier.yaml")], ["--help"]):

        def run(arguments: list[str] = arguments) -> tuple[float, float]:
            start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([str(program), *arguments], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            return time.monotonic() - start, cpu

        taken, cpu = min(run() for _ in range(10))
        good &= taken <= START_AIM
        say(f"{f'reconciler {arguments[0]}':<46}{taken:6.2f} s  aim {START_AIM}  ({cpu:.2f} s of processor time)")
    return good


def undisturbed() -> bool:
    """Put this process, and all that it starts, before what else the machine does. Whether that is allowed.

    Otherwise client and moto wait for each other and for others on few cores, by turns of some milliseconds: that is as
    long as moto takes for a request, and nothing that the program could be quicker in.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, PermissionError):
        return False
    return True


def main() -> int:
    """Print it all; the exit status says whether all aims are met."""
    began = time.monotonic()
    load = os.getloadavg()[0]
    first = "real-time" if undisturbed() else "ordinary"
    say(
        f"moto over HTTP, {1000 * LATENCY:.0f} ms later than it would be; {os.cpu_count()} cores, load {load:.1f}, "
        f"{first} priority"
    )
    say()
    with moto() as aws:
        good = applies_and_looks(aws)
    beside_others()
    good &= planning()
    good &= starting()
    say()
    good &= subprocess.run([sys.executable, str(HERE / "sandbox_speed.py")], check=False).returncode == 0
    say()
    say(f"{time.monotonic() - began:.0f} s; {'all aims are met' if good else 'some aims are MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

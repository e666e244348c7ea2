"""What the daemon does with what it finds, turn by turn on a stepped clock."""

from __future__ import annotations

import random
import threading
from typing import Any

import boto3
from cuts import client
from worlds import graph

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.daemon.files import Reading, in_force, read
from reconciler.daemon.loop import Loop
from reconciler.model.errors import ReconcilerError
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader, Writer
from reconciler.sandbox import Sandbox


class Daemon:
    """A loop over the sandbox whose events are kept."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.events: list[dict[str, Any]] = []
        self.calls = Calls()
        self._clock = sandbox.clock
        self.loop = Loop(sandbox.clock, self._connect, self.events.append, threading.Event(), random.Random(1))

    def _connect(self, desired: Graph) -> tuple[Reader, Writer]:
        access = Access(desired.stack.region)
        return AwsReader(access, self._clock, self.calls), AwsWriter(access, self._clock, self.calls)

    def until_idle(self, turns: int = 60) -> None:
        """Turns until a pass found nothing to do."""
        for _ in range(turns):
            pause = self.loop.turn()
            if all(held.in_sync for held in self.loop.stacks.values()):
                return
            self._clock.advance(pause)
        raise AssertionError(self.events[-5:])

    def named(self) -> list[str]:
        return [event["event"] for event in self.events]


def scale_to_zero() -> None:
    ecs = boto3.client("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    orders = next(a for a in ecs.list_services(cluster=cluster)["serviceArns"] if "orders" in a)
    ecs.update_service(cluster=cluster, service=orders, desiredCount=0)


def test_it_converges_in_short_passes_and_then_changes_nothing(sandbox: Sandbox) -> None:
    daemon = Daemon(sandbox)
    daemon.loop.hold({"shop": graph()})
    daemon.until_idle()
    before = daemon.calls.mutating
    sandbox.clock.advance(1000)
    daemon.loop.turn()
    assert daemon.calls.mutating == before
    assert "ApplyFailed" not in daemon.named()


def test_it_heals_drift_and_says_so_once(sandbox: Sandbox) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    daemon = Daemon(sandbox)
    daemon.loop.hold({"shop": graph()})
    daemon.until_idle()
    scale_to_zero()
    sandbox.clock.advance(100)
    daemon.until_idle()
    told = [(e["event"], e["address"]) for e in daemon.events if e["event"].startswith("Drift")]
    assert told == [("DriftFound", "service/orders"), ("DriftHealed", "service/orders")]


def test_on_alert_it_tells_and_does_not_touch(sandbox: Sandbox) -> None:
    alerting = graph(edit=lambda text: text.replace("policy: Heal", "policy: Alert"))
    assert client(sandbox.clock, threads=16).apply(alerting).converged
    daemon = Daemon(sandbox)
    daemon.loop.hold({"shop": alerting})
    scale_to_zero()
    for _ in range(3):
        daemon.loop.turn()
        sandbox.clock.advance(100)
    assert daemon.named() == ["DriftFound"]
    assert daemon.calls.mutating == 0


def test_a_plan_that_disrupts_is_left_to_a_person(sandbox: Sandbox) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    without = graph(edit=lambda text: text.replace("nat: Single", "nat: None").replace("endpoints: [s3]", ""))
    daemon = Daemon(sandbox)
    daemon.loop.hold({"shop": without})
    for _ in range(3):
        daemon.loop.turn()
        sandbox.clock.advance(100)
    assert daemon.named() == ["ApplyRefused"]
    assert daemon.calls.mutating == 0


def test_a_broken_file_leaves_the_last_good_version_in_force() -> None:
    good = Reading(stacks={"shop": object()})  # type: ignore[dict-item]

    def broken(paths: object) -> Any:
        raise ReconcilerError("stack.yaml:1:1: not YAML")

    reading = read(broken, ["stack.yaml"])
    assert reading.problems == ("stack.yaml:1:1: not YAML",)
    assert in_force(good.stacks, reading) == good.stacks
    assert in_force(good.stacks, Reading()) == good.stacks

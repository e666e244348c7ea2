"""A target group that has to be replaced: there is a healthy task behind every rule at every moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from cuts import client
from worlds import graph

from reconciler.engine import view
from reconciler.model.graph import Graph
from reconciler.model.ports import Clock, Writer
from reconciler.model.resource import Call
from reconciler.sandbox import Sandbox


def on_another_port(text: str) -> str:
    return text.replace("containerPort: 80,", "containerPort: 8088,")


def idle() -> list[str]:
    """The rules of the public listener that lead to a target group without a healthy target."""
    elb = boto3.client("elbv2")
    found = [b for b in elb.describe_load_balancers()["LoadBalancers"] if b["Scheme"] == "internet-facing"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=found[0]["LoadBalancerArn"])["Listeners"]
    wrong = []
    for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
        for action in rule["Actions"]:
            for group in action.get("ForwardConfig", {}).get("TargetGroups", ()):
                arn = group["TargetGroupArn"]
                health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
                if group["Weight"] and not any(t["TargetHealth"]["State"] == "healthy" for t in health):
                    wrong.append(f"{rule['Priority']}: {arn}")
    return wrong


class Watch:
    """Looks after each call and whenever time has passed; may end the run at a call."""

    def __init__(self, writer: Writer, clock: Clock, dies_at: int | None = None) -> None:
        self._writer = writer
        self._clock = clock
        self._dies_at = dies_at
        self.calls: list[str] = []
        self.seen: list[tuple[str, list[str]]] = []

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._dies_at is not None and len(self.calls) >= self._dies_at:
            raise KeyboardInterrupt
        answer = self._writer.perform(call, params)
        self.calls.append(call.operation)
        self._look(call.operation)
        return answer

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
        self._look("time")

    def _look(self, when: str) -> None:
        wrong = idle()
        if wrong:
            self.seen.append((when, wrong))


def settled(sandbox: Sandbox, desired: Graph) -> None:
    assert client(sandbox.clock, threads=16).apply(desired).converged
    for _ in range(40):
        if not idle():
            return
        sandbox.clock.sleep(15)
    raise AssertionError("no task came to work")


def watched(sandbox: Sandbox, dies_at: int | None = None) -> tuple[Any, Watch]:
    watches: list[Watch] = []

    def wrapped(writer: Writer) -> Watch:
        watches.append(Watch(writer, sandbox.clock, dies_at))
        return watches[0]

    mine = client(sandbox.clock, wrapped)
    mine.doing = type(mine.doing)(mine.doing.writer, watches[0], mine.doing.limits)
    return mine, watches[0]


def test_rules_go_over_to_a_new_target_group_when_tasks_in_it_are_healthy(sandbox: Sandbox) -> None:
    settled(sandbox, graph())
    mine, watch = watched(sandbox)
    desired = graph(edit=on_another_port)
    applied = mine.apply(desired)
    assert applied.converged, [(o.action.key, o.failure, o.because) for o in applied.outcomes if o.failure or o.because]
    assert watch.seen == []
    assert view(desired, client(sandbox.clock).reader).plan.actions == ()
    turns = ["CreateTargetGroup", "CreateService", "DeleteService", "DeleteTargetGroup"]
    assert [operation for operation in watch.calls if operation in turns] == turns


def test_a_hand_over_that_dies_at_every_call_of_it_is_finished_as_safely(sandbox: Sandbox) -> None:
    settled(sandbox, graph())
    desired = graph(edit=on_another_port)
    calls: list[str] = []
    for _ in range(60):
        mine, watch = watched(sandbox, dies_at=1)
        try:
            if mine.apply(desired).converged:
                break
        except KeyboardInterrupt:
            pass
        finally:
            calls += watch.calls
            assert watch.seen == [], calls
    assert calls.count("CreateService") == 1
    assert calls.count("DeleteService") == 1
    assert view(desired, client(sandbox.clock).reader).plan.actions == ()


def served() -> set[str]:
    """The target groups that get requests."""
    elb = boto3.client("elbv2")
    found = set()
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                groups = [g for a in rule["Actions"] for g in a.get("ForwardConfig", {}).get("TargetGroups", ())]
                found |= {group["TargetGroupArn"] for group in groups if group["Weight"]}
    return found


def test_nothing_goes_over_to_a_service_that_does_not_come_to_work(sandbox: Sandbox) -> None:
    def broken(text: str) -> str:
        return on_another_port(text).replace("nginx:1.27", "nginx:fail-pull")

    settled(sandbox, graph())
    before = served()
    for _ in range(2):
        assert not client(sandbox.clock, threads=4).apply(graph(edit=broken)).converged
        sandbox.clock.sleep(300)
        assert served() == before
        assert idle() == []
    desired = graph(edit=on_another_port)
    mine, watch = watched(sandbox)
    assert mine.apply(desired).converged
    assert watch.seen == []
    assert view(desired, client(sandbox.clock).reader).plan.actions == ()

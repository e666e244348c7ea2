"""What is told of what does not do well, and of AWS's throttling."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cuts import client
from holding import REFERENCE, Daemon
from worlds import graph, world

from reconciler.daemon.health import ailing, apart, hearing, unasked
from reconciler.daemon.strain import CALM, LONG, Strain
from reconciler.diff import compare
from reconciler.engine import View
from reconciler.model.resource import Observed, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import Id
from reconciler.plan import make
from reconciler.resources.target_health import Failed, Target, TargetHealth
from reconciler.sandbox import Sandbox

ALERT = """
---
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {{name: on-call}}
spec: {{events: {events}, sinks: [{{name: x, webhook: {{url: {{env: X}}}}}}]}}
"""
DESIRED = graph()
GROUP = "target-group/public/web/http"
LIVE = world(DESIRED)


def view(snapshot: Snapshot) -> View:
    comparison = compare(DESIRED, snapshot)
    return View(snapshot, comparison, make(comparison))


def with_targets(*states: str, failed: tuple[str, ...] = ()) -> Snapshot:
    (group,) = LIVE.found[GROUP]
    targets = tuple(
        Target(id=f"10.0.0.{n}", port=80, availability_zone=None, state=state) for n, state in enumerate(states)
    )
    gone = tuple(Failed(at=at, why="codes: [502]") for at in failed)
    fields = TargetHealth(target_group_arn=Id(group.id), targets=targets, failed=gone)
    one = Observed(type="target-health", id=group.id, fields=fields, evidence=True)
    return dataclasses.replace(LIVE, evidence=(one,))


def test_a_rollout_that_aws_gave_up_is_told() -> None:
    (service,) = LIVE.found["service/web"]
    failed = dataclasses.replace(service, state=State.FAILED, detail="tasks failed to start")
    (finding,) = ailing(view(dataclasses.replace(LIVE, found={**LIVE.found, "service/web": (failed,)})), {})
    assert (finding.type, finding.object, finding.address) == ("DeploymentFailed", "Task/web", "service/web")
    assert "tasks failed to start" in finding.message


@pytest.mark.parametrize(
    ("states", "failing"), [(("healthy",), 0), (("initial", "draining"), 0), (("unhealthy", "healthy"), 1)]
)
def test_targets_that_fail_their_checks_are_told_and_those_on_their_way_are_not(
    states: tuple[str, ...], failing: int
) -> None:
    found = list(ailing(view(with_targets(*states)), {}))
    assert [finding.data["unhealthy"] for finding in found] == [failing] * bool(failing)
    assert {finding.type for finding in found} <= {"TargetUnhealthy"}


def test_a_target_that_ecs_replaced_between_two_looks_is_told_once_and_none_from_before_anybody_listened() -> None:
    seen = view(with_targets("healthy", failed=("2026-01-01 00:00:00", "2026-01-01 00:00:05")))
    assert list(ailing(seen, {})) == []
    (finding,) = ailing(seen, {GROUP: "2026-01-01 00:00:00"})
    assert (finding.type, finding.object) == ("TargetUnhealthy", "Task/web")
    assert "of 1 that failed their checks: codes: [502]" in finding.message
    assert hearing(seen)[GROUP] == "2026-01-01 00:00:05"
    assert list(ailing(seen, hearing(seen))) == []
    assert hearing(view(dataclasses.replace(seen.snapshot, unknown={"target-health": "throttled"}))) == {}


def test_a_group_without_any_failure_is_listened_to_from_the_first_look_on() -> None:
    known = hearing(view(with_targets("healthy")))
    assert known[GROUP] == ""
    assert list(ailing(view(with_targets("healthy", failed=("2026-01-01 00:00:00",))), known))


def test_while_a_service_is_busy_it_is_not_known_whether_its_targets_do_better() -> None:
    (service,) = LIVE.found["service/web"]
    seen = with_targets("healthy", "draining")
    busy = dataclasses.replace(service, state=State.PENDING, detail="1 of 2 tasks running")
    seen = dataclasses.replace(seen, found={**seen.found, "service/web": (busy,)})
    assert unasked(view(seen), [f"targets {GROUP}"]) == [f"targets {GROUP}"]


def test_health_that_was_not_read_leaves_what_was_told() -> None:
    key = f"targets {GROUP}"
    assert unasked(view(LIVE), [key, "drift x"]) == [key]
    assert unasked(view(with_targets("healthy")), [key, "drift x"]) == []
    assert unasked(view(with_targets("healthy", "initial")), [key]) == [key], "ECS put a new task in place of one"
    assert unasked(view(with_targets()), [key]) == [], "nothing fails where nothing is"
    blind = dataclasses.replace(with_targets("healthy"), unknown={"target-health": "throttled"})
    assert unasked(view(blind), [key]) == [key]


def test_flows_are_judged_without_health() -> None:
    assert apart(with_targets("unhealthy")).evidence == ()


def test_throttling_is_told_when_it_lasts_and_is_over_when_it_is_calm() -> None:
    strain = Strain()
    told = []
    for second in range(0, int(LONG) + 100, 20):
        strain.note({"ec2:DescribeVpcs": second}, second)
        told.append(bool(list(strain.findings(second))))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (False, True)
    (finding,) = strain.findings(LONG + 80)
    assert "ec2:DescribeVpcs" in finding.message
    strain.note({"ec2:DescribeVpcs": second}, second + CALM + 1)
    assert list(strain.findings(second + CALM + 1)) == []


def test_a_burst_of_throttling_is_nobodys_business() -> None:
    strain = Strain()
    strain.note({"ec2:DescribeVpcs": 50}, 0)
    strain.note({"ec2:DescribeVpcs": 50}, CALM + 1)
    strain.note({"ec2:DescribeVpcs": 90}, LONG)
    assert list(strain.findings(LONG)) == []


def test_targets_are_asked_after_only_where_an_alert_tells_of_them(sandbox: Sandbox, tmp_path: Path) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    asked = []
    for number, events in enumerate(("[DriftFound]", "[TargetUnhealthy]")):
        daemon = Daemon(sandbox, tmp_path / f"{number}.db")
        daemon.hold(REFERENCE + ALERT.format(events=events))
        before = sandbox.calls["elbv2:DescribeTargetHealth"]
        daemon.loop.turn()
        asked.append(sandbox.calls["elbv2:DescribeTargetHealth"] > before)
        assert daemon.named() == []
    assert asked == [False, True]

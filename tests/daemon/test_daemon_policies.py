"""What the daemon leaves alone, leaves to a person, and gives up fighting over, on the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from cuts import client
from holding import REFERENCE, Daemon, edited
from worlds import graph

from reconciler.sandbox import Faults, Sandbox
from reconciler.store import Put
from reconciler.store.sqlite import SqliteStore


def change_health_checks() -> None:
    elb = boto3.client("elbv2")
    for group in elb.describe_target_groups()["TargetGroups"]:
        elb.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckPath="/by-hand")


def paths() -> set[str]:
    return {group["HealthCheckPath"] for group in boto3.client("elbv2").describe_target_groups()["TargetGroups"]}


def stack_with(line: str) -> str:
    return edited(lambda text: text.replace("  prune: true\n", f"  prune: true\n  {line}\n"))


@pytest.mark.parametrize(
    "text",
    [
        stack_with("heal: false"),
        stack_with('maintenanceWindows: [{schedule: "0 2 30 1 *", duration: 1m}]'),
        edited(
            lambda text: text.replace(
                "\n  name: shop", '\n  name: shop\n  annotations: {reconciler.dev/paused: "true"}'
            )
        ),
    ],
    ids=["healing switched off", "outside of every window", "paused"],
)
def test_drift_is_told_and_left_alone(applied: Sandbox, file: Path, text: str) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(text)
    daemon.loop.turn()
    change_health_checks()
    daemon.interval()
    daemon.interval()
    assert daemon.named("FlowBroken", "FlowHolds") == ["DriftFound", "DriftFound"]
    assert paths() == {"/by-hand"}


def test_a_new_spec_is_not_rolled_out_where_promotion_is_off_and_drift_is_healed(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(stack_with("promote: false").replace("nginx:1.27", "nginx:1.28"))
    daemon.loop.turn()
    change_health_checks()
    for _ in range(4):
        daemon.interval()
    assert "/by-hand" not in paths()
    ecs = boto3.client("ecs")
    families = [arn for arn in ecs.list_task_definitions()["taskDefinitionArns"] if "_web" in arn]
    images = {
        c["image"]
        for arn in families
        for c in ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"]
    }
    assert not any("1.28" in image for image in images)


def test_what_drifts_again_and_again_is_contested_and_no_longer_fought_over(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(REFERENCE)
    daemon.until_idle()
    for _ in range(3):
        change_health_checks()
        daemon.interval()
        daemon.loop.turn()
    assert daemon.named().count("DriftContested") == 2
    assert paths() == {"/by-hand"}
    before = daemon.calls.mutating
    daemon.interval()
    assert daemon.calls.mutating == before
    assert daemon.named().count("DriftContested") == 2, "said once"
    client(applied.clock, threads=16).apply(graph())
    daemon.interval()
    assert daemon.named().count("ContestResolved") == 2
    applied.clock.advance(1000)
    change_health_checks()
    daemon.interval()
    daemon.until_idle()
    assert "/by-hand" not in paths()


def contested_by_two(applied: Sandbox, file: Path) -> Daemon:
    """What two daemons with one store each saw some of, as it looks to a third that comes after them."""
    daemons = [Daemon(applied, file), Daemon(applied, file)]
    for daemon in daemons:
        daemon.hold(REFERENCE)
        daemon.until_idle()
    for number in range(3):
        change_health_checks()
        daemons[number % 2].interval()
        daemons[number % 2].loop.turn()
    assert [daemon.named().count("DriftContested") for daemon in daemons] == [2, 0]
    return Daemon(applied, file)


def test_two_daemons_count_together_and_neither_nor_one_that_comes_later_goes_on_fighting(
    applied: Sandbox, file: Path
) -> None:
    later = contested_by_two(applied, file)
    later.hold(REFERENCE)
    for _ in range(3):
        later.interval()
    assert later.calls.mutating == 0
    assert later.named() == []
    assert paths() == {"/by-hand"}


def test_a_contest_is_not_over_because_a_look_is_blind(applied: Sandbox, file: Path) -> None:
    daemon = contested_by_two(applied, file)
    daemon.hold(REFERENCE)
    applied.faults = Faults(errors_5xx=1, only=frozenset({"elbv2:DescribeTargetGroups"}))
    daemon.interval()
    applied.faults = Faults()
    daemon.interval()
    assert (daemon.calls.mutating, "ContestResolved" in daemon.named()) == (0, False)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace(
            "metadata: {name: web}", "metadata: {name: web, annotations: {reconciler.dev/drift: Alert}}"
        ),
        lambda text: text.replace("path: /healthz", "path: /health"),
    ],
    ids=["annotated", "another spec"],
)
def test_a_contest_is_over_when_the_spec_no_longer_asks_for_the_same(
    applied: Sandbox, file: Path, edit: Callable[[str], str]
) -> None:
    daemon = contested_by_two(applied, file)
    daemon.hold(edited(edit))
    daemon.interval()
    assert "ContestResolved" in daemon.named()


def test_a_contest_is_over_when_the_other_party_gives_up_though_healing_is_switched_off_meanwhile(
    applied: Sandbox, file: Path
) -> None:
    daemon = contested_by_two(applied, file)
    daemon.hold(stack_with("heal: false"))
    daemon.interval()
    assert "ContestResolved" not in daemon.named()
    client(applied.clock, threads=16).apply(graph())
    daemon.interval()
    assert daemon.named().count("ContestResolved") == 2


def test_what_was_refused_goes_on_once_just_that_is_approved(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    without_flows = REFERENCE[: REFERENCE.index("kind: Flow")].rpartition("---")[0]
    daemon.hold(without_flows.replace("scheme: Internal\n", "scheme: InternetFacing\n"))
    daemon.loop.turn()
    (refused,) = [e for e in daemon.events if e.type == "ApplyRefused"]
    assert "reconciler approve shop" in refused.message

    def approve(keys: list[str]) -> None:
        until = applied.clock.now() + 900
        SqliteStore(file).write(Put("approval", "shop", {"keys": keys, "until": until}), Put("request", "shop", {}))

    approve(refused.data["keys"][1:])
    daemon.loop.turn()
    assert daemon.calls.mutating == 0
    approve(refused.data["keys"])
    daemon.until_idle()
    schemes = {b["Scheme"] for b in boto3.client("elbv2").describe_load_balancers()["LoadBalancers"]}
    assert schemes == {"internet-facing"}

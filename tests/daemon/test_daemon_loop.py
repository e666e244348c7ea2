"""What the daemon does with what it finds, turn by turn on a stepped clock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from cuts import client
from holding import ALERTING, REFERENCE, Daemon, edited, stack
from meddling import OPEN_SSH, console, scale_to_zero
from patience import PATIENCE
from worlds import graph

from reconciler.daemon.leases import TERM, Leases
from reconciler.daemon.loop import Options
from reconciler.model.events import Phase
from reconciler.model.graph import Graph
from reconciler.model.ports import Reader, Writer
from reconciler.model.tags import CONVERGED
from reconciler.sandbox import Faults, Sandbox
from reconciler.store.sqlite import SqliteStore

STARTED = 600
"""Seconds after which all tasks run."""


def test_it_converges_in_short_passes_and_then_changes_nothing(sandbox: Sandbox, file: Path) -> None:
    daemon = Daemon(sandbox, file)
    daemon.hold(REFERENCE)
    daemon.until_idle()
    before = daemon.calls.mutating
    sandbox.clock.advance(1000)
    daemon.loop.turn()
    assert daemon.calls.mutating == before
    assert "ApplyFailed" not in daemon.named()
    assert daemon.store.leases() == []


def test_drift_is_one_incident_that_is_opened_once_and_resolved_once(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(REFERENCE)
    daemon.until_idle()
    scale_to_zero()
    applied.clock.advance(100)
    daemon.until_idle()
    drift = [e for e in daemon.events if e.type.startswith("Drift")]
    assert [(e.type, e.address, e.phase) for e in drift] == [
        ("DriftFound", "service/orders", Phase.OPENED),
        ("DriftHealed", "service/orders", Phase.RESOLVED),
    ]
    assert drift[0].incident == drift[1].incident
    applies = [e.message for e in daemon.events if e.type in ("ApplyStarted", "ApplySucceeded")]
    assert applies[-2:] == ["1 action", "1 action done"]
    assert [e.value["event"] for e in daemon.store.entries("events")] == daemon.named()
    (entry,) = [e for e in daemon.store.entries("history") if e.value["drift"]]
    assert [a["address"] for a in entry.value["actions"]] == ["service/orders"]


def test_on_alert_it_tells_and_does_not_touch_and_a_restart_tells_nothing_again(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    scale_to_zero()
    for _ in range(3):
        daemon.interval()
    assert daemon.named() == ["DriftFound", "FlowBroken"]
    after = Daemon(applied, file)
    after.hold(ALERTING)
    after.interval()
    assert after.named() == []
    assert daemon.calls.mutating + after.calls.mutating == 0
    client(applied.clock, threads=16).apply(graph())
    after.interval()
    after.interval()
    drift = [(e.type, e.incident) for e in after.events if e.type.startswith("Drift")]
    assert drift == [("DriftResolved", daemon.events[0].incident)]
    assert daemon.store.items("finding") == {}


def test_a_plan_that_disrupts_is_left_to_a_person(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(edited(lambda text: text.replace("scheme: Internal\n", "scheme: InternetFacing\n")))
    for _ in range(3):
        daemon.interval()
    assert daemon.named() == ["ApplyRefused"]
    assert daemon.calls.mutating == 0
    (stalled,) = [c for c in daemon.store.items("status")["shop/Stack/shop"]["conditions"] if c["type"] == "Stalled"]
    assert (stalled["status"], stalled["reason"]) == ("True", "ApplyRefused")
    assert "reconciler approve shop" in stalled["message"]
    daemon.hold(REFERENCE)
    daemon.interval()
    (stalled,) = [c for c in daemon.store.items("status")["shop/Stack/shop"]["conditions"] if c["type"] == "Stalled"]
    assert stalled["status"] == "False"
    assert daemon.events[-1].message.startswith("no longer: the plan replaces load balancer")


def test_two_daemons_with_one_store_never_work_on_a_stack_at_once(sandbox: Sandbox, file: Path) -> None:
    one, other = Daemon(sandbox, file), Daemon(sandbox, file)
    held = other.loop.leases.take("123456789012/us-east-1/shop")
    one.hold(REFERENCE)
    one.loop.turn()
    assert one.calls.total == 1, "it asked who it is, and no more"
    other.loop.leases.give_back(held)  # type: ignore[arg-type]
    sandbox.clock.advance(10)
    one.loop.turn()
    assert one.calls.mutating > 0


def test_a_pass_that_loses_its_lease_stops_writing_and_a_later_one_goes_on(sandbox: Sandbox, file: Path) -> None:
    """The process sleeps past its lease in the middle of its writes, as under SIGSTOP, while another takes it."""
    daemon = Daemon(sandbox, file)
    daemon.hold(REFERENCE)
    thief = Leases(SqliteStore(file), sandbox.clock, "thief")
    slept = False

    def latency(operation: str) -> float:
        nonlocal slept
        if operation == "ec2:CreateSubnet" and not slept:
            slept = True
            sandbox.clock.advance(TERM + 1)
            thief.take("123456789012/us-east-1/shop")
        return 0.0

    sandbox.faults = Faults(latency=latency)
    daemon.loop.turn()
    assert slept
    written = daemon.calls.mutating
    assert "LeaseLost" in daemon.named()
    sandbox.clock.advance(10)
    daemon.loop.turn()
    assert daemon.calls.mutating == written, "the other process has the stack"
    thief.close()
    daemon.until_idle()


def test_who_slept_past_the_lease_does_not_tell_again_what_another_told_meanwhile(applied: Sandbox, file: Path) -> None:
    """It wakes in its last look, with the drift still open as far as it knows, and ended by the other process."""
    one, other = Daemon(applied, file), Daemon(applied, file)
    for daemon in (one, other):
        daemon.hold(REFERENCE)
    one.until_idle()
    scale_to_zero()
    slept = False

    def latency(operation: str) -> float:
        nonlocal slept
        if not slept and operation == "ecs:DescribeServices" and one.named("SpecLoaded").count("ApplyStarted"):
            slept = True
            applied.clock.advance(TERM + 1)
            other.until_idle()
        return 0.0

    applied.clock.advance(100)
    applied.faults = Faults(latency=latency)
    one.until_idle()
    assert slept
    told = [event.value for event in one.store.entries("events", limit=1000) if event.value.get("phase")]
    assert [event["phase"] for event in told if event.get("address") == "service/orders"] == ["opened", "resolved"]
    assert "LeaseLost" in one.named()


def test_what_drifts_while_something_else_is_healed_is_told_before_it_is_healed(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(REFERENCE)
    daemon.until_idle()
    ec2 = boto3.client("ec2")
    ours = [{"Name": "tag:reconciler.dev/address", "Values": ["route-table/main/public"]}]

    def latency(operation: str) -> float:
        if operation == "ecs:UpdateService":
            (table,) = ec2.describe_route_tables(Filters=ours)["RouteTables"]
            ec2.disassociate_route_table(AssociationId=table["Associations"][0]["RouteTableAssociationId"])
        return 0.0

    scale_to_zero()
    applied.faults = Faults(latency=latency)
    daemon.interval()
    applied.faults = Faults()
    daemon.until_idle()
    told = [(event.address.partition("/")[0], event.phase) for event in daemon.events if event.phase]
    assert told.count(("service", Phase.OPENED)) == told.count(("service", Phase.RESOLVED)) == 1
    ours_too = "route-table-association"
    assert told.count((ours_too, Phase.OPENED)) == told.count((ours_too, Phase.RESOLVED)) == 1


def test_what_drifts_while_a_look_takes_its_time_is_told_before_it_is_healed(applied: Sandbox, file: Path) -> None:
    """A look that took longer than it is good for is not taken again behind the back of what was told."""
    daemon = Daemon(applied, file)
    daemon.hold(REFERENCE)
    daemon.until_idle()
    daemon.interval()
    place = next(iter(daemon.loop._places.values()))
    alone, opened = place.seen_alone, [OPEN_SSH]

    def slow(*asked: Any, **more: Any) -> Any:
        found = alone(*asked, **more)
        while opened:
            opened.pop().apply(console())
            applied.clock.advance(3)
        return found

    scale_to_zero()
    place.seen_alone = slow  # type: ignore[method-assign]
    daemon.interval()
    daemon.until_idle()
    told = Counter((event.address.partition("/")[0], event.phase) for event in daemon.events if event.address)
    assert not opened
    for kind in ("service", "security-group"):
        assert (told[kind, Phase.OPENED], told[kind, Phase.RESOLVED]) == (1, 1), kind


def test_the_evidence_that_all_was_there_is_left_later_where_an_apply_could_not(sandbox: Sandbox, file: Path) -> None:
    """Without it what somebody deletes counts as yet to be made, and nobody is told."""
    sandbox.faults = Faults(errors_5xx=1, only=frozenset({"ecs:TagResource"}))
    daemon = Daemon(sandbox, file)
    daemon.hold(REFERENCE)
    daemon.until_idle()
    sandbox.faults = Faults()
    daemon.interval()
    (cluster,) = boto3.client("ecs").describe_clusters(clusters=["shop_main"], include=["TAGS"])["clusters"]
    assert {"key": CONVERGED, "value": daemon.loop.stacks["shop"].graph.digest} in cluster["tags"]
    written = daemon.calls.mutating
    daemon.interval()
    assert daemon.calls.mutating == written


def test_a_look_that_takes_long_serves_all_that_waited_for_it(sandbox: Sandbox, file: Path) -> None:
    """Half a second for each request is more than a fifth of an interval for a look, and one worker waits."""
    daemon = Daemon(sandbox, file, Options(workers=1))
    daemon.hold(stack("shop", "10.0"), stack("cart", "10.1"), stack("till", "10.2"))
    daemon.until_idle()
    for _ in range(3):
        daemon.interval()
    sandbox.faults = Faults(latency=0.5)
    assert calls_of(daemon, daemon.interval)["ec2:DescribeVpcs"] == 1


FORCED = {
    "ec2:DescribeVpcAttribute": "one attribute of one VPC",
    "ecs:DescribeServices": "ten services of one cluster",
    "ecs:DescribeTaskDefinition": "one revision",
    "ecs:ListServices": "one cluster",
    "elbv2:DescribeListeners": "one load balancer",
    "elbv2:DescribeRules": "one listener",
}
"""What AWS answers for in one request, where that is less than an account and region (API reference of each)."""


def test_the_reads_of_a_pass_grow_with_pages_and_with_what_aws_forces_alone(sandbox: Sandbox, file: Path) -> None:
    daemon = Daemon(sandbox, file)
    daemon.hold(stack("shop", "10.0"))
    daemon.until_idle()
    daemon.interval()  # what was still on its way in AWS is at rest afterwards
    alone = calls_of(daemon, daemon.interval)
    daemon.hold(stack("shop", "10.0"), stack("cart", "10.1"), stack("till", "10.2"))
    daemon.until_idle()
    daemon.interval()
    together = calls_of(daemon, daemon.interval)
    assert {operation: count * (3 if operation in FORCED else 1) for operation, count in alone.items()} == together


def test_a_request_from_the_command_line_is_a_trigger(applied: Sandbox, file: Path) -> None:
    from reconciler.store import Put

    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    daemon.loop.turn()
    scale_to_zero()
    SqliteStore(file).write(Put("request", "shop", {}))
    daemon.loop.turn()
    assert daemon.named() == ["DriftFound", "FlowBroken"]
    assert daemon.store.items("request") == {}


def test_an_event_is_looked_at_at_once(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    daemon.loop.turn()
    scale_to_zero()
    daemon.loop.touched("shop", ["service/orders"], "ecs:UpdateService")
    daemon.loop.touched("unknown", [], "")
    daemon.loop.turn()
    assert daemon.named() == ["DriftFound", "FlowBroken"]


def test_an_aws_that_cannot_be_reached_is_told_once_and_tried_later_and_later(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    applied.faults = Faults(errors_5xx=1.0)
    daemon.loop.turn()
    assert daemon.loop.ready() == "not looked at yet: shop"
    applied.faults = Faults()
    applied.clock.advance(1000)
    daemon.loop.turn()
    assert daemon.loop.ready() == ""
    daemon.events.clear()
    applied.faults = Faults(errors_5xx=1.0)
    pauses = []
    for _ in range(4):
        applied.clock.advance(100)
        pauses.append(daemon.loop.turn())
    assert daemon.named() == ["PassFailed"]
    assert "error; run again" in daemon.events[0].message, "what to do is said too"
    assert pauses[3] > pauses[0]
    applied.faults = Faults()
    applied.clock.advance(1000)
    daemon.loop.turn()
    assert daemon.named() == ["PassFailed", "PassSucceeded"]


def test_a_store_that_cannot_be_written_is_told_and_nothing_is_written_to_aws_meanwhile(
    applied: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    daemon = Daemon(applied, tmp_path / "file" / "store.db")
    daemon.hold(REFERENCE)
    scale_to_zero()
    for _ in range(3):
        daemon.interval()
    assert [e.type for e in daemon.events] == ["StoreFailing", "DriftFound", "FlowBroken"]
    assert "--store" in daemon.events[0].message
    assert daemon.calls.mutating == 0
    (tmp_path / "file").unlink()
    daemon.interval()
    daemon.until_idle()
    assert "DriftHealed" in daemon.named()
    assert "StoreWorking" in daemon.named()
    assert "DriftFound" in [e.value["event"] for e in daemon.store.entries("events")]


def test_a_broken_file_leaves_the_last_good_version_in_force_and_is_a_condition(applied: Sandbox, file: Path) -> None:
    def cart(block: str) -> str:
        return stack("cart", block).replace("  prune:", "  promote: false\n  prune:")

    daemon = Daemon(applied, file)
    daemon.hold(REFERENCE, cart("10.1"))
    daemon.loop.turn()
    daemon.hold(REFERENCE[:500], cart("10.2"))
    assert set(daemon.loop.stacks) == {"shop", "cart"}
    assert daemon.named("SpecInvalid") == ["SpecLoaded"], "the other folder's file is good, and in force"
    assert daemon.events[0].message.startswith("0/stack.yaml:")
    assert stalled(daemon) == {"shop"}, "nothing is wrong with the other"
    daemon.hold(REFERENCE, cart("10.2"))
    assert daemon.named()[-1] == "SpecValid"
    assert stalled(daemon) == set()


def stalled(daemon: Daemon) -> set[str]:
    """The stacks whose condition `Stalled` is true."""
    found = {
        status["stack"]: condition["status"]
        for status in daemon.store.items("status").values()
        for condition in status["conditions"]
        if status["kind"] == "Stack" and condition["type"] == "Stalled"
    }
    return {name for name, status in found.items() if status == "True"}


def test_conditions_say_since_when_and_for_which_spec(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    daemon.loop.turn()
    at = applied.clock.now()
    daemon.interval()
    status = daemon.store.items("status")["shop/Task/orders"]
    ready = next(c for c in status["conditions"] if c["type"] == "Synced")
    assert (ready["status"], ready["observedGeneration"]) == ("True", 1)
    assert ready["lastTransitionTime"] <= at
    scale_to_zero()
    daemon.interval()
    drifted = daemon.store.items("status")["shop/Task/orders"]
    assert next(c for c in drifted["conditions"] if c["type"] == "Synced")["lastTransitionTime"] > at
    daemon.hold(ALERTING.replace("nginx:1.27", "nginx:1.28"))
    daemon.loop.turn()
    generations = {key: one["generation"] for key, one in daemon.store.items("status").items()}
    assert generations["shop/Task/web"] == 2
    assert generations["shop/Task/orders"] == 1


def calls_of(daemon: Daemon, turn: Callable[[], object]) -> dict[str, int]:
    before = Counter(daemon.calls.by_operation())
    turn()
    return dict(Counter(daemon.calls.by_operation()) - before)


def test_an_event_has_just_what_it_touches_looked_at(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    daemon.loop.turn()
    daemon.loop.touched("shop", ["security-group/task/web", "security-group/task/web/rules"], "ec2:CreateTags")
    seen = calls_of(daemon, daemon.loop.turn)
    assert seen == {"ec2:DescribeSecurityGroups": 1}
    daemon.loop.touched("shop", ["internet-gateway/gone"], "")
    assert "ec2:DescribeVpcs" in calls_of(daemon, daemon.loop.turn), "what no graph has may be of any type"
    daemon.loop.touched("shop", [], "ec2:CreateSubnet")
    assert calls_of(daemon, daemon.loop.turn) == {"ec2:DescribeSubnets": 1}, "what the call can make is looked for"
    assert daemon.named() == []


def test_an_event_does_not_put_the_next_routine_look_off(applied: Sandbox, file: Path) -> None:
    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    applied.clock.advance(STARTED)
    due = daemon.loop.turn()
    applied.clock.advance(due / 2)
    daemon.loop.touched("shop", ["vpc/main"], "")
    assert daemon.loop.turn() == pytest.approx(due / 2)
    daemon.loop.touched("shop", [], "")
    assert daemon.loop.turn() == pytest.approx(due / 2)


def test_what_part_of_a_look_shows_is_told_only_once_the_whole_stack_was_looked_at(
    applied: Sandbox, file: Path
) -> None:
    """A new revision that an apply elsewhere made is foreign to the last look, and not drift.

    Without the index of tags, for what that says is asked again anyway.
    """
    applied.faults = Faults(errors_5xx=1, only=frozenset({"resourcegroupstaggingapi:GetResources"}))
    daemon = Daemon(applied, file)
    daemon.hold(ALERTING)
    daemon.loop.turn()
    newer = ALERTING.replace("nginx:1.27", "nginx:1.28")
    assert client(applied.clock, threads=16).apply(graph(edit=lambda _: newer)).converged
    daemon.loop.stacks["shop"].desired = Daemon(applied, file.with_name("other")).desired(newer)
    daemon.loop.touched("shop", ["service/web"], "ecs:UpdateService")
    daemon.loop.turn()
    assert daemon.named() == []
    assert daemon.loop.stacks["shop"].in_sync


def test_an_account_that_does_not_answer_holds_up_no_other(sandbox: Sandbox, file: Path) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    daemon = Daemon(sandbox, file)
    connect, passed, waited = daemon.loop._connect, threading.Event(), []

    def connecting(desired: Graph) -> tuple[Reader, Writer]:
        if desired.stack.name == "cart":
            waited.append(passed.wait(PATIENCE))
        return connect(desired)

    daemon.loop._connect = connecting
    daemon.loop.metrics.passed = lambda *_: passed.set()  # type: ignore[method-assign]
    elsewhere = stack("cart", "10.1").replace("us-east-1", "eu-west-1")
    daemon.hold(ALERTING, elsewhere.replace("policy: Heal, interval", "policy: Alert, interval"))
    daemon.loop.turn()
    assert waited == [True], "the other stack's pass came to its end meanwhile"


def test_what_concerns_no_stack_is_one_incident_for_all_daemons_of_a_store(applied: Sandbox, file: Path) -> None:
    one, other = Daemon(applied, file), Daemon(applied, file)
    for text in (REFERENCE.replace("kind: Cluster", "kind: Clutter"), REFERENCE):
        for daemon in (one, other):
            daemon.hold(text)
    phases = [entry.value["phase"] for entry in one.store.entries("events") if entry.value.get("incident")]
    assert phases == ["opened", "resolved"]

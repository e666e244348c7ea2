"""What goes wrong in a stack that a daemon holds is one alert, opened once and resolved once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from cuts import client
from holding import ALERTING, Daemon
from meddling import deny_all
from receivers import Receiver
from worlds import graph

from reconciler.alerts import Outbox, Router
from reconciler.clock import SystemClock
from reconciler.daemon.leases import Leases
from reconciler.daemon.loop import Options
from reconciler.sandbox import Faults, Sandbox
from reconciler.store.sqlite import SqliteStore

ALERT = """
---
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {name: on-call}
spec: {severity: info, groupWait: 0s, sinks: [{name: x, webhook: {url: {env: X}}}]}
"""
SPEC = (
    ALERTING.replace("  replicas: 2\n  cpu: 512\n", "  replicas: 2\n  healthCheckGracePeriod: 7200s\n  cpu: 512\n")
    + ALERT
)
"""With a grace period, for else ECS puts new tasks in place of those that fail their checks."""


AT_REST = 600
"""Seconds after which tasks run, targets have failed and others are in their place."""


class World:
    """The reference, converged and held, with somebody who is told."""

    def __init__(self, sandbox: Sandbox, file: Path, spec: str = SPEC) -> None:
        assert client(sandbox.clock, threads=16).apply(graph(edit=lambda _: spec)).converged
        self.sandbox = sandbox
        store = SqliteStore(file)
        router = Router(store, lambda: self.daemon.loop.rules())
        self.daemon = Daemon(sandbox, file, Options(route=router.route))
        self.daemon.loop.metrics.throttles = self.daemon.calls.throttles
        self.receiver = Receiver()
        self.outbox = Outbox(
            store, router, self.daemon.loop.rules, self.receiver, sandbox.clock, random.Random(1), print, "me"
        )  # type: ignore[arg-type]
        self.daemon.hold(spec)
        self.daemon.until_idle()

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one kind of incident."""
        self.outbox.turn(hurry=True)
        keys = {message["key"] for message in self.receiver.messages if message["event"] == kind}
        return [dict(message) for message in self.receiver.messages if message["key"] in keys]

    def until(self, kind: str, phase: str) -> None:
        """Intervals until a message of this kind and phase has come."""
        for _ in range(30):
            self.daemon.interval()
            if any(message["phase"] == phase for message in self.told(kind)):
                return
        raise AssertionError(self.daemon.events[-5:])


def throttled(world: World) -> Callable[[], None]:
    world.sandbox.faults = Faults(throttle=0.2)
    return lambda: setattr(world.sandbox, "faults", Faults())


def expired(world: World) -> Callable[[], None]:
    """The credentials run out while the daemon runs: every request is refused."""
    (place,) = world.daemon.loop._places.values()
    reader, place.reader = place.reader, Denied(place.reader)
    return lambda: setattr(place, "reader", reader)


@dataclass
class Denied:
    """A reader whose credentials have run out, or may not do one thing."""

    reader: Any
    only: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)

    def fresh(self) -> Denied:
        return Denied(self.reader.fresh(), self.only)

    def pages(self, service: str, operation: str, *rest: Any, **params: Any) -> Any:
        self._check(service, operation)
        return self.reader.pages(service, operation, *rest, **params)

    def get(self, service: str, operation: str, **params: Any) -> Any:
        self._check(service, operation)
        return self.reader.get(service, operation, **params)

    def _check(self, service: str, operation: str) -> None:
        from botocore.exceptions import ClientError

        from reconciler.aws.errors import classify

        if self.only in ("", operation):
            answer = {"Error": {"Code": "ExpiredTokenException", "Message": "The security token is expired"}}
            raise classify(service, operation, ClientError(answer, operation))


def forbidden(world: World) -> Callable[[], None]:
    """One permission is taken away."""
    (place,) = world.daemon.loop._places.values()
    reader, place.reader = place.reader, Denied(place.reader, "DescribeNatGateways")
    return lambda: setattr(place, "reader", reader)


def failing_image(world: World) -> Callable[[], None]:
    """A new image does not start: ECS gives the rollout up and goes back."""
    world.daemon.hold(SPEC.replace("nginx:1.27", "nginx:fail-start"))
    return lambda: world.daemon.hold(SPEC)


def closed_group(world: World) -> Callable[[], None]:
    """The load balancer's health checks do not get through."""
    ec2 = boto3.client("ec2")
    named = [{"Name": "tag:reconciler.dev/address", "Values": ["security-group/task/web"]}]
    (group,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    return lambda: (
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]) and None
    )


def foreign_acl(world: World) -> Callable[[], None]:
    back = deny_all(world.sandbox)

    def undo() -> None:
        for association, acl in back.items():
            boto3.client("ec2").replace_network_acl_association(AssociationId=association, NetworkAclId=acl)

    return undo


def refused_update(world: World) -> Callable[[], None]:
    world.sandbox.faults = Faults(errors_5xx=1, only=frozenset({"ecs:UpdateService"}))
    world.daemon.hold(SPEC.replace("  replicas: 2\n", "  replicas: 3\n"))
    return lambda: setattr(world.sandbox, "faults", Faults())


def half_a_file(world: World) -> Callable[[], None]:
    world.daemon.hold(SPEC[:500])
    return lambda: world.daemon.hold(SPEC)


@pytest.mark.parametrize(
    ("breaking", "kind", "said"),
    [
        (throttled, "Throttled", "ask AWS for higher limits"),
        (expired, "CredentialsFailing", "expired"),
        (forbidden, "CredentialsFailing", "DescribeNatGateways"),
        (failing_image, "DeploymentFailed", "service/web"),
        (closed_group, "TargetUnhealthy", "target-group/public/web"),
        (foreign_acl, "FlowBroken", "acl-"),
        (refused_update, "ApplyFailed", "service/"),
        (half_a_file, "SpecInvalid", "0/stack.yaml:"),
    ],
)
def test_it_is_one_alert_that_is_opened_once_and_resolved_once(
    sandbox: Sandbox, tmp_path: Path, breaking: Callable[[World], Callable[[], None]], kind: str, said: str
) -> None:
    world = World(sandbox, tmp_path / "store.db")
    undo = breaking(world)
    world.until(kind, "opened")
    for _ in range(3):
        world.daemon.interval()
    if breaking is expired:
        said_of = world.daemon.store.items("status")["shop/Task/web"]["conditions"]
        assert {(one["type"], one["status"], one["reason"]) for one in said_of} == {
            ("Ready", "Unknown", "CredentialsFailing"),
            ("Synced", "Unknown", "CredentialsFailing"),
        }
    undo()
    world.until(kind, "resolved")
    world.daemon.interval()
    messages = world.told(kind)
    incidents = {message["key"] for message in messages}
    phases = [[m["phase"] for m in messages if m["key"] == key and m["phase"] != "updated"] for key in incidents]
    assert phases == [["opened", "resolved"]] * len(incidents)
    assert said in messages[0]["message"]
    assert len(incidents) == (2 if breaking in (foreign_acl, refused_update) else 1)


def test_drift_alert_beside_a_daemon_tells_of_the_same_incident(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reconciler: Callable[..., Any]
) -> None:
    monkeypatch.setenv("X", "http://127.0.0.1:1/")
    monkeypatch.setattr("reconciler.daemon.once.PATIENCE", 0.0)
    monkeypatch.setattr("reconciler.clock.SystemClock.now", lambda _: sandbox.clock.now())
    store, file = tmp_path / "store.db", tmp_path / "stack.yaml"
    file.write_text(SPEC)
    world = World(sandbox, store)
    undo = closed_group(world)

    drift = partial(reconciler, "drift", "--alert", "-f", str(file), "--store", str(store))
    drift()
    world.daemon.interval()
    drift()
    found = [entry.value for entry in world.daemon.store.entries("events") if entry.value["event"] == "DriftFound"]
    assert [event["phase"] for event in found] == ["opened"]
    undo()
    world.until("DriftFound", "resolved")
    drift()
    phases = [message["phase"] for message in world.told("DriftFound")]
    assert phases == ["opened", "resolved"]
    assert world.daemon.store.leases() == [] or all(one.name == "alerts" for one in world.daemon.store.leases())


def test_drift_alert_waits_for_a_daemon_that_works_on_the_stack_and_tells_nothing_meanwhile(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reconciler: Callable[..., Any]
) -> None:
    monkeypatch.setattr("reconciler.cli._alerting.PATIENCE", 0.0)
    store, file = tmp_path / "store.db", tmp_path / "stack.yaml"
    file.write_text(SPEC)
    leases = Leases(SqliteStore(store), SystemClock(), "daemon")
    leases.take("123456789012/us-east-1/shop")
    ended = reconciler("drift", "--alert", "-f", str(file), "--store", str(store))
    leases.close()
    assert ended.status == 1
    assert "works on shop" in ended.err
    assert SqliteStore(store).entries("events") == []


def test_a_target_that_failed_and_was_replaced_between_two_looks_is_told_once(sandbox: Sandbox, tmp_path: Path) -> None:
    world = World(sandbox, tmp_path / "store.db", SPEC.replace("  healthCheckGracePeriod: 7200s\n", ""))
    sandbox.clock.advance(AT_REST)
    world.daemon.loop.turn()
    undo = closed_group(world)
    sandbox.clock.advance(AT_REST)
    undo()
    sandbox.clock.advance(AT_REST)
    world.daemon.interval()
    world.daemon.interval()
    told = [(message["phase"], message["address"]) for message in world.told("TargetUnhealthy")]
    assert told == [("opened", "target-group/public/web/http"), ("resolved", "target-group/public/web/http")]

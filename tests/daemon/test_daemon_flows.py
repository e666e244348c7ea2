"""Declared flows as a daemon holds them: judged on every pass by what AWS has, whoever did it."""

from __future__ import annotations

from pathlib import Path

import boto3
from cuts import client
from holding import ALERTING, REFERENCE, Daemon
from meddling import deny_all
from worlds import graph

from reconciler.model.events import Phase
from reconciler.sandbox import Sandbox


def test_a_foreign_acl_breaks_flows_where_nothing_has_drifted_and_is_told_once(sandbox: Sandbox, file: Path) -> None:
    assert client(sandbox.clock, threads=16).apply(graph(edit=lambda _: ALERTING)).converged
    daemon = Daemon(sandbox, file)
    daemon.hold(ALERTING)
    daemon.until_idle()
    back = deny_all(sandbox)
    for _ in range(3):
        daemon.interval()
    found = {
        key.partition("/")[2]: condition["status"]
        for key, status in daemon.store.items("status").items()
        for condition in status["conditions"]
        if condition["type"] == "FlowsHold"
    }
    assert {name for name, held in found.items() if held == "False"} == {
        "Stack/shop",
        "Flow/orders-reaches-internet",
        "Flow/web-reaches-orders",
        "Task/orders",
        "Task/web",
    }
    assert found["Flow/internet-reaches-web"] == "True"
    assert not daemon.loop.stacks["shop"].in_sync
    told = [(event.type, event.object, event.phase) for event in daemon.events]
    assert told == [
        ("FlowBroken", "Flow/orders-reaches-internet", Phase.OPENED),
        ("FlowBroken", "Flow/web-reaches-orders", Phase.OPENED),
    ]
    assert all("acl-" in event.message for event in daemon.events)
    for association, acl in back.items():
        boto3.client("ec2", "us-east-1").replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    daemon.interval()
    assert daemon.loop.stacks["shop"].in_sync
    assert daemon.named()[2:] == ["FlowHolds", "FlowHolds"]


def test_a_change_of_the_files_that_breaks_a_flow_is_left_to_a_person(sandbox: Sandbox, file: Path) -> None:
    daemon = Daemon(sandbox, file)
    daemon.hold(REFERENCE.replace("allowFrom: [task/web]", "allowFrom: []"))
    daemon.loop.turn()
    assert daemon.calls.mutating == 0
    refused = [event for event in daemon.events if event.type == "ApplyRefused"]
    assert len(refused) == 1
    assert "web-reaches-orders" in refused[0].message

"""Two processes die, one after the other, and the second saw nothing of what the first had made."""

from __future__ import annotations

import boto3
from cuts import client, inventory
from worlds import graph

from reconciler.sandbox import ClientDied, Faults, Sandbox

UNSEEN = 60.0
"""Seconds for which AWS shows nothing of a new object's tags: longer than the first process lived."""


def test_of_the_networks_of_two_dead_processes_one_is_left(sandbox: Sandbox) -> None:
    desired = graph()
    assert client(sandbox.clock).apply(desired).converged
    undisturbed = inventory()
    sandbox.reset()
    for last in (24, 28):
        sandbox.faults = Faults(lag=UNSEEN, die_at=(last, "after"))
        try:
            client(sandbox.clock).apply(desired)
        except ClientDied:
            continue
        raise AssertionError("it lived")
    sandbox.faults = Faults()
    sandbox.clock.advance(10 * UNSEEN)
    networks = boto3.client("ec2").describe_vpcs(Filters=[{"Name": "tag:reconciler.dev/stack", "Values": ["shop"]}])
    assert len(networks["Vpcs"]) == 2
    assert client(sandbox.clock).apply(desired).converged
    sandbox.clock.advance(600)
    assert inventory() == undisturbed

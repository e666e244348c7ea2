"""Revisions of task definitions that nobody heard of: each registration makes one; none is made twice, or stays."""

from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest
from cuts import client
from worlds import graph

from reconciler.engine import view
from reconciler.sandbox import ClientDied, Faults, Sandbox
from reconciler.sandbox.wire import Request

REGISTER = frozenset({"ecs:RegisterTaskDefinition"})


def revisions() -> dict[str, list[int]]:
    """The active revisions of each family, by what it is called in the spec."""
    found: dict[str, list[int]] = {}
    for arn in boto3.client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"]:
        family, _, revision = arn.rpartition("/")[2].partition(":")
        found.setdefault(family.partition("_")[2], []).append(int(revision))
    return {family: sorted(numbers) for family, numbers in found.items()}


def die_after(operation: str) -> Callable[[Request, str], None]:
    def watch(request: Request, phase: str) -> None:
        if request.name == operation and phase == "after":
            raise ClientDied

    return watch


def delete_internal() -> None:
    """The load balancer whose name the `web` tasks are told."""
    elb = boto3.client("elbv2")
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        if balancer["Scheme"] == "internal":
            elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])


def test_a_revision_for_a_load_balancer_that_was_made_anew_is_found_by_whoever_comes_next(sandbox: Sandbox) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    sandbox.clock.advance(600)
    delete_internal()
    sandbox.watch(die_after("ecs:RegisterTaskDefinition"))
    with pytest.raises(ClientDied):
        client(sandbox.clock).apply(desired)
    sandbox.watch(None)
    assert revisions() == {"orders": [1], "web": [1, 2]}
    assert client(sandbox.clock).apply(desired).converged
    assert revisions() == {"orders": [1], "web": [1, 2]}


def test_a_revision_for_a_load_balancer_that_was_made_anew_is_not_made_twice_where_the_answer_got_lost(
    sandbox: Sandbox,
) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    sandbox.clock.advance(600)
    delete_internal()
    sandbox.faults = Faults(lost_after=1.0, only=REGISTER, times=1)
    assert client(sandbox.clock).apply(desired).converged
    assert revisions() == {"orders": [1], "web": [1, 2]}


def test_what_is_kept_as_history_does_not_pass_for_a_revision_whose_request_got_lost(sandbox: Sandbox) -> None:
    """The service would go back to it."""
    for image in ("1.27", "1.28"):
        desired = graph(edit=lambda text, image=image: text.replace("nginx:1.27", f"nginx:{image}"))  # type: ignore[misc]
        assert client(sandbox.clock, threads=16).apply(desired).converged
        sandbox.clock.advance(600)
    assert revisions()["web"] == [1, 2]
    ran: list[str] = []
    sandbox.watch(lambda request, phase: ran.append(request.text) if request.name == "ecs:UpdateService" else None)
    sandbox.faults = Faults(lost_before=1.0, only=REGISTER, times=1)
    desired = graph(edit=lambda text: text.replace("nginx:1.27", "nginx:1.29"))
    assert client(sandbox.clock).apply(desired).converged
    assert [text for text in ran if "web:1" in text] == []
    assert any("web:3" in text for text in ran)


def test_a_quiet_look_does_not_go_through_families(sandbox: Sandbox) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    sandbox.clock.advance(600)
    looking = client(sandbox.clock)
    assert not view(desired, looking.reader).plan.actions
    assert "ecs:ListTaskDefinitions" not in looking.calls.by_operation()

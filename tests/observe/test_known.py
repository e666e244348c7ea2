"""What was there a moment ago is asked for without waiting for the lists that name it, and believed in no other way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from cuts import client
from worlds import graph

from reconciler.aws import Access, AwsReader, Calls
from reconciler.model.graph import Graph
from reconciler.model.resource import Known
from reconciler.model.tags import CONVERGED
from reconciler.observe import NOTHING_KNOWN, Look, known_of, look
from reconciler.sandbox import Sandbox

PATIENCE = 60.0
LISTS = frozenset({"DescribeVpcs", "DescribeLoadBalancers", "ListClusters", "ListServices"})
FORESEEN = frozenset(
    {
        "DescribeListeners",
        "DescribeRules",
        "DescribeServices",
        "DescribeTaskDefinition",
        "DescribeVpcAttribute",
        "ListServices",
    }
)


@pytest.fixture
def desired(sandbox: Sandbox) -> Graph:
    wanted = graph()
    assert client(sandbox.clock, threads=16).apply(wanted).converged
    return wanted


@pytest.fixture
def cut_short(sandbox: Sandbox, desired: Graph) -> Graph:
    """As after an apply that has come to everything but its last word."""
    ecs = boto3.client("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        ecs.untag_resource(resourceArn=cluster, tagKeys=[CONVERGED])
    sandbox.clock.advance(3600.0)
    return desired


def looked(sandbox: Sandbox, desired: Graph, known: Known = NOTHING_KNOWN) -> tuple[Look, Counter[str]]:
    calls = Calls()
    reader = AwsReader(Access("us-east-1"), sandbox.clock, calls)
    seen = look(desired.types, reader, [desired.stack.name], [desired], known, by_index=True)
    return seen, Counter(calls.by_operation())


def ids(seen: Look) -> Known:
    return known_of(seen.by_stack["shop"])


class Waiting(AwsReader):
    """Gets no list before everything that is foreseen was asked."""

    def __init__(self, sandbox: Sandbox, foreseen: frozenset[str] = FORESEEN) -> None:
        super().__init__(Access("us-east-1"), sandbox.clock, Calls())
        self.foreseen = foreseen
        self.asked: set[str] = set()
        self.all_asked = threading.Event()
        self.in_vain: list[str] = []

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        self._note(operation)
        return super().pages(service, operation, key, **params)

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self._note(operation)
        return super().get(service, operation, **params)

    def _note(self, operation: str) -> None:
        if operation in self.foreseen:
            self.asked.add(operation)
        if self.asked == self.foreseen:
            self.all_asked.set()
        if operation in LISTS and not self.all_asked.wait(PATIENCE):
            self.in_vain.append(operation)


def test_no_list_is_waited_for_with_what_it_is_known_to_name(sandbox: Sandbox, desired: Graph) -> None:
    known = ids(looked(sandbox, desired)[0])
    reader = Waiting(sandbox)
    look(desired.types, reader, ["shop"], [desired], known, by_index=True)
    assert reader.in_vain == []


def test_what_an_apply_that_came_to_no_end_did_not_retire_is_looked_for_without_waiting_for_its_cluster(
    sandbox: Sandbox, cut_short: Graph
) -> None:
    known = ids(looked(sandbox, cut_short)[0])
    reader = Waiting(sandbox, FORESEEN | {"ListTaskDefinitions"})
    look(cut_short.types, reader, ["shop"], [cut_short], known, by_index=True)
    assert reader.in_vain == []


def test_nothing_is_asked_of_what_was_cut_short_that_would_not_be_asked_anyway(
    sandbox: Sandbox, cut_short: Graph
) -> None:
    seen, calls = looked(sandbox, cut_short)
    again, calls_again = looked(sandbox, cut_short, ids(seen))
    assert (again, calls_again) == (seen, calls)
    assert calls["ecs:ListTaskDefinitions"] > 0


def test_nothing_is_asked_that_would_not_be_asked_anyway(sandbox: Sandbox, desired: Graph) -> None:
    seen, calls = looked(sandbox, desired)
    again, calls_again = looked(sandbox, desired, ids(seen))
    assert (again, calls_again) == (seen, calls)


def test_what_has_gone_is_not_there_because_it_was_known(sandbox: Sandbox, desired: Graph) -> None:
    known = ids(looked(sandbox, desired)[0])
    elbv2, ecs = boto3.client("elbv2"), boto3.client("ecs")
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    for service in known["service"]:
        ecs.delete_service(cluster=min(known["cluster"]), service=service, force=True)
    for revision in known["task-definition"]:
        ecs.deregister_task_definition(taskDefinition=revision)
        ecs.delete_task_definitions(taskDefinitions=[revision])
    sandbox.clock.advance(3600.0)
    seen, _ = looked(sandbox, desired)
    assert not any(seen.found[name] for name in ("load-balancer", "listener", "service"))
    assert looked(sandbox, desired, known)[0] == seen


def test_what_never_was_is_no_reason_to_fail(sandbox: Sandbox, desired: Graph) -> None:
    seen, _ = looked(sandbox, desired)
    wrong = {name: {f"{one}x": tags for one, tags in some.items()} for name, some in ids(seen).items()}
    assert looked(sandbox, desired, wrong)[0] == seen

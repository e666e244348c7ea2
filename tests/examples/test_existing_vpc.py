"""A VPC that is only referred to: what is ours in it comes, changes and goes; the VPC never does."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from cuts import client
from platform_network import Platform, inventory_of, platform
from test_examples import edited
from worlds import SPECS, graph

from reconciler.conditions import conditions_of, status_of
from reconciler.engine import view
from reconciler.flows import judged, world_of_graph, world_of_snapshot
from reconciler.kinds import Object
from reconciler.load import load
from reconciler.sandbox import Sandbox

NAME = "existing-vpc.yaml"


@pytest.fixture
def theirs(sandbox: Sandbox) -> Platform:
    """The platform's network in the sandbox."""
    return platform(sandbox.clock)


def ids(theirs: Platform) -> tuple[tuple[str, str], ...]:
    """The edits that name what the example names by tags by ids."""
    return (
        ("existing: {tags: {Name: platform}}", f"existing: {{id: {theirs.vpc}}}"),
        ("public: {tags: {tier: public}}", f"public: {{ids: [{', '.join(theirs.public)}]}}"),
        ("private: {tags: {tier: private}}", f"private: {{ids: [{', '.join(theirs.private)}]}}"),
    )


def test_what_lives_in_an_existing_vpc_is_applied_changed_and_deleted_and_the_vpc_stays_as_it_is(
    sandbox: Sandbox, theirs: Platform
) -> None:
    before = inventory_of(theirs.vpc)
    for desired in (graph(NAME), edited(NAME, [("port: 80,", "port: 8080,"), ("replicas: 2", "replicas: 3")])):
        done = client(sandbox.clock, threads=4).apply(desired)
        assert done.converged, done
        seen = view(desired, client(sandbox.clock).reader)
        assert (seen.plan.actions, seen.plan.drift, seen.plan.blocked) == ((), (), ())
        assert inventory_of(theirs.vpc) == before
    assert client(sandbox.clock, threads=4).delete(desired).converged
    assert inventory_of(theirs.vpc) == before
    groups = boto3.client("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [theirs.vpc]}])
    assert [group["GroupName"] for group in groups["SecurityGroups"]] == ["default"]


def test_a_vpc_may_be_called_by_its_id_as_well_as_by_its_tags(sandbox: Sandbox, theirs: Platform) -> None:
    assert client(sandbox.clock, threads=4).apply(graph(NAME)).converged
    seen = view(edited(NAME, ids(theirs)), client(sandbox.clock).reader)
    assert not seen.plan.visible
    assert not seen.plan.blocked
    said = conditions_of("Network/shared", seen.comparison, seen.plan)
    assert (status_of(said), said[0].type, said[0].status) == ("Ready", "Ready", "True")


def test_nothing_in_a_vpc_of_others_is_foreign(sandbox: Sandbox, theirs: Platform) -> None:
    desired = graph(NAME)
    client(sandbox.clock, threads=4).apply(desired)
    boto3.client("ec2").create_security_group(GroupName="theirs", Description="theirs", VpcId=theirs.vpc)
    assert view(desired, client(sandbox.clock).reader).snapshot.foreign == ()


@pytest.mark.parametrize(
    ("edit", "address", "reason"),
    [
        (("Name: platform", "Name: other"), "vpc/shared", "there is no VPC with the tag Name=other"),
        (("tier: private", "tier: secret"), "subnet/shared/private/us-east-1a", "there is no subnet with the tag"),
        (
            ("{tier: public}", "{owner: us}"),
            "subnet/shared/public/us-east-1a",
            "more than one subnet with the tag owner=us in us-e",
        ),
    ],
)
def test_a_reference_that_means_nothing_or_too_much_blocks_what_needs_it_and_touches_nothing(
    sandbox: Sandbox, theirs: Platform, edit: tuple[str, str], address: str, reason: str
) -> None:
    tags = [{"Key": "owner", "Value": "us"}]
    boto3.client("ec2").create_tags(Resources=[theirs.public[0], theirs.private[0]], Tags=tags)
    assert client(sandbox.clock, threads=4).apply(graph(NAME)).converged
    seen = view(edited(NAME, [edit]), client(sandbox.clock).reader)
    plan = seen.plan
    blocked = {one.address: one.reason for one in plan.blocked}
    assert reason in blocked[address]
    assert status_of(conditions_of("Network/shared", seen.comparison, plan)) == "Blocked"
    assert not plan.visible
    assert not plan.drift


def test_moving_to_another_vpc_is_a_replacement_that_leaves_nothing_behind(sandbox: Sandbox, theirs: Platform) -> None:
    assert client(sandbox.clock, threads=4).apply(graph(NAME)).converged
    there = platform(sandbox.clock, "second", "10.61")
    assert client(sandbox.clock, threads=4).apply(edited(NAME, [("Name: platform", "Name: second")])).converged
    groups = boto3.client("ec2").describe_security_groups()["SecurityGroups"]
    ours = {group["VpcId"] for group in groups if group["GroupName"].startswith("tenant-")}
    assert ours == {there.vpc}


def test_flows_of_an_existing_vpc_are_judged_by_what_aws_has_and_unknown_without_it(
    sandbox: Sandbox, theirs: Platform
) -> None:
    del theirs
    desired = graph(NAME)
    seen = view(desired, client(sandbox.clock).reader)
    assert [flow.holds for flow in judged(world_of_graph(desired), flows())] == [None]
    assert [flow.holds for flow in judged(world_of_graph(desired, seen.snapshot), flows())] == [True]
    client(sandbox.clock, threads=4).apply(desired)
    seen = view(desired, client(sandbox.clock).reader)
    observed = world_of_snapshot(desired, seen.snapshot, desired.types)
    assert [flow.holds for flow in judged(observed, flows())] == [True]


def flows() -> list[Object[Any]]:
    """The declared flows of the example."""
    (stack,) = load({NAME: (SPECS / NAME).read_bytes()}).stacks.values()
    return [obj for obj in stack.objects.values() if obj.kind == "Flow"]

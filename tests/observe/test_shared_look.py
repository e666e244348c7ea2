"""Stacks of one account and region are looked at together, and each sees what it would see alone."""

from __future__ import annotations

from collections import Counter

import boto3
from cuts import client
from worlds import graph

from reconciler.aws import Access, AwsReader, Calls
from reconciler.model.graph import Graph
from reconciler.model.snapshot import Snapshot
from reconciler.observe import look, snapshot_of
from reconciler.sandbox import Sandbox


def named(name: str, cidr: str) -> Graph:
    return graph(edit=lambda text: text.replace("name: shop", f"name: {name}").replace("10.0.", cidr))


def described(sandbox: Sandbox, graphs: list[Graph]) -> tuple[list[Snapshot], Counter[str]]:
    """Snapshots of some stacks by one look at all of them, and the calls it took."""
    calls = Calls()
    reader = AwsReader(Access("us-east-1"), sandbox.clock, calls)
    seen = look(graphs[0].types, reader, [g.stack.name for g in graphs], graphs)
    return [snapshot_of(seen, g.stack) for g in graphs], Counter(calls.by_operation())


def test_each_stack_sees_what_it_would_see_alone(sandbox: Sandbox) -> None:
    stacks = [named("shop", "10.0."), named("cart", "10.1.")]
    for one in stacks:
        assert client(sandbox.clock, threads=16).apply(one).converged
    ec2 = boto3.client("ec2")
    ours = [{"Name": "tag:reconciler.dev/stack", "Values": ["cart"]}]
    (vpc,) = ec2.describe_vpcs(Filters=ours)["Vpcs"]
    ec2.create_security_group(GroupName="by-hand", Description="x", VpcId=vpc["VpcId"])
    together, _ = described(sandbox, stacks)
    alone = [described(sandbox, [one])[0][0] for one in stacks]
    assert together == alone
    assert [len(snapshot.foreign) for snapshot in alone] == [0, 1]


def test_calls_that_aws_pages_do_not_grow_with_stacks(sandbox: Sandbox) -> None:
    stacks = [named("shop", "10.0."), named("cart", "10.1."), named("till", "10.2.")]
    for one in stacks:
        assert client(sandbox.clock, threads=16).apply(one).converged
    _, one_stack = described(sandbox, stacks[:1])
    _, three = described(sandbox, stacks)
    grown = {name for name in three if three[name] > one_stack[name]}
    one_object_each = {
        "ec2:DescribeVpcAttribute",
        "logs:ListTagsForResource",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:ListServices",
        "ecs:ListTaskDefinitions",
        "ecs:ListTasks",
        "elbv2:DescribeListeners",
        "elbv2:DescribeLoadBalancerAttributes",
        "elbv2:DescribeRules",
        "elbv2:DescribeTags",
        "elbv2:DescribeTargetGroupAttributes",
    }
    assert grown <= one_object_each

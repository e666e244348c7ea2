"""AWS's index of tags saves calls and is minutes old: nothing may be done, or told, because of it."""

from __future__ import annotations

import boto3
from cuts import client
from worlds import graph

from reconciler.engine import view
from reconciler.model.plan import Status
from reconciler.model.tags import ADDRESS, OWNER, STACK
from reconciler.sandbox import Faults, Sandbox, Timings

STALE = 600.0


def test_tags_that_the_index_does_not_have_yet_are_no_difference() -> None:
    old, new = graph(), graph(edit=lambda text: text.replace("team: storefront", "team: checkout"))
    with Sandbox(timings=Timings(tag_index=STALE)) as sandbox:
        assert client(sandbox.clock, threads=16).apply(old).converged
        sandbox.clock.advance(STALE)
        assert view(old, client(sandbox.clock).reader).plan.actions == ()
        assert client(sandbox.clock, threads=16).apply(new).converged
        seen = view(new, client(sandbox.clock).reader).plan
        assert (seen.actions, seen.drift) == ((), ())
        again = client(sandbox.clock, threads=16)
        assert again.apply(old).converged
        assert again.calls.mutating > 0
        assert boto3.client("logs").list_tags_for_resource(resourceArn=log_group())["tags"]["team"] == "storefront"


def test_a_removed_tag_is_drift_as_soon_as_the_index_has_caught_up() -> None:
    desired = graph()
    with Sandbox(timings=Timings(tag_index=STALE)) as sandbox:
        assert client(sandbox.clock, threads=16).apply(desired).converged
        sandbox.clock.advance(STALE)
        boto3.client("logs").untag_resource(resourceArn=log_group(), tagKeys=["team"])
        sandbox.clock.advance(STALE)
        (drifted,) = view(desired, client(sandbox.clock).reader).plan.drift
        assert (drifted.status, [c.path for c in drifted.changes]) == (Status.MODIFIED, ["tags[team]"])


def test_where_the_index_cannot_be_read_the_objects_are_asked() -> None:
    desired = graph()
    with Sandbox() as sandbox:
        assert client(sandbox.clock, threads=16).apply(desired).converged
        looking = client(sandbox.clock)
        sandbox.faults = Faults(errors_5xx=1.0, only=frozenset({"resourcegroupstaggingapi:GetResources"}))
        assert view(desired, looking.reader).plan.actions == ()
        assert looking.calls.by_operation()["logs:ListTagsForResource"] == 2


def test_a_group_in_a_network_that_no_file_names_is_found_through_the_index() -> None:
    desired, address = graph(), "security-group/task/gone"
    with Sandbox(timings=Timings(tag_index=STALE)) as sandbox:
        assert client(sandbox.clock, threads=16).apply(desired).converged
        sandbox.clock.advance(STALE)
        stray = boto3.client("ec2").create_security_group(
            GroupName="left", Description="left", VpcId=another_network(), TagSpecifications=[named(address)]
        )["GroupId"]
        sandbox.clock.advance(STALE)
        (going,) = view(desired, client(sandbox.clock).reader).plan.actions
        assert (going.address, going.id) == (address, stray)


def test_a_quiet_look_asks_for_the_groups_of_its_networks_alone() -> None:
    desired = graph()
    with Sandbox() as sandbox:
        assert client(sandbox.clock, threads=16).apply(desired).converged
        looking = client(sandbox.clock)
        assert view(desired, looking.reader).plan.actions == ()
        assert looking.calls.by_operation()["ec2:DescribeSecurityGroups"] == 1


def another_network() -> str:
    return str(boto3.client("ec2").create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"])


def named(address: str) -> dict[str, object]:
    tags = {STACK: "shop", OWNER: graph().stack.owner, ADDRESS: address}
    return {"ResourceType": "security-group", "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}


def log_group() -> str:
    groups = boto3.client("logs").describe_log_groups()["logGroups"]
    return str(next(g["arn"] for g in groups if "web" in g["logGroupName"]).removesuffix(":*"))

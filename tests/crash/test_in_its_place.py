"""What cannot be made while something else is still there: AWS says so, or a user knows it by heart."""

from __future__ import annotations

from collections.abc import Callable

import boto3
from cuts import client
from worlds import graph

from reconciler.engine import apply, view
from reconciler.model.graph import Graph
from reconciler.model.tags import ADDRESS
from reconciler.sandbox import Sandbox

OTHER = "nat-gateway/main/us-east-1c"
"""The address of a gateway that no spec knows."""


def moved(text: str) -> str:
    """The second subnets keep their ranges and change zone."""
    return text.replace("[us-east-1a, us-east-1b]", "[us-east-1a, us-east-1c]")


def network_alone(edit: Callable[[str], str] = lambda text: text) -> Graph:
    def first_two(text: str) -> str:
        text = text.replace("nat: Single ", "nat: None ").replace("endpoints: [s3] ", "endpoints: [] ")
        return edit("\n---\n".join(text.split("\n---\n")[:2]))

    return graph(edit=first_two)


def zones() -> dict[str, str]:
    """The zone of each range in our network."""
    subnets = boto3.client("ec2").describe_subnets(
        Filters=[{"Name": "tag:reconciler.dev/stack", "Values": ["shop"]}],
    )["Subnets"]
    return {subnet["CidrBlock"]: subnet["AvailabilityZone"] for subnet in subnets}


def test_a_subnet_that_keeps_its_range_in_another_zone_waits_until_the_old_one_is_gone(sandbox: Sandbox) -> None:
    assert client(sandbox.clock, threads=16).apply(network_alone()).converged
    assert zones()["10.0.1.0/24"] == "us-east-1b"
    desired = network_alone(moved)
    seen = view(desired, client(sandbox.clock).reader).plan
    making = next(a for a in seen.actions if a.key == "create subnet/main/public/us-east-1c")
    assert [need.split()[1] for need in making.needs if need.startswith("delete")] == ["subnet/main/public/us-east-1b"]
    applied = client(sandbox.clock, threads=16).apply(desired)
    assert applied.converged, [(o.action.key, o.failure) for o in applied.outcomes if o.failure]
    assert zones() == {
        "10.0.0.0/24": "us-east-1a",
        "10.0.1.0/24": "us-east-1c",
        "10.0.10.0/24": "us-east-1a",
        "10.0.11.0/24": "us-east-1c",
    }


def test_a_subnet_in_use_that_would_keep_its_range_in_another_zone_is_blocked_with_a_way_out(sandbox: Sandbox) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    before = zones()
    applied = client(sandbox.clock, threads=16).apply(graph(edit=moved))
    assert [o.action.key for o in applied.outcomes if o.failure] == []
    blocked = {b.address: b.fix for b in applied.left.blocked}
    assert "give the new one another range" in blocked["subnet/main/public/us-east-1c"]
    assert zones() == before


def test_a_nat_gateway_that_somebody_deleted_comes_back_with_its_address(sandbox: Sandbox) -> None:
    ec2 = boto3.client("ec2")
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    address = [one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]]
    ec2.delete_nat_gateway(NatGatewayId=ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"])
    healed = client(sandbox.clock, threads=16).apply(desired)
    assert healed.converged, [(o.action.key, o.failure) for o in healed.outcomes if o.failure]
    assert [one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]] == address
    live = [g for g in ec2.describe_nat_gateways()["NatGateways"] if g["State"] == "available"]
    assert [a["PublicIp"] for g in live for a in g["NatGatewayAddresses"]] == address


def test_a_subnet_that_shrinks_goes_first_with_all_that_goes_with_it(sandbox: Sandbox) -> None:
    assert client(sandbox.clock, threads=16).apply(network_alone()).converged
    desired = network_alone(lambda text: text.replace("[10.0.0.0/24, 10.0.1.0/24]", "[10.0.0.0/25, 10.0.1.0/24]"))
    orders = {a.address: a.order for a in view(desired, client(sandbox.clock).reader).plan.actions if a.replaces}
    assert orders == {
        "subnet/main/public/us-east-1a": "delete-first",
        "route-table-association/main/public/us-east-1a": "delete-first",
    }
    applied = client(sandbox.clock, threads=16).apply(desired)
    assert applied.converged, [(o.action.key, o.failure) for o in applied.outcomes if o.failure]
    assert zones()["10.0.0.0/25"] == "us-east-1a"


def test_a_gateway_that_fails_before_it_is_deleted_is_as_good_as_gone(sandbox: Sandbox) -> None:
    """It stays listed for an hour, and deleting it does nothing any more (VPC user guide, NAT gateways)."""
    ec2 = boto3.client("ec2")
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    subnet = ec2.create_subnet(VpcId=gateway["VpcId"], CidrBlock="10.0.99.0/24")["Subnet"]["SubnetId"]
    tags = [tag if tag["Key"] != ADDRESS else {**tag, "Value": OTHER} for tag in gateway["Tags"]]
    ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=gateway["NatGatewayAddresses"][0]["AllocationId"],
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": tags}],
    )
    running = client(sandbox.clock, threads=16)
    seen = view(graph(), running.reader)
    assert [a.key.split()[:2] for a in seen.plan.actions] == [["delete", OTHER]]
    sandbox.clock.advance(600)
    applied = apply(graph(), seen, running.reader.fresh(), running.doing)
    assert applied.converged
    assert applied.settled

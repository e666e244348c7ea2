"""The main job on the strict sandbox: from an empty account to the reference stack and back."""

from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest
from cuts import client, inventory
from worlds import graph

from reconciler.engine import check_account, view
from reconciler.model.errors import Refused
from reconciler.model.plan import Result, Status
from reconciler.sandbox import Faults, Sandbox


@pytest.mark.parametrize("name", ["two-tier.yaml", "peers.yaml"])
def test_apply_converges_and_the_second_changes_nothing(sandbox: Sandbox, name: str) -> None:
    desired = graph(name)
    assert client(sandbox.clock, threads=16).apply(desired).converged
    again = client(sandbox.clock)
    assert view(desired, again.reader).plan.actions == ()
    assert again.apply(desired).converged
    assert again.calls.mutating == 0


def test_a_delete_leaves_nothing(sandbox: Sandbox) -> None:
    before = inventory()
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    assert client(sandbox.clock, threads=16).delete(desired).converged
    assert inventory() == before


def test_a_delete_leaves_a_stack_of_a_longer_name_as_it_was(sandbox: Sandbox) -> None:
    shop = graph()
    other = graph(edit=lambda text: text.replace("name: shop\nspec:\n  region", "name: shop-2\nspec:\n  region"))
    assert other.stack.name == "shop-2"
    for desired in (shop, other):
        assert client(sandbox.clock, threads=16).apply(desired).converged
    sandbox.clock.advance(600)
    before = raw_networks(other.stack.name)
    assert before
    assert client(sandbox.clock, threads=16).delete(shop).converged
    assert raw_networks(other.stack.name) == before
    assert view(other, client(sandbox.clock).reader).plan.actions == ()


def raw_networks(stack: str) -> list[object]:
    ec2 = boto3.client("ec2")
    mine = [{"Name": "tag:reconciler.dev/stack", "Values": [stack]}]
    return [
        ec2.describe_vpcs(Filters=mine)["Vpcs"],
        ec2.describe_route_tables(Filters=mine)["RouteTables"],
        ec2.describe_security_groups(Filters=mine)["SecurityGroups"],
        ec2.describe_addresses(Filters=mine)["Addresses"],
    ]


def delete_balancer() -> None:
    elb = boto3.client("elbv2")
    found = elb.describe_load_balancers()["LoadBalancers"]
    elb.delete_load_balancer(
        LoadBalancerArn=next(b["LoadBalancerArn"] for b in found if "public" in b["LoadBalancerName"])
    )


def delete_nat() -> None:
    ec2 = boto3.client("ec2")
    ec2.delete_nat_gateway(NatGatewayId=ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"])


def delete_service() -> None:
    ecs = boto3.client("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    ecs.delete_service(cluster=cluster, service=next(a for a in arns if "orders" in a), force=True)


@pytest.mark.parametrize(
    ("harm", "address"),
    [
        (delete_balancer, "load-balancer/public"),
        (delete_nat, "nat-gateway/main/us-east-1a"),
        (delete_service, "service/orders"),
    ],
)
def test_what_somebody_deleted_is_missing_to_a_stranger_and_comes_back(
    sandbox: Sandbox, harm: Callable[[], None], address: str
) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    harm()
    drift = view(desired, client(sandbox.clock).reader).plan.drift
    assert (address, Status.MISSING) in {(d.address, d.status) for d in drift}
    healed = client(sandbox.clock, threads=16).apply(desired)
    assert healed.converged, [(o.action.key, o.failure) for o in healed.outcomes if o.failure]
    assert view(desired, client(sandbox.clock).reader).plan.actions == ()


@pytest.mark.parametrize(
    "faults",
    [
        Faults(buckets=True),
        Faults(lag=3.0),
        Faults(throttle=0.05, errors_5xx=0.05, lost_before=0.05, lost_after=0.05, seed=3),
    ],
    ids=["token buckets", "lag", "20% faults"],
)
def test_the_reference_converges_under(sandbox: Sandbox, faults: Faults) -> None:
    desired = graph()
    expected_of = client(sandbox.clock, threads=16)
    assert expected_of.apply(desired).converged
    expected = inventory()
    sandbox.reset()
    sandbox.faults = faults
    for _ in range(4):
        applied = client(sandbox.clock, threads=4).apply(desired)
        if applied.converged:
            break
    sandbox.faults = Faults()
    assert applied.converged, [(o.action.key, o.failure) for o in applied.outcomes if o.result is Result.FAILED]
    assert inventory() == expected


def test_credentials_of_another_account_are_refused_before_anything_is_changed(sandbox: Sandbox) -> None:
    guarded = graph(edit=lambda text: text.replace('  # account: "123456789012" ', '  account: "111111111111" '))
    assert guarded.stack.account == "111111111111"
    looking = client(sandbox.clock)
    with pytest.raises(Refused, match="111111111111"):
        check_account(guarded.stack, looking.reader)

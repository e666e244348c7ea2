"""The main job on the strict sandbox: from an empty account to the reference stack and back."""

from __future__ import annotations

import json
from collections.abc import Callable

import boto3
import pytest
from cuts import client, inventory
from worlds import graph

from reconciler.engine import check_account, view
from reconciler.model.errors import Refused
from reconciler.model.plan import Result, Status
from reconciler.sandbox import ClientDied, Faults, Sandbox
from reconciler.sandbox.wire import Request


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


def test_what_was_deleted_can_be_made_again_at_once(sandbox: Sandbox) -> None:
    """AWS remembers the idempotency tokens of what is gone."""
    desired = graph()
    for _ in range(2):
        assert client(sandbox.clock, threads=16).apply(desired).converged
        assert client(sandbox.clock, threads=16).delete(desired).converged


def test_a_delete_leaves_a_stack_of_a_longer_name_as_it_was(sandbox: Sandbox) -> None:
    shop = graph()
    other = graph(edit=lambda text: text.replace("name: shop\nspec:\n  region", "name: shop-2\nspec:\n  region"))
    assert other.stack.name == "shop-2"
    assert client(sandbox.clock, threads=16).apply(other).converged
    sandbox.clock.advance(600)
    alone = raw()
    assert client(sandbox.clock, threads=16).apply(shop).converged
    assert client(sandbox.clock, threads=16).delete(shop).converged
    sandbox.clock.advance(7200)
    assert raw() == alone
    assert view(other, client(sandbox.clock).reader).plan.actions == ()


def raw() -> str:
    """Everything that is live, as AWS describes it: a deleted cluster or definition stays listed as such."""
    ec2, elb, ecs, logs, iam = (boto3.client(name) for name in ("ec2", "elbv2", "ecs", "logs", "iam"))
    balancers = elb.describe_load_balancers()["LoadBalancers"]
    listeners = [
        item for b in balancers for item in elb.describe_listeners(LoadBalancerArn=b["LoadBalancerArn"])["Listeners"]
    ]
    groups = elb.describe_target_groups()["TargetGroups"]
    arns = [b["LoadBalancerArn"] for b in balancers] + [g["TargetGroupArn"] for g in groups]
    clusters = ecs.list_clusters()["clusterArns"]
    roles = iam.list_roles()["Roles"]
    found = [
        ec2.describe_vpcs()["Vpcs"],
        ec2.describe_subnets()["Subnets"],
        ec2.describe_internet_gateways()["InternetGateways"],
        ec2.describe_nat_gateways(Filters=[{"Name": "state", "Values": ["available"]}])["NatGateways"],
        ec2.describe_addresses()["Addresses"],
        ec2.describe_route_tables()["RouteTables"],
        ec2.describe_security_groups()["SecurityGroups"],
        ec2.describe_vpc_endpoints()["VpcEndpoints"],
        ec2.describe_network_interfaces()["NetworkInterfaces"],
        balancers,
        listeners,
        [elb.describe_rules(ListenerArn=item["ListenerArn"])["Rules"] for item in listeners],
        groups,
        [elb.describe_target_health(TargetGroupArn=g["TargetGroupArn"])["TargetHealthDescriptions"] for g in groups],
        elb.describe_tags(ResourceArns=arns)["TagDescriptions"],
        ecs.describe_clusters(clusters=clusters, include=["TAGS"])["clusters"],
        [
            ecs.describe_services(cluster=c, services=ecs.list_services(cluster=c)["serviceArns"], include=["TAGS"])[
                "services"
            ]
            for c in clusters
        ],
        [ecs.list_tasks(cluster=c)["taskArns"] for c in clusters],
        ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
        logs.describe_log_groups()["logGroups"],
        roles,
        [iam.list_role_policies(RoleName=r["RoleName"])["PolicyNames"] for r in roles],
    ]
    return json.dumps(found, default=str, indent=1)


def delete_balancer() -> None:
    elb = boto3.client("elbv2")
    found = elb.describe_load_balancers()["LoadBalancers"]
    elb.delete_load_balancer(
        LoadBalancerArn=next(b["LoadBalancerArn"] for b in found if "public" in b["LoadBalancerName"])
    )


def delete_nat() -> None:
    ec2 = boto3.client("ec2")
    ec2.delete_nat_gateway(NatGatewayId=ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"])


def delete_route_table() -> None:
    ec2 = boto3.client("ec2")
    at = [{"Name": "tag:reconciler.dev/address", "Values": ["route-table/main/public"]}]
    (table,) = ec2.describe_route_tables(Filters=at)["RouteTables"]
    for association in table["Associations"]:
        ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    ec2.delete_route_table(RouteTableId=table["RouteTableId"])


def delete_endpoint() -> None:
    ec2 = boto3.client("ec2")
    (endpoint,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])


def delete_service() -> None:
    ecs = boto3.client("ecs")
    (cluster,) = ecs.list_clusters()["clusterArns"]
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    ecs.delete_service(cluster=cluster, service=next(a for a in arns if "orders" in a), force=True)


def delete_log_group() -> None:
    boto3.client("logs").delete_log_group(logGroupName="/reconciler/shop/orders")


def delete_role() -> None:
    iam = boto3.client("iam")
    name = next(r["RoleName"] for r in iam.list_roles()["Roles"] if "orders" in r["RoleName"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def test_what_is_made_again_under_its_name_leaves_those_who_name_it_alone(sandbox: Sandbox) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    delete_log_group()
    delete_role()
    healing = client(sandbox.clock, threads=16)
    assert [d.address for d in view(desired, healing.reader).plan.drift] == [
        "log-group/orders",
        "role/orders/execution",
    ]
    assert healing.apply(desired).converged
    assert not {"ecs:RegisterTaskDefinition", "ecs:UpdateService"} & healing.calls.by_operation().keys()


@pytest.mark.parametrize(
    ("harm", "address"),
    [
        (delete_balancer, "load-balancer/public"),
        (delete_nat, "nat-gateway/main/us-east-1a"),
        (delete_service, "service/orders"),
        (delete_route_table, "route-table/main/public"),
        (delete_endpoint, "vpc-endpoint/main/s3"),
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


@pytest.mark.parametrize("threads", [1, 16], ids=["one at a time", "side by side"])
def test_rules_that_a_dead_run_made_are_found_though_lists_do_not_show_them_yet(sandbox: Sandbox, threads: int) -> None:
    desired = graph()
    sandbox.faults = Faults(lag=10.0)
    for deadly in ("before", "after"):

        def die(request: Request, phase: str, deadly: str = deadly) -> None:
            if (request.name, phase) == ("elbv2:CreateRule", deadly):
                raise ClientDied

        sandbox.clock.advance(60)
        sandbox.watch(die)
        with pytest.raises(ClientDied):
            client(sandbox.clock, threads=threads).apply(desired)
    sandbox.watch(None)
    assert client(sandbox.clock, threads=threads).apply(desired).converged
    assert inventory()["Rules"] == 2 + sum(
        len(r.fields.rules) for r in desired.resources.values() if r.type == "listener-rules"
    )


def test_credentials_of_another_account_are_refused_before_anything_is_changed(sandbox: Sandbox) -> None:
    guarded = graph(edit=lambda text: text.replace('  # account: "123456789012" ', '  account: "111111111111" '))
    assert guarded.stack.account == "111111111111"
    looking = client(sandbox.clock)
    with pytest.raises(Refused, match="111111111111"):
        check_account(guarded.stack, looking.reader)

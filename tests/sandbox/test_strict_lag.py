"""Reads that lag behind writes, pages shorter than asked for, and token buckets."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.sandbox import Faults, Sandbox

pytestmark = pytest.mark.stricter_than_moto

VPC = {"CidrBlock": "10.0.0.0/16"}
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def lagging(sandbox: Sandbox) -> Sandbox:
    sandbox.faults = Faults(lag=5)
    return sandbox


def test_a_new_vpc_is_unknown_for_a_while(lagging: Sandbox, code_of: Any) -> None:
    """EC2 API Reference, Eventual consistency; Error codes: InvalidVpcID.NotFound."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(**VPC)["Vpc"]["VpcId"]
    assert code_of(ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
    assert code_of(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.0.0/24") == "InvalidVpcID.NotFound"
    lagging.clock.advance(5)
    assert len(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]) == 1


def test_a_new_vpc_is_missing_in_lists_for_a_while(lagging: Sandbox) -> None:
    """EC2 API Reference, Eventual consistency: a describe may not show the resource; a filter is no error."""
    ec2 = boto3.client("ec2")
    before = ec2.describe_vpcs()["Vpcs"]
    vpc = ec2.create_vpc(**VPC)["Vpc"]["VpcId"]
    assert ec2.describe_vpcs()["Vpcs"] == before
    assert ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"] == []
    lagging.clock.advance(5)
    assert len(ec2.describe_vpcs()["Vpcs"]) == len(before) + 1


def test_tags_come_later_than_their_resource(lagging: Sandbox) -> None:
    """EC2 API Reference, Eventual consistency (aws-semantics 9): tags missing from the first describe."""
    ec2 = boto3.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "stack", "Value": "shop"}]}]
    vpc = ec2.create_vpc(**VPC, TagSpecifications=tags)["Vpc"]["VpcId"]

    def found() -> int:
        return len(ec2.describe_vpcs(Filters=[{"Name": "tag:stack", "Values": ["shop"]}])["Vpcs"])

    lagging.clock.advance(5)
    assert "Tags" not in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0] or not found()
    assert found() == 0
    lagging.clock.advance(5)
    assert found() == 1


def test_a_changed_tag_is_seen_late(lagging: Sandbox) -> None:
    """EC2 API Reference, Eventual consistency: a tag that was just changed may read as before."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(**VPC)["Vpc"]["VpcId"]
    lagging.clock.advance(60)

    def tags() -> list[str]:
        return [tag["Value"] for tag in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0].get("Tags", [])]

    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "stack", "Value": "shop"}])
    assert tags() == []
    lagging.clock.advance(5)
    assert tags() == ["shop"]


def test_a_route_words_its_unknown_target_in_its_own_way(lagging: Sandbox, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidGatewayID.NotFound from CreateRoute."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(**VPC)["Vpc"]["VpcId"]
    lagging.clock.advance(5)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    lagging.clock.advance(5)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    code = code_of(ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert code == "InvalidGatewayID.NotFound"


def test_a_new_target_group_is_unknown_for_a_while(lagging: Sandbox, code_of: Any) -> None:
    """Elastic Load Balancing API Reference, DescribeTargetGroups: TargetGroupNotFound."""
    ec2, elbv2 = boto3.client("ec2"), boto3.client("elbv2")
    vpc = ec2.create_vpc(**VPC)["Vpc"]["VpcId"]
    group = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip"}
    assert code_of(elbv2.create_target_group, **group) == "ValidationError"
    lagging.clock.advance(5)
    arn = elbv2.create_target_group(**group)["TargetGroups"][0]["TargetGroupArn"]
    assert elbv2.describe_target_groups()["TargetGroups"] == []
    assert code_of(elbv2.describe_target_groups, TargetGroupArns=[arn]) == "TargetGroupNotFound"
    lagging.clock.advance(5)
    assert len(elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]) == 1


def test_a_new_cluster_is_unknown_for_a_while(lagging: Sandbox, code_of: Any) -> None:
    """ECS API Reference, ListServices: ClusterNotFoundException; DescribeClusters: failures, MISSING."""
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="web")
    answer = ecs.describe_clusters(clusters=["web"])
    assert (answer["clusters"], [each["reason"] for each in answer["failures"]]) == ([], ["MISSING"])
    assert code_of(ecs.list_services, cluster="web") == "ClusterNotFoundException"
    lagging.clock.advance(5)
    assert len(ecs.describe_clusters(clusters=["web"])["clusters"]) == 1


def test_a_page_may_be_shorter_than_asked_for(sandbox: Sandbox) -> None:
    """EC2 API Reference, Pagination: fewer than MaxResults may come, with a token for the rest."""
    sandbox.faults = Faults(page=2)
    ec2 = boto3.client("ec2")
    for _ in range(4):
        ec2.create_vpc(**VPC)
    pages = ec2.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 1000})
    assert [len(page["Vpcs"]) for page in pages] == [2, 2, 1]


BUCKETS = {
    "ec2:DescribeVpcs": ("ec2", "describe_vpcs", {}, 100, 20, "RequestLimitExceeded"),
    "ec2:DescribeSecurityGroups": ("ec2", "describe_security_groups", {}, 50, 10, "RequestLimitExceeded"),
    "ec2:DeleteVpc": ("ec2", "delete_vpc", {"VpcId": "vpc-12345678"}, 50, 5, "RequestLimitExceeded"),
    "ec2:DeleteNatGateway": (
        "ec2",
        "delete_nat_gateway",
        {"NatGatewayId": "nat-12345678"},
        10,
        1,
        "RequestLimitExceeded",
    ),
    "ec2:DeleteVpcEndpoints": (
        "ec2",
        "delete_vpc_endpoints",
        {"VpcEndpointIds": ["vpce-12345678"]},
        4,
        0.3,
        "RequestLimitExceeded",
    ),
    "elbv2:DescribeLoadBalancers": ("elbv2", "describe_load_balancers", {}, 40, 10, "Throttling"),
    "elbv2:CreateLoadBalancer": ("elbv2", "create_load_balancer", {"Name": "-"}, 10, 0.2, "Throttling"),
    "ecs:ListClusters": ("ecs", "list_clusters", {}, 50, 20, "ThrottlingException"),
    "ecs:DeregisterTaskDefinition": (
        "ecs",
        "deregister_task_definition",
        {"taskDefinition": "a:1"},
        20,
        1,
        "ThrottlingException",
    ),
}


@pytest.mark.parametrize("operation", BUCKETS)
def test_a_bucket_has_the_published_size(sandbox: Sandbox, operation: str) -> None:
    """EC2, Elastic Load Balancing and ECS API References, Request throttling: bucket sizes and refill rates."""
    service, method, parameters, burst, refill, code = BUCKETS[operation]
    sandbox.faults = Faults(buckets=True)
    call = getattr(boto3.client(service, config=ONCE), method)

    def until_throttled() -> int:
        for served in range(1000):
            try:
                call(**parameters)
            except ClientError as error:
                if error.response["Error"]["Code"] == code:
                    return served
        return 1000

    assert until_throttled() == burst
    sandbox.clock.advance(3.1 / refill)
    assert until_throttled() == 3


def test_a_filter_makes_a_cheap_list(sandbox: Sandbox) -> None:
    """EC2 API Reference, Request throttling: unfiltered lists of some types have a smaller bucket."""
    sandbox.faults = Faults(buckets=True)
    call = boto3.client("ec2", config=ONCE).describe_network_interfaces
    for _ in range(100):
        call(Filters=[{"Name": "vpc-id", "Values": ["vpc-12345678"]}])
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        call(Filters=[{"Name": "vpc-id", "Values": ["vpc-12345678"]}])


def test_each_account_and_region_has_its_own_buckets(sandbox: Sandbox) -> None:
    """EC2 API Reference, Request throttling: per account and Region."""
    sandbox.faults = Faults(buckets=True)
    call = boto3.client("ec2", config=ONCE).describe_security_groups
    for _ in range(50):
        call()
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        call()
    boto3.client("ec2", region_name="eu-west-1", config=ONCE).describe_security_groups()


def test_all_load_balancing_calls_share_a_bucket(sandbox: Sandbox) -> None:
    """Elastic Load Balancing API Reference, Throttling: 40 requests for all actions, 10 more each second."""
    sandbox.faults = Faults(buckets=True)
    elbv2 = boto3.client("elbv2", config=ONCE)
    for _ in range(39):
        elbv2.describe_load_balancers()
    with pytest.raises(ClientError, match="LoadBalancerNotFound"):
        elbv2.describe_listeners(
            LoadBalancerArn="arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/b"
        )
    with pytest.raises(ClientError, match="Throttling"):
        elbv2.describe_target_groups()

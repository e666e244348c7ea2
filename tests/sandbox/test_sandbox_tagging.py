"""The Resource Groups Tagging API's index: what it knows, how it pages, how old it is."""

import boto3
import pytest

from reconciler.sandbox import Sandbox, Timings

pytestmark = pytest.mark.stricter_than_moto


def names(**filters: object) -> list[str]:
    client = boto3.client("resourcegroupstaggingapi")
    pages = client.get_paginator("get_resources").paginate(**filters)
    return [one["ResourceARN"].rsplit(":", 1)[-1] for page in pages for one in page["ResourceTagMappingList"]]


def test_a_page_has_as_many_resources_as_were_asked_for_however_many_tags_they_have(sandbox: Sandbox) -> None:
    """Resource Groups Tagging API Reference, GetResources, ResourcesPerPage and TagsPerPage."""
    logs = boto3.client("logs")
    tags = {f"key-{n}": "value" for n in range(40)}
    for n in range(5):
        logs.create_log_group(logGroupName=f"group-{n}", tags=tags)
    answer = boto3.client("resourcegroupstaggingapi").get_resources(ResourcesPerPage=4)
    assert len(answer["ResourceTagMappingList"]) == 4
    assert sorted(names(PaginationConfig={"PageSize": 2})) == [f"group-{n}" for n in range(5)]


def test_listeners_are_in_the_index(sandbox: Sandbox) -> None:
    """Resource Groups Tagging API Reference, Supported services: Elastic Load Balancing, listeners and rules."""
    ec2, elb = boto3.client("ec2"), boto3.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    sandbox.clock.advance(10)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    sandbox.clock.advance(10)
    balancer = elb.create_load_balancer(Name="web", Scheme="internal", Subnets=[s["SubnetId"] for s in subnets])
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        Tags=[{"Key": "team", "Value": "storefront"}],
    )["Listeners"][0]["ListenerArn"]
    filters = [{"Key": "team", "Values": ["storefront"]}]
    assert names(TagFilters=filters, ResourceTypeFilters=["elasticloadbalancing"]) == [listener.rsplit(":", 1)[-1]]


def test_the_index_may_be_old(plain_moto: bool) -> None:
    """Resource Groups Tagging API Reference, GetResources: eventually consistent, and of what was tagged once."""
    with Sandbox(timings=Timings(tag_index=300), strict=not plain_moto) as sandbox:
        logs = boto3.client("logs")
        logs.create_log_group(logGroupName="old", tags={"team": "storefront"})
        assert names() == ["old"]
        logs.delete_log_group(logGroupName="old")
        logs.create_log_group(logGroupName="new", tags={"team": "storefront"})
        assert names() == ["old"]
        sandbox.clock.advance(300)
        assert names() == ["new"]

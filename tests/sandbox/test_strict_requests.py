"""What EC2 checks in every request, how it pages, filters and remembers tokens."""

from typing import Any

import pytest

pytestmark = pytest.mark.stricter_than_moto


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("describe_vpcs", {"VpcIds": ["garbage"]}, "InvalidVpcID.Malformed"),
        ("delete_subnet", {"SubnetId": "subnet-xyz"}, "InvalidSubnetID.Malformed"),
        ("delete_security_group", {"GroupId": "sg-12"}, "InvalidGroupId.Malformed"),
        ("describe_route_tables", {"RouteTableIds": ["rtb"]}, "InvalidRouteTableId.Malformed"),
        ("delete_nat_gateway", {"NatGatewayId": "nat-"}, "NatGatewayMalformed"),
    ],
)
def test_a_malformed_id_is_no_unknown_one(ec2: Any, code_of: Any, operation: str, parameters: Any, code: str) -> None:
    """EC2 API Reference, Error codes: Invalid...ID.Malformed."""
    assert code_of(getattr(ec2, operation), **parameters) == code


@pytest.mark.parametrize(
    "tag",
    [
        {"Key": "aws:owner", "Value": "x"},
        {"Key": "AWS:owner", "Value": "x"},
        {"Key": "k" * 129, "Value": "x"},
        {"Key": "k", "Value": "v" * 257},
    ],
    ids=["reserved", "reserved-upper", "long-key", "long-value"],
)
def test_a_bad_tag_is_refused(network: Any, code_of: Any, tag: dict[str, str]) -> None:
    """EC2 User Guide, Tag restrictions."""
    assert code_of(network.ec2.create_tags, Resources=[network.vpc], Tags=[tag]) == "InvalidParameterValue"
    made = [{"ResourceType": "vpc", "Tags": [tag]}]
    code = code_of(network.ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=made)
    assert code == "InvalidParameterValue"


def test_fifty_tags_and_no_more(ec2: Any, code_of: Any) -> None:
    """EC2 User Guide, Tag restrictions: 50 tags per resource, in the create call too; TagLimitExceeded."""
    tags = [{"Key": str(number), "Value": ""} for number in range(51)]
    made = [{"ResourceType": "security-group", "Tags": [*tags, tags[0]]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    code = code_of(ec2.create_security_group, GroupName="a", Description="a", VpcId=vpc, TagSpecifications=made)
    assert code == "InvalidParameterValue", "a key given twice"
    made[0]["Tags"] = tags
    code = code_of(ec2.create_security_group, GroupName="a", Description="a", VpcId=vpc, TagSpecifications=made)
    assert code == "TagLimitExceeded"


def test_tags_are_for_the_type_that_is_made(ec2: Any, code_of: Any) -> None:
    """EC2 API Reference, TagSpecification, ResourceType: InvalidParameterValue."""
    tags = [{"ResourceType": "subnet", "Tags": [{"Key": "a", "Value": "b"}]}]
    code = code_of(ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=tags)
    assert code == "InvalidParameterValue"


def test_a_dry_run_makes_nothing(ec2: Any, code_of: Any) -> None:
    """EC2 API Reference, Common parameters, DryRun: DryRunOperation, and nothing is done."""
    before = len(ec2.describe_vpcs()["Vpcs"])
    assert code_of(ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True) == "DryRunOperation"
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


PAGED = {
    "describe_vpcs": ("Vpcs", 1000),
    "describe_subnets": ("Subnets", 1000),
    "describe_route_tables": ("RouteTables", 100),
    "describe_security_groups": ("SecurityGroups", 1000),
    "describe_security_group_rules": ("SecurityGroupRules", 1000),
    "describe_network_interfaces": ("NetworkInterfaces", 1000),
    "describe_nat_gateways": ("NatGateways", 1000),
    "describe_internet_gateways": ("InternetGateways", 1000),
}


@pytest.mark.parametrize("operation", PAGED)
def test_a_page_has_a_greatest_size(ec2: Any, code_of: Any, operation: str) -> None:
    """EC2 API Reference, the action's MaxResults: maximum value 1000 (100 for DescribeRouteTables)."""
    _, greatest = PAGED[operation]
    assert code_of(getattr(ec2, operation), MaxResults=greatest + 1) == "InvalidParameterValue"


@pytest.mark.parametrize("operation", ["describe_vpcs", "describe_route_tables", "describe_security_groups"])
def test_lists_come_in_pages(ec2: Any, operation: str) -> None:
    """EC2 API Reference, MaxResults and NextToken."""
    for number in range(12):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    member, _ = PAGED[operation]
    pages = [page[member] for page in ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5})]
    assert [len(page) for page in pages] == [5, 5, 3]
    assert [row for page in pages for row in page] == getattr(ec2, operation)()[member]


def test_a_foreign_token_is_refused(ec2: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidNextToken."""
    assert code_of(ec2.describe_vpcs, NextToken="mine", MaxResults=5) == "InvalidNextToken"


def test_interface_ids_go_without_max_results(network: Any, code_of: Any) -> None:
    """EC2 API Reference, DescribeNetworkInterfaces, MaxResults: not with the network interface IDs parameter."""
    eni = network.ec2.create_network_interface(SubnetId=network.one)["NetworkInterface"]["NetworkInterfaceId"]
    code = code_of(network.ec2.describe_network_interfaces, NetworkInterfaceIds=[eni], MaxResults=5)
    assert code == "InvalidParameterCombination"


def test_the_values_of_a_filter_are_alternatives(network: Any) -> None:
    """EC2 User Guide, Filtering: the values of a filter are joined with OR."""
    groups = [network.group(name) for name in ("one", "other", "third")]
    for group in groups[:2]:
        network.ec2.create_network_interface(SubnetId=network.one, Groups=[group, groups[2]])
    filters = [{"Name": "group-id", "Values": groups[:2]}]
    assert len(network.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]) == 2


def test_a_wildcard_can_be_taken_literally(ec2: Any) -> None:
    """EC2 User Guide, Filtering: `*` and `?` are wildcards, and a backslash before one takes it literally."""
    for name in ("a*", "ab", "[ab]"):
        tags = [{"ResourceType": "vpc", "Tags": [{"Key": "stack", "Value": name}]}]
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)

    def found(pattern: str) -> set[str]:
        vpcs = ec2.describe_vpcs(Filters=[{"Name": "tag:stack", "Values": [pattern]}])["Vpcs"]
        return {tag["Value"] for vpc in vpcs for tag in vpc["Tags"]}

    assert found("a*") == {"a*", "ab"}
    assert found("a\\*") == {"a*"}
    assert found("[ab]") == {"[ab]"}
    assert found("*?*") == {"a*", "ab", "[ab]"}


def test_tags_are_found_by_key_and_value(network: Any) -> None:
    """EC2 API Reference, DescribeTags: filter tag:<key>; resource types as in TagSpecification."""
    network.ec2.create_tags(Resources=[network.vpc, network.address()], Tags=[{"Key": "stack", "Value": "shop"}])
    network.ec2.create_tags(Resources=[network.one], Tags=[{"Key": "stack", "Value": "other"}])
    rows = network.ec2.describe_tags(Filters=[{"Name": "tag:stack", "Values": ["shop"]}])["Tags"]
    assert {row["ResourceType"] for row in rows} == {"vpc", "elastic-ip"}


def test_tags_go_with_their_resource(network: Any) -> None:
    """EC2 User Guide, Tag your resources: deleting a resource deletes its tags."""
    network.ec2.create_tags(Resources=[network.table], Tags=[{"Key": "stack", "Value": "shop"}])
    network.ec2.delete_route_table(RouteTableId=network.table)
    assert network.ec2.describe_tags(Filters=[{"Name": "key", "Values": ["stack"]}])["Tags"] == []


def test_a_client_token_makes_one_nat_gateway(network: Any) -> None:
    """EC2 API Reference, Ensuring idempotency: the same token and parameters return the first result."""
    address = network.address()
    first = network.nat(address, ClientToken="one")
    network.sandbox.clock.advance(120)
    assert network.nat(address, ClientToken="one") == first
    assert len(network.ec2.describe_nat_gateways()["NatGateways"]) == 1


def test_a_client_token_makes_one_route_table(network: Any) -> None:
    """EC2 API Reference, Ensuring idempotency: CreateRouteTable."""
    made = {
        network.ec2.create_route_table(VpcId=network.vpc, ClientToken="one")["RouteTable"]["RouteTableId"]
        for _ in range(2)
    }
    assert len(made) == 1


def test_a_client_token_makes_one_endpoint(network: Any) -> None:
    """EC2 API Reference, Ensuring idempotency: CreateVpcEndpoint."""
    made = {network.endpoint("s3", ClientToken="one")["VpcEndpointId"] for _ in range(2)}
    assert len(made) == 1


def test_a_client_token_is_for_one_request(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: IdempotentParameterMismatch."""
    network.nat(network.address(), ClientToken="one")
    code = code_of(
        network.ec2.create_nat_gateway,
        SubnetId=network.other,
        AllocationId=network.address(),
        ClientToken="one",
    )
    assert code == "IdempotentParameterMismatch"

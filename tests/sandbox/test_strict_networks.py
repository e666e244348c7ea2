"""VPCs, subnets and internet gateways as AWS has them."""

from typing import Any

import pytest

pytestmark = pytest.mark.stricter_than_moto


def test_a_vpc_is_pending_before_it_is_available(ec2: Any, sandbox: Any) -> None:
    """EC2 API Reference, Vpc: `state` is pending or available."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert vpc["State"] == "pending"
    sandbox.clock.advance(60)
    assert ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["State"] == "available"


def test_a_subnet_is_pending_before_it_is_available(network: Any) -> None:
    """EC2 API Reference, Subnet: `state` is pending or available."""

    def states() -> set[str]:
        rows = network.ec2.describe_subnets(SubnetIds=[network.one, network.other])["Subnets"]
        return {row["State"] for row in rows}

    assert states() == {"pending"}
    network.sandbox.clock.advance(60)
    assert states() == {"available"}


def test_the_range_of_a_vpc_is_made_canonical(ec2: Any) -> None:
    """EC2 API Reference, CreateVpc, CidrBlock: 100.68.0.18/18 is modified to 100.68.0.0/18."""
    assert ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]["CidrBlock"] == "100.68.0.0/18"


def test_the_range_of_a_subnet_is_made_canonical(network: Any) -> None:
    """EC2 API Reference, CreateSubnet, CidrBlock: 100.68.0.18/18 is modified to 100.68.0.0/18."""
    subnet = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.77/24", AvailabilityZone="us-east-1a")
    assert subnet["Subnet"]["CidrBlock"] == "10.0.9.0/24"


def test_a_subnet_smaller_than_28_is_refused(network: Any, code_of: Any) -> None:
    """EC2 API Reference, CreateSubnet: between a /28 and a /16 netmask; Error codes: InvalidSubnet.Range."""
    code = code_of(network.ec2.create_subnet, VpcId=network.vpc, CidrBlock="10.0.9.0/29", AvailabilityZone="us-east-1a")
    assert code == "InvalidSubnet.Range"


def test_a_subnet_of_a_new_region_does_not_map_public_addresses(ec2: Any) -> None:
    """EC2 API Reference, ModifySubnetAttribute, MapPublicIpOnLaunch: only default subnets have it."""
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        rows = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        zones = {row["AvailabilityZone"] for row in rows}
    free = {zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert zones == free
    for row in rows:
        ec2.delete_subnet(SubnetId=row["SubnetId"])
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1a")["Subnet"]
    assert not subnet["MapPublicIpOnLaunch"]
    assert not subnet["DefaultForAz"]


def test_a_default_group_lets_itself_in(network: Any) -> None:
    """VPC User Guide, Default security groups: inbound from resources with the same group."""
    filters = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    group = network.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
    (permission,) = group["IpPermissions"]
    assert permission["IpProtocol"] == "-1"
    assert [pair["GroupId"] for pair in permission["UserIdGroupPairs"]] == [group["GroupId"]]


def test_the_default_vpc_has_an_internet_gateway(ec2: Any) -> None:
    """VPC User Guide, Default VPC components: an internet gateway, and a route to it in the main table."""
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    gateways = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}])
    assert len(gateways["InternetGateways"]) == 1


def test_one_attribute_of_a_vpc_at_a_time(network: Any, code_of: Any) -> None:
    """EC2 API Reference, ModifyVpcAttribute; Error codes: InvalidParameterCombination."""
    both = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}}
    code = code_of(network.ec2.modify_vpc_attribute, VpcId=network.vpc, **both)
    assert code == "InvalidParameterCombination"


def test_hostnames_need_dns_support(network: Any, code_of: Any) -> None:
    """EC2 API Reference, ModifyVpcAttribute: you can enable DNS hostnames only if DNS support is enabled."""
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsSupport={"Value": False})
    code = code_of(network.ec2.modify_vpc_attribute, VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    assert code == "InvalidParameterCombination"


def test_a_vpc_has_one_internet_gateway(network: Any, code_of: Any) -> None:
    """VPC User Guide, Quotas: you can attach only one internet gateway to a VPC at a time."""
    second = network.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    code = code_of(network.ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=network.vpc)
    assert code == "InvalidParameterValue"


def test_a_gateway_stays_while_public_addresses_are_mapped(network: Any, code_of: Any) -> None:
    """EC2 API Reference, DetachInternetGateway; Error codes: DependencyViolation."""
    network.nat(network.address())
    code = code_of(network.ec2.detach_internet_gateway, InternetGatewayId=network.igw, VpcId=network.vpc)
    assert code == "DependencyViolation"


def test_a_subnet_with_an_interface_stays(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: DependencyViolation."""
    network.ec2.create_network_interface(SubnetId=network.one)
    assert code_of(network.ec2.delete_subnet, SubnetId=network.one) == "DependencyViolation"


def test_associations_go_with_their_subnet(network: Any) -> None:
    """EC2 API Reference, DeleteSubnet: associations do not outlive the subnet."""
    network.ec2.associate_route_table(RouteTableId=network.table, SubnetId=network.one)
    network.ec2.delete_subnet(SubnetId=network.one)
    network.ec2.delete_route_table(RouteTableId=network.table)


@pytest.mark.parametrize("left", ["gateway", "group", "endpoint", "acl"])
def test_a_vpc_with_anything_in_it_stays(ec2: Any, code_of: Any, left: str) -> None:
    """EC2 API Reference, DeleteVpc: all gateways and resources must be gone; Error codes: DependencyViolation."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    if left == "gateway":
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    elif left == "group":
        ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)
    elif left == "endpoint":
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    else:
        ec2.create_network_acl(VpcId=vpc)
    assert code_of(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"


def test_what_aws_made_with_a_vpc_goes_with_it(ec2: Any) -> None:
    """EC2 API Reference, DeleteVpc: deletes the default security group, network ACL and route table."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.delete_vpc(VpcId=vpc)
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    assert ec2.describe_security_groups(Filters=inside)["SecurityGroups"] == []
    assert ec2.describe_network_acls(Filters=inside)["NetworkAcls"] == []
    assert ec2.describe_route_tables(Filters=inside)["RouteTables"] == []

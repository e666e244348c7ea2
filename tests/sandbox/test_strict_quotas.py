"""AWS's default quotas, for who asks for them."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.sandbox import Quotas, Sandbox

pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def sandbox(plain_moto: bool) -> Iterator[Sandbox]:
    quotas = Quotas(
        subnets_in_vpc=2,
        route_tables_in_vpc=3,
        routes_in_table=3,
        nat_gateways_in_zone=2,
        security_groups=4,
        network_acls_in_vpc=2,
        network_acl_rules=2,
        gateway_endpoints=1,
        interface_endpoints_in_vpc=1,
    )
    with Sandbox(strict=not plain_moto, quotas=quotas) as running:
        yield running


def test_five_vpcs_in_a_region(ec2: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: VPCs per Region, 5; EC2 API Reference, Error codes."""
    for _ in range(4):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert code_of(ec2.create_vpc, CidrBlock="10.0.0.0/16") == "VpcLimitExceeded"


def test_five_internet_gateways_in_a_region(ec2: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: Internet gateways per Region, 5."""
    for _ in range(4):
        ec2.create_internet_gateway()
    assert code_of(ec2.create_internet_gateway) == "InternetGatewayLimitExceeded"


def test_five_addresses_in_a_region(network: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: Elastic IP addresses per Region, 5."""
    for _ in range(5):
        network.address()
    assert code_of(network.ec2.allocate_address, Domain="vpc") == "AddressLimitExceeded"


def test_subnets_of_a_vpc(network: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: Subnets per VPC."""
    more = {"VpcId": network.vpc, "CidrBlock": "10.0.9.0/24", "AvailabilityZone": "us-east-1a"}
    assert code_of(network.ec2.create_subnet, **more) == "SubnetLimitExceeded"


def test_network_acls_of_a_vpc_and_their_rules(network: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: Network ACLs per VPC; Rules per network ACL, one way, the default deny rule
    included."""
    ec2 = network.ec2
    acl = {"NetworkAclId": ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]}
    assert code_of(ec2.create_network_acl, VpcId=network.vpc) == "NetworkAclLimitExceeded"
    rule = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}
    for egress in (False, True):
        ec2.create_network_acl_entry(**acl, **rule, RuleNumber=1, Egress=egress)
    more = {**acl, **rule, "RuleNumber": 2, "Egress": False}
    assert code_of(ec2.create_network_acl_entry, **more) == "NetworkAclEntryLimitExceeded"


def test_route_tables_of_a_vpc(network: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: Route tables per VPC; the main route table counts."""
    network.ec2.create_route_table(VpcId=network.vpc)
    assert code_of(network.ec2.create_route_table, VpcId=network.vpc) == "RouteTableLimitExceeded"


def test_routes_of_a_table(network: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: Routes per route table."""

    def route(number: int) -> dict[str, str]:
        destination = f"192.168.{number}.0/24"
        return {"RouteTableId": network.table, "DestinationCidrBlock": destination, "GatewayId": network.igw}

    network.ec2.create_route(**route(1))
    network.ec2.create_route(**route(2))
    assert code_of(network.ec2.create_route, **route(3)) == "RouteLimitExceeded"


def test_nat_gateways_of_a_zone(network: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: NAT gateways per Availability Zone; deleting ones count."""
    network.nat(network.address())
    going = network.nat(network.address())
    network.ec2.delete_nat_gateway(NatGatewayId=going)
    address = network.address()
    code = code_of(network.ec2.create_nat_gateway, SubnetId=network.one, AllocationId=address)
    assert code == "NatGatewayLimitExceeded"
    network.sandbox.clock.advance(120)
    network.nat(address)


def test_security_groups_of_a_region(network: Any, code_of: Any) -> None:
    """VPC User Guide, Amazon VPC quotas: VPC security groups per Region."""
    network.group("one")
    network.group("two")
    more = {"GroupName": "three", "Description": "d", "VpcId": network.vpc}
    assert code_of(network.ec2.create_security_group, **more) == "SecurityGroupLimitExceeded"


@pytest.mark.parametrize(
    "more", [{}, {"VpcEndpointType": "Interface", "PrivateDnsEnabled": False}], ids=["gateway", "interface"]
)
def test_endpoints(network: Any, code_of: Any, more: dict[str, Any]) -> None:
    """VPC User Guide, Amazon VPC quotas: gateway endpoints per Region, interface endpoints per VPC."""
    network.endpoint("s3", **more)
    with pytest.raises(network.ec2.exceptions.ClientError, match="VpcEndpointLimitExceeded"):
        network.endpoint("dynamodb" if not more else "sqs", **more)

"""NAT gateways, Elastic IP addresses and network interfaces as AWS has them."""

import ipaddress
from typing import Any

import pytest

pytestmark = pytest.mark.stricter_than_moto


def test_a_nat_gateway_takes_its_time(network: Any) -> None:
    """VPC User Guide, NAT gateways: pending, then available; deleting, then deleted and visible for an hour."""
    nat = network.nat(network.address())
    states = [network.nat_row(nat)["State"]]
    network.sandbox.clock.advance(120)
    states.append(network.nat_row(nat)["State"])
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    states.append(network.nat_row(nat)["State"])
    network.sandbox.clock.advance(120)
    states.append(network.nat_row(nat)["State"])
    assert states == ["pending", "available", "deleting", "deleted"]


def test_a_deleted_nat_gateway_is_forgotten_after_an_hour(network: Any) -> None:
    """VPC User Guide, Delete a NAT gateway: the entry remains visible for about an hour."""
    network.ec2.delete_nat_gateway(NatGatewayId=network.nat(network.address()))
    network.sandbox.clock.advance(120)
    assert len(network.ec2.describe_nat_gateways()["NatGateways"]) == 1
    network.sandbox.clock.advance(4000)
    assert network.ec2.describe_nat_gateways()["NatGateways"] == []


def test_a_nat_gateway_without_an_internet_gateway_fails_later(network: Any) -> None:
    """EC2 API Reference, NatGateway, failureCode: Gateway.NotAttached. The create call itself succeeds."""
    network.ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    nat = network.nat(network.address())
    assert network.nat_row(nat)["State"] == "pending"
    network.sandbox.clock.advance(120)
    row = network.nat_row(nat)
    assert (row["State"], row["FailureCode"]) == ("failed", "Gateway.NotAttached")


def test_an_address_serves_one_nat_gateway(network: Any) -> None:
    """EC2 API Reference, NatGateway, failureCode: Resource.AlreadyAssociated."""
    address = network.address()
    network.nat(address)
    second = network.nat(address)
    network.sandbox.clock.advance(120)
    row = network.nat_row(second)
    assert (row["State"], row["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")


def test_a_nat_gateway_in_a_full_subnet_fails(network: Any) -> None:
    """EC2 API Reference, NatGateway, failureCode: InsufficientFreeAddressesInSubnet."""
    small = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.0/28", AvailabilityZone="us-east-1a")
    network.one = small["Subnet"]["SubnetId"]
    for _ in range(11):
        network.ec2.create_network_interface(SubnetId=network.one)
    nat = network.nat(network.address())
    network.sandbox.clock.advance(120)
    assert network.nat_row(nat)["FailureCode"] == "InsufficientFreeAddressesInSubnet"


def test_a_nat_gateway_has_an_interface_in_its_subnet(network: Any) -> None:
    """EC2 API Reference, CreateNatGateway: a network interface with an address of the subnet."""
    network.nat(network.address())
    (interface,) = network.interfaces()
    assert interface["InterfaceType"] == "nat_gateway"
    assert interface["SubnetId"] == network.one
    assert ipaddress.ip_address(interface["PrivateIpAddress"]) in ipaddress.ip_network("10.0.0.0/24")
    assert interface["Attachment"]["InstanceOwnerId"] == "amazon-aws"


def test_the_interface_of_a_nat_gateway_goes_with_it(network: Any, code_of: Any) -> None:
    """VPC User Guide, Delete a NAT gateway; its interface blocks the subnet until it is deleted."""
    nat = network.nat(network.address())
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert code_of(network.ec2.delete_subnet, SubnetId=network.one) == "DependencyViolation"
    network.sandbox.clock.advance(120)
    network.ec2.delete_subnet(SubnetId=network.one)


def test_a_private_nat_gateway_has_no_address(network: Any) -> None:
    """EC2 API Reference, NatGateway, connectivityType."""
    answer = network.ec2.create_nat_gateway(SubnetId=network.one, ConnectivityType="private")["NatGateway"]
    assert answer["ConnectivityType"] == "private"
    network.sandbox.clock.advance(120)
    (address,) = network.nat_row(answer["NatGatewayId"])["NatGatewayAddresses"]
    assert "PublicIp" not in address
    assert ipaddress.ip_address(address["PrivateIp"]) in ipaddress.ip_network("10.0.0.0/24")


def test_nat_gateways_are_found_by_tag(network: Any) -> None:
    """EC2 API Reference, DescribeNatGateways: filter tag:<key>."""
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "stack", "Value": "shop"}]}]
    nat = network.nat(network.address(), TagSpecifications=tags)

    def found(value: str) -> list[str]:
        rows = network.ec2.describe_nat_gateways(Filter=[{"Name": "tag:stack", "Values": [value]}])["NatGateways"]
        return [row["NatGatewayId"] for row in rows]

    assert found("shop") == [nat]
    assert found("other") == []


def test_an_unknown_nat_gateway_is_not_found(ec2: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: NatGatewayNotFound."""
    unknown = "nat-0123456789abcdef0"
    assert code_of(ec2.describe_nat_gateways, NatGatewayIds=[unknown]) == "NatGatewayNotFound"
    assert code_of(ec2.delete_nat_gateway, NatGatewayId=unknown) == "NatGatewayNotFound"


def test_an_address_in_use_is_not_released(network: Any, code_of: Any) -> None:
    """EC2 API Reference, ReleaseAddress: InvalidIPAddress.InUse until it is disassociated."""
    address = network.address()
    nat = network.nat(address)
    assert code_of(network.ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert code_of(network.ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    network.sandbox.clock.advance(120)
    network.ec2.release_address(AllocationId=address)


def test_the_address_of_a_nat_gateway_is_not_ours_to_take(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: AuthFailure."""
    network.nat(network.address())
    (address,) = network.ec2.describe_addresses()["Addresses"]
    code = code_of(network.ec2.disassociate_address, AssociationId=address["AssociationId"])
    assert code == "AuthFailure"


def test_public_addresses_are_no_loopback_addresses(network: Any) -> None:
    """EC2 User Guide, Elastic IP addresses: a public IPv4 address."""
    address = network.ec2.allocate_address(Domain="vpc")["PublicIp"]
    assert not ipaddress.ip_address(address).is_loopback


def test_an_address_is_given_once_and_from_the_subnet(network: Any, code_of: Any) -> None:
    """VPC User Guide, Subnet sizing: 11 addresses in a /28; InsufficientFreeAddressesInSubnet when they are gone."""
    small = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.0/28", AvailabilityZone="us-east-1a")
    subnet = small["Subnet"]["SubnetId"]
    given = [
        network.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"] for _ in range(11)
    ]
    assert sorted(given, key=ipaddress.ip_address) == [f"10.0.9.{host}" for host in range(4, 15)]
    code = code_of(network.ec2.create_network_interface, SubnetId=subnet)
    assert code == "InsufficientFreeAddressesInSubnet"


@pytest.mark.parametrize("address", ["10.0.0.3", "10.0.0.255", "10.0.1.9", "10.0.0.4"])
def test_an_address_that_cannot_be_had_is_refused(network: Any, code_of: Any, address: str) -> None:
    """VPC User Guide, Subnet sizing: the first four and the last are reserved; EC2: InvalidIPAddress.InUse."""
    network.ec2.create_network_interface(SubnetId=network.one, PrivateIpAddress="10.0.0.4")
    code = code_of(network.ec2.create_network_interface, SubnetId=network.one, PrivateIpAddress=address)
    assert code == ("InvalidIPAddress.InUse" if address == "10.0.0.4" else "InvalidParameterValue")


def test_an_interface_in_use_is_not_deleted(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidNetworkInterface.InUse, OperationNotPermitted."""
    network.nat(network.address())
    (interface,) = network.interfaces()
    eni, attachment = interface["NetworkInterfaceId"], interface["Attachment"]["AttachmentId"]
    assert code_of(network.ec2.delete_network_interface, NetworkInterfaceId=eni) == "InvalidNetworkInterface.InUse"
    assert code_of(network.ec2.detach_network_interface, AttachmentId=attachment) == "OperationNotPermitted"


def test_its_interface_lets_through_what_is_for_others(ec2: Any, network: Any) -> None:
    """VPC User Guide, NAT gateways: it sends on what is not for itself, so its interface checks no destination."""
    network.nat(network.address())
    (interface,) = network.interfaces()
    assert interface["SourceDestCheck"] is False

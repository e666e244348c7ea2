"""Route tables and VPC endpoints as AWS has them."""

from typing import Any

import pytest

pytestmark = pytest.mark.stricter_than_moto

UNKNOWN_NAT = "nat-0123456789abcdef0"


def route(network: Any, destination: str = "0.0.0.0/0", **target: str) -> dict[str, Any]:
    return {"RouteTableId": network.table, "DestinationCidrBlock": destination, **target}


def test_a_route_needs_an_attached_gateway(network: Any, code_of: Any) -> None:
    """EC2 API Reference, CreateRoute: an internet gateway attached to your VPC; InvalidParameterValue."""
    loose = network.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    assert code_of(network.ec2.create_route, **route(network, GatewayId=loose)) == "InvalidParameterValue"


def test_a_route_to_an_unknown_gateway_is_refused(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidGatewayID.NotFound."""
    code = code_of(network.ec2.create_route, **route(network, GatewayId="igw-0123456789abcdef0"))
    assert code == "InvalidGatewayID.NotFound"


def test_a_route_to_an_unknown_nat_gateway_is_refused(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidNatGatewayID.NotFound."""
    code = code_of(network.ec2.create_route, **route(network, NatGatewayId=UNKNOWN_NAT))
    assert code == "InvalidNatGatewayID.NotFound"
    network.ec2.create_route(**route(network, GatewayId=network.igw))
    code = code_of(network.ec2.replace_route, **route(network, NatGatewayId=UNKNOWN_NAT))
    assert code == "InvalidNatGatewayID.NotFound"


def peered(network: Any, *, accepted: bool = True) -> str:
    """A peering connection of the network with another one."""
    other = network.ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    made = network.ec2.create_vpc_peering_connection(VpcId=network.vpc, PeerVpcId=other)["VpcPeeringConnection"]
    if accepted:
        network.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    return made["VpcPeeringConnectionId"]


def test_a_route_to_an_unknown_peering_connection_is_refused(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidVpcPeeringConnectionID.NotFound."""
    gone = route(network, "10.99.0.0/16", VpcPeeringConnectionId="pcx-0123456789abcdef0")
    assert code_of(network.ec2.create_route, **gone) == "InvalidVpcPeeringConnectionID.NotFound"
    network.ec2.create_route(**route(network, "10.99.0.0/16", GatewayId=network.igw))
    assert code_of(network.ec2.replace_route, **gone) == "InvalidVpcPeeringConnectionID.NotFound"


def test_a_route_through_a_peering_connection_of_others_is_refused(network: Any, code_of: Any) -> None:
    """EC2 API Reference, CreateRoute: the ID of a VPC peering connection, of the VPC of the route table."""
    one, two = (network.ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (50, 51))
    made = network.ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two)["VpcPeeringConnection"]
    theirs = route(network, "10.50.0.0/16", VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    assert code_of(network.ec2.create_route, **theirs) == "InvalidParameterValue"


def test_a_route_through_a_peering_connection_works_while_that_is_active(network: Any) -> None:
    """VPC Peering Guide, Update your route tables: blackhole until it is active, and again once it is deleted."""
    peering = peered(network, accepted=False)
    network.ec2.create_route(**route(network, "10.99.0.0/16", VpcPeeringConnectionId=peering))
    states = [network.routes()["10.99.0.0/16"]["State"]]
    network.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    states.append(network.routes()["10.99.0.0/16"]["State"])
    network.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    states.append(network.routes()["10.99.0.0/16"]["State"])
    assert states == ["blackhole", "active", "blackhole"]


def test_a_route_to_a_transit_gateway_needs_an_attachment(network: Any, code_of: Any) -> None:
    """Transit Gateways guide, VPC attachments: routes to it come after the attachment, and are blackholes without."""
    gateway = network.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    way = route(network, "10.99.0.0/16", TransitGatewayId=gateway)
    assert code_of(network.ec2.create_route, **way) == "InvalidTransitGatewayID.NotFound"
    attached = network.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway, VpcId=network.vpc, SubnetIds=[network.one]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    network.ec2.create_route(**way)
    assert network.routes()["10.99.0.0/16"]["State"] == "active"
    network.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attached)
    left = network.routes()["10.99.0.0/16"]
    assert (left["State"], left["TransitGatewayId"]) == ("blackhole", gateway)


def test_a_route_has_exactly_one_target(network: Any, code_of: Any) -> None:
    """EC2 API Reference, CreateRoute: you must specify exactly one of the resources."""
    nat = network.nat(network.address())
    both = route(network, GatewayId=network.igw, NatGatewayId=nat)
    assert code_of(network.ec2.create_route, **both) == "InvalidParameterCombination"
    assert code_of(network.ec2.create_route, **route(network)) == "MissingParameter"


@pytest.mark.parametrize(
    ("destination", "code"), [("10.0.0.0/16", "RouteAlreadyExists"), ("10.0.5.0/24", "InvalidParameterValue")]
)
def test_the_range_of_the_vpc_is_local(network: Any, code_of: Any, destination: str, code: str) -> None:
    """VPC User Guide, Route tables: a more specific route than the local one can have few targets."""
    assert code_of(network.ec2.create_route, **route(network, destination, GatewayId=network.igw)) == code


def test_a_destination_is_made_canonical(network: Any) -> None:
    """EC2 API Reference, CreateRoute, DestinationCidrBlock: 100.68.0.18/18 is modified to 100.68.0.0/18."""
    network.ec2.create_route(**route(network, "192.168.3.4/16", GatewayId=network.igw))
    assert "192.168.0.0/16" in network.routes()


def test_a_route_to_a_deleted_nat_gateway_is_a_blackhole(network: Any) -> None:
    """EC2 API Reference, DeleteNatGateway: does not delete any NAT gateway routes; Route, state: blackhole."""
    nat = network.nat(network.address())
    network.ec2.create_route(**route(network, NatGatewayId=nat))
    assert network.routes()["0.0.0.0/0"]["State"] == "active"
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    network.sandbox.clock.advance(120)
    left = network.routes()["0.0.0.0/0"]
    assert (left["State"], left["NatGatewayId"]) == ("blackhole", nat)


def test_a_route_to_a_detached_gateway_is_a_blackhole(network: Any) -> None:
    """EC2 API Reference, Route, state: blackhole when the gateway is not attached to the VPC."""
    network.ec2.create_route(**route(network, GatewayId=network.igw))
    network.ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    assert network.routes()["0.0.0.0/0"]["State"] == "blackhole"


def test_the_local_route_stays(network: Any, code_of: Any) -> None:
    """VPC User Guide, Route tables: you cannot delete the local route."""
    assert code_of(network.ec2.delete_route, **route(network, "10.0.0.0/16")) == "InvalidParameterValue"


def test_a_subnet_has_one_table(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: Resource.AlreadyAssociated."""
    network.ec2.associate_route_table(RouteTableId=network.table, SubnetId=network.one)
    second = network.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    code = code_of(network.ec2.associate_route_table, RouteTableId=second, SubnetId=network.one)
    assert code == "Resource.AlreadyAssociated"


def test_a_table_serves_its_own_vpc(network: Any, code_of: Any) -> None:
    """EC2 API Reference, AssociateRouteTable: a subnet in your VPC with a route table in your VPC."""
    vpc = network.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = network.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    code = code_of(network.ec2.associate_route_table, RouteTableId=foreign, SubnetId=network.one)
    assert code == "InvalidParameterValue"


def test_the_main_table_stays(network: Any, code_of: Any) -> None:
    """EC2 API Reference, DeleteRouteTable: you can't delete the main route table; nor disassociate it."""
    filters = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "association.main", "Values": ["true"]}]
    main = network.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]
    assert code_of(network.ec2.delete_route_table, RouteTableId=main["RouteTableId"]) == "DependencyViolation"
    association = main["Associations"][0]["RouteTableAssociationId"]
    assert code_of(network.ec2.disassociate_route_table, AssociationId=association) == "InvalidParameterValue"


def test_a_gateway_endpoint_adds_its_route_once(network: Any, code_of: Any) -> None:
    """PrivateLink Guide, Gateway endpoints: one endpoint route for a service in a table; RouteAlreadyExists."""
    network.endpoint("s3", RouteTableIds=[network.table])
    with pytest.raises(network.ec2.exceptions.ClientError, match="RouteAlreadyExists"):
        network.endpoint("s3", RouteTableIds=[network.table])


def test_an_endpoint_route_is_not_deleted_as_a_route(network: Any, code_of: Any) -> None:
    """PrivateLink Guide, Gateway endpoints: you cannot delete the endpoint route, only the association."""
    network.endpoint("s3", RouteTableIds=[network.table])
    (prefix_list,) = [key for key in network.routes() if key.startswith("pl-")]
    code = code_of(network.ec2.delete_route, RouteTableId=network.table, DestinationPrefixListId=prefix_list)
    assert code == "InvalidParameterValue"


def test_the_routes_of_an_endpoint_follow_its_tables(network: Any) -> None:
    """EC2 API Reference, ModifyVpcEndpoint, AddRouteTableIds and RemoveRouteTableIds; DeleteVpcEndpoints."""
    endpoint = network.endpoint("s3")["VpcEndpointId"]

    def to_endpoint() -> list[str]:
        return [row["GatewayId"] for key, row in network.routes().items() if key.startswith("pl-")]

    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[network.table])
    assert to_endpoint() == [endpoint]
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[network.table])
    assert to_endpoint() == []


def test_a_gateway_endpoint_has_no_private_dns(network: Any) -> None:
    """EC2 API Reference, VpcEndpoint: privateDnsEnabled, ipAddressType and dnsOptions as AWS fills them."""
    endpoint = network.endpoint("s3")
    assert not endpoint["PrivateDnsEnabled"]
    assert endpoint["IpAddressType"] == "ipv4"


def test_an_unknown_service_is_refused(network: Any) -> None:
    """EC2 API Reference, Error codes: InvalidServiceName."""
    with pytest.raises(network.ec2.exceptions.ClientError, match="InvalidServiceName"):
        network.endpoint("nothing")


def test_a_service_has_its_own_endpoint_types(network: Any) -> None:
    """PrivateLink Guide: gateway endpoints for S3 and DynamoDB only; InvalidParameter."""
    with pytest.raises(network.ec2.exceptions.ClientError, match="InvalidParameter"):
        network.endpoint("ecr.api", VpcEndpointType="Gateway")


def test_s3_and_dynamodb_offer_gateways_and_interfaces_others_interfaces_alone(network: Any) -> None:
    """AWS PrivateLink Guide, Gateway endpoints: Amazon S3 and DynamoDB; both have interface endpoints too."""
    offered: dict[str, set[str]] = {}
    for row in network.ec2.describe_vpc_endpoint_services()["ServiceDetails"]:
        offered.setdefault(row["ServiceName"], set()).update(each["ServiceType"] for each in row["ServiceType"])
    gateways = {name for name, kinds in offered.items() if "Gateway" in kinds}
    assert gateways == {"com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"}
    assert all("Interface" in kinds for kinds in offered.values())


def interface_endpoint(network: Any, **more: Any) -> dict[str, Any]:
    both = [network.one, network.other]
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    return network.endpoint("ecr.api", **{"VpcEndpointType": "Interface", "SubnetIds": both, **more})


def test_an_interface_endpoint_takes_its_time(network: Any) -> None:
    """PrivateLink Guide, Interface endpoints: pending, then available; deleting, then gone."""
    endpoint = interface_endpoint(network)["VpcEndpointId"]

    def states() -> list[str]:
        return [row["State"] for row in network.ec2.describe_vpc_endpoints()["VpcEndpoints"]]

    seen = states()
    network.sandbox.clock.advance(120)
    seen += states()
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    seen += states()
    network.sandbox.clock.advance(120)
    assert (seen, states()) == (["pending", "available", "deleting"], [])


def test_the_interfaces_of_an_endpoint_linger_and_block(network: Any, code_of: Any) -> None:
    """EC2 API Reference, DeleteVpcEndpoints: its interfaces are deleted with it, which takes a while."""
    group = network.group()
    endpoint = interface_endpoint(network, SecurityGroupIds=[group])["VpcEndpointId"]
    network.sandbox.clock.advance(120)
    assert {row["Description"] for row in network.interfaces()} == {f"VPC Endpoint Interface {endpoint}"}
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert code_of(network.ec2.delete_subnet, SubnetId=network.one) == "DependencyViolation"
    assert code_of(network.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    network.sandbox.clock.advance(600)
    network.ec2.delete_subnet(SubnetId=network.one)
    network.ec2.delete_security_group(GroupId=group)


def test_the_interfaces_of_an_endpoint_follow_its_subnets(network: Any) -> None:
    """EC2 API Reference, ModifyVpcEndpoint, AddSubnetIds and RemoveSubnetIds: one interface in each subnet."""
    endpoint = interface_endpoint(network, SubnetIds=[network.one])["VpcEndpointId"]
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[network.other])
    assert {row["SubnetId"] for row in network.interfaces()} == {network.one, network.other}
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveSubnetIds=[network.one])
    network.sandbox.clock.advance(600)
    assert {row["SubnetId"] for row in network.interfaces()} == {network.other}


def test_an_interface_endpoint_has_the_default_group(network: Any) -> None:
    """EC2 API Reference, CreateVpcEndpoint, SecurityGroupIds: the default group of the VPC if none."""
    (group,) = interface_endpoint(network)["Groups"]
    assert group["GroupName"] == "default"


def test_private_dns_needs_both_dns_attributes(network: Any) -> None:
    """PrivateLink Guide, Private DNS: enableDnsHostnames and enableDnsSupport; InvalidParameter."""
    with pytest.raises(network.ec2.exceptions.ClientError, match="enableDnsHostnames"):
        network.endpoint("ecr.api", VpcEndpointType="Interface", SubnetIds=[network.one], PrivateDnsEnabled=True)


def test_private_dns_serves_one_endpoint(network: Any) -> None:
    """PrivateLink Guide, Private DNS: a second endpoint meets a conflicting DNS domain; InvalidParameter."""
    interface_endpoint(network, PrivateDnsEnabled=True)
    with pytest.raises(network.ec2.exceptions.ClientError, match="conflicting DNS domain"):
        interface_endpoint(network, PrivateDnsEnabled=True)


def test_an_endpoint_has_one_subnet_in_a_zone(network: Any) -> None:
    """PrivateLink Guide: one subnet per Availability Zone; DuplicateSubnetsInSameZone."""
    same = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="us-east-1a")
    with pytest.raises(network.ec2.exceptions.ClientError, match="DuplicateSubnetsInSameZone"):
        interface_endpoint(network, SubnetIds=[network.one, same["Subnet"]["SubnetId"]])


def test_deleting_an_unknown_endpoint_is_reported(ec2: Any) -> None:
    """EC2 API Reference, DeleteVpcEndpoints: Unsuccessful, with HTTP status 200."""
    (failure,) = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])["Unsuccessful"]
    assert failure["ResourceId"] == "vpce-0123456789abcdef0"
    assert failure["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"

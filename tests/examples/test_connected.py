"""A network that is joined to others: what leads there is somebody else's and stays when ours goes."""

from __future__ import annotations

import boto3
from cuts import client
from platform_network import platform
from test_examples import converged, edited
from worlds import SPECS

from reconciler.sandbox import Sandbox

NAME = "connected.yaml"
ROUTES = (
    "  routes:\n"
    '    - {to: 10.128.0.0/9, via: "${var.hub}"}\n'
    '    - {to: "${var.offices}", via: "${var.hub}", tiers: [Private]}\n'
    '    - {to: 192.168.7.0/24, via: "${var.partner}"}\n'
    '    - {to: 192.168.8.0/24, via: "${var.appliance}", tiers: [Public]}\n'
)
TARGETS = "".join(
    line for line in (SPECS / NAME).read_text().splitlines(keepends=True) if "{default: " in line and "pl-" not in line
)
"""The variables that name what the routes lead to, as they are declared."""
CHANGES = (
    (),
    (("dnsHostnames: false", "dnsHostnames: true"),),
    (("dnsSupport: true", "dnsSupport: false"),),
    (("10.128.0.0/9", "10.192.0.0/10"), ("tiers: [Private]", "tiers: [Public]"), ("192.168.8.0/24", "192.168.9.0/24")),
    (('allowFrom: ["${var.offices}", 192.168.7.0/24]', "allowFrom: [192.168.7.0/24]"),),
    (('{to: "${var.offices}", ports: [443]}', '{to: "${var.offices}", ports: [8443]}'),),
)


def test_a_network_is_connected_changed_and_deleted_and_what_leads_elsewhere_stays(sandbox: Sandbox) -> None:
    ec2 = boto3.client("ec2")
    theirs = platform(sandbox.clock)
    addresses = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(3)]
    offices = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "198.51.100.0/24"}]
    )["PrefixList"]["PrefixListId"]
    there = {"offices": offices, "addresses": ",".join(addresses[:2])}
    converged(sandbox, edited(NAME, [(ROUTES, ""), (TARGETS, "")], there))
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.27.0.0/16"]}])["Vpcs"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    partner = ec2.create_vpc_peering_connection(VpcId=vpc["VpcId"], PeerVpcId=theirs.vpc)["VpcPeeringConnection"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=partner["VpcPeeringConnectionId"])
    appliance = ec2.create_network_interface(SubnetId=subnets[0]["SubnetId"])["NetworkInterface"]
    hub = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    attached = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=hub, VpcId=vpc["VpcId"], SubnetIds=[subnets[0]["SubnetId"]]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    there |= {
        "hub": hub,
        "partner": partner["VpcPeeringConnectionId"],
        "appliance": appliance["NetworkInterfaceId"],
    }
    for edits in CHANGES:
        converged(sandbox, edited(NAME, edits, there))
    converged(sandbox, edited(NAME, (), there | {"addresses": ",".join((addresses[2], addresses[1]))}))
    ec2.delete_network_interface(NetworkInterfaceId=appliance["NetworkInterfaceId"])
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attached)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=partner["VpcPeeringConnectionId"])
    assert client(sandbox.clock, threads=4).delete(edited(NAME, (), there)).converged
    left = {one["AllocationId"] for one in ec2.describe_addresses()["Addresses"] if "AssociationId" not in one}
    assert left >= set(addresses)

"""What other people own in the account: a VPC with public and private subnets in two zones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3

from reconciler.model.ports import Clock

ZONES = ("us-east-1a", "us-east-1b")
_LISTED = (
    ("describe_vpcs", "Vpcs"),
    ("describe_subnets", "Subnets"),
    ("describe_route_tables", "RouteTables"),
    ("describe_internet_gateways", "InternetGateways"),
    ("describe_nat_gateways", "NatGateways"),
    ("describe_network_acls", "NetworkAcls"),
    ("describe_tags", "Tags"),
)


@dataclass(frozen=True)
class Platform:
    """The ids of a network of somebody else; its subnets by zone. `spare` ones have no way out."""

    vpc: str
    public: tuple[str, ...]
    private: tuple[str, ...]
    spare: tuple[str, ...]


def platform(clock: Clock, name: str = "platform", block: str = "10.60") -> Platform:
    """A VPC with the tag `Name`, and `tier` on its subnets; the private ones go out through one NAT gateway."""
    ec2 = boto3.client("ec2", region_name="us-east-1")
    vpc = ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
    _tag(ec2, vpc, Name=name)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    public = tuple(_subnet(ec2, vpc, f"{block}.{n}.0/24", zone, "public") for n, zone in enumerate(ZONES))
    private = tuple(_subnet(ec2, vpc, f"{block}.{n}.0/24", zone, "private") for n, zone in enumerate(ZONES, 10))
    spare = tuple(_subnet(ec2, vpc, f"{block}.{n}.0/24", zone, "spare") for n, zone in enumerate(ZONES, 20))
    _route(ec2, vpc, public, GatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    clock.sleep(600)
    _route(ec2, vpc, private, NatGatewayId=nat)
    return Platform(vpc, public, private, spare)


def inventory_of(vpc: str) -> str:
    """Everything of a VPC that could have been changed, tags included, as text."""
    ec2 = boto3.client("ec2", region_name="us-east-1")
    found: dict[str, Any] = {key: getattr(ec2, operation)()[key] for operation, key in _LISTED}
    ids = {vpc} | {one["SubnetId"] for one in found["Subnets"] if one["VpcId"] == vpc}
    mine = [
        one
        for some in found.values()
        for one in some
        if any(identity in json.dumps(one, default=str) for identity in ids)
    ]
    for one in mine:
        one.pop("AvailableIpAddressCount", None)
    return json.dumps(mine, default=str, sort_keys=True, indent=1)


def _subnet(ec2: Any, vpc: str, block: str, zone: str, tier: str) -> str:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
    _tag(ec2, made, tier=tier)
    return str(made)


def _route(ec2: Any, vpc: str, subnets: tuple[str, ...], **target: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def _tag(ec2: Any, target: str, **tags: str) -> None:
    ec2.create_tags(Resources=[target], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])

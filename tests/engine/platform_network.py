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


def platform_balancer(theirs: Platform, name: str = "platform") -> str:
    """The ARN of a public load balancer of the platform: HTTP on port 80, a rule of somebody at priority 2000."""
    ec2, elb = (boto3.client(service, region_name="us-east-1") for service in ("ec2", "elbv2"))
    group = ec2.create_security_group(GroupName=name, Description="theirs", VpcId=theirs.vpc)["GroupId"]
    made = elb.create_load_balancer(Name=name, Subnets=list(theirs.public), SecurityGroups=[group])
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    gone = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "410"}}
    made = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[gone])
    listener = made["Listeners"][0]["ListenerArn"]
    paths = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/theirs"]}}
    elb.create_rule(ListenerArn=listener, Priority=2000, Conditions=[paths], Actions=[gone])
    return str(balancer)


def rules_of(balancer: str) -> dict[int, Any]:
    """The rules of the listener of a load balancer by priority, with their tags."""
    elb = boto3.client("elbv2", region_name="us-east-1")
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    found = {}
    for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
        if not rule["IsDefault"]:
            tags = elb.describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"][0]["Tags"]
            found[int(rule["Priority"])] = {**rule, "Tags": {tag["Key"]: tag["Value"] for tag in tags}}
    return found


def balancer_as_it_is(balancer: str) -> str:
    """Everything of a load balancer that could have been changed but rules, as text."""
    elb = boto3.client("elbv2", region_name="us-east-1")
    listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    arns = [balancer, *(one["ListenerArn"] for one in listeners)]
    found = [
        elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"],
        elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"],
        listeners,
        elb.describe_tags(ResourceArns=arns)["TagDescriptions"],
    ]
    return json.dumps(found, default=str, sort_keys=True)


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

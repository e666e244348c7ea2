"""What keeps AWS from deleting something, in words for people: EC2 says no more than that something does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.model.ports import Reader
from reconciler.model.resource import Holder
from reconciler.resources._ownership import tag_map

_RULES = {"ip-permission.group-id": "lets it in", "egress.ip-permission.group-id": "lets out to it"}
"""EC2 DescribeSecurityGroups: the filters by a group that the rules of others name."""
_IN_A_VPC = (
    ("DescribeSubnets", "Subnets", "SubnetId", "subnet"),
    ("DescribeRouteTables", "RouteTables", "RouteTableId", "route table"),
    ("DescribeSecurityGroups", "SecurityGroups", "GroupId", "security group"),
    ("DescribeNetworkAcls", "NetworkAcls", "NetworkAclId", "network ACL"),
)


def interfaces(reader: Reader, by: str, identity: str, *, public: bool = False) -> list[Holder]:
    """The network interfaces that a filter finds and whose they are; with `public` those with a public address."""
    filters = [{"Name": by, "Values": [identity]}]
    found = reader.pages("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", Filters=filters)
    return [_interface(one) for one in found if not public or one.get("Association", {}).get("PublicIp")]


def _interface(one: Mapping[str, Any]) -> Holder:
    """Whose an interface is; ECS describes one of a task by the ARN of its attachment, and tags it where it may."""
    service = tag_map(one.get("TagSet")).get("aws:ecs:serviceName")
    described = one.get("Description") or ""
    if service:
        whose = f"a task of service {service}"
    elif described.startswith("arn:") and ":attachment/" in described:
        whose = "a task of ECS"
    else:
        whose = described or one.get("InterfaceType") or "a network interface"
    passing = bool(one.get("RequesterManaged")) or whose.startswith("a task of ")
    return Holder(f"{one['NetworkInterfaceId']} ({whose})", passing)


def groups_naming(reader: Reader, group: str) -> Iterator[Holder]:
    """The security groups whose rules name this one. AWS: EC2 DeleteSecurityGroup, DependencyViolation."""
    for name, what in _RULES.items():
        filters = [{"Name": name, "Values": [group]}]
        for one in reader.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=filters):
            if one["GroupId"] != group:
                yield Holder(f"a rule of {one['GroupId']} ({one['GroupName']}) that {what}")


def inside(reader: Reader, vpc: str) -> Iterator[Holder]:
    """What else is in a VPC: all but what AWS made with it and deletes with it."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    for operation, key, identity, noun in _IN_A_VPC:
        for one in reader.pages("ec2", operation, key, Filters=filters):
            if not _is_default(one):
                yield Holder(f"{noun} {one[identity]}{_named(one)}")
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    for gateway in reader.pages("ec2", "DescribeInternetGateways", "InternetGateways", Filters=attached):
        yield Holder(f"internet gateway {gateway['InternetGatewayId']}{_named(gateway)}")


def _is_default(one: Mapping[str, Any]) -> bool:
    associations: Iterable[Mapping[str, Any]] = one.get("Associations", ())
    return bool(
        (one.get("GroupName") == "default")
        or ("NetworkAclId" in one and one.get("IsDefault"))
        or any(association.get("Main") for association in associations)
    )


def _named(one: Mapping[str, Any]) -> str:
    name = tag_map(one.get("Tags")).get("Name") or one.get("GroupName")
    return f" ({name})" if name else ""

"""Token buckets by API family, of the sizes that AWS publishes.

Source: EC2 API Reference, "Request throttling"; Elastic Load Balancing and ECS API References likewise
(aws-semantics 3.1). What AWS does not publish is a guess, marked so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from . import wire
from .engine import engine
from .faults import Faults


@dataclass(frozen=True, slots=True)
class Size:
    """How many requests a bucket takes at once, and how many more each second."""

    burst: float
    refill: float


_EC2: Final = {
    "AuthorizeSecurityGroupIngress": Size(50, 5),
    "RevokeSecurityGroupIngress": Size(50, 5),
    "CreateTags": Size(100, 10),
    "DeleteTags": Size(100, 10),
    "CreateNetworkInterface": Size(100, 5),
    "ModifyNetworkInterfaceAttribute": Size(100, 5),
    "CreateNatGateway": Size(10, 1),
    "DeleteNatGateway": Size(10, 1),
    "CreateVpcEndpoint": Size(4, 0.3),
    "ModifyVpcEndpoint": Size(4, 0.3),
    "DeleteVpcEndpoints": Size(4, 0.3),
    "CreateSubnetCidrReservation": Size(5, 1),
    "DescribeSecurityGroupReferences": Size(20, 5),
    "DescribeStaleSecurityGroups": Size(20, 5),
    "CreateDefaultVpc": Size(1, 1),
    "CreateDefaultSubnet": Size(1, 1),
}
_EC2_READ: Final = Size(100, 20)
_EC2_UNFILTERED: Final = Size(50, 10)
_EC2_MUTATING: Final = Size(50, 5)
_UNFILTERED: Final = ("DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeInstances")

_ELB_ALL: Final = Size(40, 10)
_ELB: Final = {
    "read": Size(40, 10),
    "mutating": Size(20, 3),
    "targets": Size(20, 4),
    "load balancers": Size(10, 0.2),
}
_ELB_CATEGORY: Final = {
    "RegisterTargets": "targets",
    "DeregisterTargets": "targets",
    "CreateLoadBalancer": "load balancers",
    "SetSubnets": "load balancers",
}

_ECS: Final = {
    "cluster modify": Size(20, 1),
    "cluster read": Size(50, 20),
    "task definition modify": Size(20, 1),
    "task definition read": Size(50, 20),
    "task definition delete": Size(5, 1),
    "service modify": Size(50, 5),
    "service read": Size(100, 20),
    "service deployment read": Size(50, 20),
    "task read": Size(100, 20),
    "task modify": Size(100, 40),
    "tag": Size(20, 10),
    "tag read": Size(50, 20),
    "namespace read": Size(10, 1),
}
_ECS_CATEGORY: Final = {
    "CreateCluster": "cluster modify",
    "DeleteCluster": "cluster modify",
    "UpdateCluster": "cluster modify",
    "UpdateClusterSettings": "cluster modify",
    "PutClusterCapacityProviders": "cluster modify",
    "DescribeClusters": "cluster read",
    "ListClusters": "cluster read",
    "RegisterTaskDefinition": "task definition modify",
    "DeregisterTaskDefinition": "task definition modify",
    "DescribeTaskDefinition": "task definition read",
    "ListTaskDefinitions": "task definition read",
    "ListTaskDefinitionFamilies": "task definition read",
    "DeleteTaskDefinitions": "task definition delete",
    "CreateService": "service modify",
    "UpdateService": "service modify",
    "DeleteService": "service modify",
    "DescribeServices": "service read",
    "ListServices": "service read",
    "DescribeServiceDeployments": "service deployment read",
    "ListServiceDeployments": "service deployment read",
    "DescribeTasks": "task read",
    "ListTasks": "task read",
    "RunTask": "task modify",
    "StopTask": "task modify",
    "TagResource": "tag",
    "UntagResource": "tag",
    "ListTagsForResource": "tag read",
    "ListServicesByNamespace": "namespace read",
}

_OTHERS: Final = {
    ("cloudtrail", False): Size(2, 2),
    ("resourcegroupstaggingapi", False): Size(15, 15),
    ("iam", False): Size(20, 20),
    ("iam", True): Size(10, 5),
    ("logs", False): Size(10, 10),
    ("logs", True): Size(10, 10),
    ("application-autoscaling", False): Size(10, 10),
    ("application-autoscaling", True): Size(10, 5),
    ("servicediscovery", False): Size(10, 10),
    ("servicediscovery", True): Size(5, 5),
}
"""By service and whether the request is mutating. All but CloudTrail's are guesses: AWS publishes no number."""


def buckets_of(request: wire.Request) -> list[tuple[str, Size]]:
    """The buckets that a request draws from, by name; none where nothing is known of the service."""
    if request.service == "ec2":
        return [(request.operation, _ec2_size(request))]
    if request.service == "elbv2":
        category = _ELB_CATEGORY.get(request.operation, "mutating" if request.mutating else "read")
        return [(category, _ELB[category]), ("all", _ELB_ALL)]
    if request.service == "ecs":
        category = _ECS_CATEGORY.get(request.operation, "")
        return [(category, _ECS[category])] if category else []
    size = _OTHERS.get((request.service, request.mutating))
    return [("write" if request.mutating else "read", size)] if size else []


def _ec2_size(request: wire.Request) -> Size:
    if request.mutating:
        return _EC2.get(request.operation, _EC2_MUTATING)
    if request.operation in _EC2:
        return _EC2[request.operation]
    narrowed = any(key.startswith(("Filter", "MaxResults")) for key in request.form)
    return _EC2_UNFILTERED if request.operation in _UNFILTERED and not narrowed else _EC2_READ


class Buckets:
    """The rule of the gate: one set of buckets for each account and region."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, ...], tuple[float, float]] = {}

    def clear(self) -> None:
        """Fill all buckets."""
        self._levels.clear()

    def before(self, request: wire.Request, faults: Faults) -> wire.Answer | None:
        """A throttling error where one of the request's buckets is empty."""
        if not faults.buckets:
            return None
        now = engine().clock.now()
        drawn = []
        for name, size in buckets_of(request):
            key = (request.account, request.region, request.service, name, str(size.burst))
            level, then = self._levels.get(key, (size.burst, now))
            level = min(size.burst, level + (now - then) * size.refill)
            if level < 1:
                return wire.throttled(request)
            drawn.append((key, level - 1))
        for key, level in drawn:
            self._levels[key] = (level, now)
        return None

    def after(self, request: wire.Request, faults: Faults, answer: wire.Answer) -> None:
        """Nothing: a request is paid for when it comes."""

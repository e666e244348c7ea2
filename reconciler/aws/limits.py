"""Staying below AWS's request limits, and slowing down where AWS says that we did not.

Sources: EC2 API throttling (Developer Guide), Elastic Load Balancing API throttling, ECS API throttling; CloudTrail
LookupEvents in its API reference. AWS publishes no figures for the other services: they are not paced, only paused
after a throttling answer.
"""

from __future__ import annotations

import random
import threading
from functools import cache
from typing import Final, NamedTuple

from reconciler.aws.calls import is_read
from reconciler.model.ports import Clock

SHARE: Final = 0.9
"""The part of a published limit that we use: consoles and other tools draw on the same buckets."""

_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 5.0


class Rate(NamedTuple):
    """A token bucket as AWS publishes it: requests at once, and requests that come back per second."""

    burst: float
    refill: float


_EC2_READ = Rate(100, 20)
_EC2_WRITE = Rate(50, 5)
_EC2: Final = {
    "AssignPrivateIpAddresses": Rate(100, 5),
    "AssociateNatGatewayAddress": Rate(10, 1),
    "CreateNatGateway": Rate(10, 1),
    "CreateNetworkInterface": Rate(100, 5),
    "CreateTags": Rate(100, 10),
    "CreateVpcEndpoint": Rate(4, 0.3),
    "DeleteNatGateway": Rate(10, 1),
    "DeleteTags": Rate(100, 10),
    "DeleteVpcEndpoints": Rate(4, 0.3),
    "DescribeSecurityGroupReferences": Rate(20, 5),
    "DescribeStaleSecurityGroups": Rate(20, 5),
    "DisassociateNatGatewayAddress": Rate(10, 1),
    "ModifyNetworkInterfaceAttribute": Rate(100, 5),
    "ModifyVpcEndpoint": Rate(4, 0.3),
    "UnassignPrivateIpAddresses": Rate(100, 5),
}
"""EC2 keeps one bucket per action; these differ from its two defaults."""

_ELB_ALL = ("elbv2", Rate(40, 10))
_ELB_READ = ("elbv2 read", Rate(40, 10))
_ELB_WRITE = ("elbv2 write", Rate(20, 3))
_ELB: Final = {
    "CreateLoadBalancer": ("elbv2 load balancers", Rate(10, 0.2)),
    "DeregisterTargets": ("elbv2 targets", Rate(20, 4)),
    "RegisterTargets": ("elbv2 targets", Rate(20, 4)),
    "SetSubnets": ("elbv2 load balancers", Rate(10, 0.2)),
}
"""ELB keeps one bucket per category, and one over every action of the account."""

_ECS_CATEGORIES: Final = (
    (
        "ecs clusters",
        Rate(20, 1),
        "CreateCluster DeleteCluster UpdateCluster UpdateClusterSettings PutClusterCapacityProviders",
    ),
    ("ecs clusters read", Rate(50, 20), "DescribeClusters ListClusters"),
    ("ecs task definitions", Rate(20, 1), "RegisterTaskDefinition DeregisterTaskDefinition"),
    (
        "ecs task definitions read",
        Rate(50, 20),
        "DescribeTaskDefinition ListTaskDefinitions ListTaskDefinitionFamilies",
    ),
    ("ecs task definitions delete", Rate(5, 1), "DeleteTaskDefinitions"),
    ("ecs services", Rate(50, 5), "CreateService UpdateService DeleteService"),
    ("ecs services read", Rate(100, 20), "DescribeServices ListServices"),
    ("ecs deployments read", Rate(50, 20), "DescribeServiceDeployments ListServiceDeployments"),
    ("ecs tasks read", Rate(100, 20), "DescribeTasks ListTasks"),
    ("ecs tasks", Rate(100, 40), "RunTask StopTask"),
    ("ecs tags", Rate(20, 10), "TagResource UntagResource"),
    ("ecs tags read", Rate(50, 20), "ListTagsForResource"),
    ("ecs namespaces read", Rate(10, 1), "ListServicesByNamespace"),
)
_ECS: Final = {name: (key, rate) for key, rate, names in _ECS_CATEGORIES for name in names.split()}

_CLOUDTRAIL: Final = {"LookupEvents": ("cloudtrail lookup", Rate(2, 2))}


@cache
def buckets(service: str, operation: str) -> tuple[tuple[str, Rate], ...]:
    """The published buckets that one request draws on, by name; none where AWS publishes nothing."""
    if service == "ec2":
        return ((f"ec2 {operation}", _EC2.get(operation, _EC2_READ if is_read(operation) else _EC2_WRITE)),)
    if service == "elbv2":
        return (_ELB_ALL, _ELB.get(operation, _ELB_READ if is_read(operation) else _ELB_WRITE))
    of_service = {"ecs": _ECS, "cloudtrail": _CLOUDTRAIL}.get(service, {})
    return (of_service[operation],) if operation in of_service else ()


class _Bucket:
    """Tokens may go below zero: a request takes its place in the queue and is told how long that is."""

    __slots__ = ("_at", "_burst", "_refill", "_tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        self._burst = max(1.0, rate.burst * SHARE)
        self._refill = rate.refill * SHARE
        self._tokens = self._burst
        self._at = now

    def take(self, now: float) -> float:
        """Seconds until this request may be sent."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._refill) - 1
        self._at = now
        return max(0.0, -self._tokens / self._refill)


class _Pause(NamedTuple):
    until: float
    length: float


class Pacer:
    """Holds requests back, for all threads of one account and region.

    Two things: token buckets a little smaller than AWS's (`paced=False` leaves them out), and after a throttling
    answer a pause of the whole service, twice as long each time it happens again.
    """

    def __init__(self, dice: random.Random, *, paced: bool = True) -> None:
        self._dice = dice
        self._paced = paced
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._pauses: dict[str, _Pause] = {}

    def wait(self, service: str, operation: str, clock: Clock) -> None:
        """Sleep until a request may be sent."""
        names = buckets(service, operation) if self._paced else ()
        if not names and service not in self._pauses:
            return
        with self._lock:
            now = clock.now()
            delay = self._left_of_pause(service, now)
            for name, rate in names:
                bucket = self._buckets.get(name) or self._buckets.setdefault(name, _Bucket(rate, now))
                delay = max(delay, bucket.take(now))
        if delay > 0:
            clock.sleep(delay)

    def throttled(self, service: str, clock: Clock) -> None:
        """AWS throttled a request: nothing goes to this service for a while.

        Answers to what was in flight when a pause began do not make it longer.
        """
        with self._lock:
            now = clock.now()
            pause = self._pauses.get(service)
            if pause is None or now >= pause.until:
                length = min(_LONGEST_PAUSE, pause.length * 2) if pause else _FIRST_PAUSE
                self._pauses[service] = _Pause(now + length, length)

    def answered(self, service: str, clock: Clock) -> None:
        """AWS answered a request: a pause that is over is forgotten."""
        if service not in self._pauses:
            return
        with self._lock:
            pause = self._pauses.get(service)
            if pause is not None and clock.now() >= pause.until:
                del self._pauses[service]

    def _left_of_pause(self, service: str, now: float) -> float:
        """Seconds, each caller's a little different, so that they do not all come back at once."""
        pause = self._pauses.get(service)
        if pause is None or now >= pause.until:
            return 0.0
        return pause.until - now + pause.length * self._dice.random()

"""A run cut at every mutating call, and the next run finishing it.

The whole AWS lives in this process, so a cut is a fork: at each call a child loses its client there, once before AWS
acted and once after it acted but before the answer came, and then does what a person would: it runs again. The parent
goes on undisturbed to the next call.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import boto3

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.engine import Applied, Doing, apply, delete, view
from reconciler.execute import Limits
from reconciler.model.errors import AwsError
from reconciler.model.graph import Graph
from reconciler.model.ports import Clock, Reader, Writer
from reconciler.model.resource import Call

CHILDREN = 2
"""Forks that run at once: one per core of the smallest machine the tests run on."""


@dataclass
class Client:
    """One process's way to AWS: nothing of it survives a crash."""

    reader: Reader
    doing: Doing
    calls: Calls

    def apply(self, graph: Graph) -> Applied:
        return apply(graph, view(graph, self.reader), self.reader.fresh(), self.doing)

    def delete(self, graph: Graph) -> Applied:
        return delete(graph.stack, graph.types, self.reader, self.doing)


class _Access(Access):
    """A process's own, but for botocore's clients: they know nothing, and making them takes a seventh of a soak."""

    made: ClassVar[dict[str, Any]] = {}

    def client(self, service: str) -> Any:
        if service not in self.made:
            self.made[service] = super().client(service)
        return self.made[service]


def client(clock: Clock, wrap: Callable[[Writer], Writer] = lambda writer: writer, threads: int = 1) -> Client:
    access, calls = _Access("us-east-1"), Calls()
    writer = wrap(AwsWriter(access, clock, calls))
    return Client(AwsReader(access, clock, calls), Doing(writer, clock, Limits(threads=threads)), calls)


@dataclass(frozen=True)
class Cut:
    """One place to die: the n-th time an operation is called, before or after AWS acted."""

    operation: str
    occurrence: int
    acted: bool

    def __str__(self) -> str:
        return f"{self.operation} #{self.occurrence} {'after' if self.acted else 'before'}"


class Guillotine:
    """A writer that forks at each call it is asked about; children end in `recover` and report."""

    def __init__(self, writer: Writer, wanted: Callable[[Cut], bool], recover: Callable[[], None]) -> None:
        self._writer = writer
        self._wanted = wanted
        self._recover = recover
        self._seen: Counter[str] = Counter()
        self._reports = Path(tempfile.mkdtemp(prefix="cuts-"))
        self._running: dict[int, Cut] = {}
        self.cuts: list[Cut] = []
        self.failures: dict[str, str] = {}

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self._seen[call.name] += 1
        for acted in (False, True):
            cut = Cut(call.name, self._seen[call.name], acted)
            if self._wanted(cut):
                self.cuts.append(cut)
                self._fork(cut, call, params)
        return self._writer.perform(call, params)

    def _fork(self, cut: Cut, call: Call, params: Mapping[str, Any]) -> None:
        while len(self._running) >= CHILDREN:
            self._reap()
        child = os.fork()
        if child:
            self._running[child] = cut
            return
        report = self._reports / str(os.getpid())
        try:
            if cut.acted:
                with contextlib.suppress(AwsError):  # a refusal that nobody heard is as good as lost
                    self._writer.perform(call, params)
            self._recover()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child reports whatever ended it
            report.write_text(traceback.format_exc(limit=-6))
        os._exit(1)

    def _reap(self) -> None:
        child, status = os.waitpid(-1, 0)
        cut = self._running.pop(child)
        if status != 0:
            report = self._reports / str(child)
            self.failures[str(cut)] = report.read_text() if report.exists() else f"died with status {status}"

    def finish(self) -> None:
        while self._running:
            self._reap()


@cache
def aws(service: str) -> Any:
    """A plain client, kept: making one takes longer than most of its calls."""
    return boto3.client(service)


def inventory() -> dict[str, int]:
    """Everything there is, tagged or not, counted by type with raw describes."""
    return dict(sorted(Counter(_everything()).items()))


def _everything() -> Iterator[str]:
    ec2, elb, ecs = aws("ec2"), aws("elbv2"), aws("ecs")
    for operation, key in (
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
        ("describe_internet_gateways", "InternetGateways"),
        ("describe_route_tables", "RouteTables"),
        ("describe_security_groups", "SecurityGroups"),
        ("describe_network_acls", "NetworkAcls"),
        ("describe_vpc_endpoints", "VpcEndpoints"),
        ("describe_addresses", "Addresses"),
        ("describe_nat_gateways", "NatGateways"),
    ):
        for item in getattr(ec2, operation)()[key]:
            if item.get("State") not in ("deleted", "deleting", "failed"):
                yield key
            if key == "SecurityGroups":
                for direction in ("IpPermissions", "IpPermissionsEgress"):
                    yield from ["SecurityGroupRules" for p in item[direction] for _ in _peers(p)]
            if key == "NetworkAcls":
                yield from ["AclEntries" for _ in item["Entries"]]
                yield from [f"AclAssociations of {item['IsDefault']}" for _ in item["Associations"]]
            if key == "RouteTables":
                yield from ["Routes" for _ in item["Routes"]]
                yield from ["Associations" for _ in item["Associations"]]
    yield from _balancing(elb)
    yield from _containers(ecs)
    for _ in aws("logs").describe_log_groups()["logGroups"]:
        yield "LogGroups"
    iam = aws("iam")
    for role in iam.list_roles(PathPrefix="/reconciler/")["Roles"]:
        yield "Roles"
        yield from ["RolePolicies" for _ in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]]


def _peers(permission: Mapping[str, Any]) -> Iterator[Any]:
    for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"):
        yield from permission.get(kind, ())


def _balancing(elb: Any) -> Iterator[str]:
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        yield "LoadBalancers"
        for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            yield "Listeners"
            yield from ["Rules" for _ in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]]
    yield from ["TargetGroups" for _ in elb.describe_target_groups()["TargetGroups"]]


def _containers(ecs: Any) -> Iterator[str]:
    for cluster in ecs.list_clusters()["clusterArns"]:
        yield "Clusters"
        yield from ["Services" for _ in ecs.list_services(cluster=cluster, maxResults=100)["serviceArns"]]
    yield from ["TaskDefinitions" for _ in ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]]


def explained(expected: Mapping[str, int], found: Mapping[str, int]) -> str:
    """What there is too much or too little of."""
    different = {k: (expected.get(k, 0), found.get(k, 0)) for k in {*expected, *found}}
    return json.dumps({k: f"{a} expected, {b} found" for k, (a, b) in sorted(different.items()) if a != b})

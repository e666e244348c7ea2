"""AWS::ElasticLoadBalancingV2::TargetGroup's targets, only read. AWS: ELBv2 DescribeTargetHealth.

ECS registers and deregisters them. It puts another task in place of one whose target fails, so that between two looks a
target may have failed and be gone: the events of its service say so for a while (ECS API reference, ServiceEvent: the
latest 100).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.errors import AwsError
from reconciler.model.facts import Fact, Health, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.model.values import Id
from reconciler.resources._ecs import services

_FAILED = re.compile(r"is unhealthy in \(target-group (?P<group>[^)]+)\) due to \(reason (?P<why>.*)\)")


class Target(Fields):
    """One target: an address, or an id of what it is, and the port that it is registered with.

    `state` is AWS's (`healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`); `availability_zone` is
    `None` where AWS gives none, and `all` outside the network.
    """

    id: str
    port: int
    availability_zone: str | None
    state: str
    reason: str | None = None


class Failed(Fields):
    """A target that ECS gave up: when, as AWS writes it, and why."""

    at: str
    why: str


class TargetHealth(Fields):
    """The targets of one target group, by address and port, and those that ECS gave up, the latest last.

    A group without any has no object of this type.
    """

    target_group_arn: Id = field(immutable=True)
    targets: tuple[Target, ...]
    failed: tuple[Failed, ...] = ()


class TargetHealthType(Readable[TargetHealth]):
    name = "target-health"
    cloudformation = "AWS::ElasticLoadBalancingV2::TargetGroup"
    fields = TargetHealth
    needs = ("target-group", "cluster")
    refines = True
    tells_health = True

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[TargetHealth]]:
        """One request for each target group: AWS has no batch. A group that has just gone has no targets."""
        failed = _failed(services(reader, scope))
        for arn in sorted(group.id for group in scope.found.get("target-group", ())):
            try:
                answer = reader.get("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
            except AwsError as error:
                if error.code != "TargetGroupNotFound":
                    raise
                continue
            targets = sorted(map(_target, answer["TargetHealthDescriptions"]), key=lambda t: (t.id, t.port))
            if targets or arn in failed:
                given_up = tuple(sorted(failed.get(arn, ()), key=lambda one: one.at))
                fields = TargetHealth(target_group_arn=Id(arn), targets=tuple(targets), failed=given_up)
                yield Observed(type=self.name, id=arn, fields=fields, evidence=True)

    def facts(self, name: Name, fields: TargetHealth, identity: str | None) -> Iterable[Fact]:
        for target in fields.targets:
            yield Health(fields.target_group_arn, target.id, target.port, target.state, target.reason or "")


def _failed(found: Iterable[Mapping[str, Any]]) -> dict[str, list[Failed]]:
    """What services say of targets, by target group."""
    failed: dict[str, list[Failed]] = {}
    for service in found:
        for event in service.get("events") or ():
            if said := _FAILED.search(event["message"]):
                failed.setdefault(said["group"], []).append(Failed(at=str(event["createdAt"]), why=said["why"]))
    return failed


def _target(described: Mapping[str, Any]) -> Target:
    target, health = described["Target"], described["TargetHealth"]
    return Target(
        id=target["Id"],
        port=target["Port"],
        availability_zone=target.get("AvailabilityZone"),
        state=health["State"],
        reason=health.get("Reason"),
    )


TYPE = TargetHealthType()

"""Targets: registered by address and port, checked on the clock, drained when they go."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import Any, Final

from moto.elbv2.exceptions import ELBClientError, InvalidTargetError, TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend

from . import ecs_network
from .ecs_records import FAIL_HEALTH, Task, task_at
from .elbv2_load_balancers import interfaces
from .engine import engine
from .patch import Installer, Patch, patch

_REGISTRATION_SHARE: Final = 0.25
"""The part of a target's initial time in which it is still being registered."""
_OUTSIDE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Where an address outside the VPC may be. Source: ALB guide, "Target type"."""

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one health check found."""

    healthy: bool
    reason: str | None = None
    description: str | None = None


_HEALTHY: Final = Verdict(True)
_TIMEOUT: Final = Verdict(False, "Target.Timeout", "Request timed out")
_REFUSED: Final = Verdict(False, "Target.FailedHealthChecks", "Health checks failed")


@dataclass(eq=False)
class Target:
    """A registered target."""

    id: str
    port: int
    zone: str | None
    """The zone of the subnet that holds it, or "all" where it is outside the VPC."""
    watch: Callable[[Target], None] | None = None
    """Called when the target turns healthy or unhealthy, and when it has drained."""
    state: str = "initial"
    verdict: Verdict = _HEALTHY
    failures: int = 0
    """Checks in a row that contradict `state`."""
    since: float = field(default_factory=lambda: engine().now())

    @property
    def key(self) -> Key:
        """What tells targets of one group apart."""
        return self.id, self.port

    def changed(self) -> None:
        """Tell whoever watches."""
        if self.watch is not None:
            self.watch(self)


def find_group(backend: Any, arn: str) -> Any:
    """The target group with this ARN. Raises TargetGroupNotFound."""
    group = backend.target_groups.get(arn)
    if group is None:
        raise TargetGroupNotFoundError()
    return group


def register(
    backend: Any, group: Any, target_id: str, port: int, zone: str | None, watch: Callable[[Target], None] | None = None
) -> Target:
    """Register a target and begin to check it; one that drains comes back."""
    known: Target | None = group.targets.get((target_id, port))
    if known is not None and known.state != "draining":
        known.watch = watch or known.watch
        return known
    target = Target(target_id, port, zone, watch)
    group.targets[target.key] = target
    engine().after(backend, engine().timings.target_initial, lambda: _check(backend, group, target))
    return target


def deregister(backend: Any, group: Any, target: Target) -> None:
    """Begin to drain a target: it stays listed for the deregistration delay of its group."""
    if target.state == "draining":
        return
    target.state, target.since = "draining", engine().now()
    engine().after(backend, drain_seconds(group), lambda: _drained(group, target))


def drain_seconds(group: Any) -> float:
    """How long a target of this group drains."""
    return float(group.attributes.get("deregistration_delay.timeout_seconds", 300))


def _drained(group: Any, target: Target) -> None:
    if group.targets.get(target.key) is target:
        del group.targets[target.key]
    target.state = "unused"
    target.changed()


def _check(backend: Any, group: Any, target: Target) -> None:
    """Check a target once and arrange for the next time."""
    if group.targets.get(target.key) is not target or target.state == "draining":
        return
    used = not_in_use(backend, group, target) is None
    if not used:
        target.state = "unused"
    elif target.state == "unused":
        target.state, target.since = "initial", engine().now()
        engine().after(backend, engine().timings.target_initial, lambda: _check(backend, group, target))
        return
    else:
        _judge(group, target, probe(backend, group, target))
    engine().after(backend, _next_check(group, target), lambda: _check(backend, group, target))


def _next_check(group: Any, target: Target) -> float:
    """Seconds to the next check: checks that nothing can have changed since are left out."""
    interval = float(group.health_check_interval_seconds)
    idle = engine().clock.now() - engine().now()
    return interval if target.failures else interval * max(1, math.ceil(idle / interval))


def _judge(group: Any, target: Target, verdict: Verdict) -> None:
    wanted = "healthy" if verdict.healthy else "unhealthy"
    if target.state == wanted:
        target.failures, target.verdict = 0, verdict
        return
    target.failures += 1
    threshold = group.healthy_threshold_count if verdict.healthy else group.unhealthy_threshold_count
    if target.state == "initial" or target.failures >= int(threshold):
        target.state, target.failures, target.verdict = wanted, 0, verdict
        target.since = engine().now()
        target.changed()


def _balancers(backend: Any, group: Any) -> list[Any]:
    return [backend.load_balancers[arn] for arn in group.load_balancer_arns if arn in backend.load_balancers]


def not_in_use(backend: Any, group: Any, target: Target) -> str | None:
    """Why no load balancer sends to this target, or None when one does."""
    balancers = _balancers(backend, group)
    if not balancers:
        return "Target group is not configured to receive traffic from the load balancer"
    zones = {subnet.availability_zone for balancer in balancers for subnet in balancer.subnets}
    if target.zone not in {None, "all"} | zones:
        return "Target is in an Availability Zone that is not enabled for the load balancer"
    return None


def probe(backend: Any, group: Any, target: Target) -> Verdict:
    """Check a target as its load balancer does: may the packet pass, does a container listen, what does it answer."""
    if group.target_type != "ip":
        return _HEALTHY
    task = task_at(backend.account_id, backend.region_name, group.vpc_id, target.id)
    if task is None:
        return _TIMEOUT
    port = target.port if group.health_check_port == "traffic-port" else int(group.health_check_port)
    if not any(_passes(backend, balancer, task, port) for balancer in _balancers(backend, group)):
        return _TIMEOUT
    container = task.listener(port)
    if container is None:
        return _REFUSED
    failing = container.image_tag == FAIL_HEALTH
    if group.health_check_protocol not in {"HTTP", "HTTPS"}:
        return _REFUSED if failing else _HEALTHY
    answered = 503 if failing else 200
    if _matches(group.matcher or {}, answered):
        return _HEALTHY
    return Verdict(False, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{answered}]")


def _matches(matcher: Mapping[str, str], code: int) -> bool:
    """Whether an HTTP answer is what the group's matcher asks for; a gRPC matcher takes every sound answer."""
    if "HttpCode" not in matcher:
        return code == 200
    ranges = (part.strip().partition("-") for part in matcher["HttpCode"].split(","))
    return any(int(low) <= code <= int(high or low) for low, _, high in ranges)


def _passes(backend: Any, balancer: Any, task: Task, port: int) -> bool:
    """Whether security groups let the load balancer's nodes reach a port of a task."""
    interface = backend.ec2_backend.enis.get(task.interface_id)
    if interface is None:
        return False
    nodes = interfaces(backend, balancer)
    groups = [backend.ec2_backend.get_security_group_from_id(group) for group in balancer.security_groups]
    inner = {group.id for group in interface.group_set}
    leaves = not groups or ecs_network.admitted(
        [group for group in groups if group], port, [interface.private_ip_address], inner, inbound=False
    )
    return leaves and ecs_network.admitted(
        interface.group_set, port, [node.private_ip_address for node in nodes], balancer.security_groups, inbound=True
    )


def describe(backend: Any, group: Any, target: Target) -> dict[str, Any]:
    """A target as DescribeTargetHealth shows it."""
    shown: dict[str, Any] = {"Id": target.id, "Port": target.port}
    if target.zone is not None:
        shown["AvailabilityZone"] = target.zone
    port = target.port if group.health_check_port == "traffic-port" else group.health_check_port
    state, reason, text = _state(backend, group, target)
    health = {"State": state, "Reason": reason, "Description": text}
    return {"Target": shown, "HealthCheckPort": str(port), "TargetHealth": health}


def _state(backend: Any, group: Any, target: Target) -> tuple[str, str | None, str | None]:
    if target.state == "draining":
        return "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
    unused = not_in_use(backend, group, target)
    if unused is not None:
        return "unused", "Target.NotInUse", unused
    if target.state in {"initial", "unused"}:
        registering = engine().timings.target_initial * _REGISTRATION_SHARE
        if engine().now() - target.since < registering:
            return "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
        return "initial", "Elb.InitialHealthChecking", "Initial health checks in progress"
    return target.state, target.verdict.reason, target.verdict.description


def _unregistered(target_id: str, port: int) -> dict[str, Any]:
    return {
        "Target": {"Id": target_id, "Port": port},
        "HealthCheckPort": str(port),
        "TargetHealth": {
            "State": "unused",
            "Reason": "Target.NotRegistered",
            "Description": "Target is not registered to the target group",
        },
    }


def _keys(group: Any, targets: Sequence[Mapping[str, Any]]) -> Iterator[Key]:
    for target in targets:
        yield target["Id"], int(target.get("Port") or group.port or 0)


def _zone(backend: Any, group: Any, target_id: str, asked: str | None) -> str | None:
    """The zone of a target that is being registered. Raises for addresses that no load balancer can send to."""
    if group.target_type != "ip":
        return asked
    try:
        address = ip_address(target_id)
    except ValueError:
        raise ELBClientError("ValidationError", f"The IP address '{target_id}' is not a valid IPv4 address") from None
    if isinstance(address, IPv6Address):
        return asked
    vpc = backend.ec2_backend.get_vpc(group.vpc_id)
    cidrs = [IPv4Network(entry["cidr_block"]) for entry in vpc.get_cidr_block_association_set(ipv6=False)]
    if any(address in cidr for cidr in cidrs):
        return _zone_in_vpc(backend, group.vpc_id, address)
    if not any(address in network for network in _OUTSIDE):
        raise ELBClientError(
            "InvalidTarget", f"The IP address '{target_id}' is not in the VPC and not in a private address range"
        )
    if asked != "all":
        raise ELBClientError(
            "ValidationError",
            f"You must specify the Availability Zone 'all' for the IP address '{target_id}', which is not in the VPC",
        )
    return asked


def _zone_in_vpc(backend: Any, vpc_id: str, address: IPv4Address) -> str | None:
    for zone in backend.ec2_backend.subnets.values():
        for subnet in zone.values():
            if subnet.vpc_id == vpc_id and address in subnet.cidr:
                name: str = subnet.availability_zone
                return name
    return None


@patch("elbv2-targets", "ALB guide: Register targets, Health checks for your target groups")
def _targets(into: Installer) -> None:
    @into.replace_method(ELBv2Backend, "register_targets")
    def register_targets(backend: Any, target_group_arn: str, instances: Sequence[Mapping[str, Any]]) -> None:
        group = find_group(backend, target_group_arn)
        asked = zip(_keys(group, instances), instances, strict=True)
        zones = {key: _zone(backend, group, key[0], target.get("AvailabilityZone")) for key, target in asked}
        for (target_id, port), zone in zones.items():
            register(backend, group, target_id, port, zone)

    @into.replace_method(ELBv2Backend, "deregister_targets")
    def deregister_targets(backend: Any, target_group_arn: str, instances: Sequence[Mapping[str, Any]]) -> None:
        group = find_group(backend, target_group_arn)
        found = [group.targets.get(key) for key in _keys(group, instances)]
        if None in found:
            raise InvalidTargetError()
        for target in found:
            deregister(backend, group, target)

    @into.replace_method(ELBv2Backend, "describe_target_health")
    def describe_target_health(
        backend: Any, target_group_arn: str, targets: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        group = find_group(backend, target_group_arn)
        keys = list(_keys(group, targets)) if targets else list(group.targets)
        return [
            describe(backend, group, group.targets[key]) if key in group.targets else _unregistered(*key)
            for key in keys
        ]


PATCHES: Final[tuple[Patch, ...]] = (_targets,)

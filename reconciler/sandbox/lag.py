"""Reads that lag behind writes: a new id is unknown for a while, and tags come later still.

Source: EC2 API Reference, "Eventual consistency"; codes and places: aws-semantics 9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.tags import TagBackend

from . import wire
from .engine import engine
from .faults import Faults
from .patch import Installer, patch

_EC2_CREATES: Final = {
    "CreateVpc": "vpc",
    "CreateSubnet": "subnet",
    "CreateInternetGateway": "igw",
    "AllocateAddress": "eipalloc",
    "CreateNatGateway": "nat",
    "CreateRouteTable": "rtb",
    "CreateVpcEndpoint": "vpce",
    "CreateSecurityGroup": "sg",
    "CreateNetworkInterface": "eni",
}
_ARN_CREATES: Final = {
    "elbv2:CreateLoadBalancer": ":loadbalancer/",
    "elbv2:CreateTargetGroup": ":targetgroup/",
    "elbv2:CreateListener": ":listener/",
    "elbv2:CreateRule": ":listener-rule/",
    "ecs:CreateCluster": ":cluster/",
    "ecs:CreateService": ":service/",
}
_EC2_ID: Final = re.compile(r"\b(?:vpc|subnet|igw|eipalloc|nat|rtb|vpce|sg|eni)-[0-9a-f]{17}\b")
_ARN: Final = re.compile(r"arn:aws[\w-]*:(?:elasticloadbalancing|ecs):[\w-]*:\d*:[\w/:.-]+")
_CLUSTER: Final = re.compile(r'"cluster":\s*"(?:[^"]*/)?([\w-]+)"')

_NOT_FOUND: Final[Mapping[str, tuple[str, str]]] = {
    "vpc": ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    "subnet": ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    "igw": ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
    "eipalloc": ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    "nat": ("NatGatewayNotFound", "The Nat Gateway {} was not found"),
    "rtb": ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    "vpce": ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
    "sg": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "eni": ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
    ":loadbalancer/": ("LoadBalancerNotFound", "Load balancer '{}' not found"),
    ":targetgroup/": ("TargetGroupNotFound", "Target group '{}' not found"),
    ":listener/": ("ListenerNotFound", "Listener '{}' not found"),
    ":listener-rule/": ("RuleNotFound", "Rule '{}' not found"),
    ":cluster/": ("ClusterNotFoundException", "Cluster not found."),
    ":service/": ("ServiceNotFoundException", "Service not found."),
}
_ELSEWHERE: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("ec2:CreateRoute", "igw"): ("InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist"),
    ("ec2:CreateRoute", "nat"): ("InvalidNatGatewayID.NotFound", "The natGateway ID '{}' does not exist"),
    ("elbv2", "subnet"): ("SubnetNotFound", "The subnet ID '{}' is not valid"),
    ("elbv2", "sg"): ("InvalidSecurityGroup", "The security group '{}' does not exist"),
    ("elbv2", "vpc"): ("ValidationError", "The VPC ID '{}' is not found"),
    ("ecs", "subnet"): ("InvalidParameterException", "The subnet ID '{}' does not exist"),
    ("ecs", "sg"): ("InvalidParameterException", "The security group '{}' does not exist"),
    ("ecs", ":targetgroup/"): (
        "InvalidParameterException",
        "The target group with targetGroupArn {} does not have an associated load balancer.",
    ),
}
"""The code where another operation or service than the resource's own words it; by operation, else service."""


class Lag:
    """The rule of the gate: remembers what was made and when it will be seen."""

    def __init__(self) -> None:
        self._visible_at: dict[str, float] = {}
        self._tags_before: dict[str, tuple[float, dict[str, str]]] = {}

    def hidden(self, name: Any) -> bool:
        """Whether an id or ARN is still unknown."""
        return isinstance(name, str) and self._visible_at.get(name, 0.0) > engine().now()

    def known(self) -> Iterable[str]:
        """The ids and ARNs that were hidden at some time."""
        return self._visible_at

    def old_tags(self, resource_id: str) -> dict[str, str] | None:
        """The tags that a resource still shows, where they are not those that it has."""
        visible_at, tags = self._tags_before.get(resource_id, (0.0, {}))
        return tags if visible_at > engine().now() else None

    def clear(self) -> None:
        """Forget everything."""
        self._visible_at.clear()
        self._tags_before.clear()

    def tags_change(self, resource_id: str, tags: Mapping[str, str], seconds: float) -> None:
        """Take note that the tags of a resource are about to change: reads keep seeing `tags` for a while."""
        if self.old_tags(resource_id) is None:
            self._tags_before[resource_id] = (engine().now() + seconds, dict(tags))

    def before(self, request: wire.Request, faults: Faults) -> wire.Answer | None:
        """The NotFound of a resource that the request names and that cannot be seen yet."""
        if not faults.lag or not self._visible_at:
            return None
        for name in _named(request):
            if self.hidden(name):
                code, message = _wording(request, name)
                return wire.error(request, 400, code, message.format(name))
        return None

    def after(self, request: wire.Request, faults: Faults, answer: wire.Answer) -> None:
        """Hide what the request made."""
        status, _, body = answer
        if not faults.lag or status >= 400:
            return
        kind = _EC2_CREATES.get(request.operation) if request.service == "ec2" else _ARN_CREATES.get(request.name)
        if kind is None:
            return
        text = body if isinstance(body, str) else body.decode()
        pattern = _EC2_ID if request.service == "ec2" else _ARN
        made = next((name for name in pattern.findall(text) if kind in (_kind(name), name.partition("-")[0])), None)
        if made is not None and made not in self._visible_at:
            now = engine().now()
            self._visible_at[made] = now + faults.lag
            self._tags_before[made] = (now + 2 * faults.lag, {})


def _kind(name: str) -> str:
    """The id prefix of an EC2 id, or the part of an ARN that names its type."""
    if not name.startswith("arn:"):
        return name.partition("-")[0]
    return next((kind for kind in _ARN_CREATES.values() if kind in name), "")


def _wording(request: wire.Request, name: str) -> tuple[str, str]:
    kind = _kind(name)
    return _ELSEWHERE.get((request.name, kind)) or _ELSEWHERE.get((request.service, kind)) or _NOT_FOUND[kind]


def _named(request: wire.Request) -> Iterator[str]:
    """The ids and ARNs that a request names, but not those that it filters by: filters return what exists."""
    if request.service == "ec2":
        for key, value in request.form.items():
            if not key.startswith("Filter"):
                yield from _EC2_ID.findall(value)
    elif request.service == "elbv2":
        yield from _ARN.findall(request.text)
        yield from _EC2_ID.findall(request.text)
    elif request.service == "ecs":
        for cluster in _CLUSTER.findall(request.text):
            yield from (name for name in engine().lag.known() if name.endswith(f":cluster/{cluster}"))
        if request.mutating:
            yield from _ARN.findall(request.text)
            yield from _EC2_ID.findall(request.text)


def _visible(items: Iterable[Any]) -> list[Any]:
    hidden = engine().lag.hidden

    def names(item: Any) -> tuple[Any, ...]:
        if isinstance(item, str):
            return (item,)
        if isinstance(item, Mapping):
            return tuple(item.get(key) for key in ("resource_id", "clusterArn", "serviceArn"))
        return getattr(item, "id", None), getattr(item, "arn", None)

    return [item for item in items if not any(hidden(name) for name in names(item))]


def _shown(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without what is hidden; ECS reports what it does not find as a failure."""
    shown = {key: _visible(value) if isinstance(value, list) else value for key, value in result.items()}
    for key in ("clusters", "services"):
        for item in result.get(key) or () if "failures" in result else ():
            if not _visible([item]):
                arn = item.get(f"{key[:-1]}Arn") if isinstance(item, Mapping) else item.arn
                shown["failures"] = [*shown["failures"], {"arn": arn, "reason": "MISSING"}]
    return shown


@patch("lag-lists", "EC2 API Reference, Eventual consistency: a resource may not be visible to subsequent commands")
def lists(into: Installer) -> None:
    @into.wrap(BaseResponse, "serialized")
    def serialized(original: Callable[..., Any], response: Any, action_result: Any) -> Any:
        result = action_result.result
        if (
            isinstance(result, dict)
            and engine().lag.known()
            and response._get_action().startswith(("Describe", "List"))
        ):
            return original(response, ActionResult(_shown(result)))
        return original(response, action_result)


@patch("lag-tags", "EC2 API Reference, Eventual consistency: tags are seen later than the resource")
def tags(into: Installer) -> None:
    @into.wrap(TaggedEC2Resource, "get_tags")
    def get_tags(original: Callable[..., Any], resource: Any) -> Any:
        old = engine().lag.old_tags(resource.id)
        return original(resource) if old is None else [{"key": key, "value": value} for key, value in old.items()]

    def remember(backend: Any, resource_ids: Iterable[str]) -> None:
        seconds = engine().faults().lag
        for resource_id in resource_ids if seconds else ():
            engine().lag.tags_change(resource_id, backend.tags.get(resource_id) or {}, seconds)

    @into.wrap(TagBackend, "create_tags")
    def create_tags(original: Callable[..., Any], backend: Any, resource_ids: list[str], new: Any) -> Any:
        remember(backend, resource_ids)
        return original(backend, resource_ids, new)

    @into.wrap(TagBackend, "delete_tags")
    def delete_tags(original: Callable[..., Any], backend: Any, resource_ids: list[str], gone: Any) -> Any:
        remember(backend, resource_ids)
        return original(backend, resource_ids, gone)


PATCHES = (lists, tags)

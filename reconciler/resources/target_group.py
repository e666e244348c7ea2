"""AWS::ElasticLoadBalancingV2::TargetGroup. AWS: ELBv2 CreateTargetGroup; ECS registers the targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.facts import Fact, Name
from reconciler.model.fields import Fields, field, member_name, set_fields
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope
from reconciler.model.values import NOT_REPORTED, UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._elb import full_name, load_balancing
from reconciler.resources._elb_attributes import Attributes, modify_attributes, passing, read_attributes
from reconciler.resources._ownership import ElbTags, ownership, tag_list


class Matcher(Fields):
    """Which answers to a health check are healthy: `200`, `200-399`, `200,302`."""

    http_code: str | Marker | None = field(default=UNSET)
    grpc_code: str | Marker | None = field(default=UNSET)


class TargetGroup(Fields):
    """Where a load balancer sends requests, and how it checks health.

    AWS's defaults of health checks differ by protocol and between its own documents, so what is unset is not compared.
    `protocol_version` is `HTTP1`, `HTTP2` or `GRPC`, of protocol HTTP alone. `attributes` are those that are not as
    AWS fills them in.
    `health_check_port` is text: a number or `traffic-port`. Seconds: interval 5 to 300, timeout 2 to 120.
    """

    vpc_id: Ref | Id = field(immutable=True)
    protocol: str = field(immutable=True)
    protocol_version: str | Marker | None = field(default=UNSET, immutable=True)
    port: int = field(immutable=True)
    target_type: str = field(immutable=True)
    health_check_protocol: str | Marker | None = field(default=UNSET)
    health_check_port: str | Marker | None = field(default=UNSET)
    health_check_path: str | Marker | None = field(default=UNSET)
    health_check_interval_seconds: int | Marker | None = field(default=UNSET)
    health_check_timeout_seconds: int | Marker | None = field(default=UNSET)
    healthy_threshold_count: int | Marker | None = field(default=UNSET)
    unhealthy_threshold_count: int | Marker | None = field(default=UNSET)
    matcher: Matcher | Marker | None = field(default=UNSET)
    attributes: FrozenMap[str, str] | Marker = field(default=UNSET)


_ATTRIBUTES: Mapping[str, str] = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.type": "round_robin",
    "slow_start.duration_seconds": "0",
    "stickiness.enabled": "false",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
}
"""What AWS fills in where an option says nothing (ELBv2 API reference, TargetGroupAttribute)."""


def unlike_aws(attributes: Mapping[str, str]) -> FrozenMap[str, str]:
    """The attributes that options are about, as far as they mean something and are not as AWS fills them in.

    Network target groups have the one type of stickiness `source_ip`, which has no settings.
    """
    if attributes.get("stickiness.enabled") != "true":
        idle = ["stickiness."]
    elif attributes.get("stickiness.type") == "source_ip":
        idle = ["stickiness.type", "stickiness.lb_cookie", "stickiness.app_cookie"]
    elif attributes.get("stickiness.type") == "app_cookie":
        idle = ["stickiness.lb_cookie"]
    else:
        idle = ["stickiness.app_cookie"]
    return FrozenMap(
        {
            key: value
            for key, value in attributes.items()
            if key in _ATTRIBUTES and value != _ATTRIBUTES[key] and not key.startswith(tuple(idle))
        }
    )


_ALWAYS_REPORTED = (
    "health_check_protocol",
    "health_check_port",
    "health_check_interval_seconds",
    "health_check_timeout_seconds",
    "healthy_threshold_count",
    "unhealthy_threshold_count",
)
_ASIDE = frozenset({"vpc_id", "protocol", "protocol_version", "port", "target_type", "attributes"})
"""What ModifyTargetGroup does not take."""


class TargetGroupType(ElbTags, ResourceType[TargetGroup]):
    name = "target-group"
    cloudformation = "AWS::ElasticLoadBalancingV2::TargetGroup"
    changed_by = (
        "elbv2:CreateTargetGroup",
        "elbv2:ModifyTargetGroup",
        "elbv2:ModifyTargetGroupAttributes",
        "elbv2:DeleteTargetGroup",
    )
    fields = TargetGroup
    needs = ("vpc",)
    naming = Naming.DIGEST
    name_limit = 32
    absent = frozenset({"TargetGroupNotFound"})
    not_yet = (("ValidationError", "is not found"),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[TargetGroup]]:
        seen = load_balancing(reader, scope)
        groups = [one for one in seen.target_groups if seen.concerns(one["TargetGroupArn"], one.get("VpcId"))]
        arns = [one["TargetGroupArn"] for one in groups]
        attributes = read_attributes(reader, scope, seen, arns, self.name, "TargetGroup")
        for group in groups:
            arn = group["TargetGroupArn"]
            yield Observed(
                type=self.name,
                id=arn,
                fields=TargetGroup(
                    vpc_id=Id(group["VpcId"]),
                    protocol=group["Protocol"],
                    protocol_version=group.get("ProtocolVersion"),
                    port=group["Port"],
                    target_type=group["TargetType"],
                    health_check_path=group.get("HealthCheckPath"),
                    matcher=_read_matcher(group.get("Matcher")),
                    attributes=unlike_aws(attributes[arn][0]) if arn in attributes else NOT_REPORTED,
                    **{name: group.get(_member(name), NOT_REPORTED) for name in _ALWAYS_REPORTED},
                ),
                outputs=FrozenMap(
                    {"id": arn, "arn": arn, "name": group["TargetGroupName"], "fullName": full_name(arn)}
                ),
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn]),
            )

    def facts(self, name: Name, fields: TargetGroup, identity: str | None) -> Iterable[Fact]:
        attributes = fields.attributes if isinstance(fields.attributes, FrozenMap) else FrozenMap[str, str]()
        yield from passing(name, fields.protocol, attributes)

    def create(self, resource: Resource[TargetGroup], context: Context) -> Sequence[Call]:
        wanted = {name for name, _, _ in set_fields(resource.fields)}
        params = {
            "Name": context.name,
            **_params(resource.fields, wanted - {"attributes"}),
            "Tags": tag_list(context.tags),
        }
        made = "TargetGroups[0]."
        save = {
            "id": made + "TargetGroupArn",
            "arn": made + "TargetGroupArn",
            "name": made + "TargetGroupName",
            "fullName": f"after({made}TargetGroupArn, ':')",
        }
        create = Call("elbv2", "CreateTargetGroup", params, save=FrozenMap(save))
        return [create, *_modified(Ref(resource.address), resource.fields, UNSET)]

    def update(
        self,
        resource: Resource[TargetGroup],
        observed: Observed[TargetGroup],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        params = _params(resource.fields, changed - _ASIDE)
        calls = [Call("elbv2", "ModifyTargetGroup", {"TargetGroupArn": observed.id, **params})] if params else []
        if "attributes" in changed:
            calls += _modified(observed.id, resource.fields, observed.fields.attributes)
        return calls

    def delete(self, observed: Observed[TargetGroup], context: Context) -> Sequence[Call]:
        return [Call("elbv2", "DeleteTargetGroup", {"TargetGroupArn": observed.id})]


def _modified(group: str | Ref, wanted: TargetGroup, present: Attributes | Marker) -> list[Call]:
    """AWS takes no empty name of a cookie back: without `app_cookie` it means nothing."""
    filled = {key: value for key, value in _ATTRIBUTES.items() if value}
    return modify_attributes(group, wanted.attributes, present, filled, "TargetGroup")


def _member(name: str) -> str:
    """ELBv2's own spelling of a member: `HealthCheckPath`."""
    member = member_name(name)
    return member[0].upper() + member[1:]


def _params(fields: TargetGroup, names: Iterable[str]) -> dict[str, Any]:
    """The parameters of some fields; AWS has no way to say that one has nothing."""
    params: dict[str, Any] = {}
    for name, value, _ in set_fields(fields):
        if name in names and value is not None:
            params[_member(name)] = _matcher_params(value) if isinstance(value, Matcher) else value
    return params


def _matcher_params(matcher: Matcher) -> dict[str, Any]:
    return {_member(name): value for name, value, _ in set_fields(matcher) if value is not None}


def _read_matcher(answer: Mapping[str, str] | None) -> Matcher | None:
    """Codes without the spaces that people write between them; network target groups have none."""
    if not answer:
        return None
    codes = {name: answer[member].replace(" ", "") for name, member in _CODES.items() if answer.get(member)}
    return Matcher(**dict.fromkeys(_CODES, None) | codes)


_CODES = {"http_code": "HttpCode", "grpc_code": "GrpcCode"}

TYPE = TargetGroupType()

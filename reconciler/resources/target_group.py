"""AWS::ElasticLoadBalancingV2::TargetGroup. AWS: ELBv2 CreateTargetGroup; ECS registers the targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.fields import Fields, field, member_name, set_fields
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope
from reconciler.model.values import NOT_REPORTED, UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._elb import load_balancing
from reconciler.resources._ownership import ElbTags, ownership, tag_list


class Matcher(Fields):
    """Which answers to a health check are healthy: `200`, `200-399`, `200,302`."""

    http_code: str | Marker | None = field(default=UNSET)
    grpc_code: str | Marker | None = field(default=UNSET)


class TargetGroup(Fields):
    """Where a load balancer sends requests, and how it checks health.

    AWS's defaults of health checks differ by protocol and between its own documents, so what is unset is not compared.
    `health_check_port` is text: a number or `traffic-port`. Seconds: interval 5 to 300, timeout 2 to 120.
    """

    vpc_id: Ref | Id = field(immutable=True)
    protocol: str = field(immutable=True)
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


_ALWAYS_REPORTED = (
    "health_check_protocol",
    "health_check_port",
    "health_check_interval_seconds",
    "health_check_timeout_seconds",
    "healthy_threshold_count",
    "unhealthy_threshold_count",
)
_IMMUTABLE = ("vpc_id", "protocol", "port", "target_type")


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
        for group in seen.target_groups:
            arn = group["TargetGroupArn"]
            if not seen.concerns(arn, group.get("VpcId")):
                continue
            yield Observed(
                type=self.name,
                id=arn,
                fields=TargetGroup(
                    vpc_id=Id(group["VpcId"]),
                    protocol=group["Protocol"],
                    port=group["Port"],
                    target_type=group["TargetType"],
                    health_check_path=group.get("HealthCheckPath"),
                    matcher=_read_matcher(group.get("Matcher")),
                    **{name: group.get(_member(name), NOT_REPORTED) for name in _ALWAYS_REPORTED},
                ),
                outputs=FrozenMap({"id": arn, "arn": arn, "name": group["TargetGroupName"]}),
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn]),
            )

    def create(self, resource: Resource[TargetGroup], context: Context) -> Sequence[Call]:
        wanted = {name for name, _, _ in set_fields(resource.fields)}
        params = {
            "Name": context.name,
            **_params(resource.fields, wanted),
            "Tags": tag_list(context.tags),
        }
        made = "TargetGroups[0]."
        save = {"id": made + "TargetGroupArn", "arn": made + "TargetGroupArn", "name": made + "TargetGroupName"}
        return [Call("elbv2", "CreateTargetGroup", params, save=FrozenMap(save))]

    def update(
        self,
        resource: Resource[TargetGroup],
        observed: Observed[TargetGroup],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        params = _params(resource.fields, changed - frozenset(_IMMUTABLE))
        return [Call("elbv2", "ModifyTargetGroup", {"TargetGroupArn": observed.id, **params})] if params else []

    def delete(self, observed: Observed[TargetGroup], context: Context) -> Sequence[Call]:
        return [Call("elbv2", "DeleteTargetGroup", {"TargetGroupArn": observed.id})]


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

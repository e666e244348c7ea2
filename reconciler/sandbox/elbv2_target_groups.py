"""Target groups: created once by name, checked as AWS checks them, in use until a little after their last rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from moto.elbv2.exceptions import ELBClientError, ResourceInUseError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

from .elbv2_load_balancers import find
from .elbv2_targets import find_group
from .engine import engine
from .patch import Installer, Patch, patch

_LAST_PORT: Final = 65_535
_INTERVALS: Final = (5, 300)
_TIMEOUTS: Final = (2, 120)
_THRESHOLDS: Final = (2, 10)
_LONGEST_PATH: Final = 1024
_GRPC_PATH: Final = "/AWS.ALB/healthcheck"
_HTTP: Final = ("HTTP", "HTTPS")
_SETTINGS: Final = (
    "protocol",
    "protocol_version",
    "port",
    "vpc_id",
    "target_type",
    "ip_address_type",
    "health_check_protocol",
    "health_check_port",
    "health_check_path",
    "health_check_interval_seconds",
    "health_check_timeout_seconds",
    "healthy_threshold_count",
    "unhealthy_threshold_count",
    "matcher",
)


def _invalid(message: str) -> ELBClientError:
    return ELBClientError("ValidationError", message)


def _misconfigured(message: str) -> ELBClientError:
    return ELBClientError("InvalidConfigurationRequest", message)


def _check_range(name: str, value: Any, bounds: tuple[int, int]) -> None:
    low, high = bounds
    if value is not None and not low <= int(value) <= high:
        raise _invalid(f"{name} '{value}' must be between '{low}' and '{high}' inclusive")


def _check_health(group: Any, *, enabled: bool) -> None:
    """Refuse a health check that no load balancer makes. Source: ALB guide, "Health check settings"."""
    _check_range("Health check interval", group.health_check_interval_seconds, _INTERVALS)
    _check_range("Health check timeout", group.health_check_timeout_seconds, _TIMEOUTS)
    _check_range("Healthy threshold count", group.healthy_threshold_count, _THRESHOLDS)
    _check_range("Unhealthy threshold count", group.unhealthy_threshold_count, _THRESHOLDS)
    if int(group.health_check_timeout_seconds) >= int(group.health_check_interval_seconds):
        raise _invalid(
            f"Health check timeout '{group.health_check_timeout_seconds}' must be smaller than the interval "
            f"'{group.health_check_interval_seconds}'"
        )
    port = str(group.health_check_port)
    if port != "traffic-port" and not (port.isdecimal() and 1 <= int(port) <= _LAST_PORT):
        raise _invalid(f"Health check port '{port}' must be 'traffic-port' or between '1' and '{_LAST_PORT}'")
    path = group.health_check_path
    if path is not None and not (path.startswith("/") and len(path) <= _LONGEST_PATH):
        raise _invalid(f"Health check path '{path}' must begin with '/' and be at most {_LONGEST_PATH} long")
    if group.protocol in _HTTP and group.health_check_protocol not in _HTTP:
        raise _misconfigured(
            f"Health check protocol '{group.health_check_protocol}' is not supported for target groups with "
            f"protocol '{group.protocol}'"
        )
    if not enabled and group.target_type != "lambda":
        raise _misconfigured(f"Health checks cannot be disabled for target type '{group.target_type}'")


def _fill(group: Any, asked: Mapping[str, Any]) -> None:
    """What AWS fills in that moto does not. Source: API reference of CreateTargetGroup."""
    if group.protocol in _HTTP and group.protocol_version == "GRPC":
        if not asked.get("healthcheck_path"):
            group.health_check_path = _GRPC_PATH
        if not asked.get("matcher"):
            group.matcher = {"GrpcCode": "12"}
    if group.protocol not in _HTTP and group.target_type != "lambda":
        if group.health_check_protocol == "TCP":
            group.health_check_path = None
        else:
            group.health_check_path = group.health_check_path or "/"
            group.matcher = asked.get("matcher") or {"HttpCode": "200-399"}
            if not asked.get("healthcheck_timeout_seconds"):
                group.health_check_timeout_seconds = 6


def _build(original: Callable[..., Any], backend: Any, name: str, asked: dict[str, Any]) -> Any:
    """The target group as asked for, known to nobody yet; moto makes it in a backend that has no other."""
    protocol = asked.get("protocol")
    filled = dict(asked)
    if protocol in _HTTP and not filled.get("healthcheck_protocol"):
        filled["healthcheck_protocol"] = "HTTP"
    if protocol in {"TCP", "TLS", "UDP", "TCP_UDP"} and filled.get("protocol_version"):
        raise _invalid("Protocol version is supported for target groups with protocol HTTP or HTTPS only")
    if filled.get("port") is not None:
        _check_range("Port", filled["port"], (1, _LAST_PORT))
    known, backend.target_groups = backend.target_groups, {}
    try:
        group = original(backend, name, **{key: value for key, value in filled.items() if key != "tags"})
    finally:
        backend.target_groups = known
    _fill(group, asked)
    _check_health(group, enabled=str(asked.get("healthcheck_enabled", True)).lower() != "false")
    return group


@patch("elbv2-create-target-group", "Elastic Load Balancing API: CreateTargetGroup")
def _create(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "create_target_group")
    def create(original: Callable[..., Any], backend: Any, name: str, **asked: Any) -> Any:
        group = _build(original, backend, name, asked)
        tags = asked.get("tags") or []
        for existing in backend.target_groups.values():
            if existing.name != name:
                continue
            if all(
                getattr(existing, setting, None) == getattr(group, setting, None) for setting in _SETTINGS
            ) and backend.tagging_service.get_tag_dict_for_resource(
                existing.arn
            ) == backend.tagging_service.flatten_tag_list(tags):
                return existing
            raise ELBClientError(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{name}' exists, but with different settings",
            )
        backend.target_groups[group.arn] = group
        if tags:
            backend.add_tags([group.arn], tags)
        return group


@patch("elbv2-modify-target-group", "Elastic Load Balancing API: ModifyTargetGroup")
def _modify(into: Installer) -> None:
    @into.wrap(ELBV2Response, "modify_target_group")
    def modify(original: Callable[..., Any], response: Any) -> Any:
        group = find_group(response.elbv2_backend, response._get_param("TargetGroupArn"))
        before = {key: value for key, value in vars(group).items() if key.startswith(("health", "unhealthy"))}
        before["matcher"] = dict(getattr(group, "matcher", None) or {}) or None
        try:
            answer = original(response)
            asked = response._get_param("Matcher") or {}
            if asked.get("GrpcCode"):
                group.matcher = {"GrpcCode": asked["GrpcCode"]}
            elif asked.get("HttpCode"):
                group.matcher = {"HttpCode": asked["HttpCode"]}
            _check_health(group, enabled=group.health_check_enabled)
        except ELBClientError:
            vars(group).update(before)
            raise
        return answer


@patch("elbv2-delete-target-group", "Elastic Load Balancing API: DeleteTargetGroup")
def _delete(into: Installer) -> None:
    @into.wrap(FakeTargetGroup, "__init__")
    def build(original: Callable[..., None], group: Any, *args: Any, **kwargs: Any) -> None:
        group.used_until = 0.0
        original(group, *args, **kwargs)

    @into.wrap(ELBv2Backend, "delete_target_group")
    def delete(original: Callable[..., Any], backend: Any, target_group_arn: str) -> Any:
        group = backend.target_groups.get(target_group_arn)
        if group is None:
            return None
        if engine().now() < group.used_until:
            raise ResourceInUseError(f"Target group '{target_group_arn}' is currently in use by a listener or a rule")
        deleted = original(backend, target_group_arn)
        backend.tagging_service.delete_all_tags_for_resource(target_group_arn)
        return deleted


@patch("elbv2-describe-target-groups", "Elastic Load Balancing API: DescribeTargetGroups")
def _describe(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "describe_target_groups")
    def describe(
        original: Callable[..., Any],
        backend: Any,
        load_balancer_arn: str | None,
        target_group_arns: Sequence[str],
        names: Sequence[str] | None,
    ) -> Any:
        if load_balancer_arn and not target_group_arns and not names:
            find(backend, load_balancer_arn)
            return [group for group in backend.target_groups.values() if load_balancer_arn in group.load_balancer_arns]
        return original(backend, load_balancer_arn, target_group_arns, names)


PATCHES: Final[tuple[Patch, ...]] = (_create, _modify, _delete, _describe)

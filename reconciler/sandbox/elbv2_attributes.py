"""Attributes of load balancers, target groups and listeners: AWS's whole default sets, and what they may be set to.

All values are strings, as on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.elbv2.exceptions import ELBClientError, TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

from .patch import Installer, Patch, patch

_MOST_PER_CALL: Final = 20

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value that AWS fills in, and what may stand in its place."""

    default: str
    allows: Check


def _one_of(*values: str) -> Check:
    return lambda value: value in values


def _number(low: int, high: int, *words: str) -> Check:
    return lambda value: value in words or (value.isdecimal() and low <= int(value) <= high)


def _any_text(_: str) -> bool:
    return True


def _flag(default: bool) -> Attribute:
    return Attribute(str(default).lower(), _one_of("true", "false"))


def _text() -> Attribute:
    return Attribute("", _any_text)


_EVERY_LOAD_BALANCER: Final[dict[str, Attribute]] = {
    "deletion_protection.enabled": _flag(False),
    "access_logs.s3.enabled": _flag(False),
    "access_logs.s3.bucket": _text(),
    "access_logs.s3.prefix": _text(),
    "ipv6.deny_all_igw_traffic": _flag(False),
    "zonal_shift.config.enabled": _flag(False),
}
_LOAD_BALANCER: Final[Mapping[str, Mapping[str, Attribute]]] = {
    "application": _EVERY_LOAD_BALANCER
    | {
        "load_balancing.cross_zone.enabled": Attribute("true", _one_of("true")),
        "idle_timeout.timeout_seconds": Attribute("60", _number(1, 4000)),
        "client_keep_alive.seconds": Attribute("3600", _number(60, 604_800)),
        "connection_logs.s3.enabled": _flag(False),
        "connection_logs.s3.bucket": _text(),
        "connection_logs.s3.prefix": _text(),
        "health_check_logs.s3.enabled": _flag(False),
        "health_check_logs.s3.bucket": _text(),
        "health_check_logs.s3.prefix": _text(),
        "routing.http.desync_mitigation_mode": Attribute("defensive", _one_of("monitor", "defensive", "strictest")),
        "routing.http.drop_invalid_header_fields.enabled": _flag(False),
        "routing.http.preserve_host_header.enabled": _flag(False),
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _flag(False),
        "routing.http.xff_client_port.enabled": _flag(False),
        "routing.http.xff_header_processing.mode": Attribute("append", _one_of("append", "preserve", "remove")),
        "routing.http2.enabled": _flag(True),
        "waf.fail_open.enabled": _flag(False),
    },
    "network": _EVERY_LOAD_BALANCER
    | {
        "load_balancing.cross_zone.enabled": _flag(False),
        "dns_record.client_routing_policy": Attribute(
            "any_availability_zone",
            _one_of("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity"),
        ),
        "secondary_ips.auto_assigned.per_subnet": Attribute("0", _number(0, 7)),
    },
}

_WEEK: Final = 604_800
_EVERY_TARGET_GROUP: Final[dict[str, Attribute]] = {
    "deregistration_delay.timeout_seconds": Attribute("300", _number(0, 3600)),
    "load_balancing.cross_zone.enabled": Attribute(
        "use_load_balancer_configuration", _one_of("true", "false", "use_load_balancer_configuration")
    ),
    "stickiness.enabled": _flag(False),
    "target_group_health.dns_failover.minimum_healthy_targets.count": Attribute("1", _number(1, 1000, "off")),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": Attribute("off", _number(1, 100, "off")),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute("1", _number(1, 1000)),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": Attribute(
        "off", _number(1, 100, "off")
    ),
}
_APPLICATION_TARGET_GROUP: Final[dict[str, Attribute]] = _EVERY_TARGET_GROUP | {
    "stickiness.type": Attribute("lb_cookie", _one_of("lb_cookie", "app_cookie")),
    "stickiness.lb_cookie.duration_seconds": Attribute("86400", _number(1, _WEEK)),
    "stickiness.app_cookie.duration_seconds": Attribute("86400", _number(1, _WEEK)),
    "stickiness.app_cookie.cookie_name": _text(),
    "load_balancing.algorithm.type": Attribute(
        "round_robin", _one_of("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off", _one_of("on", "off")),
    "slow_start.duration_seconds": Attribute("0", _number(30, 900, "0")),
}


def _network_target_group(target_type: str, protocol: str) -> dict[str, Attribute]:
    udp = protocol in {"UDP", "TCP_UDP"}
    only_on, only_off = Attribute("true", _one_of("true")), Attribute("false", _one_of("false"))
    return _EVERY_TARGET_GROUP | {
        "stickiness.type": Attribute("source_ip", _one_of("source_ip")),
        "preserve_client_ip.enabled": only_on if udp else _flag(target_type != "ip"),
        "proxy_protocol_v2.enabled": _flag(False),
        "deregistration_delay.connection_termination.enabled": _flag(udp),
        "target_health_state.unhealthy.connection_termination.enabled": only_off if udp else _flag(True),
        "target_health_state.unhealthy.draining_interval_seconds": Attribute("0", _number(0, 360_000)),
    }


def _target_group(group: Any) -> Mapping[str, Attribute]:
    if group.target_type == "lambda":
        lacks = "deregistration_delay.timeout_seconds"
        multiple = {"lambda.multi_value_headers.enabled": _flag(False)}
        return {key: value for key, value in _EVERY_TARGET_GROUP.items() if key != lacks} | multiple
    if group.protocol in {"HTTP", "HTTPS"}:
        return _APPLICATION_TARGET_GROUP
    return _network_target_group(group.target_type, group.protocol)


_RESPONSE_HEADERS: Final = (
    "strict_transport_security",
    "access_control_allow_origin",
    "access_control_allow_methods",
    "access_control_allow_headers",
    "access_control_allow_credentials",
    "access_control_expose_headers",
    "access_control_max_age",
    "content_security_policy",
    "x_content_type_options",
    "x_frame_options",
)
_REQUEST_HEADERS: Final = (
    "x_amzn_mtls_clientcert_serial_number",
    "x_amzn_mtls_clientcert_issuer",
    "x_amzn_mtls_clientcert_subject",
    "x_amzn_mtls_clientcert_validity",
    "x_amzn_mtls_clientcert_leaf",
    "x_amzn_mtls_clientcert",
    "x_amzn_tls_version",
    "x_amzn_tls_cipher_suite",
)
_HTTP_LISTENER: Final[dict[str, Attribute]] = {"routing.http.response.server.enabled": _flag(True)} | {
    f"routing.http.response.{header}.header_value": _text() for header in _RESPONSE_HEADERS
}
_HTTPS_LISTENER: Final[dict[str, Attribute]] = _HTTP_LISTENER | {
    f"routing.http.request.{header}.header_name": _text() for header in _REQUEST_HEADERS
}
_TCP_LISTENER: Final[dict[str, Attribute]] = {"tcp.idle_timeout.seconds": Attribute("350", _number(60, 6000))}


def _listener(listener: Any) -> Mapping[str, Attribute]:
    match listener.protocol:
        case "HTTP":
            return _HTTP_LISTENER
        case "HTTPS":
            return _HTTPS_LISTENER
        case "TCP" | "TCP_UDP":
            return _TCP_LISTENER
        case _:
            return {}


def _defaults(known: Mapping[str, Attribute]) -> dict[str, str]:
    return {key: attribute.default for key, attribute in known.items()}


def _load_balancer_key(kind: str, key: str) -> None:
    if any(key in known for known in _LOAD_BALANCER.values()):
        raise ELBClientError(
            "InvalidConfigurationRequest",
            f"Load balancer attribute key '{key}' is not supported on load balancers with type '{kind}'",
        )
    raise ELBClientError("ValidationError", f"Load balancer attribute key '{key}' is not recognized")


def _target_group_key(key: str) -> None:
    raise ELBClientError("ValidationError", f"Target group attribute key '{key}' is not recognized")


def _listener_key(key: str) -> None:
    raise ELBClientError("ValidationError", f"Listener attribute key '{key}' is not recognized")


def _check(
    asked: Iterable[tuple[str, str]], known: Mapping[str, Attribute], refuse_key: Callable[[str], None]
) -> dict[str, str]:
    """The attributes to set. Raises for unknown keys, keys given twice and values out of range."""
    pairs = list(asked)
    if len(pairs) > _MOST_PER_CALL:
        raise ELBClientError("ValidationError", f"You can specify at most {_MOST_PER_CALL} attributes per call")
    wanted: dict[str, str] = {}
    for key, value in pairs:
        if key in wanted:
            raise ELBClientError("ValidationError", f"Attribute key '{key}' was specified more than once")
        if key not in known:
            refuse_key(key)
        if not known[key].allows(value):
            raise ELBClientError("ValidationError", f"Invalid value '{value}' for attribute key '{key}'")
        wanted[key] = value
    return wanted


def _pairs(response: Any) -> list[tuple[str, str]]:
    return [(entry["Key"], entry.get("Value", "")) for entry in response._get_param("Attributes", [])]


@patch("elbv2-load-balancer-attributes", "Elastic Load Balancing API: LoadBalancerAttribute")
def _load_balancer_attributes(into: Installer) -> None:
    @into.wrap(FakeLoadBalancer, "__init__")
    def create(original: Callable[..., None], balancer: Any, *args: Any, **kwargs: Any) -> None:
        original(balancer, *args, **kwargs)
        balancer.attrs = _defaults(_LOAD_BALANCER.get(balancer.type, _EVERY_LOAD_BALANCER))
        if balancer.scheme == "internal":
            balancer.attrs["ipv6.deny_all_igw_traffic"] = "true"

    @into.wrap(ELBv2Backend, "modify_load_balancer_attributes")
    def modify(original: Callable[..., Any], backend: Any, arn: str, attrs: Mapping[str, str]) -> Any:
        balancer = backend.load_balancers.get(arn)
        if balancer is not None:
            known = _LOAD_BALANCER.get(balancer.type, _EVERY_LOAD_BALANCER)
            _check(attrs.items(), known, lambda key: _load_balancer_key(balancer.type, key))
            _check_decrease(balancer, attrs)
            _check_log_bucket(balancer.attrs | dict(attrs))
        return original(backend, arn, attrs)


def _check_decrease(balancer: Any, attrs: Mapping[str, str]) -> None:
    key = "secondary_ips.auto_assigned.per_subnet"
    if key in attrs and int(attrs[key]) < int(balancer.attrs[key]):
        raise ELBClientError("InvalidConfigurationRequest", f"The value of '{key}' cannot be decreased")


def _check_log_bucket(attrs: Mapping[str, str]) -> None:
    for kind in ("access_logs", "connection_logs", "health_check_logs"):
        if attrs.get(f"{kind}.s3.enabled") == "true" and not attrs[f"{kind}.s3.bucket"]:
            raise ELBClientError("InvalidConfigurationRequest", f"The value of '{kind}.s3.bucket' cannot be empty")


@patch("elbv2-target-group-attributes", "Elastic Load Balancing API: TargetGroupAttribute")
def _target_group_attributes(into: Installer) -> None:
    @into.wrap(FakeTargetGroup, "__init__")
    def create(original: Callable[..., None], group: Any, *args: Any, **kwargs: Any) -> None:
        original(group, *args, **kwargs)
        group.attributes = _defaults(_target_group(group))

    @into.replace_method(ELBV2Response, "modify_target_group_attributes")
    def modify(response: Any) -> ActionResult:
        group = response.elbv2_backend.target_groups.get(response._get_param("TargetGroupArn"))
        if group is None:
            raise TargetGroupNotFoundError()
        after = group.attributes | _check(_pairs(response), _target_group(group), _target_group_key)
        if after.get("stickiness.type") == "app_cookie" and not after["stickiness.app_cookie.cookie_name"]:
            raise ELBClientError(
                "InvalidConfigurationRequest",
                "You must set an application cookie name to enable stickiness of type 'app_cookie'",
            )
        group.attributes = after
        return ActionResult({"Attributes": group.attributes})


@patch("elbv2-listener-attributes", "Elastic Load Balancing API: ListenerAttribute")
def _listener_attributes(into: Installer) -> None:
    @into.wrap(FakeListener, "__init__")
    def create(original: Callable[..., None], listener: Any, *args: Any, **kwargs: Any) -> None:
        original(listener, *args, **kwargs)
        listener.attributes = _defaults(_listener(listener))

    @into.wrap(ELBv2Backend, "modify_listener_attributes")
    def modify(original: Callable[..., Any], backend: Any, listener_arn: str, attrs: list[dict[str, str]]) -> Any:
        (listener,) = backend.describe_listeners(None, [listener_arn])
        pairs = [(entry["Key"], entry.get("Value", "")) for entry in attrs]
        _check(pairs, _listener(listener), _listener_key)
        return original(backend, listener_arn, attrs)


PATCHES: Final[tuple[Patch, ...]] = (_load_balancer_attributes, _target_group_attributes, _listener_attributes)

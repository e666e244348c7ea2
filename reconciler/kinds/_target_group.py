"""What users may say of the target group that a port of a task becomes, and the group itself.

AWS's own defaults are written out, so that an option which is taken away goes back to them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds import _duration
from reconciler.kinds._spec import DURATION, Digits, Format, HttpPath, PortNumber, SpecModel
from reconciler.model.values import UNSET, FrozenMap, Ref
from reconciler.resources.target_group import Matcher, TargetGroup, unlike_aws

Codes = Annotated[
    str,
    Digits(),
    Format(
        r"^[0-9]{1,3}(-[0-9]{1,3})?(,[0-9]{1,3}(-[0-9]{1,3})?)*$",
        "write codes and ranges of them such as 200, 200-299 or 200,302",
    ),
]
CookieName = Annotated[
    str, Format(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "write the name of a cookie, at most 4096 letters", max_length=4096)
]

_ALGORITHMS = {
    "RoundRobin": "round_robin",
    "LeastOutstandingRequests": "least_outstanding_requests",
    "WeightedRandom": "weighted_random",
}


class HealthCheck(SpecModel):
    """How a load balancer asks whether a port is well."""

    protocol: Literal["HTTP", "HTTPS", "TCP"] = Field(
        default="HTTP", description="How it asks; TCP, which only opens a connection, behind type Network only."
    )
    path: HttpPath | None = Field(
        default=None, description="Path that is asked for; AWS takes /, and /AWS.ALB/healthcheck for gRPC."
    )
    port: PortNumber | None = Field(default=None, description="Port that is asked, instead of the port itself.")
    interval: Annotated[str, DURATION] = Field(default="30s", description="Time between two checks, 5s to 300s.")
    timeout: Annotated[str, DURATION] | None = Field(
        default=None, description="Time that an answer may take, 2s to 120s, less than interval; AWS takes 5s or 10s."
    )
    healthy_threshold: int = Field(default=5, ge=2, le=10, description="Checks in a row after which it is well.")
    unhealthy_threshold: int = Field(default=2, ge=2, le=10, description="Checks in a row after which it is ill.")
    codes: Codes | None = Field(
        default=None, description="Answers that are well: 200 to 499 of HTTP, 0 to 99 of gRPC; AWS takes 200, or 12."
    )


class Stickiness(SpecModel):
    """Clients stay with the copy of the task that they were sent to."""

    duration: Annotated[str, DURATION] = Field(
        default="24h", description="How long, 1s to 168h; behind type Network by address, for good."
    )
    cookie: CookieName | None = Field(
        default=None, description="Cookie of the task's own that says so, instead of one of the load balancer's."
    )


class TargetGroupOptions(SpecModel):
    """How load balancers pass requests on to a port."""

    protocol_version: Literal["HTTP1", "HTTP2", "GRPC"] = Field(
        default="HTTP1", description="What the port speaks; HTTP2 and GRPC need a listener with HTTPS."
    )
    deregistration_delay: Annotated[str, DURATION] = Field(
        default="300s", description="Time that requests under way have when a copy goes, 0s to 3600s."
    )
    slow_start: Annotated[str, DURATION] = Field(
        default="0s", description="Time in which a new copy gets a growing share, 30s to 900s, or 0s for none."
    )
    algorithm: Literal["RoundRobin", "LeastOutstandingRequests", "WeightedRandom"] = Field(
        default="RoundRobin", description="How the copy is chosen that gets a request."
    )
    stickiness: Stickiness | None = Field(default=None, description="Whether clients stay with one copy.")


def target_group(
    vpc: Ref, protocol: str, port: int, check: HealthCheck | None, options: TargetGroupOptions | None
) -> TargetGroup:
    """The group; `protocol` is `HTTP` behind an Application load balancer, else that of the listener's connections."""
    said = check or HealthCheck(protocol="HTTP" if protocol == "HTTP" else "TCP")
    chosen = options or TargetGroupOptions()
    asks = said.protocol in ("HTTP", "HTTPS")
    grpc = chosen.protocol_version == "GRPC" and protocol == "HTTP"
    path = said.path or ("/AWS.ALB/healthcheck" if grpc else "/")
    return TargetGroup(
        vpc_id=vpc,
        protocol=protocol,
        protocol_version=chosen.protocol_version if protocol == "HTTP" else None,
        port=port,
        target_type="ip",
        health_check_protocol=said.protocol,
        health_check_port=str(said.port) if said.port else "traffic-port",
        health_check_path=path if asks else UNSET,
        health_check_interval_seconds=_duration.seconds(said.interval),
        health_check_timeout_seconds=_timeout(said, protocol),
        healthy_threshold_count=said.healthy_threshold,
        unhealthy_threshold_count=said.unhealthy_threshold,
        matcher=_matcher(said, protocol, grpc=grpc) if asks else UNSET,
        attributes=_attributes(chosen, protocol),
    )


def _timeout(check: HealthCheck, protocol: str) -> int:
    if check.timeout:
        return _duration.seconds(check.timeout)
    if protocol == "HTTP":
        return 5
    return 10 if check.protocol == "TCP" else 6


def _matcher(check: HealthCheck, protocol: str, *, grpc: bool) -> Matcher:
    if grpc:
        return Matcher(grpc_code=check.codes or "12", http_code=None)
    return Matcher(http_code=check.codes or ("200" if protocol == "HTTP" else "200-399"), grpc_code=None)


def _attributes(options: TargetGroupOptions, protocol: str) -> FrozenMap[str, str]:
    wanted = {"deregistration_delay.timeout_seconds": str(_duration.seconds(options.deregistration_delay))}
    if protocol == "HTTP":
        wanted["slow_start.duration_seconds"] = str(_duration.seconds(options.slow_start))
        wanted["load_balancing.algorithm.type"] = _ALGORITHMS[options.algorithm]
    if options.stickiness:
        wanted["stickiness.enabled"] = "true"
        if protocol == "HTTP":
            wanted |= _sticky(options.stickiness)
    return unlike_aws(wanted)


def _sticky(stickiness: Stickiness) -> dict[str, str]:
    seconds = str(_duration.seconds(stickiness.duration))
    if stickiness.cookie is None:
        return {"stickiness.lb_cookie.duration_seconds": seconds}
    return {
        "stickiness.type": "app_cookie",
        "stickiness.app_cookie.cookie_name": stickiness.cookie,
        "stickiness.app_cookie.duration_seconds": seconds,
    }

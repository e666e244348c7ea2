"""Route: what a listener of a load balancer does with requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.kinds import _duration
from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import (
    DURATION,
    PORT_NAME,
    Cidr,
    Digits,
    Format,
    Label,
    LoadBalancerName,
    PortNumber,
    SpecModel,
    TaskName,
)
from reconciler.model.values import Id, Ref
from reconciler.resources import _actions as elb
from reconciler.resources._conditions import Conditions, conditions_of

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Route
metadata: {name: shop}
spec:
  loadBalancer: public
  listener: http
  rules:
    - name: api
      match: {paths: ["/api/*"]}
      forward: [{task: web, port: http}]
    - name: blocked-admin
      match: {paths: ["/admin/*"]}
      fixedResponse: {statusCode: 403, body: forbidden}
  default:
    forward: [{task: web, port: http}]
"""


Method = Annotated[
    str, Format(r"^[A-Z_-]+$", "write a method in upper case, such as GET, at most 40 characters", max_length=40)
]
Text = Annotated[
    str,
    Digits(),
    Format(r"^[ -~]+$", "write 1 to 128 characters of ASCII; * is any text, ? one character", max_length=128),
]
"""A pattern of a header's value, or of the value of a pair of the query."""
TaskPort = Annotated[
    str,
    Format(PORT_NAME.pattern, "write the name of a port of one of the task's containers, such as http", max_length=64),
]


class Match(SpecModel):
    """Which requests a rule takes: those that fit one value of each condition that is written."""

    paths: tuple[str, ...] = Field(
        default=(), description="Patterns of the path, case-sensitive; * is any text, ? one character."
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="Patterns of the host name, whatever their case; * is any text, ? one character."
    )
    methods: tuple[Method, ...] = Field(default=(), description="Methods of HTTP, in upper case.")
    headers: Mapping[str, tuple[Text, ...]] = Field(
        default={},
        description="Patterns of the value of each header, by its name; both whatever their case.",
    )
    query: Mapping[str, tuple[Text, ...]] = Field(
        default={},
        description="Patterns of the value of each key of the query, which may be a pattern too; both whatever their "
        "case.",
    )
    source_ips: tuple[Cidr, ...] = Field(
        default=(),
        description="IPv4 blocks of the client that connects to the load balancer; X-Forwarded-For is not looked at.",
    )


class Forward(SpecModel):
    """A port of a task that requests go to."""

    task: TaskName = Field(description="Name of the Task.")
    port: TaskPort = Field(description="Name of a port of one of its containers.")
    weight: int = Field(
        default=1, ge=0, le=999, description="Share of the requests, against the weights of the others."
    )


class FixedResponse(SpecModel):
    """An answer that the load balancer gives by itself."""

    status_code: int = Field(ge=200, le=599, description="HTTP status: 2XX, 4XX or 5XX.")
    content_type: Literal["text/plain", "text/css", "text/html", "application/javascript", "application/json"] = Field(
        default="text/plain", description="Content type of the answer."
    )
    body: str = Field(default="", max_length=1024, description="Body of the answer.")


class Redirect(SpecModel):
    """An answer that sends the client elsewhere; what is not written stays as it was in the request.

    AWS puts `#{host}`, `#{path}` (without its first `/`), `#{port}` and `#{query}` of the request in their place.
    """

    protocol: Literal["HTTP", "HTTPS"] | None = Field(default=None, description="Protocol to change to.")
    host: Annotated[str, Field(min_length=1, max_length=128)] | None = Field(
        default=None, description="Host name; #{host} is that of the request."
    )
    port: PortNumber | None = Field(default=None, description="Port.")
    path: Annotated[str, Format(r"^/[^\s?]*$", "write a path that starts with '/'", max_length=128)] | None = Field(
        default=None, description="Path; #{path} is that of the request without its first /, as in /v2/#{path}."
    )
    query: Annotated[str, Format(r"^[^?\s][^\s]*$|^$", "write a query without its first ?", max_length=128)] | None = (
        Field(default=None, description="Query without its first ?; #{query} is that of the request.")
    )
    status_code: Literal[301, 302] = Field(default=301, description="301: moved for ever. 302: moved for this time.")


class Action(SpecModel):
    """Where requests go: to tasks, to another address, or to an answer of the load balancer's own."""

    forward: tuple[Forward, ...] = Field(default=(), max_length=5, description="Tasks that share the requests.")
    stickiness: Annotated[str, DURATION] | None = Field(
        default=None,
        description="How long a client stays with the one of the tasks that it was sent to, 1s to 168h.",
    )
    redirect: Redirect | None = Field(default=None, description="Redirect instead of forwarding.")
    fixed_response: FixedResponse | None = Field(default=None, description="Answer instead of forwarding.")


class Rule(Action):
    """What is done with the requests that match."""

    name: Label = Field(description="Name of the rule, unique on the listener.")
    match: Match = Field(description="Which requests the rule takes.")


class RouteSpec(SpecModel):
    """What a listener of a load balancer does with requests."""

    load_balancer: LoadBalancerName = Field(description="Name of the LoadBalancer.")
    listener: str = Field(description="Name of one of its listeners.")
    rules: tuple[Rule, ...] = Field(
        default=(), max_length=100, description="Rules in order: the first that matches wins."
    )
    default: Action | None = Field(
        default=None,
        description="What is done with requests that no rule takes. Without it they are answered with 404.",
    )
    order: int = Field(default=0, description="Order among several Routes of one listener: lower first, then by name.")


def actions_of(spec: RouteSpec) -> tuple[Action, ...]:
    """Everything that a Route does, rules first."""
    return (*spec.rules, *((spec.default,) if spec.default else ()))


def conditions_for(match: Match) -> Conditions:
    """The conditions of the rule that takes these requests: one for each header and each key of the query."""
    found: list[tuple[str, tuple[str, ...]]] = [
        ("path-pattern", match.paths),
        ("host-header", match.hosts),
        ("http-request-method", match.methods),
        ("source-ip", match.source_ips),
    ]
    found += [(f"http-header {name}", values) for name, values in match.headers.items()]
    found += [("query-string", tuple(f"{key}={value}" for value in values)) for key, values in match.query.items()]
    return conditions_of((field, values) for field, values in found if values)


def actions_for(load_balancer: str, action: Action) -> tuple[elb.Action, ...]:
    """What a listener of a load balancer does."""
    if action.fixed_response:
        fixed = action.fixed_response
        return (
            elb.FixedResponse(
                status_code=str(fixed.status_code), content_type=fixed.content_type, message_body=fixed.body or None
            ),
        )
    if action.redirect:
        return (_redirect(action.redirect),)
    weights: dict[Ref | Id, int] = {
        Ref(f"target-group/{load_balancer}/{f.task}/{f.port}"): f.weight for f in action.forward
    }
    return (elb.forward_to(weights, _duration.seconds(action.stickiness) if action.stickiness else None),)


def _redirect(wanted: Redirect) -> elb.Redirect:
    parts = {
        "protocol": wanted.protocol,
        "host": wanted.host,
        "port": None if wanted.port is None else str(wanted.port),
        "path": wanted.path,
        "query": wanted.query,
    }
    changed: dict[str, Any] = {name: value for name, value in parts.items() if value is not None}
    return elb.Redirect(status_code=f"HTTP_{wanted.status_code}", **changed)


KIND = Kind(
    name="Route",
    plural="routes",
    spec=RouteSpec,
    example=EXAMPLE,
    columns=(
        Column("LoadBalancer", ".spec.loadBalancer"),
        Column("Listener", ".spec.listener"),
        Column("Rules", ".spec.rules[*].name", wide=True),
    ),
)

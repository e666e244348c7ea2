"""Route: what a listener of a load balancer does with requests."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import Label, LoadBalancerName, SpecModel, TaskName

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


class Match(SpecModel):
    """Which requests a rule takes: those that fit one of the paths and one of the hosts."""

    paths: tuple[str, ...] = Field(
        default=(), description="Patterns of the path, case-sensitive; * is any text, ? one character."
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="Patterns of the host name, whatever their case; * is any text, ? one character."
    )


class Forward(SpecModel):
    """A port of a task that requests go to."""

    task: TaskName = Field(description="Name of the Task.")
    port: str = Field(description="Name of a port of one of its containers.")
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


class Action(SpecModel):
    """Where requests go: to tasks, or to an answer of the load balancer's own."""

    forward: tuple[Forward, ...] = Field(default=(), max_length=5, description="Tasks that share the requests.")
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

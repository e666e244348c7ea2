"""Flow: what must be true of the traffic."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import HttpPath, PeerText, PortRef, SpecModel

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Flow
metadata: {name: internet-reaches-web}
spec:
  from: internet
  to: task/web
  port: http
  path: /api/items
  via: [loadBalancer/public]
  expect: Reachable
"""


class FlowSpec(SpecModel):
    """What must be true of the traffic: that one end reaches the other, or that it does not."""

    from_: PeerText = Field(
        alias="from", description="Where traffic begins: internet, an IPv4 block, task/NAME or loadBalancer/NAME."
    )
    to: PeerText = Field(description="Where traffic goes: internet, an IPv4 block, task/NAME or loadBalancer/NAME.")
    port: PortRef = Field(description="Port at the destination: its number, or its name on a task or load balancer.")
    protocol: Literal["tcp", "udp"] = Field(default="tcp", description="Transport protocol.")
    path: HttpPath | None = Field(default=None, description="Path of the HTTP request.")
    host: str | None = Field(default=None, min_length=1, max_length=253, description="Host of the HTTP request.")
    via: tuple[PeerText, ...] = Field(
        default=(), description="Load balancers and tasks that the traffic must pass: loadBalancer/NAME or task/NAME."
    )
    not_via: tuple[PeerText, ...] = Field(
        default=(), description="Load balancers and tasks that the traffic must not pass."
    )
    expect: Literal["Reachable", "Blocked"] = Field(default="Reachable", description="What must be true.")


KIND = Kind(
    name="Flow",
    plural="flows",
    spec=FlowSpec,
    example=EXAMPLE,
    columns=(
        Column("From", ".spec.from"),
        Column("To", ".spec.to"),
        Column("Port", ".spec.port"),
        Column("Expect", ".spec.expect"),
    ),
)

"""LoadBalancer: an Application or Network load balancer with its listeners."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import Label, PeerText, PortNumber, SpecModel

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: LoadBalancer
metadata: {name: public}
spec:
  network: main
  type: Application
  scheme: InternetFacing
  allowFrom: [internet]
  listeners:
    - {name: http, port: 80, protocol: HTTP}
"""


class Listener(SpecModel):
    """A port that the load balancer listens on."""

    name: Label = Field(description="Name of the listener, which Routes refer to.")
    port: PortNumber = Field(description="Port that clients connect to.")
    protocol: Literal["HTTP", "TCP"] = Field(
        description="HTTP on a load balancer of type Application, TCP on one of type Network."
    )


class LoadBalancerSpec(SpecModel):
    """An Application or Network load balancer with its listeners."""

    network: str = Field(description="Name of the Network that it lives in.")
    type: Literal["Application", "Network"] = Field(
        default="Application", description="Application routes HTTP requests, Network passes TCP connections on."
    )
    scheme: Literal["InternetFacing", "Internal"] = Field(
        default="Internal",
        description="InternetFacing: public subnets and public addresses. Internal: private addresses only.",
    )
    allow_from: tuple[PeerText, ...] = Field(
        default=(),
        description="Who may connect to the listeners: internet, an IPv4 block, task/NAME or loadBalancer/NAME.",
    )
    listeners: tuple[Listener, ...] = Field(min_length=1, max_length=50, description="Ports that it listens on.")


KIND = Kind(
    name="LoadBalancer",
    plural="loadbalancers",
    spec=LoadBalancerSpec,
    example=EXAMPLE,
    columns=(
        Column("Type", ".spec.type"),
        Column("Scheme", ".spec.scheme"),
        Column("Network", ".spec.network"),
    ),
    outputs={"dnsName": "DNS name of the load balancer.", "arn": "ARN of the load balancer."},
)

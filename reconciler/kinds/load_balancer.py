"""LoadBalancer: an Application or Network load balancer with its listeners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._object import Object
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import Label, NetworkName, PeerText, PortNumber, SpecModel
from reconciler.kinds.network import subnet_refs
from reconciler.model.resource import Resource
from reconciler.model.values import FrozenMap, Ref
from reconciler.resources import listener as elb_listener
from reconciler.resources import load_balancer as elb
from reconciler.resources._actions import FixedResponse
from reconciler.resources.listener_rules import ListenerRules

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

    network: NetworkName = Field(description="Name of the Network that it lives in.")
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


NOT_FOUND = FixedResponse(status_code="404", content_type="text/plain")
"""What a listener without a default route answers."""


def compiled(obj: Object[LoadBalancerSpec], scope: Scope) -> Iterator[Resource[Any]]:
    """The load balancer and its listeners with their rules; its security group depends on others too."""
    spec = obj.spec
    network = scope.spec("Network", spec.network)
    public = spec.scheme == "InternetFacing" or network.private is None
    balancer = Ref(f"load-balancer/{obj.name}")
    yield Resource(
        balancer.address,
        "load-balancer",
        elb.LoadBalancer(
            vpc_id=Ref(f"vpc/{spec.network}"),
            type=spec.type.lower(),
            scheme="internet-facing" if spec.scheme == "InternetFacing" else "internal",
            subnets=subnet_refs(spec.network, network, public=public),
            security_groups=frozenset({Ref(f"security-group/load-balancer/{obj.name}")}),
        ),
        obj.id,
    )
    for listener in spec.listeners:
        ref = Ref(f"listener/{obj.name}/{listener.name}")
        yield Resource(
            ref.address,
            "listener",
            elb_listener.Listener(
                load_balancer_arn=balancer,
                port=listener.port,
                protocol=listener.protocol,
                default_actions=scope.defaults.get((obj.name, listener.name), (NOT_FOUND,)),
            ),
            obj.id,
        )
        if spec.type == "Application":
            rules = scope.rules.get((obj.name, listener.name), FrozenMap())
            collection = ListenerRules(listener_arn=ref, rules=rules)
            yield Resource(f"{ref.address}/rules", "listener-rules", collection, obj.id)


KIND = Kind(
    name="LoadBalancer",
    plural="loadbalancers",
    spec=LoadBalancerSpec,
    example=EXAMPLE,
    compiled=compiled,
    columns=(
        Column("Type", ".spec.type"),
        Column("Scheme", ".spec.scheme"),
        Column("Network", ".spec.network"),
    ),
    outputs={"dnsName": "DNS name of the load balancer.", "arn": "ARN of the load balancer."},
    output_refs={"dnsName": ("load-balancer", "dnsName"), "arn": ("load-balancer", "id")},
)

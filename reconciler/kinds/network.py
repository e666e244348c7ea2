"""Network: a VPC with its subnets, gateways, route tables and endpoints."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import Cidr, Format, SpecModel

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  availabilityZones: [us-east-1a, us-east-1b]
  public: {cidrs: [10.0.0.0/24, 10.0.1.0/24]}
  private: {cidrs: [10.0.10.0/24, 10.0.11.0/24]}
  nat: Single
  endpoints: [s3]
"""

GATEWAY_ENDPOINTS = frozenset({"s3", "dynamodb"})
"""The services that AWS reaches through route tables; every other endpoint is an interface."""

Zone = Annotated[str, Format(r"^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", "write an availability zone such as us-east-1a")]
EndpointName = Annotated[
    str,
    Format(r"^[a-z0-9][a-z0-9.-]*$", "write the short name of a service, such as s3 or ecr.api", max_length=128),
]


class Subnets(SpecModel):
    """The subnets of one tier: one in each availability zone."""

    cidrs: tuple[Cidr, ...] = Field(
        min_length=1,
        max_length=6,
        description="IPv4 blocks, one for each availability zone in the same order; /16 to /28.",
    )


class NetworkSpec(SpecModel):
    """A VPC with its subnets, gateways, route tables and endpoints."""

    cidr: Cidr = Field(description="IPv4 block of the VPC, /16 to /28.")
    availability_zones: tuple[Zone, ...] = Field(
        min_length=1,
        max_length=6,
        description="Zones that the subnets lie in. A load balancer of type Application needs two.",
    )
    public: Subnets | None = Field(default=None, description="Subnets with a route to the internet gateway.")
    private: Subnets | None = Field(
        default=None, description="Subnets without one: the way out is NAT, where the network has it."
    )
    nat: Literal["None", "Single", "PerZone"] = Field(
        default="None", description="NAT gateways of the private subnets: none, one for all zones, or one in each."
    )
    endpoints: tuple[EndpointName, ...] = Field(
        default=(),
        description="VPC endpoints by short service name. s3 and dynamodb are gateways, all others are interfaces.",
    )


KIND = Kind(
    name="Network",
    plural="networks",
    spec=NetworkSpec,
    example=EXAMPLE,
    columns=(
        Column("CIDR", ".spec.cidr"),
        Column("NAT", ".spec.nat"),
        Column("Zones", ".spec.availabilityZones", wide=True),
    ),
    outputs={"vpcId": "Id of the VPC."},
)

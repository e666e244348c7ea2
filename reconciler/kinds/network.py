"""Network: a VPC with its subnets, gateways, route tables and endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._object import Object
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import Cidr, Format, SpecModel
from reconciler.model.resource import Resource
from reconciler.model.values import FrozenMap, Ref
from reconciler.resources.elastic_ip import ElasticIp
from reconciler.resources.internet_gateway import InternetGateway
from reconciler.resources.nat_gateway import NatGateway
from reconciler.resources.route_table import RouteTable
from reconciler.resources.route_table_association import RouteTableAssociation
from reconciler.resources.routes import Route, Routes
from reconciler.resources.security_group import SecurityGroup
from reconciler.resources.security_group_rules import EVERYWHERE, Rule, RuleKey, SecurityGroupRules
from reconciler.resources.subnet import Subnet
from reconciler.resources.vpc import Vpc
from reconciler.resources.vpc_endpoint import VpcEndpoint

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

    def tier(self, public: bool) -> tuple[tuple[str, str], ...]:
        """(zone, CIDR) of each public or private subnet."""
        subnets = self.public if public else self.private
        return tuple(zip(self.availability_zones, subnets.cidrs, strict=True)) if subnets else ()


def subnet_refs(name: str, spec: NetworkSpec, *, public: bool) -> frozenset[Ref]:
    """The public or private subnets of a network."""
    return frozenset(Ref(_subnet(name, public, zone)) for zone, _ in spec.tier(public))


def compiled(obj: Object[NetworkSpec], scope: Scope) -> Iterator[Resource[Any]]:
    """The VPC with everything in it that is not a load balancer or a task.

    The public subnets share one route table; each private subnet has its own, so that `nat` can change without a
    subnet changing tables.
    """
    return _Network(obj, scope).resources()


class _Network:
    def __init__(self, obj: Object[NetworkSpec], scope: Scope) -> None:
        self._name = obj.name
        self._spec = obj.spec
        self._owner = obj.id
        self._region = scope.region
        self._vpc = Ref(f"vpc/{obj.name}")

    def resources(self) -> Iterator[Resource[Any]]:
        """Everything, outermost first."""
        yield self._of(
            self._vpc.address, Vpc(cidr_block=self._spec.cidr, enable_dns_support=True, enable_dns_hostnames=True)
        )
        for public in (True, False):
            for zone, cidr in self._spec.tier(public):
                subnet = Subnet(vpc_id=self._vpc, cidr_block=cidr, availability_zone=zone)
                yield self._of(_subnet(self._name, public, zone), subnet)
        if self._spec.public:
            yield from self._public_side()
        yield from self._nat_gateways()
        yield from self._private_tables()
        yield from self._endpoints()

    def _of(self, address: str, fields: Any) -> Resource[Any]:
        kind = address.split("/")[0]
        if kind == "route-table" and isinstance(fields, Routes):
            kind = "routes"
        elif kind == "security-group" and isinstance(fields, SecurityGroupRules):
            kind = "security-group-rules"
        return Resource(address, kind, fields, self._owner)

    def _public_side(self) -> Iterator[Resource[Any]]:
        gateway = Ref(f"internet-gateway/{self._name}")
        yield self._of(gateway.address, InternetGateway(vpc_id=self._vpc))
        zones = [zone for zone, _ in self._spec.tier(True)]
        yield from self._table(f"{self._name}/public", {"0.0.0.0/0": Route(gateway_id=gateway)}, True, zones)

    def _nat_gateways(self) -> Iterator[Resource[Any]]:
        for zone in self._nat_zones():
            address = Ref(f"elastic-ip/{self._name}/{zone}")
            yield self._of(address.address, ElasticIp(domain="vpc"))
            yield self._of(
                f"nat-gateway/{self._name}/{zone}",
                NatGateway(
                    subnet_id=Ref(_subnet(self._name, True, zone)), allocation_id=address, connectivity_type="public"
                ),
            )

    def _nat_zones(self) -> Sequence[str]:
        zones = self._spec.availability_zones
        return {"None": (), "Single": zones[:1], "PerZone": zones}[self._spec.nat]

    def _private_tables(self) -> Iterator[Resource[Any]]:
        nat_zones = self._nat_zones()
        for zone, _ in self._spec.tier(False):
            routes = {}
            if nat_zones:
                nat = zone if zone in nat_zones else nat_zones[0]
                routes["0.0.0.0/0"] = Route(nat_gateway_id=Ref(f"nat-gateway/{self._name}/{nat}"))
            yield from self._table(f"{self._name}/private/{zone}", routes, False, [zone])

    def _table(
        self, name: str, routes: dict[str, Route], public: bool, zones: Sequence[str]
    ) -> Iterator[Resource[Any]]:
        table = Ref(f"route-table/{name}")
        yield self._of(table.address, RouteTable(vpc_id=self._vpc))
        yield self._of(f"{table.address}/routes", Routes(route_table_id=table, routes=FrozenMap(routes)))
        for zone in zones:
            subnet = Ref(_subnet(self._name, public, zone))
            yield self._of(
                subnet.address.replace("subnet/", "route-table-association/", 1),
                RouteTableAssociation(subnet_id=subnet, route_table_id=table),
            )

    def _endpoints(self) -> Iterator[Resource[Any]]:
        interfaces = [name for name in self._spec.endpoints if name not in GATEWAY_ENDPOINTS]
        group = Ref(f"security-group/network/{self._name}")
        if interfaces:
            description = f"reconciler: endpoints of network {self._name}"
            yield self._of(group.address, SecurityGroup(vpc_id=self._vpc, description=description))
            yield self._of(
                f"{group.address}/rules",
                SecurityGroupRules(
                    group_id=group,
                    ingress=FrozenMap({RuleKey("tcp", 443, 443, self._spec.cidr): Rule()}),
                    egress=FrozenMap({EVERYWHERE: Rule()}),
                ),
            )
        for name in self._spec.endpoints:
            yield self._of(f"vpc-endpoint/{self._name}/{name}", self._endpoint(name, group))

    def _endpoint(self, name: str, group: Ref) -> VpcEndpoint:
        service = f"com.amazonaws.{self._region}.{name}"
        if name in GATEWAY_ENDPOINTS:
            tables = [f"route-table/{self._name}/private/{zone}" for zone, _ in self._spec.tier(False)]
            if self._spec.public:
                tables.append(f"route-table/{self._name}/public")
            return VpcEndpoint(
                vpc_id=self._vpc,
                service_name=service,
                vpc_endpoint_type="Gateway",
                route_table_ids=frozenset(map(Ref, tables)),
            )
        return VpcEndpoint(
            vpc_id=self._vpc,
            service_name=service,
            vpc_endpoint_type="Interface",
            subnet_ids=subnet_refs(self._name, self._spec, public=self._spec.private is None),
            security_group_ids=frozenset({group}),
            private_dns_enabled=True,
        )


def _subnet(network: str, public: bool, zone: str) -> str:
    return f"subnet/{network}/{'public' if public else 'private'}/{zone}"


KIND = Kind(
    name="Network",
    plural="networks",
    spec=NetworkSpec,
    example=EXAMPLE,
    compiled=compiled,
    columns=(
        Column("CIDR", ".spec.cidr"),
        Column("NAT", ".spec.nat"),
        Column("Zones", ".spec.availabilityZones", wide=True),
    ),
    outputs={"vpcId": "Id of the VPC."},
    output_refs={"vpcId": ("vpc", "id")},
)

"""Network: a VPC with its subnets, gateways, route tables and endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Interface
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from reconciler.kinds._acl import NetworkAclRules, entries
from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._object import Object
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import Cidr, DigitsOrText, Format, SpecModel
from reconciler.model.resource import Reference, Resource
from reconciler.model.values import UNSET, FrozenMap, Id, Ref
from reconciler.resources._policy import policy_document
from reconciler.resources.elastic_ip import ElasticIp
from reconciler.resources.existing_subnet import TYPE as EXISTING_SUBNET
from reconciler.resources.existing_subnet import ExistingSubnet
from reconciler.resources.existing_vpc import TYPE as EXISTING_VPC
from reconciler.resources.existing_vpc import ExistingVpc
from reconciler.resources.internet_gateway import InternetGateway
from reconciler.resources.nat_gateway import NatGateway
from reconciler.resources.network_acl import NetworkAcl
from reconciler.resources.route_table import RouteTable
from reconciler.resources.route_table_association import RouteTableAssociation
from reconciler.resources.routes import Route, Routes
from reconciler.resources.security_group import SecurityGroup
from reconciler.resources.security_group_rules import EVERYWHERE, Rule, RuleKey, SecurityGroupRules
from reconciler.resources.subnet import Subnet
from reconciler.resources.vpc import Vpc
from reconciler.resources.vpc_endpoint import VpcEndpoint, endpoint_policy

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


def _is_short(text: str) -> None:
    """Raises `ValueError` where a service's name is the whole one that AWS has for it in a region, or none at all."""
    if text.startswith(("com.amazonaws.", "cn.com.amazonaws.")) or text in _OTHER_NAMES:
        raise ValueError(text)


_OTHER_NAMES: Final = {
    "cloudwatch": "monitoring",
    "cloudwatch-logs": "logs",
    "ecr": "ecr.api",
    "parameter-store": "ssm",
    "secrets-manager": "secretsmanager",
}
"""What people call services whose endpoints AWS calls otherwise."""


def _meant_service(text: str) -> str | None:
    """The short name that another one of a service stands for."""
    short = re.sub(r"^(cn\.)?com\.amazonaws\.([a-z0-9-]+\.)?", "", text.lower())
    meant = _OTHER_NAMES.get(short, short)
    return meant if meant != text and re.fullmatch(r"[a-z0-9][a-z0-9.-]*", meant) else None


EndpointName = Annotated[
    str,
    Format(
        r"^[a-z0-9][a-z0-9.-]*$",
        "write the short name of a service, such as s3 or ecr.api",
        _is_short,
        max_length=128,
        meant=_meant_service,
    ),
]


VpcId = Annotated[str, Format(r"^vpc-[0-9a-f]{8,17}$", "write the id of a VPC, such as vpc-0123456789abcdef0")]
SubnetId = Annotated[
    str, Format(r"^subnet-[0-9a-f]{8,17}$", "write the id of a subnet, such as subnet-0123456789abcdef0")
]

PARTS = 16
"""Parts of a network's block that subnets are carved from: each zone has its own by its letter, `a` to `h`, for public
subnets one of the first eight and for private ones of the last. Whichever zones come or go, the others keep theirs."""


class Subnets(SpecModel):
    """The subnets of one tier: one in each availability zone."""

    cidrs: tuple[Cidr, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=6,
        description="IPv4 blocks, one for each availability zone in the same order; /16 to /28. Without them each "
        "subnet gets a sixteenth of the network's block, which one depends on the letter of its zone alone.",
    )
    ids: tuple[SubnetId, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=6,
        description="In an existing VPC: its subnets, one for each availability zone in the same order.",
    )
    tags: Mapping[str, DigitsOrText] | None = Field(
        default=None, description="In an existing VPC: tags that just one subnet of each availability zone has."
    )


Destination = Annotated[
    str,
    Format(
        r"^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/[0-9]+|pl-[0-9a-f]{8,17})$",
        "write an IPv4 block such as 10.1.0.0/16, or the id of a prefix list (pl-...)",
        lambda text: text.startswith("pl-") or IPv4Interface(text),
    ),
]
RouteTarget = Annotated[
    str,
    Format(
        r"^(pcx|tgw|eni)-[0-9a-f]{8,17}$",
        "write the id of a peering connection (pcx-...), a transit gateway (tgw-...) or a network interface (eni-...)",
    ),
]
AllocationId = Annotated[
    str,
    Format(
        r"^eipalloc-[0-9a-f]{8,17}$", "write the allocation id of an Elastic IP, such as eipalloc-0123456789abcdef0"
    ),
]


class ExtraRoute(SpecModel):
    """A way to somewhere else."""

    to: Destination = Field(description="Where packets go: an IPv4 block, or a prefix list (pl-...).")
    via: RouteTarget = Field(
        description="What takes them there: a peering connection (pcx-...), a transit gateway (tgw-...) or a network "
        "interface (eni-...), which is only referred to."
    )
    tiers: tuple[Literal["Public", "Private"], ...] = Field(
        default=("Public", "Private"), min_length=1, max_length=2, description="The subnets that have this route."
    )

    def route(self) -> Route:
        """The route; whether what it leads to works is the business of others."""
        target = Id(self.via)
        match self.via.partition("-")[0]:
            case "pcx":
                return Route(vpc_peering_connection_id=target, state=UNSET)
            case "tgw":
                return Route(transit_gateway_id=target, state=UNSET)
            case _:
                return Route(network_interface_id=target, state=UNSET)


def _is_policy(text: str) -> None:
    """Raises `ValueError` where a text is no policy."""
    try:
        data = json.loads(text)
        if not (isinstance(data.get("Statement"), dict | list) and data["Statement"]):
            raise ValueError(text)
        hash(policy_document(data))
    except (AttributeError, RecursionError, TypeError) as error:
        raise ValueError(text) from error


class EndpointOptions(SpecModel):
    """How a VPC endpoint is set up."""

    policy: (
        Annotated[
            str,
            Format(r"^\s*\{[\s\S]*\}\s*$", "write a policy as JSON, with a Statement", _is_policy, max_length=20_480),
        ]
        | None
    ) = Field(default=None, description="What may be done through it, as a policy in JSON; else everything.")
    private_dns: bool | None = Field(
        default=None,
        description="Of an interface: whether the public name of the service leads to it in the VPC; else it does.",
    )
    placement: Literal["Public", "Private"] | None = Field(
        default=None,
        description="Of an interface: the subnets that it stands in; else private ones, if any.",
    )


class ExistingNetwork(SpecModel):
    """A VPC that is there already, by id or by tags. It is only read."""

    id: VpcId | None = Field(default=None, description="Id of the VPC.")
    tags: Mapping[str, DigitsOrText] | None = Field(
        default=None, description="Tags that one VPC of the account and region has, and no other."
    )


class NetworkSpec(SpecModel):
    """A VPC with its subnets, gateways, route tables and endpoints."""

    cidr: Cidr | None = Field(
        default=None, description="IPv4 block of the VPC, /16 to /28; an existing one has its own."
    )
    existing: ExistingNetwork | None = Field(
        default=None,
        description="A VPC to live in instead of a new one. Neither it nor its subnets, routes and gateways are ever "
        "changed; public and private say which subnets are used.",
    )
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
    elastic_ips: tuple[AllocationId, ...] = Field(
        default=(),
        max_length=6,
        description="Elastic IPs of yours for the NAT gateways, one for each in the order of the zones, instead of new "
        "ones. They stay when the gateways go.",
    )
    routes: tuple[ExtraRoute, ...] = Field(
        default=(), max_length=50, description="Routes beside those to the internet gateway and to NAT."
    )
    network_acls: Mapping[str, NetworkAclRules] = Field(
        default={},
        description="What is let into subnets and out of them beside what security groups say, by tier: public, "
        "private. Without it the subnets have the default network ACL of the VPC, which AWS makes to allow everything.",
    )
    dns_support: bool = Field(default=True, description="Whether AWS's resolver answers in the VPC.")
    dns_hostnames: bool = Field(
        default=True, description="Whether what has a public address has a public DNS name; needs dnsSupport."
    )
    endpoints: tuple[EndpointName, ...] = Field(
        default=(),
        description="VPC endpoints by short service name. s3 and dynamodb are gateways, all others are interfaces.",
    )
    endpoint_options: Mapping[str, EndpointOptions] = Field(
        default={}, description="How endpoints are set up that are not to be as usual, by the name in endpoints."
    )

    def zones(self, public: bool) -> tuple[str, ...]:
        """The zones in which there is a public or private subnet."""
        return self.availability_zones if (self.public if public else self.private) else ()

    @property
    def nat_zones(self) -> tuple[str, ...]:
        """The zones in which there is a NAT gateway."""
        zones = self.availability_zones
        return {"None": (), "Single": zones[:1], "PerZone": zones}[self.nat]

    def blocks(self, public: bool) -> tuple[str, ...]:
        """The CIDRs of the new public or private subnets, in the order of the zones."""
        subnets = self.public if public else self.private
        if subnets is None or self.cidr is None:
            return ()
        return subnets.cidrs or tuple(carved(self.cidr, public, zone) for zone in self.availability_zones)


def carved(block: str, public: bool, zone: str) -> str:
    """The part of a network's block that the public or private subnet of a zone `a` to `h` gets."""
    whole = IPv4Interface(block).network
    number = ord(zone[-1]) - ord("a") + (0 if public else PARTS // 2)
    size = whole.num_addresses // PARTS
    return f"{whole.network_address + number * size}/{min(whole.prefixlen + PARTS.bit_length() - 1, 32)}"


def subnet_refs(name: str, spec: NetworkSpec, *, public: bool) -> frozenset[Ref]:
    """The public or private subnets of a network."""
    return frozenset(Ref(_subnet(name, public, zone)) for zone in spec.zones(public))


def compiled(obj: Object[NetworkSpec], scope: Scope) -> Iterator[Resource[Any] | Reference[Any]]:
    """The VPC with everything in it that is not a load balancer or a task; nothing but references where it exists.

    The public subnets share one route table; each private subnet has its own, so that `nat` can change without a
    subnet changing tables.
    """
    existing = obj.spec.existing
    return _references(obj, existing) if existing else _Network(obj, scope).resources()


def _references(obj: Object[NetworkSpec], existing: ExistingNetwork) -> Iterator[Reference[Any]]:
    """What others refer to as they would to a VPC and subnets of ours."""
    vpc = ExistingVpc(vpc_id=existing.id, tags=FrozenMap(existing.tags or {}))
    yield Reference(f"vpc/{obj.name}", EXISTING_VPC, vpc, obj.id)
    for public, tier in ((True, obj.spec.public), (False, obj.spec.private)):
        for number, zone in enumerate(obj.spec.zones(public)):
            subnet = ExistingSubnet(
                vpc_id=vpc.vpc_id,
                vpc_tags=vpc.tags,
                availability_zone=zone,
                subnet_id=tier.ids[number] if tier and tier.ids else None,
                tags=FrozenMap((tier and tier.tags) or {}),
            )
            yield Reference(_subnet(obj.name, public, zone), EXISTING_SUBNET, subnet, obj.id)


class _Network:
    def __init__(self, obj: Object[NetworkSpec], scope: Scope) -> None:
        self._name = obj.name
        self._spec = obj.spec
        self._cidr = obj.spec.cidr or ""
        self._owner = obj.id
        self._region = scope.region
        self._vpc = Ref(f"vpc/{obj.name}")

    def resources(self) -> Iterator[Resource[Any]]:
        """Everything, outermost first."""
        vpc = Vpc(
            cidr_block=self._cidr,
            enable_dns_support=self._spec.dns_support,
            enable_dns_hostnames=self._spec.dns_hostnames,
        )
        yield self._of(self._vpc.address, vpc)
        for public in (True, False):
            for zone, cidr in zip(self._spec.zones(public), self._spec.blocks(public), strict=True):
                subnet = Subnet(vpc_id=self._vpc, cidr_block=cidr, availability_zone=zone)
                yield self._of(_subnet(self._name, public, zone), subnet)
        if self._spec.public:
            yield from self._public_side()
        yield from self._nat_gateways()
        yield from self._private_tables()
        yield from self._network_acls()
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
        zones = self._spec.zones(True)
        yield from self._table(f"{self._name}/public", {"0.0.0.0/0": Route(gateway_id=gateway)}, True, zones)

    def _nat_gateways(self) -> Iterator[Resource[Any]]:
        for number, zone in enumerate(self._nat_zones()):
            address: Ref | Id = Ref(f"elastic-ip/{self._name}/{zone}")
            if self._spec.elastic_ips:
                address = Id(self._spec.elastic_ips[number])
            else:
                yield self._of(f"elastic-ip/{self._name}/{zone}", ElasticIp(domain="vpc"))
            yield self._of(
                f"nat-gateway/{self._name}/{zone}",
                NatGateway(
                    subnet_id=Ref(_subnet(self._name, True, zone)), allocation_id=address, connectivity_type="public"
                ),
            )

    def _nat_zones(self) -> Sequence[str]:
        return self._spec.nat_zones

    def _private_tables(self) -> Iterator[Resource[Any]]:
        nat_zones = self._nat_zones()
        for zone in self._spec.zones(False):
            routes = {}
            if nat_zones:
                nat = zone if zone in nat_zones else nat_zones[0]
                routes["0.0.0.0/0"] = Route(nat_gateway_id=Ref(f"nat-gateway/{self._name}/{nat}"))
            yield from self._table(f"{self._name}/private/{zone}", routes, False, [zone])

    def _table(
        self, name: str, routes: dict[str, Route], public: bool, zones: Sequence[str]
    ) -> Iterator[Resource[Any]]:
        table = Ref(f"route-table/{name}")
        tier = "Public" if public else "Private"
        routes = routes | {extra.to: extra.route() for extra in self._spec.routes if tier in extra.tiers}
        yield self._of(table.address, RouteTable(vpc_id=self._vpc))
        yield self._of(f"{table.address}/routes", Routes(route_table_id=table, routes=FrozenMap(routes)))
        for zone in zones:
            subnet = Ref(_subnet(self._name, public, zone))
            yield self._of(
                subnet.address.replace("subnet/", "route-table-association/", 1),
                RouteTableAssociation(subnet_id=subnet, route_table_id=table),
            )

    def _network_acls(self) -> Iterator[Resource[Any]]:
        for tier, rules in self._spec.network_acls.items():
            acl = NetworkAcl(
                vpc_id=self._vpc,
                subnet_ids=frozenset[Ref | Id](subnet_refs(self._name, self._spec, public=tier == "public")),
                ingress=entries(rules.inbound),
                egress=entries(rules.outbound),
            )
            yield self._of(f"network-acl/{self._name}/{tier}", acl)

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
                    ingress=FrozenMap({RuleKey("tcp", 443, 443, self._cidr): Rule()}),
                    egress=FrozenMap({EVERYWHERE: Rule()}),
                ),
            )
        for name in self._spec.endpoints:
            yield self._of(f"vpc-endpoint/{self._name}/{name}", self._endpoint(name, group))

    def _endpoint(self, name: str, group: Ref) -> VpcEndpoint:
        service = f"com.amazonaws.{self._region}.{name}"
        options = self._spec.endpoint_options.get(name, EndpointOptions())
        policy = endpoint_policy(policy_document(json.loads(options.policy))) if options.policy else None
        if name in GATEWAY_ENDPOINTS:
            tables = [f"route-table/{self._name}/private/{zone}" for zone in self._spec.zones(False)]
            if self._spec.public:
                tables.append(f"route-table/{self._name}/public")
            return VpcEndpoint(
                vpc_id=self._vpc,
                service_name=service,
                vpc_endpoint_type="Gateway",
                route_table_ids=frozenset(map(Ref, tables)),
                policy_document=policy,
            )
        return VpcEndpoint(
            vpc_id=self._vpc,
            service_name=service,
            vpc_endpoint_type="Interface",
            subnet_ids=subnet_refs(self._name, self._spec, public=self._is_public(options)),
            security_group_ids=frozenset({group}),
            private_dns_enabled=options.private_dns is not False,
            policy_document=policy,
        )

    def _is_public(self, options: EndpointOptions) -> bool:
        return options.placement == "Public" if options.placement else self._spec.private is None


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

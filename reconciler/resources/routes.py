"""The routes of a route table as one collection, owned whole. AWS: EC2 CreateRoute, ReplaceRoute, DeleteRoute.

A route is known by its destination. The local route, routes that a virtual private gateway propagates and routes that
a gateway endpoint adds are AWS's own and never entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model import facts
from reconciler.model.facts import Fact, Name
from reconciler.model.fields import Fields, field, set_fields
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.tags import ADDRESS
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._ec2 import cidr, in_vpcs
from reconciler.resources._ownership import Ec2Tags, ownership, tag_map

Target = Ref | Id | None


class Route(Fields):
    """Where packets for one destination go: exactly one target, all others `None`.

    `gateway_id` is an internet gateway, a virtual private gateway or a Gateway Load Balancer endpoint, as AWS reports
    them. `state` is `None` while the route works, else AWS's word for it (`blackhole`); unset where the target belongs
    to others, who alone can make it work. `origin` is `None` but of a local route that somebody pointed elsewhere
    (`CreateRouteTable`), which can be set back and not deleted.
    """

    gateway_id: Target = field(default=None)
    nat_gateway_id: Target = field(default=None)
    transit_gateway_id: Target = field(default=None)
    vpc_peering_connection_id: Target = field(default=None)
    network_interface_id: Target = field(default=None)
    instance_id: Target = field(default=None)
    egress_only_internet_gateway_id: Target = field(default=None)
    local_gateway_id: Target = field(default=None)
    carrier_gateway_id: Target = field(default=None)
    core_network_arn: Target = field(default=None)
    odb_network_arn: Target = field(default=None)
    state: str | Marker | None = field(default=None)
    origin: str | None = field(default=None)


class Routes(Fields):
    """All routes of one table by destination: a canonical CIDR or the id of a prefix list.

    `implied` are, the same way, those that are AWS's own; a local route has the gateway `local`.
    """

    route_table_id: Ref | Id = field(immutable=True)
    routes: FrozenMap[str, Route] = field()
    implied: FrozenMap[str, Route] | Marker = field(default=UNSET, compared=False)


TARGETS: Mapping[str, str] = {
    "gateway_id": "GatewayId",
    "nat_gateway_id": "NatGatewayId",
    "transit_gateway_id": "TransitGatewayId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
    "network_interface_id": "NetworkInterfaceId",
    "instance_id": "InstanceId",
    "egress_only_internet_gateway_id": "EgressOnlyInternetGatewayId",
    "local_gateway_id": "LocalGatewayId",
    "carrier_gateway_id": "CarrierGatewayId",
    "core_network_arn": "CoreNetworkArn",
    "odb_network_arn": "OdbNetworkArn",
}
"""The fields of a route that name a target, with AWS's members, the same in requests and answers."""


class RoutesType(Ec2Tags, ResourceType[Routes]):
    name = "routes"
    cloudformation = "AWS::EC2::RouteTable"
    changed_by = (
        "ec2:CreateRoute",
        "ec2:ReplaceRoute",
        "ec2:DeleteRoute",
        "ec2:EnableVgwRoutePropagation",
        "ec2:DisableVgwRoutePropagation",
    )
    fields = Routes
    needs = ("vpc",)
    readdressed = FrozenMap({"natGatewayId": "public address for outgoing traffic"})
    addressed_by = FrozenMap({"natGatewayId": "nat-gateway"})
    collection = "routes"
    parent = "route_table_id"
    absent = frozenset({"InvalidRouteTableID.NotFound", "InvalidRoute.NotFound"})
    lasting = frozenset(
        {
            "InvalidNetworkInterfaceID.NotFound",
            "InvalidTransitGatewayID.NotFound",
            "InvalidVpcPeeringConnectionID.NotFound",
        }
    )

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Routes]]:
        for table in in_vpcs(reader, scope, "DescribeRouteTables", "RouteTables"):
            tags = tag_map(table.get("Tags"))
            yield Observed(
                type=self.name,
                id=table["RouteTableId"],
                fields=_fields(table),
                outputs=FrozenMap({"table": table["RouteTableId"]}),
                evidence=not tags.get(ADDRESS),
                **ownership(tags, self.collection),
            )

    def facts(self, name: Name, fields: Routes, identity: str | None) -> Iterable[Fact]:
        implied = fields.implied if not isinstance(fields.implied, Marker) else FrozenMap[str, Route]()
        for destination, route in (*fields.routes.items(), *implied.items()):
            fact = _fact(fields.route_table_id, destination, route)
            if fact is not None:
                yield fact

    def create(self, resource: Resource[Routes], context: Context) -> Sequence[Call]:
        return _calls(resource.fields.route_table_id, resource.fields.routes, FrozenMap())

    def update(
        self,
        resource: Resource[Routes],
        observed: Observed[Routes],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return _calls(observed.id, resource.fields.routes, observed.fields.routes)

    def delete(self, observed: Observed[Routes], context: Context) -> Sequence[Call]:
        """Nothing: a table takes its routes with it, and AWS deletes a target whatever routes lead to it."""
        return []


def _calls(table: str | Ref | Id, wanted: Mapping[str, Route], present: Mapping[str, Route]) -> list[Call]:
    """Adds and replaces before it removes, so that no destination is left without a route in between."""
    put = [
        _route_call("ReplaceRoute" if destination in present else "CreateRoute", table, destination, _target(route))
        for destination, route in sorted(wanted.items())
        if not _is(route, present.get(destination))
    ]
    removed = [
        _route_call("ReplaceRoute", table, destination, {"LocalTarget": True})
        if route.origin
        else _route_call("DeleteRoute", table, destination, {})
        for destination, route in sorted(present.items())
        if destination not in wanted
    ]
    return [*put, *removed]


def _is(wanted: Route, present: Route | None) -> bool:
    """Whether a route is as wanted; what is unset is not ours."""
    return present is not None and all(getattr(present, name) == value for name, value, _ in set_fields(wanted))


def _route_call(operation: str, table: str | Ref | Id, destination: str, target: Mapping[str, Any]) -> Call:
    if destination.startswith("pl-"):
        member = "DestinationPrefixListId"
    elif ":" in destination:
        member = "DestinationIpv6CidrBlock"
    else:
        member = "DestinationCidrBlock"
    return Call("ec2", operation, {"RouteTableId": table, member: destination, **target})


def _target(route: Route) -> dict[str, Any]:
    return {TARGETS[name]: value for name, value, _ in set_fields(route) if name in TARGETS and value is not None}


_FOLLOWED = ("gateway_id", "nat_gateway_id")
_UNMODELLED = {
    "transit_gateway_id": "a transit gateway",
    "vpc_peering_connection_id": "a peering connection",
    "network_interface_id": "a network interface",
    "instance_id": "an instance",
    "egress_only_internet_gateway_id": "an egress-only internet gateway",
    "local_gateway_id": "a local gateway",
    "carrier_gateway_id": "a carrier gateway",
    "core_network_arn": "a core network",
    "odb_network_arn": "a database network",
}
_GATEWAYS = {"vgw-": "a virtual private gateway", "vpce-": "a Gateway Load Balancer endpoint"}


def _fact(table: Name, destination: str, route: Route) -> facts.Route | None:
    """A route as a fact. A gateway endpoint says by itself in which tables it hangs."""
    name, target = next(((n, v) for n, v, _ in set_fields(route) if n in TARGETS and v is not None), ("", None))
    if target is None:
        return facts.Route(table, destination, dead=True)
    if isinstance(target, Id) and target.value == "local":
        return facts.Route(table, destination)
    unmodelled = _UNMODELLED.get(name, "")
    if isinstance(target, Id) and name in _FOLLOWED:
        unmodelled = next((text for start, text in _GATEWAYS.items() if target.value.startswith(start)), "")
        if target.value.startswith("vpce-") and destination.startswith("pl-"):
            return None
    return facts.Route(table, destination, target, dead=isinstance(route.state, str), unmodelled=unmodelled)


def _fields(table: Mapping[str, Any]) -> Routes:
    entries: dict[str, Route] = {}
    implied: dict[str, Route] = {}
    for route in table.get("Routes", ()):
        (implied if _is_aws_own(route) else entries)[_destination(route)] = _entry(route)
    return Routes(route_table_id=Id(table["RouteTableId"]), routes=FrozenMap(entries), implied=FrozenMap(implied))


def _is_aws_own(route: Mapping[str, Any]) -> bool:
    gateway = route.get("GatewayId", "")
    by_endpoint = "DestinationPrefixListId" in route and gateway.startswith("vpce-")
    return gateway == "local" or by_endpoint or route.get("Origin") in ("EnableVgwRoutePropagation", "Advertisement")


def _destination(route: Mapping[str, Any]) -> str:
    if "DestinationPrefixListId" in route:
        return str(route["DestinationPrefixListId"])
    return cidr(route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"])


def _entry(route: Mapping[str, Any]) -> Route:
    targets = {name: Id(route[member]) for name, member in TARGETS.items() if route.get(member)}
    if "network_interface_id" in targets:
        targets.pop("instance_id", None)  # AWS names the instance that the interface is attached to, if any
    state, origin = route.get("State", "active"), route.get("Origin")
    return Route(
        **targets,
        state=None if state == "active" else state,
        origin=origin if origin == "CreateRouteTable" else None,
    )


TYPE = RoutesType()

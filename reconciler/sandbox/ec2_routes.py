"""Route tables: what a route may point at, blackholes, and which table a subnet has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidRouteTableIdError,
    RouteAlreadyExistsError,
)
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import Route, RouteBackend
from moto.ec2.responses import EC2Response

from .ec2_nat import LIVE
from .ec2_networks import ENDED, canonical
from .patch import Installer, patch

_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "VpcPeeringConnectionId",
    "TransitGatewayId",
    "EgressOnlyInternetGatewayId",
    "CarrierGatewayId",
    "VpcEndpointId",
)


def _check_target(backend: Any, table: Any, gateway_id: str | None, nat_gateway_id: str | None) -> None:
    """Refuse a target that is not there or not in the table's VPC."""
    if gateway_id and gateway_id.startswith("igw-"):
        gateway = backend.internet_gateways.get(gateway_id)
        if gateway is None:
            raise EC2ClientError("InvalidGatewayID.NotFound", f"The gateway ID '{gateway_id}' does not exist")
        if gateway.vpc is None or gateway.vpc.id != table.vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {gateway_id} belong to different networks",
            )
    if nat_gateway_id:
        nat = backend.nat_gateways.get(nat_gateway_id)
        if nat is None or nat.state not in LIVE:
            raise EC2ClientError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_gateway_id}' does not exist")
        if nat.vpc_id != table.vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"route table {table.id} and NAT gateway {nat_gateway_id} belong to different networks",
            )


def _check_way_out(backend: Any, table: Any, peering_id: str | None, transit_gateway_id: str | None) -> None:
    """Refuse a peering connection or transit gateway that is not there or has nothing to do with the table's VPC.

    A peering connection may be a target before it is accepted. Source: VPC Peering Guide, "Update your route tables".
    """
    if peering_id:
        peering = backend.vpc_pcxs.get(peering_id)
        if peering is None or peering._status.code in ENDED:
            raise EC2ClientError(
                "InvalidVpcPeeringConnectionID.NotFound", f"The vpcPeeringConnection ID '{peering_id}' does not exist"
            )
        if table.vpc_id not in (peering.vpc.id, peering.peer_vpc.id):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"route table {table.id} and peering connection {peering_id} belong to different networks",
            )
    if transit_gateway_id and not _is_attached(backend, transit_gateway_id, table.vpc_id):
        raise EC2ClientError(
            "InvalidTransitGatewayID.NotFound", f"Transit Gateway {transit_gateway_id} was deleted or does not exist."
        )


def _is_attached(backend: Any, transit_gateway_id: str, vpc_id: str) -> bool:
    """Whether a transit gateway has an attachment of a VPC. Source: Transit Gateways guide, "VPC attachments"."""
    return any(
        each.transit_gateway_id == transit_gateway_id and each.resource_id == vpc_id and each.state == "available"
        for each in backend.transit_gateway_attachments.values()
    )


def _check_local(backend: Any, table: Any, destination: str, gateway_id: str | None) -> None:
    """Refuse a route for the VPC's own range."""
    wanted = IPv4Network(destination)
    for association in backend.get_vpc(table.vpc_id).get_cidr_block_association_set():
        own = IPv4Network(association["cidr_block"])
        if wanted == own:
            raise RouteAlreadyExistsError(destination)
        if wanted.subnet_of(own) and gateway_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"The destination CIDR block {destination} is equal to or more specific than one of this VPC's "
                "CIDR blocks. This route can target only an interface or an instance.",
            )


@patch("ec2-route-targets", "EC2 API Reference, CreateRoute and Error codes: InvalidGatewayID.NotFound and others")
def route_targets(into: Installer) -> None:
    @into.wrap(RouteBackend, "create_route")
    def create(
        original: Callable[..., Any],
        backend: Any,
        route_table_id: str,
        destination_cidr_block: str | None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        if kwargs.get("local"):
            return original(backend, route_table_id, destination_cidr_block, *args, **kwargs)
        table = backend.get_route_table(route_table_id)
        gateway_id = kwargs.get("gateway_id")
        _check_target(backend, table, gateway_id, kwargs.get("nat_gateway_id"))
        _check_way_out(backend, table, kwargs.get("vpc_peering_connection_id"), kwargs.get("transit_gateway_id"))
        if destination_cidr_block:
            destination_cidr_block = canonical(destination_cidr_block)
            if "/" in destination_cidr_block:
                _check_local(backend, table, destination_cidr_block, gateway_id)
        return original(backend, route_table_id, destination_cidr_block, *args, **kwargs)

    signature = inspect.signature(RouteBackend.replace_route)

    @into.wrap(RouteBackend, "replace_route")
    def replace(
        original: Callable[..., Any],
        backend: Any,
        route_table_id: str,
        destination_cidr_block: str,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        table = backend.get_route_table(route_table_id)
        given = signature.bind(backend, route_table_id, destination_cidr_block, *args, **kwargs).arguments
        _check_target(backend, table, given.get("gateway_id"), given.get("nat_gateway_id"))
        _check_way_out(backend, table, given.get("vpc_peering_connection_id"), given.get("transit_gateway_id"))
        destination = canonical(destination_cidr_block) if destination_cidr_block else destination_cidr_block
        return original(backend, route_table_id, destination, *args, **kwargs)

    @into.wrap(EC2Response, "create_route")
    def one_target(original: Callable[..., Any], response: Any) -> Any:
        given = [name for name in _TARGETS if response._get_param(name)]
        if len(given) != 1:
            code = "InvalidParameterCombination" if given else "MissingParameter"
            names = ", ".join(name[0].lower() + name[1:] for name in given or _TARGETS)
            raise EC2ClientError(code, f"The request must contain exactly one of: {names}")
        return original(response)


@patch("ec2-blackhole", "EC2 API Reference, Route, state: blackhole where the target is not available")
def blackhole(into: Installer) -> None:
    def state(route: Any) -> str:
        target = route.nat_gateway or route.gateway or route.interface
        backend, vpc_id = route.route_table.ec2_backend, route.route_table.vpc_id
        if isinstance(target, NatGateway):
            live = target.state in LIVE
        elif isinstance(target, InternetGateway):
            live = target.id in backend.internet_gateways and target.vpc is not None and target.vpc.id == vpc_id
        elif target is not None and target is route.interface:
            live = target.id in backend.enis
        elif route.vpc_pcx is not None:
            live = route.vpc_pcx._status.code == "active"
        elif route.transit_gateway is not None:
            live = _is_attached(backend, route.transit_gateway.id, vpc_id)
        else:
            live = True
        return "active" if live else "blackhole"

    into.replace(Route, "state", property(state))


@patch("ec2-local-route", "VPC User Guide, Route tables: the local route cannot be deleted; endpoint routes neither")
def local_route(into: Installer) -> None:
    @into.wrap(EC2Response, "delete_route")
    def delete(original: Callable[..., Any], response: Any) -> Any:
        table = response.ec2_backend.get_route_table(response._get_param("RouteTableId"))
        cidr = response._get_param("DestinationCidrBlock")
        destination = canonical(cidr) if cidr else response._get_param("DestinationPrefixListId")
        route = table._routes.get(f"{table.id}~{destination}")
        if route is not None and route.local:
            raise EC2ClientError(
                "InvalidParameterValue", f"cannot remove local route {destination} in route table {table.id}"
            )
        if route is not None and (route.gateway_id or "").startswith("vpce-"):
            raise EC2ClientError(
                "InvalidParameterValue", f"cannot remove VPC endpoint route {destination} in route table {table.id}"
            )
        return original(response)

    @into.wrap(RouteBackend, "delete_route")
    def canonical_first(
        original: Callable[..., Any], backend: Any, route_table_id: str, cidr: Any, *args: Any, **kwargs: Any
    ) -> Any:
        return original(backend, route_table_id, canonical(cidr) if cidr else cidr, *args, **kwargs)


@patch("ec2-associations", "EC2 API Reference, AssociateRouteTable: Resource.AlreadyAssociated; one table per subnet")
def associations(into: Installer) -> None:
    @into.wrap(RouteBackend, "associate_route_table")
    def associate(
        original: Callable[..., Any],
        backend: Any,
        route_table_id: str,
        gateway_id: str | None = None,
        subnet_id: str | None = None,
    ) -> Any:
        table = backend.get_route_table(route_table_id)
        if subnet_id:
            subnet = backend.get_subnet(subnet_id)
            if subnet.vpc_id != table.vpc_id:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"route table {table.id} and subnet {subnet_id} belong to different networks",
                )
            for other in backend.route_tables.values():
                if other is not table and subnet_id in other._associations.values():
                    raise EC2ClientError(
                        "Resource.AlreadyAssociated",
                        f"the specified association for route table {route_table_id} "
                        "conflicts with an existing association",
                    )
        return original(backend, route_table_id, gateway_id, subnet_id)

    @into.wrap(RouteBackend, "disassociate_route_table")
    def disassociate(original: Callable[..., Any], backend: Any, association_id: str) -> Any:
        if any(table.main_association_id == association_id for table in backend.route_tables.values()):
            raise EC2ClientError(
                "InvalidParameterValue", f"cannot disassociate the main route table association {association_id}"
            )
        return original(backend, association_id)


@patch("ec2-delete-route-table", "EC2 API Reference, DeleteRouteTable: you can't delete the main route table")
def delete_route_table(into: Installer) -> None:
    @into.wrap(RouteBackend, "delete_route_table")
    def delete(original: Callable[..., Any], backend: Any, route_table_id: str) -> None:
        table = backend.route_tables.get(route_table_id)
        if table is None:
            raise InvalidRouteTableIdError(route_table_id)
        if table.main_association_id:
            raise DependencyViolationError(f"The routeTable '{route_table_id}' has dependencies and cannot be deleted.")
        original(backend, route_table_id)


PATCHES = (route_targets, blackhole, local_route, associations, delete_route_table)

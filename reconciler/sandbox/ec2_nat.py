"""NAT gateways: states by the clock, failures that come after the create call, rows that outlive them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.ec2.exceptions import EC2ClientError, FilterNotImplementedError
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.utils import random_eip_association_id, random_nat_gateway_id

from . import eni
from .ec2_interfaces import attached_gateway
from .ec2_requests import matches
from .engine import engine
from .patch import Installer, patch

LIVE = ("pending", "available")
"""The states in which a NAT gateway holds its route targets."""


def _new(backend: Any, subnet: Any, connectivity_type: str, tags: dict[str, str] | None) -> Any:
    """A NAT gateway without any of the effects of moto's constructor."""
    gateway: Any = NatGateway.__new__(NatGateway)
    gateway.ec2_backend = backend
    gateway.id = random_nat_gateway_id()
    gateway.subnet_id = subnet.id
    gateway.vpc_id = subnet.vpc_id
    gateway.connectivity_type = connectivity_type
    gateway.state = "pending"
    gateway.address_set = []
    gateway._created_at = datetime.fromtimestamp(engine().now(), UTC).replace(tzinfo=None)
    gateway._eni = None
    gateway.add_tags(tags or {})
    return gateway


def _problem(backend: Any, subnet: Any, address: Any) -> tuple[str, str] | None:
    """Why a public NAT gateway will fail. Codes: EC2 API Reference, NatGateway, failureCode."""
    if address is not None and attached_gateway(backend, subnet.vpc_id) is None:
        return "Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached"
    if address is not None and address.association_id:
        return (
            "Resource.AlreadyAssociated",
            f"Elastic IP address {address.allocation_id} is already associated",
        )
    return None


def _fails(backend: Any, gateway: Any, code: str, message: str) -> None:
    gateway.state = "failed"
    gateway.failure_code = code
    gateway.failure_message = message
    gateway.delete_time = _iso()
    engine().after(backend, engine().timings.nat_row_kept, lambda: backend.nat_gateways.pop(gateway.id, None))


def _iso() -> str:
    now = datetime.fromtimestamp(engine().now(), UTC).replace(tzinfo=None)
    return str(iso_8601_datetime_with_milliseconds(now))


def _becomes_available(gateway: Any, address: Any) -> None:
    if gateway.state != "pending":
        return
    gateway.state = "available"
    shown = {"networkInterfaceId": gateway._eni.id, "privateIp": gateway._eni.private_ip_address, "isPrimary": True}
    if address is not None:
        shown |= {
            "allocationId": address.allocation_id,
            "publicIp": address.public_ip,
            "associationId": address.association_id,
        }
    gateway.address_set = [shown | {"status": "succeeded"}]


@patch("ec2-nat-states", "VPC User Guide, NAT gateways: pending, failed, available, deleting, deleted for an hour")
def nat_states(into: Installer) -> None:
    @into.replace_method(NatGatewayBackend, "create_nat_gateway")
    def create(
        backend: Any,
        subnet_id: str,
        allocation_id: str | None,
        tags: dict[str, str] | None = None,
        connectivity_type: str | None = None,
    ) -> Any:
        subnet = backend.get_subnet(subnet_id)
        kind = connectivity_type or "public"
        if kind == "public" and not allocation_id:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter AllocationId")
        if kind == "private" and allocation_id:
            raise EC2ClientError(
                "InvalidParameterCombination", "A private NAT gateway cannot have an Elastic IP address"
            )
        address = backend.address_by_allocation([allocation_id])[0] if allocation_id else None
        gateway = _new(backend, subnet, kind, tags)
        backend.nat_gateways[gateway.id] = gateway
        if address is not None:
            gateway.address_set = [{"allocationId": allocation_id}]
        _provision(backend, gateway, subnet, address)
        return gateway

    @into.replace_method(NatGatewayBackend, "delete_nat_gateway")
    def delete(backend: Any, nat_gateway_id: str) -> Any:
        gateway = backend.nat_gateways.get(nat_gateway_id)
        if gateway is None:
            raise _not_found(nat_gateway_id)
        if gateway.state in LIVE:
            gateway.state = "deleting"
            gateway.delete_time = _iso()
            engine().after(backend, engine().timings.nat_deleting, lambda: _deleted(backend, gateway))
        return gateway


def _provision(backend: Any, gateway: Any, subnet: Any, address: Any) -> None:
    """Take the interface and address at once, and show the outcome later."""
    problem = _problem(backend, subnet, address)
    if problem is None:
        try:
            gateway._eni = eni.create(
                backend,
                subnet.id,
                (),
                f"Interface for NAT Gateway {gateway.id}",
                "amazon-aws",
                interface_type="nat_gateway",
            )
            gateway._eni.source_dest_check = False
        except eni.SubnetFullError as full:
            problem = full.code, "Subnet has insufficient free addresses to create this NAT gateway"
    wait = engine().timings.nat_pending
    if problem is not None:
        code, message = problem
        engine().after(backend, wait, lambda: _fails(backend, gateway, code, message))
        return
    if address is not None:
        address.eni = gateway._eni
        address.association_id = random_eip_association_id()
        gateway._eni.public_ip = address.public_ip
    engine().after(backend, wait, lambda: _becomes_available(gateway, address))


def _deleted(backend: Any, gateway: Any) -> None:
    gateway.state = "deleted"
    if gateway._eni is not None:
        for address in backend.addresses:
            if address.eni is gateway._eni:
                address.eni = address.association_id = None
        eni.release(backend, gateway._eni.id)
    engine().after(backend, engine().timings.nat_row_kept, lambda: backend.nat_gateways.pop(gateway.id, None))


def _not_found(nat_gateway_id: str) -> EC2ClientError:
    return EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")


def _filter_value(gateway: Any, name: str) -> Any:
    own = {
        "nat-gateway-id": gateway.id,
        "vpc-id": gateway.vpc_id,
        "subnet-id": gateway.subnet_id,
        "state": gateway.state,
    }
    if name in own:
        return own[name]
    if name.startswith("tag"):
        return gateway.get_filter_value(name, "DescribeNatGateways")
    raise FilterNotImplementedError(name, "DescribeNatGateways")


@patch("ec2-nat-filters", "EC2 API Reference, DescribeNatGateways: filters tag:<key> and tag-key; NatGatewayNotFound")
def nat_filters(into: Installer) -> None:
    @into.replace_method(NatGatewayBackend, "describe_nat_gateways")
    def describe(backend: Any, filters: dict[str, list[str]] | None, nat_gateway_ids: list[str] | None) -> list[Any]:
        for nat_gateway_id in nat_gateway_ids or ():
            if nat_gateway_id not in backend.nat_gateways:
                raise _not_found(nat_gateway_id)
        return [
            gateway
            for gateway in backend.nat_gateways.values()
            if (not nat_gateway_ids or gateway.id in nat_gateway_ids)
            and all(matches(_filter_value(gateway, name), values) for name, values in (filters or {}).items())
        ]


PATCHES = (nat_states, nat_filters)

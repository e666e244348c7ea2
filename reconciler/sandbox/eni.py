"""Network interfaces that AWS makes for load balancers, NAT gateways, endpoints and tasks.

They stand in a subnet, hold its security groups, take one of its addresses and are what blocks most deletes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final
from uuid import uuid4

from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError

from .engine import engine, state

_RESERVED: Final = 4
"""AWS keeps the first four addresses of a subnet, and the last. Source: VPC User Guide, "Subnet sizing"."""

_ELASTIC: Final = (IPv4Network("198.51.100.0/24"),)
_AUTO_ASSIGNED: Final = (IPv4Network("203.0.113.0/24"), IPv4Network("198.18.0.0/15"))
"""Addresses reserved for documentation and benchmarks: nobody's real host is ever named."""


class SubnetFullError(EC2ClientError):
    """No address is left in the subnet. Source: EC2 API error codes."""

    def __init__(self, subnet_id: str) -> None:
        super().__init__(
            "InsufficientFreeAddressesInSubnet",
            f"The specified subnet '{subnet_id}' does not have enough free addresses to satisfy the request.",
        )


@dataclass
class Attachment:
    """What DescribeNetworkInterfaces says of who uses an interface."""

    attachment_id: str
    instance_owner_id: str
    device_index: int = 1
    status: str = "attached"
    delete_on_termination: bool = True
    network_card_index: int = 0
    instance_id: str | None = None
    attach_time: datetime = field(default_factory=lambda: datetime.fromtimestamp(engine().now(), UTC))


@dataclass
class _Cursors:
    """Where the search for a free address goes on, so that one just freed is not the next one given."""

    private: dict[str, int] = field(default_factory=dict)
    public: dict[tuple[IPv4Network, ...], int] = field(default_factory=dict)


def create(
    backend: Any,
    subnet_id: str,
    groups: Sequence[str],
    description: str,
    owner: str,
    *,
    interface_type: str = "interface",
    public: bool = False,
) -> Any:
    """Make an interface in use by an AWS service; returns moto's NetworkInterface.

    `owner` is the attachment's InstanceOwnerId: `amazon-elb` for an ALB, `amazon-aws` for others, the account
    for a task. `public` gives it a public address of its own. No groups means none at all (a NAT gateway).
    Raises SubnetFullError and moto's InvalidSubnetID.NotFound and InvalidGroup.NotFound.
    """
    subnet = backend.get_subnet(subnet_id)
    unknown = [group for group in groups if backend.get_security_group_from_id(group) is None]
    if unknown:
        raise InvalidSecurityGroupNotFoundError(unknown[0])
    interface = backend.create_network_interface(
        subnet, free_address(backend, subnet), group_ids=list(groups), description=description
    )
    if not groups:
        interface._group_set = []
    interface.status = "in-use"
    interface.interface_type = interface_type
    interface.requester_managed = True
    interface.requester_id = owner
    interface.managed_attachment = Attachment(f"ela-attach-{uuid4().hex[:17]}", owner)
    if public:
        interface.public_ip = public_address(backend, _AUTO_ASSIGNED)
    return interface


def release(backend: Any, eni_id: str) -> None:
    """Remove an interface now; one that is gone already is no error."""
    backend.enis.pop(eni_id, None)


def release_after(backend: Any, eni_id: str, seconds: float) -> None:
    """Remove an interface some seconds from now: until then it still blocks what it blocks."""
    engine().after(backend, seconds, lambda: release(backend, eni_id))


def in_subnet(backend: Any, subnet_id: str) -> list[Any]:
    """The interfaces in a subnet."""
    return [interface for interface in backend.enis.values() if interface.subnet.id == subnet_id]


def with_group(backend: Any, group_id: str) -> list[Any]:
    """The interfaces that a security group is attached to."""
    return [
        interface for interface in backend.enis.values() if any(group.id == group_id for group in interface.group_set)
    ]


def free_address(backend: Any, subnet: Any) -> str:
    """The next free private address of a subnet. Raises SubnetFullError."""
    cidr: IPv4Network = subnet.cidr
    taken = {
        address["PrivateIpAddress"]
        for interface in in_subnet(backend, subnet.id)
        for address in interface.private_ip_addresses
    } | subnet._subnet_ips.keys()
    usable = cidr.num_addresses - _RESERVED - 1
    cursors = state(backend, _Cursors).private
    start = cursors.get(subnet.id, 0)
    for step in range(usable):
        offset = (start + step) % usable
        address = str(cidr.network_address + _RESERVED + offset)
        if address not in taken:
            cursors[subnet.id] = offset + 1
            return address
    raise SubnetFullError(subnet.id)


def check_address(backend: Any, subnet: Any, address: str) -> None:
    """Refuse a private address that somebody asked for and cannot have. Codes: EC2 API error codes."""
    cidr: IPv4Network = subnet.cidr
    asked = IPv4Address(address)
    if asked not in cidr or int(asked) - int(cidr.network_address) < _RESERVED or asked == cidr.broadcast_address:
        raise EC2ClientError(
            "InvalidParameterValue", f"Address {address} does not fall within the subnet's address range"
        )
    if any(
        entry["PrivateIpAddress"] == address
        for interface in in_subnet(backend, subnet.id)
        for entry in interface.private_ip_addresses
    ):
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address} is in use.")


def public_address(backend: Any, networks: tuple[IPv4Network, ...] = _ELASTIC) -> str:
    """A public address that nothing in this account and region has."""
    taken = {address.public_ip for address in backend.addresses} | {
        interface.public_ip for interface in backend.enis.values() if interface.public_ip
    }
    cursors = state(backend, _Cursors).public
    skipped = cursors.get(networks, 0)
    for index, address in enumerate(_hosts(networks)):
        if index >= skipped and address not in taken:
            cursors[networks] = index + 1
            return address
    cursors[networks] = 0
    return next(address for address in _hosts(networks) if address not in taken)


def _hosts(networks: Iterable[IPv4Network]) -> Iterable[str]:
    for network in networks:
        yield from map(str, ipaddress.IPv4Network(network).hosts())

"""VPCs and subnets: address ranges, pending states, and what must be gone before they can be deleted."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any, Final

from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidSubnetRangeError,
    InvalidVPCIdError,
)
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response

from . import eni
from .engine import engine
from .patch import Installer, patch

_LARGEST: Final = 16
_SMALLEST: Final = 28
ENDED: Final = ("deleted", "deleting", "rejected", "expired", "failed")
"""The states in which a VPC peering connection is none any more. Source: VPC Peering Guide, "lifecycle"."""


def canonical(cidr: str) -> str:
    """An IPv4 range with its host bits cleared; what is no range is left for moto to refuse."""
    try:
        return str(IPv4Network(cidr, strict=False))
    except ValueError:
        return cidr


@patch("ec2-canonical-cidr", "EC2 API Reference, CreateVpc: 100.68.0.18/18 is modified to 100.68.0.0/18")
def canonical_cidr(into: Installer) -> None:
    @into.wrap(VPCBackend, "create_vpc")
    def create_vpc(original: Callable[..., Any], backend: Any, cidr_block: str, *args: Any, **kwargs: Any) -> Any:
        return original(backend, canonical(cidr_block), *args, **kwargs)

    @into.wrap(VPCBackend, "associate_vpc_cidr_block")
    def associate(original: Callable[..., Any], backend: Any, vpc_id: str, cidr: Any, *args: Any, **kwargs: Any) -> Any:
        return original(backend, vpc_id, canonical(cidr) if cidr else cidr, *args, **kwargs)

    @into.wrap(SubnetBackend, "create_subnet")
    def create_subnet(
        original: Callable[..., Any], backend: Any, vpc_id: str, cidr_block: str, *args: Any, **kwargs: Any
    ) -> Any:
        return original(backend, vpc_id, canonical(cidr_block) if cidr_block else cidr_block, *args, **kwargs)


@patch("ec2-subnet-size", "EC2 API Reference, CreateSubnet: between a /28 and a /16 netmask")
def subnet_size(into: Installer) -> None:
    @into.wrap(SubnetBackend, "create_subnet")
    def create(
        original: Callable[..., Any], backend: Any, vpc_id: str, cidr_block: str, *args: Any, **kwargs: Any
    ) -> Any:
        network = canonical(cidr_block or "")
        if "/" in network and not _LARGEST <= int(network.partition("/")[2]) <= _SMALLEST:
            raise InvalidSubnetRangeError(cidr_block)
        return original(backend, vpc_id, cidr_block, *args, **kwargs)


@patch("ec2-default-subnets", "VPC User Guide, Default subnets: only a default VPC has them")
def default_subnets(into: Installer) -> None:
    @into.wrap(SubnetBackend, "create_subnet")
    def create(original: Callable[..., Any], backend: Any, vpc_id: str, *args: Any, **kwargs: Any) -> Any:
        subnet = original(backend, vpc_id, *args, **kwargs)
        if not backend.get_vpc(vpc_id).is_default:
            subnet.default_for_az = subnet.map_public_ip_on_launch = False
        return subnet


@patch("ec2-default-vpc-gateway", "VPC User Guide, Default VPC components: an internet gateway and a route to it")
def default_vpc_gateway(into: Installer) -> None:
    @into.wrap(VPCBackend, "create_default_vpc")
    def create(original: Callable[..., Any], backend: Any) -> Any:
        vpc = original(backend)
        gateway = backend.create_internet_gateway()
        backend.attach_internet_gateway(gateway.id, vpc.id)
        backend.create_route(main_route_table(backend, vpc.id).id, "0.0.0.0/0", gateway_id=gateway.id)
        return vpc


@patch("ec2-pending", "EC2 API Reference, Vpc and Subnet: state pending, then available")
def pending(into: Installer) -> None:
    def becomes_available(backend: Any, resource: Any, seconds: float) -> None:
        resource.state = "pending"
        engine().after(backend, seconds, lambda: setattr(resource, "state", "available"))

    @into.wrap(EC2Response, "create_vpc")
    def create_vpc(original: Callable[..., Any], response: Any) -> Any:
        answer = original(response)
        becomes_available(response.ec2_backend, answer.result["Vpc"], engine().timings.vpc_pending)
        return answer

    @into.wrap(EC2Response, "create_subnet")
    def create_subnet(original: Callable[..., Any], response: Any) -> Any:
        answer = original(response)
        becomes_available(response.ec2_backend, answer.result["Subnet"], engine().timings.subnet_pending)
        return answer


@patch("ec2-dns-hostnames", "EC2 API Reference, ModifyVpcAttribute: DNS hostnames need DNS support first")
def dns_hostnames(into: Installer) -> None:
    @into.wrap(VPCBackend, "modify_vpc_attribute")
    def modify(original: Callable[..., Any], backend: Any, vpc_id: str, attr_name: str, attr_value: Any) -> None:
        vpc = backend.get_vpc(vpc_id)
        if attr_name == "enable_dns_hostnames" and attr_value and not vpc.enable_dns_support:
            raise EC2ClientError(
                "InvalidParameterCombination", "You may not enable DNS hostnames when DNS support is disabled"
            )
        original(backend, vpc_id, attr_name, attr_value)


def main_route_table(backend: Any, vpc_id: str) -> Any:
    """The main route table of a VPC."""
    return next(
        table for table in backend.route_tables.values() if table.vpc_id == vpc_id and table.main_association_id
    )


@patch("ec2-delete-subnet", "EC2 API Reference, Error codes: DependencyViolation; DeleteSubnet")
def delete_subnet(into: Installer) -> None:
    @into.wrap(SubnetBackend, "delete_subnet")
    def delete(original: Callable[..., Any], backend: Any, subnet_id: str) -> Any:
        backend.get_subnet(subnet_id)
        if eni.in_subnet(backend, subnet_id):
            raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        for table in backend.route_tables.values():
            for association_id in [key for key, target in table._associations.items() if target == subnet_id]:
                del table._associations[association_id]
        for acl in backend.network_acls.values():
            for key in [key for key, row in acl._associations.items() if row.subnet_id == subnet_id]:
                del acl._associations[key]
        return original(backend, subnet_id)


def vpc_dependencies(backend: Any, vpc_id: str) -> list[str]:
    """The ids of everything that keeps a VPC from being deleted.

    Source: EC2 API Reference, DeleteVpc: all but the default security group, network ACL and main route table.
    """
    found = [each.id for zone in backend.subnets.values() for each in zone.values() if each.vpc_id == vpc_id]
    found += [each.id for each in backend.internet_gateways.values() if each.vpc and each.vpc.id == vpc_id]
    found += [
        each.id for each in backend.route_tables.values() if each.vpc_id == vpc_id and not each.main_association_id
    ]
    found += [each.id for each in backend.groups.get(vpc_id, {}).values() if not each.is_default]
    found += [each.id for each in backend.network_acls.values() if each.vpc_id == vpc_id and not each.default]
    found += [each.id for each in backend.enis.values() if each.vpc_id == vpc_id]
    found += [
        each.id
        for each in backend.nat_gateways.values()
        if each.vpc_id == vpc_id and each.state not in ("deleted", "failed")
    ]
    found += [each.id for each in backend.vpc_end_points.values() if each.vpc_id == vpc_id and each.state != "deleted"]
    found += [
        each.id
        for each in backend.vpc_pcxs.values()
        if vpc_id in (each.vpc.id, each.peer_vpc.id) and each._status.code not in ENDED
    ]
    return found


@patch("ec2-delete-vpc", "EC2 API Reference, DeleteVpc: you must detach or delete all gateways and resources")
def delete_vpc(into: Installer) -> None:
    @into.replace_method(VPCBackend, "delete_vpc")
    def delete(backend: Any, vpc_id: str) -> Any:
        if vpc_id not in backend.vpcs:
            raise InvalidVPCIdError(vpc_id)
        vpn = [
            gateway
            for gateway in backend.vpn_gateways.values()
            if vpc_id in gateway.attachments and gateway.attachments[vpc_id].state == "attached"
        ]
        if vpn or vpc_dependencies(backend, vpc_id):
            raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        del backend.route_tables[main_route_table(backend, vpc_id).id]
        backend.groups.pop(vpc_id, None)
        for acl_id in [acl.id for acl in backend.network_acls.values() if acl.vpc_id == vpc_id]:
            del backend.network_acls[acl_id]
        return backend.vpcs.pop(vpc_id)


@patch("ec2-default-group", "VPC User Guide, Default security groups: inbound from the group itself")
def default_group(into: Installer) -> None:
    @into.wrap(VPCBackend, "create_vpc")
    def create(original: Callable[..., Any], backend: Any, *args: Any, **kwargs: Any) -> Any:
        vpc = original(backend, *args, **kwargs)
        group = backend.get_default_security_group(vpc.id)
        itself = {"GroupId": group.id, "UserId": backend.account_id}
        group.ingress_rules.append(
            SecurityGroupRule(backend, "-1", group.id, None, None, None, itself, is_egress=False)
        )
        return vpc


PATCHES = (
    canonical_cidr,
    subnet_size,
    default_subnets,
    default_group,
    default_vpc_gateway,
    pending,
    dns_hostnames,
    delete_subnet,
    delete_vpc,
)

"""Network interfaces and Elastic IP addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
)
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.internet_gateways import InternetGatewayBackend

from . import eni
from .patch import Installer, patch


@patch("ec2-interface-addresses", "VPC User Guide, Subnet sizing: an address of the subnet, given once")
def interface_addresses(into: Installer) -> None:
    @into.wrap(NetworkInterfaceBackend, "create_network_interface")
    def create(
        original: Callable[..., Any], backend: Any, subnet: Any, private_ip_address: Any, *args: Any, **kwargs: Any
    ) -> Any:
        if isinstance(subnet, str):
            subnet = backend.get_subnet(subnet)
        asked = (
            private_ip_address[0] if isinstance(private_ip_address, list) and private_ip_address else private_ip_address
        )
        listed = args[0] if args else kwargs.get("private_ip_addresses")
        if asked:
            eni.check_address(backend, subnet, asked)
        elif not listed:
            asked = eni.free_address(backend, subnet)
        return original(backend, subnet, asked, *args, **kwargs)


@patch("ec2-interface-names", "VPC User Guide, DNS hostnames: ec2.internal is us-east-1's, others have their region's")
def interface_names(into: Installer) -> None:
    @into.wrap(NetworkInterfaceBackend, "create_network_interface")
    def create(original: Callable[..., Any], backend: Any, *args: Any, **kwargs: Any) -> Any:
        made = original(backend, *args, **kwargs)
        name = getattr(made, "private_dns_name", None)
        if name and backend.region_name != "us-east-1":
            made.private_dns_name = name.replace(".ec2.internal", f".{backend.region_name}.compute.internal")
            for address in made.private_ip_addresses:
                if address.get("PrivateDnsName") == name:
                    address["PrivateDnsName"] = made.private_dns_name
        return made


@patch("ec2-interface-attachment", "EC2 API Reference, NetworkInterfaceAttachment: InstanceOwnerId of the service")
def interface_attachment(into: Installer) -> None:
    of_instance: Any = vars(NetworkInterface)["attachment"].fget
    by_name = NetworkInterface.get_filter_value

    def attachment(interface: Any) -> Any:
        return getattr(interface, "managed_attachment", None) or of_instance(interface)

    def filter_value(interface: Any, name: str, method: str | None = None) -> Any:
        if name in ("association.public-ip", "addresses.association.public-ip"):
            return interface.public_ip
        attached = interface.attachment
        if name.startswith("attachment.") and attached is not None:
            known = {
                "attachment.status": attached.status,
                "attachment.instance-owner-id": attached.instance_owner_id,
                "attachment.attachment-id": attached.attachment_id,
            }
            if name in known:
                return known[name]
        return by_name(interface, name, method)

    into.replace(NetworkInterface, "attachment", property(attachment))
    into.replace(NetworkInterface, "get_filter_value", filter_value)


@patch("ec2-delete-interface", "EC2 API Reference, Error codes: InvalidNetworkInterface.InUse")
def delete_interface(into: Installer) -> None:
    @into.wrap(NetworkInterfaceBackend, "delete_network_interface")
    def delete(original: Callable[..., Any], backend: Any, eni_id: str) -> None:
        interface = backend.get_network_interface(eni_id)
        if interface.attachment is not None:
            raise EC2ClientError(
                "InvalidNetworkInterface.InUse", f"The network interface '{eni_id}' is currently in use."
            )
        original(backend, eni_id)

    @into.wrap(NetworkInterfaceBackend, "detach_network_interface")
    def detach(original: Callable[..., Any], backend: Any, attachment_id: str) -> None:
        if attachment_id.startswith("ela-attach-"):
            raise EC2ClientError("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
        original(backend, attachment_id)


@patch("ec2-public-addresses", "RFC 5737: an address that can be nobody's; moto gives loopback addresses")
def public_addresses(into: Installer) -> None:
    @into.wrap(ElasticAddressBackend, "allocate_address")
    def allocate(
        original: Callable[..., Any], backend: Any, domain: str, address: str | None = None, tags: Any = None
    ) -> Any:
        return original(backend, domain, address or eni.public_address(backend), tags)


@patch("ec2-release-address", "EC2 API Reference, ReleaseAddress: InvalidIPAddress.InUse while associated")
def release_address(into: Installer) -> None:
    @into.wrap(ElasticAddressBackend, "release_address")
    def release(
        original: Callable[..., Any], backend: Any, address: str | None = None, allocation_id: str | None = None
    ) -> None:
        by_id = bool(allocation_id)
        found = backend.address_by_allocation([allocation_id]) if by_id else backend.address_by_ip([address])
        if found[0].association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        original(backend, address, allocation_id)

    @into.wrap(ElasticAddressBackend, "disassociate_address")
    def disassociate(
        original: Callable[..., Any], backend: Any, address: str | None = None, association_id: str | None = None
    ) -> None:
        for each in backend.addresses:
            named = each.association_id == association_id if association_id else each.public_ip == address
            if named and each.eni is not None and each.eni.requester_managed:
                raise EC2ClientError("AuthFailure", "You do not have permission to access the specified resource.")
        original(backend, address, association_id)


@patch("ec2-one-gateway", "EC2 API Reference, AttachInternetGateway: one internet gateway for a VPC")
def one_gateway(into: Installer) -> None:
    @into.wrap(InternetGatewayBackend, "attach_internet_gateway")
    def attach(original: Callable[..., Any], backend: Any, internet_gateway_id: str, vpc_id: str) -> Any:
        gateway = backend.get_internet_gateway(internet_gateway_id)
        backend.get_vpc(vpc_id)
        if gateway.vpc is None and attached_gateway(backend, vpc_id):
            raise EC2ClientError("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")
        return original(backend, internet_gateway_id, vpc_id)


def attached_gateway(backend: Any, vpc_id: str) -> Any:
    """The internet gateway of a VPC, or None."""
    return next((each for each in backend.internet_gateways.values() if each.vpc and each.vpc.id == vpc_id), None)


@patch("ec2-detach-gateway", "EC2 API Reference, DetachInternetGateway: no public addresses in the VPC")
def detach_gateway(into: Installer) -> None:
    @into.wrap(InternetGatewayBackend, "detach_internet_gateway")
    def detach(original: Callable[..., Any], backend: Any, internet_gateway_id: str, vpc_id: str) -> None:
        gateway = backend.get_internet_gateway(internet_gateway_id)
        if gateway.vpc and gateway.vpc.id == vpc_id:
            mapped = [each for each in backend.enis.values() if each.vpc_id == vpc_id and each.public_ip]
            if mapped:
                raise DependencyViolationError(
                    f"Network {vpc_id} has some mapped public address(es). "
                    "Please unmap those public address(es) before detaching the gateway."
                )
        original(backend, internet_gateway_id, vpc_id)


PATCHES = (
    interface_addresses,
    interface_names,
    interface_attachment,
    delete_interface,
    public_addresses,
    release_address,
    one_gateway,
    detach_gateway,
)

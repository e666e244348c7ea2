"""VPC endpoints: interfaces and routes, states by the clock, deletes that report what they could not delete."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.core.base_backend import BaseBackend
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError, InvalidServiceName
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES, VPCBackend, VPCEndPoint
from moto.ec2.responses import EC2Response
from moto.ec2.utils import create_dns_entries, random_vpc_ep_id

from . import eni
from .engine import engine
from .patch import Installer, patch


def _service_types(backend: Any, name: str) -> set[str]:
    """The endpoint types that a service offers. Raises InvalidServiceName for an unknown one."""
    services = backend._collect_default_endpoint_services(backend.account_id, backend.region_name)
    found = {
        each["ServiceType"] for service in services if service["ServiceName"] == name for each in service["ServiceType"]
    }
    if not found:
        raise InvalidServiceName(name)
    return found


GATEWAY_SERVICES = ("dynamodb", "s3")
_NAMES_OF_PRIVATE_DNS = {"ecr.api": "api.ecr", "ecr.dkr": "dkr.ecr"}
"""Services whose host name is not the name of the service (Amazon ECR User Guide, interface VPC endpoints)."""


@cache
def _services(region: str) -> tuple[dict[str, Any], ...]:
    """What DescribeVpcEndpointServices lists in a region: every service offers interfaces, two of them gateways too."""
    everywhere = itertools.chain.from_iterable(RegionsAndZonesBackend.zones.values())
    zones = [zone.name for zone in everywhere if zone.name.startswith(region)]
    services: list[dict[str, Any]] = []
    for name in AWS_ENDPOINT_SERVICES:
        for kind in ("Gateway", "Interface") if name in GATEWAY_SERVICES else ("Interface",):
            services += BaseBackend.default_vpc_endpoint_service_factory(
                region, zones, _NAMES_OF_PRIVATE_DNS.get(name, name), kind, special_service_name=name
            )
    return tuple(services)


def _prefix_list_id(backend: Any, service_name: str) -> str | None:
    for prefix_list in backend.managed_prefix_lists.values():
        if prefix_list.prefix_list_name == service_name:
            return str(prefix_list.id)
    return None


def _check_private_dns(backend: Any, vpc: Any, service_name: str, endpoint: Any = None) -> None:
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        raise EC2ClientError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes "
            f"set to true for {vpc.id}",
        )
    for other in backend.vpc_end_points.values():
        if (
            other is not endpoint
            and other.vpc_id == vpc.id
            and other.service_name == service_name
            and other.private_dns_enabled
            and other.state != "deleted"
        ):
            raise EC2ClientError(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{service_name} in the VPC {vpc.id}",
            )


def _check_subnets(backend: Any, vpc_id: str, subnet_ids: Sequence[str]) -> None:
    zones: set[str] = set()
    for subnet_id in subnet_ids:
        subnet = backend.get_subnet(subnet_id)
        if subnet.vpc_id != vpc_id:
            raise EC2ClientError("InvalidParameter", f"The subnet ID '{subnet_id}' does not belong to the VPC {vpc_id}")
        if subnet.availability_zone in zones:
            raise EC2ClientError(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {subnet_id}",
            )
        zones.add(subnet.availability_zone)


def _check_tables(backend: Any, vpc_id: str, table_ids: Iterable[str], prefix_list_id: str | None) -> None:
    for table_id in table_ids:
        table = backend.get_route_table(table_id)
        if table.vpc_id != vpc_id:
            raise EC2ClientError("InvalidParameter", f"Route table ID {table_id} does not belong to the VPC {vpc_id}")
        if f"{table_id}~{prefix_list_id}" in table._routes:
            raise EC2ClientError(
                "RouteAlreadyExists",
                f"route table {table_id} already has a route with destination-prefix-list-id {prefix_list_id}",
            )


def _add_routes(backend: Any, endpoint: Any, table_ids: Iterable[str]) -> None:
    for table_id in table_ids:
        backend.create_route(
            table_id,
            None,
            gateway_id=endpoint.id,
            destination_prefix_list_id=endpoint.destination_prefix_list_id,
        )


def _remove_routes(backend: Any, endpoint: Any, table_ids: Iterable[str]) -> None:
    for table_id in table_ids:
        table = backend.route_tables.get(table_id)
        if table is not None:
            table._routes.pop(f"{table_id}~{endpoint.destination_prefix_list_id}", None)


def _add_interfaces(backend: Any, endpoint: Any, subnet_ids: Iterable[str]) -> None:
    for subnet_id in subnet_ids:
        interface = eni.create(
            backend,
            subnet_id,
            endpoint.security_group_ids,
            f"VPC Endpoint Interface {endpoint.id}",
            "amazon-aws",
            interface_type="vpc_endpoint",
        )
        endpoint.network_interface_ids.append(interface.id)


def _remove_interfaces(backend: Any, endpoint: Any, subnet_ids: Iterable[str]) -> None:
    gone = set(subnet_ids)
    for eni_id in list(endpoint.network_interface_ids):
        if eni_id in backend.enis and backend.enis[eni_id].subnet.id in gone:
            endpoint.network_interface_ids.remove(eni_id)
            eni.release_after(backend, eni_id, engine().timings.eni_lingers)


def _becomes_available(endpoint: Any) -> None:
    if endpoint.state == "pending":
        endpoint.state = "available"


def _new(backend: Any, vpc: Any, service_name: str, kind: str, **given: Any) -> Any:
    endpoint_id = random_vpc_ep_id()
    gateway = kind == "Gateway"
    endpoint: Any = VPCEndPoint(  # type: ignore[abstract]
        backend,
        endpoint_id,
        vpc.id,
        service_name,
        kind,
        given["policy_document"],
        list(given["route_table_ids"]) if gateway else [],
        [] if gateway else list(given["subnet_ids"]),
        [],
        dns_entries=[] if gateway else [create_dns_entries(service_name, endpoint_id)],
        security_group_ids=[] if gateway else list(given["security_group_ids"]),
        tags=given["tags"],
        private_dns_enabled=bool(given["private_dns_enabled"]) and not gateway,
        destination_prefix_list_id=_prefix_list_id(backend, service_name) if gateway else None,
    )
    endpoint.state = "available" if gateway else "pending"
    endpoint.ip_address_type = "ipv4"
    endpoint.dns_options = {"DnsRecordIpType": "service-defined" if gateway else "ipv4"}
    endpoint.requester_managed = False
    endpoint.creation_timestamp = datetime.fromtimestamp(engine().now(), UTC).replace(tzinfo=None)
    return endpoint


@patch("ec2-endpoints", "PrivateLink Guide; EC2 API Reference, CreateVpcEndpoint: pending, interfaces, checks")
def create_endpoint(into: Installer) -> None:
    @into.replace_method(VPCBackend, "create_vpc_endpoint")
    def create(
        backend: Any,
        vpc_id: str,
        service_name: str,
        endpoint_type: str | None,
        policy_document: str | None,
        route_table_ids: Sequence[str],
        subnet_ids: Sequence[str] | None = None,
        security_group_ids: Sequence[str] | None = None,
        tags: dict[str, str] | None = None,
        private_dns_enabled: bool | None = None,
        **_: Any,
    ) -> Any:
        vpc = backend.get_vpc(vpc_id)
        kind = endpoint_type or "Gateway"
        offered = _service_types(backend, service_name)
        if kind not in offered:
            raise EC2ClientError(
                "InvalidParameter",
                f"Endpoint type ({kind}) does not match available service types ({sorted(offered)}).",
            )
        if kind == "Gateway":
            _check_tables(backend, vpc_id, route_table_ids, _prefix_list_id(backend, service_name))
        else:
            _check_subnets(backend, vpc_id, subnet_ids or ())
            if private_dns_enabled:
                _check_private_dns(backend, vpc, service_name)
        endpoint = _new(
            backend,
            vpc,
            service_name,
            kind,
            policy_document=policy_document,
            route_table_ids=route_table_ids,
            subnet_ids=subnet_ids or (),
            security_group_ids=security_group_ids or [backend.get_default_security_group(vpc_id).id],
            tags=tags,
            private_dns_enabled=private_dns_enabled,
        )
        _add_interfaces(backend, endpoint, endpoint.subnet_ids)
        backend.vpc_end_points[endpoint.id] = endpoint
        _add_routes(backend, endpoint, endpoint.route_table_ids)
        engine().after(backend, engine().timings.endpoint_pending, lambda: _becomes_available(endpoint))
        return endpoint


@patch("ec2-endpoint-services", "AWS PrivateLink Guide, services that integrate; gateway endpoints: S3 and DynamoDB")
def endpoint_services(into: Installer) -> None:
    # moto asks every service it knows, and imports each of them for that: seconds and a hundred megabytes.
    def collect(_account_id: str, region: str) -> list[dict[str, Any]]:
        return list(_services(region))

    into.replace(VPCBackend, "_collect_default_endpoint_services", staticmethod(collect))


@patch("ec2-modify-endpoint", "EC2 API Reference, ModifyVpcEndpoint: adds and removes interfaces and routes")
def modify_endpoint(into: Installer) -> None:
    @into.wrap(EC2Response, "modify_vpc_endpoint")
    def modify(original: Callable[..., Any], response: Any) -> Any:
        backend, params = response.ec2_backend, response.params
        endpoint = backend.describe_vpc_endpoints([params["VpcEndpointId"]])[0]
        if params.get("PrivateDnsEnabled"):
            _check_private_dns(backend, backend.get_vpc(endpoint.vpc_id), endpoint.service_name, endpoint)
        add_tables = params.get("AddRouteTableIds") or []
        add_subnets = [each for each in params.get("AddSubnetIds") or [] if each not in endpoint.subnet_ids]
        removed = params.get("RemoveSubnetIds") or []
        kept = [each for each in endpoint.subnet_ids or [] if each not in removed]
        _check_tables(backend, endpoint.vpc_id, add_tables, endpoint.destination_prefix_list_id)
        _check_subnets(backend, endpoint.vpc_id, kept + add_subnets)
        for group_id in params.get("AddSecurityGroupIds") or []:
            if backend.get_security_group_from_id(group_id) is None:
                raise InvalidSecurityGroupNotFoundError(group_id)
        answer = original(response)
        _add_routes(backend, endpoint, add_tables)
        _remove_routes(backend, endpoint, params.get("RemoveRouteTableIds") or [])
        _remove_interfaces(backend, endpoint, removed)
        _add_interfaces(backend, endpoint, add_subnets)
        groups = [backend.get_security_group_from_id(each) for each in endpoint.security_group_ids]
        for eni_id in endpoint.network_interface_ids:
            backend.enis[eni_id]._group_set = list(groups)
        if params.get("PrivateDnsEnabled") is not None:
            endpoint.private_dns_enabled = params["PrivateDnsEnabled"]
        if params.get("ResetPolicy"):
            endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
        return answer


@patch("ec2-delete-endpoints", "EC2 API Reference, DeleteVpcEndpoints: Unsuccessful; deleting, then gone")
def delete_endpoints(into: Installer) -> None:
    @into.wrap(EC2Response, "delete_vpc_endpoints")
    def delete(_original: Callable[..., Any], response: Any) -> Any:
        backend = response.ec2_backend
        unsuccessful = []
        for endpoint_id in response._get_param("VpcEndpointIds", []):
            endpoint = backend.vpc_end_points.get(endpoint_id)
            if endpoint is None:
                message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
                error = {"Code": "InvalidVpcEndpoint.NotFound", "Message": message}
                unsuccessful.append({"ResourceId": endpoint_id, "Error": error})
            elif endpoint.state != "deleting":
                _start_delete(backend, endpoint)
        return ActionResult({"Unsuccessful": unsuccessful})


def _start_delete(backend: Any, endpoint: Any) -> None:
    timings = engine().timings
    endpoint.state = "deleting"
    _remove_routes(backend, endpoint, endpoint.route_table_ids)
    wait = 0.0 if endpoint.vpc_endpoint_type == "Gateway" else timings.endpoint_deleting
    engine().after(backend, wait, lambda: backend.vpc_end_points.pop(endpoint.id, None))
    for eni_id in endpoint.network_interface_ids:
        eni.release_after(backend, eni_id, wait + timings.eni_lingers)


PATCHES = (create_endpoint, endpoint_services, modify_endpoint, delete_endpoints)

"""Load balancers: what CreateLoadBalancer refuses, how long they take, and the network interfaces they leave behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.elbv2.exceptions import ELBClientError, LoadBalancerNotFoundError
from moto.elbv2.models import AvailabilityZone, ELBv2Backend, FakeLoadBalancer
from moto.moto_api._internal import mock_random

from . import eni
from .elbv2_rules import refresh_load_balancer_arns
from .engine import engine
from .patch import Installer, Patch, patch

_LONGEST_NAME: Final = 32
_SMALLEST_SUBNET: Final = 27
_FREE_ADDRESSES: Final = 8
_MOST_BY_NAME: Final = 20
_MOST_GROUPS: Final = 5
_TYPES: Final = ("application", "network", "gateway")
_SCHEMES: Final = ("internet-facing", "internal")

_LOAD_BALANCER: Final[Any] = FakeLoadBalancer
"""moto's class, which leaves methods of its CloudFormation parent abstract."""

Tags = list[dict[str, str]]


def _invalid(message: str) -> ELBClientError:
    return ELBClientError("ValidationError", message)


def _misconfigured(message: str) -> ELBClientError:
    return ELBClientError("InvalidConfigurationRequest", message)


def interface_description(balancer: Any) -> str:
    """How the interfaces of a load balancer are recognised: "ELB app/NAME/HEX"."""
    return f"ELB {balancer.arn.partition(':loadbalancer/')[2]}"


def interfaces(backend: Any, balancer: Any) -> list[Any]:
    """The network interfaces of a load balancer, one per subnet."""
    description = interface_description(balancer)
    return [one for one in backend.ec2_backend.enis.values() if one.description == description]


def find(backend: Any, arn: str) -> Any:
    """The load balancer with this ARN. Raises LoadBalancerNotFound."""
    balancer = backend.load_balancers.get(arn)
    if balancer is None:
        raise LoadBalancerNotFoundError(f"Load balancers '[{arn}]' not found")
    return balancer


def _check_name(name: str) -> None:
    if len(name) > _LONGEST_NAME:
        raise _invalid(f"The load balancer name '{name}' cannot be longer than '{_LONGEST_NAME}' characters")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise _invalid(
            f"The load balancer name '{name}' can only contain characters that are alphanumeric characters and "
            "hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise _invalid(f"The load balancer name '{name}' cannot begin or end with '-'")
    if name.startswith("internal-"):
        raise _invalid(f"The load balancer name '{name}' cannot begin with 'internal-'")


def _check_member(value: str, name: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise _invalid(
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )


def _find_subnets(backend: Any, kind: str, subnet_ids: Sequence[str]) -> list[Any]:
    """The subnets asked for, one per zone. Source: ALB guide, "Subnets for your load balancer"."""
    if not subnet_ids:
        raise _invalid("At least one subnet must be specified")
    subnets = []
    for subnet_id in subnet_ids:
        try:
            subnets.append(backend.ec2_backend.get_subnet(subnet_id))
        except InvalidSubnetIdError:
            raise ELBClientError("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist") from None
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < len(subnets):
        raise _misconfigured("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise _misconfigured("All subnets must belong to the same VPC")
    if kind == "application" and len(zones) == 1:
        raise _invalid("At least two subnets in two different Availability Zones must be specified")
    return subnets


def _check_room(kind: str, subnets: Collection[Any]) -> None:
    if kind != "application":
        return
    for subnet in subnets:
        if subnet.cidr.prefixlen > _SMALLEST_SUBNET or subnet.available_ip_address_count < _FREE_ADDRESSES:
            raise ELBClientError(
                "InvalidSubnet",
                f"Not enough IP space available in {subnet.id}. "
                f"ELB requires at least {_FREE_ADDRESSES} free IP addresses in each subnet.",
            )


def _check_internet_gateway(backend: Any, vpc_id: str) -> None:
    gateways = backend.ec2_backend.internet_gateways.values()
    if not any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in gateways):
        raise ELBClientError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")


def _check_groups(backend: Any, vpc_id: str, groups: Sequence[str]) -> None:
    if len(groups) > _MOST_GROUPS:
        raise _misconfigured("The maximum number of security groups per load balancer has been reached")
    for group_id in groups:
        group = backend.ec2_backend.get_security_group_from_id(group_id)
        if group is None:
            raise ELBClientError("InvalidSecurityGroup", f"The security group '{group_id}' does not exist")
        if group.vpc_id != vpc_id:
            raise _misconfigured(f"The security group '{group_id}' does not belong to VPC '{vpc_id}'")


def _default_groups(backend: Any, kind: str, vpc_id: str, groups: Sequence[str]) -> list[str]:
    if groups or kind != "application":
        return list(groups)
    return [backend.ec2_backend.get_default_security_group(vpc_id).id]


def _same_settings(backend: Any, existing: Any, wanted: Any, tags: Tags) -> bool:
    settings = ("type", "scheme", "ip_address_type", "vpc_id")
    return (
        all(getattr(existing, name) == getattr(wanted, name) for name in settings)
        and {subnet.id for subnet in existing.subnets} == {subnet.id for subnet in wanted.subnets}
        and set(existing.security_groups) == set(wanted.security_groups)
        and backend.tagging_service.get_tag_dict_for_resource(existing.arn)
        == backend.tagging_service.flatten_tag_list(tags)
    )


def _build(backend: Any, name: str, kind: str, scheme: str, ip_type: str, subnets: list[Any], groups: list[str]) -> Any:
    """The load balancer as asked for, known to nobody yet."""
    hexadecimal = mock_random.get_random_hex(length=16)
    path = {"application": "app", "network": "net", "gateway": "gwy"}[kind]
    region = backend.region_name
    if kind == "application":
        prefix = "internal-" if scheme == "internal" else ""
        host = f"{prefix}{name}-{int(hexadecimal, 16) % 10**10:010d}.{region}.elb.amazonaws.com"
    else:
        host = f"{name}-{hexadecimal}.elb.{region}.amazonaws.com"
    prefix = f"arn:{backend.partition}:elasticloadbalancing:{region}:{backend.account_id}"
    balancer: Any = _LOAD_BALANCER(
        name=name,
        security_groups=groups,
        subnets=subnets,
        vpc_id=subnets[0].vpc_id,
        arn=f"{prefix}:loadbalancer/{path}/{name}/{hexadecimal}",
        dns_name=host,
        state="provisioning",
        scheme=scheme,
        loadbalancer_type=kind,
        ip_address_type=ip_type,
    )
    balancer.created_time = datetime.fromtimestamp(engine().now(), UTC).isoformat()
    return balancer


def _place(backend: Any, balancer: Any, subnets: Collection[Any]) -> None:
    """Put an interface of the load balancer into each of the subnets."""
    network = balancer.type == "network"
    for subnet in subnets:
        eni.create(
            backend.ec2_backend,
            subnet.id,
            balancer.security_groups,
            interface_description(balancer),
            "amazon-aws" if network else "amazon-elb",
            interface_type="network_load_balancer" if network else "interface",
            public=balancer.scheme == "internet-facing",
        )


@patch("elbv2-create-load-balancer", "Elastic Load Balancing API: CreateLoadBalancer")
def _create(into: Installer) -> None:
    @into.replace_method(ELBv2Backend, "create_load_balancer")
    def create(
        backend: Any,
        name: str,
        security_groups: Sequence[str],
        subnet_ids: Sequence[str],
        subnet_mappings: Sequence[Mapping[str, str]] | None = None,
        scheme: str | None = None,
        loadbalancer_type: str | None = None,
        ip_address_type: str = "ipv4",
        tags: Tags | None = None,
    ) -> Any:
        _check_name(name)
        kind, scheme = loadbalancer_type or "application", scheme or "internet-facing"
        _check_member(kind, "type", _TYPES)
        _check_member(scheme, "scheme", _SCHEMES)
        _check_member(ip_address_type, "ipAddressType", ("ipv4", "dualstack", "dualstack-without-public-ipv4"))
        mapped = [mapping["SubnetId"] for mapping in subnet_mappings or ()]
        if mapped and subnet_ids:
            raise _invalid("You can specify either subnets or subnet mappings, but not both")
        subnets = _find_subnets(backend, kind, mapped or subnet_ids)
        vpc_id = subnets[0].vpc_id
        groups = _default_groups(backend, kind, vpc_id, security_groups)
        _check_groups(backend, vpc_id, groups)
        balancer = _build(backend, name, kind, scheme, ip_address_type, subnets, groups)
        for existing in backend.load_balancers.values():
            if existing.name == name:
                if _same_settings(backend, existing, balancer, tags or []):
                    return existing
                raise ELBClientError(
                    "DuplicateLoadBalancerName",
                    f"A load balancer with the same name '{name}' exists, but with different settings",
                )
        if scheme == "internet-facing":
            _check_internet_gateway(backend, vpc_id)
        _check_room(kind, subnets)
        _place(backend, balancer, subnets)
        backend.load_balancers[balancer.arn] = balancer
        backend.tagging_service.tag_resource(balancer.arn, tags)
        engine().after(
            backend, engine().timings.load_balancer_provisioning, lambda: setattr(balancer, "state", "active")
        )
        return balancer

    into.replace(FakeLoadBalancer, "activate", lambda _: None)


@patch("elbv2-delete-load-balancer", "Elastic Load Balancing API: DeleteLoadBalancer")
def _delete(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "delete_load_balancer")
    def delete(original: Callable[..., Any], backend: Any, arn: str) -> None:
        balancer = backend.load_balancers.get(arn)
        if balancer is None:
            return
        if balancer.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        original(backend, arn)
        for listener in balancer.listeners.values():
            for gone in (listener.arn, *listener.rules):
                backend.tagging_service.delete_all_tags_for_resource(gone)
        backend.tagging_service.delete_all_tags_for_resource(arn)
        refresh_load_balancer_arns(backend)
        for interface in interfaces(backend, balancer):
            eni.release_after(backend.ec2_backend, interface.id, engine().timings.eni_lingers)


@patch("elbv2-change-load-balancer", "Elastic Load Balancing API: SetSecurityGroups, SetSubnets")
def _change(into: Installer) -> None:
    @into.replace_method(ELBv2Backend, "set_security_groups")
    def set_security_groups(backend: Any, arn: str, sec_groups: Sequence[str]) -> None:
        balancer = find(backend, arn)
        if balancer.type != "application" and bool(balancer.security_groups) != bool(sec_groups):
            raise _misconfigured(
                "A Network Load Balancer keeps having security groups, or none, for as long as it lives"
            )
        if not sec_groups:
            raise _invalid("At least one security group must be specified")
        _check_groups(backend, balancer.vpc_id, sec_groups)
        balancer.security_groups = list(sec_groups)
        groups = [backend.ec2_backend.get_security_group_from_id(group) for group in sec_groups]
        for interface in interfaces(backend, balancer):
            interface._group_set = list(groups)

    @into.replace_method(ELBv2Backend, "set_subnets")
    def set_subnets(
        backend: Any,
        arn: str,
        subnets: Sequence[str],
        subnet_mappings: Sequence[Mapping[str, str]],
    ) -> list[Any]:
        balancer = find(backend, arn)
        wanted = subnets or [mapping["SubnetId"] for mapping in subnet_mappings]
        found = _find_subnets(backend, balancer.type, wanted)
        if any(subnet.vpc_id != balancer.vpc_id for subnet in found):
            raise _misconfigured(f"All subnets must belong to VPC '{balancer.vpc_id}'")
        before, after = {subnet.id for subnet in balancer.subnets}, {subnet.id for subnet in found}
        added = [subnet for subnet in found if subnet.id not in before]
        _check_room(balancer.type, added)
        for interface in interfaces(backend, balancer):
            if interface.subnet.id not in after:
                eni.release_after(backend.ec2_backend, interface.id, engine().timings.eni_lingers)
        _place(backend, balancer, added)
        balancer.subnets = found
        return [AvailabilityZone(subnet) for subnet in found]


@patch("elbv2-describe-load-balancers", "Elastic Load Balancing API: DescribeLoadBalancers")
def _describe(into: Installer) -> None:
    @into.replace_method(ELBv2Backend, "describe_load_balancers")
    def describe(backend: Any, arns: Sequence[str] | None, names: Sequence[str] | None) -> list[Any]:
        if arns and names:
            raise _invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
        if max(len(arns or ()), len(names or ())) > _MOST_BY_NAME:
            raise _invalid(f"Cannot describe more than {_MOST_BY_NAME} load balancers by name or ARN")
        if arns:
            return [find(backend, arn) for arn in dict.fromkeys(arns)]
        if names:
            by_name = {balancer.name: balancer for balancer in backend.load_balancers.values()}
            missing = [name for name in names if name not in by_name]
            if missing:
                raise LoadBalancerNotFoundError(f"Load balancers '[{', '.join(missing)}]' not found")
            return [by_name[name] for name in dict.fromkeys(names)]
        return list(backend.load_balancers.values())


PATCHES: Final[tuple[Patch, ...]] = (_create, _delete, _change, _describe)

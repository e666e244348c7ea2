"""Security groups: names, canonical rules, atomic calls, and what holds a group."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidPermissionDuplicateError,
    InvalidSecurityGroupDuplicateError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
)
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses import EC2Response

from . import eni
from .patch import Installer, patch

_WORD: Final = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")
_PROTOCOLS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
_WITH_PORTS: Final = ("tcp", "udp")
_ICMP: Final = ("icmp", "icmpv6")
_HIGHEST_PORT: Final = 65535
_PEERS: Final = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "UserIdGroupPairs": "GroupId",
    "PrefixListIds": "PrefixListId",
}
_RULE_OPERATIONS: Final = (
    "authorize_security_group_ingress",
    "authorize_security_group_egress",
    "revoke_security_group_ingress",
    "revoke_security_group_egress",
)


@patch("ec2-group-names", "EC2 API Reference, CreateSecurityGroup: GroupName and GroupDescription constraints")
def group_names(into: Installer) -> None:
    @into.wrap(SecurityGroupBackend, "create_security_group")
    def create(
        original: Callable[..., Any],
        backend: Any,
        name: str,
        description: str,
        vpc_id: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        where = vpc_id or backend.default_vpc.id
        backend.get_vpc(where)
        if not _WORD.fullmatch(name or "") or name.startswith("sg-"):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ({name}) for parameter GroupName is invalid. Names cannot start with sg- and have at most "
                "255 of the characters a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*",
            )
        if description and not _WORD.fullmatch(description):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ({description}) for parameter GroupDescription is invalid. Character sets beyond ASCII "
                "are not supported.",
            )
        if any(group.name.lower() == name.lower() for group in backend.groups.get(where, {}).values()):
            raise InvalidSecurityGroupDuplicateError(name)
        return original(backend, name, description, vpc_id, *args, **kwargs)

    @into.wrap(EC2Response, "create_security_group")
    def with_tags(original: Callable[..., Any], response: Any) -> Any:
        answer = original(response)
        group = response.ec2_backend.get_security_group_from_id(answer.result["GroupId"])
        return ActionResult({**answer.result, "Tags": group.get_tags()})


def _range(cidr: str) -> str:
    """A range with its host bits cleared and IPv6 compressed."""
    try:
        return str(ip_network(cidr, strict=False))
    except ValueError:
        raise EC2ClientError("InvalidParameterValue", f"CIDR block {cidr} is malformed") from None


def _ports(protocol: str, low: int | None, high: int | None) -> tuple[int | None, int | None]:
    """The ports that EC2 keeps. Source: EC2 API Reference, IpPermission."""
    if protocol in _WITH_PORTS:
        if low is None or high is None:
            raise EC2ClientError(
                "InvalidParameterValue",
                "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
            )
        if not (0 <= low <= _HIGHEST_PORT and 0 <= high <= _HIGHEST_PORT):
            raise EC2ClientError("InvalidParameterValue", f"Invalid value for portRange: {low}-{high}.")
        if low > high:
            raise EC2ClientError("InvalidParameterValue", "Invalid TCP/UDP port range: from is greater than to.")
        return low, high
    if protocol in _ICMP:
        kind = -1 if low is None else low
        return kind, -1 if kind == -1 or high is None else high
    return None, None


def _protocol(value: str | None) -> str:
    if value is None:
        raise EC2ClientError(
            "InvalidParameterValue",
            "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
        )
    lower = str(value).lower()
    protocol = _PROTOCOLS.get(lower, lower)
    number = protocol.isdigit() and int(protocol) <= 255
    if protocol not in ("-1", *_WITH_PORTS, *_ICMP) and not number:
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{value}' for IP protocol. Unknown protocol.")
    return protocol


def _canonical_permission(permission: Mapping[str, Any]) -> dict[str, Any]:
    canonical = dict(permission)
    canonical["IpProtocol"] = protocol = _protocol(permission.get("IpProtocol"))
    low, high = _ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
    canonical |= {"FromPort": low, "ToPort": high}
    for ranges, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        if permission.get(ranges):
            canonical[ranges] = [{**each, key: _range(each.get(key, ""))} for each in permission[ranges]]
    return canonical


def _one_permission(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The rule of the single-rule form of a request (CidrIp, FromPort and so on), as a permission."""
    if params.get("IpProtocol") is None or "CidrIp" not in params:
        return None
    names = ("IpProtocol", "FromPort", "ToPort")
    return {name: params[name] for name in names if name in params} | {"IpRanges": [{"CidrIp": params["CidrIp"]}]}


@contextmanager
def _all_or_nothing(group: Any) -> Iterator[None]:
    """Put the rules of a group back when anything in a call is refused."""
    before = list(group.ingress_rules), list(group.egress_rules)
    try:
        yield
    except Exception:
        group.ingress_rules, group.egress_rules = before
        raise


def _group_of(response: Any) -> Any:
    name = response._get_param("GroupId") or response._get_param("GroupName")
    group = response.ec2_backend.get_security_group_by_name_or_id(name) if name else None
    if group is None:
        raise InvalidSecurityGroupNotFoundError(name)
    return group


def _check_peers(backend: Any, group: Any, permissions: list[dict[str, Any]]) -> None:
    for permission in permissions:
        if not any(permission.get(name) for name in _PEERS):
            raise EC2ClientError("MissingParameter", "The request must contain the parameter ipRanges or groups")
        for pair in permission.get("UserIdGroupPairs") or ():
            peer = backend.get_security_group_from_id(pair.get("GroupId") or "")
            if pair.get("GroupId") and peer is None:
                raise InvalidSecurityGroupNotFoundError(pair["GroupId"])
            if peer is not None and peer.vpc_id != group.vpc_id and not _peered(backend, peer.vpc_id, group.vpc_id):
                raise EC2ClientError(
                    "InvalidGroup.NotFound", "You have specified two resources that belong to different networks."
                )


def _peered(backend: Any, one: str, other: str) -> bool:
    return any({each.vpc.id, each.peer_vpc.id} == {one, other} for each in backend.vpc_pcxs.values())


@patch(
    "ec2-canonical-rules", "EC2 API Reference, AuthorizeSecurityGroupIngress, IpPermission; EC2 keeps ranges canonical"
)
def canonical_rules(into: Installer) -> None:
    def rewrite(original: Callable[..., Any], response: Any) -> Any:
        params = response.params
        group = _group_of(response)
        single = _one_permission(params)
        given = params.get("IpPermissions") or ([single] if single else [])
        if given:
            params["IpPermissions"] = [_canonical_permission(each) for each in given]
            for name in ("IpProtocol", "FromPort", "ToPort", "CidrIp"):
                params.pop(name, None)
            if response._get_action().startswith("Authorize"):
                _check_peers(response.ec2_backend, group, params["IpPermissions"])
        with _all_or_nothing(group):
            return original(response)

    for operation in _RULE_OPERATIONS:
        into.wrap(EC2Response, operation)(rewrite)


@patch("ec2-all-new-rules", "EC2 API Reference, AuthorizeSecurityGroupIngress: SecurityGroupRules lists all added")
def all_new_rules(into: Installer) -> None:
    def authorize(original: Callable[..., Any], response: Any) -> Any:
        group = _group_of(response)
        before = {rule.id for rule in (*group.ingress_rules, *group.egress_rules)}
        answer = original(response)
        added = [rule for rule in (*group.ingress_rules, *group.egress_rules) if rule.id not in before]
        return ActionResult({**answer.result, "SecurityGroupRules": [_shown(rule) for rule in added]})

    for operation in _RULE_OPERATIONS[:2]:
        into.wrap(EC2Response, operation)(authorize)


def _shown(rule: Any) -> dict[str, Any]:
    """A rule as Authorize and DescribeSecurityGroupRules show it: without ports they are -1."""
    backend = rule.ec2_backend
    shown: dict[str, Any] = {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group_id,
        "GroupOwnerId": backend.account_id,
        "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol,
        "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port,
        "CidrIpv4": rule.cidr_ipv4,
        "CidrIpv6": rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id,
        "Description": rule.description,
        "Tags": rule.get_tags(),
        "SecurityGroupRuleArn": f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}"
        f":security-group-rule/{rule.id}",
    }
    if rule.source_group:
        shown["ReferencedGroupInfo"] = {
            "GroupId": rule.source_group.get("GroupId"),
            "UserId": rule.source_group.get("UserId", backend.account_id),
        }
    return shown


@patch("ec2-rule-rows", "EC2 API Reference, SecurityGroupRule: GroupOwnerId, SecurityGroupRuleArn, Description")
def rule_rows(into: Installer) -> None:
    @into.wrap(EC2Response, "describe_security_group_rules")
    def describe(original: Callable[..., Any], response: Any) -> Any:
        answer = original(response)
        return ActionResult(
            {**answer.result, "SecurityGroupRules": [_shown(each) for each in answer.result["SecurityGroupRules"]]}
        )

    init = SecurityGroupRule.__init__

    def keep_description(rule: Any, backend: Any, *args: Any, **kwargs: Any) -> None:
        init(rule, backend, *args, **kwargs)
        prefix_list = kwargs.get("prefix_list_id") or (args[6] if len(args) > 6 else None)
        rule.peer_description = (prefix_list or {}).get("Description")

    def description(rule: Any) -> Any:
        return (
            rule.ip_range.get("Description")
            or rule.source_group.get("Description")
            or getattr(rule, "peer_description", None)
        )

    into.replace(SecurityGroupRule, "__init__", keep_description)
    into.replace(SecurityGroupRule, "description", property(description))


def _identity(rule: Any) -> tuple[Any, ...]:
    """What makes two rules of a group the same one; a description is no part of it."""
    return (
        rule.is_egress,
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.cidr_ipv4,
        rule.cidr_ipv6,
        rule.prefix_list_id,
        rule.source_group.get("GroupId"),
    )


@patch(
    "ec2-rule-identity", "EC2 API Reference, Error codes: InvalidPermission.Duplicate; the description plays no part"
)
def rule_identity(into: Installer) -> None:
    def equal(rule: Any, other: Any) -> bool:
        return isinstance(other, SecurityGroupRule) and _identity(rule) == _identity(other)

    def digest(rule: Any) -> int:
        return hash(rule.id)

    into.replace(SecurityGroupRule, "__eq__", equal)
    into.replace(SecurityGroupRule, "__hash__", digest)


_RULE_PEERS: Final = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")


def _peer_kind(rule: Any) -> str:
    if rule.source_group:
        return "ReferencedGroupId"
    if rule.prefix_list_id:
        return "PrefixListId"
    return "CidrIpv4" if rule.cidr_ipv4 else "CidrIpv6"


def _wanted_peer(backend: Any, rule: Any, wanted: Mapping[str, Any]) -> str:
    """The kind of peer that a request wants a rule to have, which must be the kind that it has."""
    given = [name for name in _RULE_PEERS if wanted.get(name)]
    if len(given) != 1:
        raise EC2ClientError(
            "InvalidParameterCombination" if given else "MissingParameter",
            "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
        )
    kind = given[0]
    if kind != _peer_kind(rule):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid rule type for security group rule '{rule.id}'. "
            f"You may not specify {kind} for an existing {_peer_kind(rule)} rule.",
        )
    if kind == "ReferencedGroupId" and backend.get_security_group_from_id(wanted[kind]) is None:
        raise InvalidSecurityGroupNotFoundError(wanted[kind])
    return kind


def _change_rule(rule: Any, wanted: Mapping[str, Any], kind: str) -> None:
    rule.ip_protocol = _protocol(wanted.get("IpProtocol"))
    rule.from_port, rule.to_port = _ports(rule.ip_protocol, wanted.get("FromPort"), wanted.get("ToPort"))
    text = {"Description": wanted["Description"]} if wanted.get("Description") else {}
    if kind == "PrefixListId":
        rule.prefix_list_id, rule.peer_description = wanted[kind], wanted.get("Description")
    elif kind == "ReferencedGroupId":
        rule.source_group = {"GroupId": wanted[kind], "UserId": rule.ec2_backend.account_id} | text
    else:
        rule.ip_range = {"CidrIp" if kind == "CidrIpv4" else kind: _range(wanted[kind])} | text


@patch("ec2-modify-rules", "EC2 API Reference, ModifySecurityGroupRules: all kinds of peer, which cannot change")
def modify_rules(into: Installer) -> None:
    @into.replace_method(SecurityGroupBackend, "modify_security_group_rules")
    def modify(backend: Any, group_id: str, rules: Mapping[str, Mapping[str, Any]]) -> None:
        group = backend.get_security_group_from_id(group_id)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(group_id)
        planned = []
        for rule_id, wanted in rules.items():
            rule = group.get_rule(rule_id)
            if rule is None:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
            planned.append((rule, wanted, _wanted_peer(backend, rule, wanted)))
        changed = [(copy.copy(rule), wanted, kind) for rule, wanted, kind in planned]
        for rule, wanted, kind in changed:
            _change_rule(rule, wanted, kind)
        by_id = {rule.id: rule for rule, _, _ in changed}
        ingress = [by_id.get(rule.id, rule) for rule in group.ingress_rules]
        egress = [by_id.get(rule.id, rule) for rule in group.egress_rules]
        for rules_after in (ingress, egress):
            if len({_identity(rule) for rule in rules_after}) < len(rules_after):
                raise InvalidPermissionDuplicateError
        group.ingress_rules, group.egress_rules = ingress, egress


@patch("ec2-revoke-by-id", "EC2 API Reference, Error codes: InvalidSecurityGroupRuleId.NotFound")
def revoke_by_id(into: Installer) -> None:
    def revoke(original: Callable[..., Any], response: Any) -> Any:
        group = _group_of(response)
        rules = group.egress_rules if response._get_action().endswith("Egress") else group.ingress_rules
        known = {rule.id for rule in rules}
        for rule_id in response._get_param("SecurityGroupRuleIds", []):
            if rule_id not in known:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        return original(response)

    for operation in _RULE_OPERATIONS[2:]:
        into.wrap(EC2Response, operation)(revoke)


def referencing_groups(backend: Any, group_id: str) -> list[str]:
    """The ids of the other groups whose rules name a group."""
    return [
        other.id
        for groups in backend.groups.values()
        for other in groups.values()
        if other.id != group_id
        and any(rule.source_group.get("GroupId") == group_id for rule in (*other.ingress_rules, *other.egress_rules))
    ]


@patch(
    "ec2-delete-group", "EC2 API Reference, DeleteSecurityGroup: DependencyViolation; the default group: CannotDelete"
)
def delete_group(into: Installer) -> None:
    @into.wrap(SecurityGroupBackend, "delete_security_group")
    def delete(original: Callable[..., Any], backend: Any, name: str | None = None, group_id: str | None = None) -> Any:
        group: SecurityGroup | None = backend.get_security_group_by_name_or_id(group_id or name)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(group_id or name)
        if group.is_default:
            raise EC2ClientError(
                "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            )
        if eni.with_group(backend, group.id) or referencing_groups(backend, group.id):
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
        return original(backend, name, group_id)


PATCHES = (
    group_names,
    rule_rows,
    rule_identity,
    revoke_by_id,
    modify_rules,
    delete_group,
    all_new_rules,
    canonical_rules,
)

"""What EC2 checks in any request, and how it filters, pages and shows tags."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ec2 import utils
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses import EC2Response

from .engine import engine, state
from .patch import Installer, patch

TAG_LIMIT: Final = 50
_KEY_LENGTH: Final = 128
_VALUE_LENGTH: Final = 256

_ID_PARAMETERS: Final = {
    "VpcId": ("vpc", "InvalidVpcID.Malformed"),
    "SubnetId": ("subnet", "InvalidSubnetID.Malformed"),
    "InternetGatewayId": ("igw", "InvalidInternetGatewayId.Malformed"),
    "RouteTableId": ("rtb", "InvalidRouteTableId.Malformed"),
    "NatGatewayId": ("nat", "NatGatewayMalformed"),
    "AllocationId": ("eipalloc", "InvalidAllocationID.Malformed"),
    "GroupId": ("sg", "InvalidGroupId.Malformed"),
    "NetworkInterfaceId": ("eni", "InvalidNetworkInterfaceId.Malformed"),
    "VpcEndpointId": ("vpce", "InvalidVpcEndpointId.Malformed"),
}
_ID_LISTS: Final = {
    "VpcIds": "VpcId",
    "SubnetIds": "SubnetId",
    "InternetGatewayIds": "InternetGatewayId",
    "RouteTableIds": "RouteTableId",
    "NatGatewayIds": "NatGatewayId",
    "AllocationIds": "AllocationId",
    "GroupIds": "GroupId",
    "SecurityGroupIds": "GroupId",
    "NetworkInterfaceIds": "NetworkInterfaceId",
    "VpcEndpointIds": "VpcEndpointId",
}
_TAGGABLE: Final = {
    "CreateVpc": "vpc",
    "CreateSubnet": "subnet",
    "CreateInternetGateway": "internet-gateway",
    "AllocateAddress": "elastic-ip",
    "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table",
    "CreateVpcEndpoint": "vpc-endpoint",
    "CreateSecurityGroup": "security-group",
    "AuthorizeSecurityGroupIngress": "security-group-rule",
    "AuthorizeSecurityGroupEgress": "security-group-rule",
    "CreateNetworkInterface": "network-interface",
    "CreateNetworkAcl": "network-acl",
}

_PAGES: Final = {
    "describe_vpcs": ("Vpcs", 5, 1000),
    "describe_subnets": ("Subnets", 5, 1000),
    "describe_internet_gateways": ("InternetGateways", 5, 1000),
    "describe_nat_gateways": ("NatGateways", 5, 1000),
    "describe_route_tables": ("RouteTables", 5, 100),
    "describe_security_groups": ("SecurityGroups", 5, 1000),
    "describe_security_group_rules": ("SecurityGroupRules", 5, 1000),
    "describe_network_interfaces": ("NetworkInterfaces", 5, 1000),
    "describe_network_acls": ("NetworkAcls", 5, 1000),
    "describe_vpc_endpoints": ("VpcEndpoints", 1, None),
    "describe_tags": ("Tags", 5, 1000),
}
"""Response method: the list in its result, least and greatest MaxResults; None is cut to 1,000, not refused."""

_UNCHECKED_MAXIMUM: Final = 1000


def _check_ids(_operation: str, params: Mapping[str, Any]) -> None:
    wanted = [(name, params[name]) for name in _ID_PARAMETERS if isinstance(params.get(name), str)]
    for listed, name in _ID_LISTS.items():
        wanted += [(name, value) for value in params.get(listed) or ()]
    for name, value in wanted:
        prefix, code = _ID_PARAMETERS[name]
        if not re.fullmatch(rf"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", value):
            raise EC2ClientError(code, f'Invalid id: "{value}" (expecting "{prefix}-...")')


def check_tags(tags: Iterable[Mapping[str, Any]]) -> None:
    """Refuse tags that EC2 refuses. Source: EC2 User Guide, "Tag restrictions"."""
    seen: set[str] = set()
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value") or ""
        if key in seen:
            raise EC2ClientError("InvalidParameterValue", f"Duplicate tag key '{key}' specified.")
        seen.add(key)
        if key.lower().startswith("aws:"):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ( {key} ) for parameter key is invalid. "
                "Tag keys starting with 'aws:' are reserved for internal use",
            )
        if not 0 < len(key) <= _KEY_LENGTH:
            raise EC2ClientError("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters")
        if len(value) > _VALUE_LENGTH:
            raise EC2ClientError("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
    if len(seen) > TAG_LIMIT:
        raise EC2ClientError("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")


def _check_tag_parameters(operation: str, params: Mapping[str, Any]) -> None:
    if operation == "CreateTags":
        check_tags(params.get("Tags") or ())
    for specification in params.get("TagSpecifications") or ():
        kind = specification.get("ResourceType")
        if operation in _TAGGABLE and kind != _TAGGABLE[operation]:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"'{kind}' is not a valid taggable resource type for this operation.",
            )
        check_tags(specification.get("Tags") or ())


def _check_attributes(operation: str, params: Mapping[str, Any]) -> None:
    if operation not in ("ModifyVpcAttribute", "ModifySubnetAttribute"):
        return
    given = [name for name, value in params.items() if isinstance(value, Mapping) and "Value" in value]
    if len(given) > 1:
        names = ", ".join(name[0].lower() + name[1:] for name in given)
        raise EC2ClientError("InvalidParameterCombination", f"Fields for multiple attribute types specified: {names}")


def _checked(*checks: Callable[[str, Mapping[str, Any]], None]) -> Callable[..., Any]:
    """A `call_action` that runs `checks` first and words what they raise as moto words its own errors."""

    def call_action(original: Callable[..., Any], response: Any) -> Any:
        try:
            for check in checks:
                check(response._get_action(), response.params)
        except ServiceException as error:
            return response.serialized(ActionResult(error))
        return original(response)

    return call_action


@patch("ec2-malformed-ids", "EC2 API Reference, Error codes: Invalid...ID.Malformed")
def malformed_ids(into: Installer) -> None:
    into.wrap(EC2Response, "call_action")(_checked(_check_ids))


@patch("ec2-tag-restrictions", "EC2 User Guide, Tag your Amazon EC2 resources: Tag restrictions")
def tag_restrictions(into: Installer) -> None:
    into.wrap(EC2Response, "call_action")(_checked(_check_tag_parameters))


@patch("ec2-one-attribute", "EC2 API Reference, ModifySubnetAttribute: you can only modify one attribute at a time")
def one_attribute(into: Installer) -> None:
    into.wrap(EC2Response, "call_action")(_checked(_check_attributes))


@patch("ec2-dry-run", "EC2 API Reference, Common parameters: DryRun answers DryRunOperation and does nothing")
def dry_run(into: Installer) -> None:
    def check(_operation: str, params: Mapping[str, Any]) -> None:
        if params.get("DryRun"):
            raise EC2ClientError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")

    into.wrap(EC2Response, "call_action")(_checked(check))


def page(items: list[Any], params: Mapping[str, Any], least: int, greatest: int | None) -> tuple[list[Any], str | None]:
    """One page of a list, and the token of the next.

    Raises EC2's InvalidParameterValue for a MaxResults out of range and InvalidNextToken for a foreign token.
    """
    token, size = params.get("NextToken"), params.get("MaxResults")
    start = 0
    if token:
        try:
            start = int(base64.b64decode(token, validate=True).decode().removeprefix("sandbox:"))
        except ValueError:
            raise EC2ClientError("InvalidNextToken", "The specified token is not valid.") from None
    if size is None:
        size = len(items) or 1
    elif greatest is None or least <= int(size) <= greatest:
        size = min(int(size), _UNCHECKED_MAXIMUM, engine().faults().page or _UNCHECKED_MAXIMUM)
    else:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value between {least} and {greatest}.",
        )
    end = start + size
    rest = base64.b64encode(f"sandbox:{end}".encode()).decode() if end < len(items) else None
    return items[start:end], rest


def _paged(member: str, least: int, greatest: int | None) -> Callable[..., Any]:
    def describe(original: Callable[..., Any], response: Any) -> Any:
        answer = original(response)
        items, token = page(list(answer.result[member]), response.params, least, greatest)
        return ActionResult({**answer.result, member: items, "NextToken": token})

    return describe


@patch("ec2-paging", "EC2 API Reference, Describe actions: MaxResults, NextToken and their valid range")
def paging(into: Installer) -> None:
    for method, (member, least, greatest) in _PAGES.items():
        into.wrap(EC2Response, method)(_paged(member, least, greatest))

    @into.wrap(EC2Response, "describe_network_interfaces")
    def describe(original: Callable[..., Any], response: Any) -> Any:
        if response.params.get("NetworkInterfaceIds") and response.params.get("MaxResults") is not None:
            raise EC2ClientError(
                "InvalidParameterCombination",
                "The parameter networkInterfaceIdSet cannot be used with the parameter maxResults",
            )
        return original(response)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    """EC2's wildcards: `*` and `?`, and a backslash before either takes it literally."""
    parts = re.findall(r"\\.|[*?]|[^*?\\]+|\\", text)
    meaning = {"*": ".*", "?": "."}
    return re.compile(
        "".join(meaning.get(part) or re.escape(part[1:] if part[0] == "\\" and part[1:] else part) for part in parts),
        re.DOTALL,
    )


def matches(value: Any, wanted: Iterable[str]) -> bool:
    """Whether a value, or any of a collection of values, is among the wanted ones."""
    if value is None:
        return False
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, datetime):
        value = utils.format_timestamp(value)
    values = [str(value)] if isinstance(value, (str, int)) else [str(each) for each in value]
    return any(_pattern(pattern).fullmatch(each) for pattern in wanted for each in values)


@patch("ec2-filters", "EC2 User Guide, Filtering resources: values of a filter are joined with OR; wildcards")
def filters(into: Installer) -> None:
    def is_filter_matching(resource: Any, name: str, wanted: Any) -> bool:
        return matches(resource.get_filter_value(name), [wanted] if isinstance(wanted, str) else wanted or [])

    into.replace(utils, "is_filter_matching", is_filter_matching)
    into.replace(utils, "simple_aws_filter_to_re", lambda text: rf"(?:{_pattern(text).pattern})\Z")


class _TokenMemory(dict[tuple[str, str], tuple[str, Any]]):
    """What each client token was used for: (operation, token) to (the request, its result)."""


def _idempotent(into: Installer, method: str) -> None:
    """Make an operation honour its ClientToken.

    The same token and parameters return the first result, as it is now; other parameters are refused with
    IdempotentParameterMismatch. A request without a token always makes another object.
    """

    @into.wrap(EC2Response, method)
    def create(original: Callable[..., Any], response: Any) -> Any:
        token = response._get_param("ClientToken")
        if not token:
            return original(response)
        memory = state(response.ec2_backend, _TokenMemory)
        asked = repr(sorted((key, repr(value)) for key, value in response.params.items() if key != "ClientToken"))
        remembered = memory.get((method, token))
        if remembered is None:
            answer = original(response)
            memory[method, token] = (asked, answer.result)
            return answer
        if remembered[0] != asked:
            raise EC2ClientError(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but non-identical request.",
            )
        return ActionResult(remembered[1])


@patch("ec2-client-tokens", "EC2 API Reference, Ensuring idempotency in Amazon EC2 API requests")
def client_tokens(into: Installer) -> None:
    for method in ("create_nat_gateway", "create_route_table", "create_vpc_endpoint", "create_network_interface"):
        _idempotent(into, method)


_COLLECTIONS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "vpc": ("vpc", lambda backend: backend.vpcs),
    "subnet": ("subnet", lambda backend: {key for zone in backend.subnets.values() for key in zone}),
    "igw": ("internet-gateway", lambda backend: backend.internet_gateways),
    "nat": ("natgateway", lambda backend: backend.nat_gateways),
    "eipalloc": ("elastic-ip", lambda backend: {address.allocation_id for address in backend.addresses}),
    "rtb": ("route-table", lambda backend: backend.route_tables),
    "vpce": ("vpc-endpoint", lambda backend: backend.vpc_end_points),
    "sg": ("security-group", lambda backend: {key for groups in backend.groups.values() for key in groups}),
    "eni": ("network-interface", lambda backend: backend.enis),
    "acl": ("network-acl", lambda backend: backend.network_acls),
    "sgr": (
        "security-group-rule",
        lambda backend: {
            rule.id
            for groups in backend.groups.values()
            for group in groups.values()
            for rule in (*group.ingress_rules, *group.egress_rules)
        },
    ),
}
"""By id prefix: EC2's name of the resource type, and the ids that there are."""


def live_ids(backend: Any, prefix: str) -> Any:
    """The ids of all resources with this id prefix; None for a type that the sandbox does not follow."""
    return _COLLECTIONS[prefix][1](backend) if prefix in _COLLECTIONS else None


def _describe_tags(backend: Any, wanted: Mapping[str, list[str]]) -> Iterable[dict[str, str]]:
    live: dict[str, Any] = {}
    for resource_id, tags in list(backend.tags.items()):
        prefix = resource_id.rpartition("-")[0]
        if prefix not in live:
            live[prefix] = live_ids(backend, prefix)
        if live[prefix] is not None and resource_id not in live[prefix]:
            continue
        kind = _COLLECTIONS[prefix][0] if prefix in _COLLECTIONS else utils.EC2_PREFIX_TO_RESOURCE.get(prefix, "")
        for key, value in tags.items():
            row = {"resource_id": resource_id, "key": key, "value": value, "resource_type": kind}
            if all(_tag_matches(row, name, values) for name, values in wanted.items()):
                yield row


def _tag_matches(row: Mapping[str, str], name: str, wanted: list[str]) -> bool:
    if name.startswith("tag:"):
        return row["key"] == name[len("tag:") :] and matches(row["value"], wanted)
    field = {"resource-id": "resource_id", "resource-type": "resource_type", "key": "key", "value": "value"}.get(name)
    if field is None:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return matches(row[field], wanted)


@patch("ec2-describe-tags", "EC2 API Reference, DescribeTags: filters tag:<key>, resource-type; live resources only")
def describe_tags(into: Installer) -> None:
    def describe(backend: Any, filters: Mapping[str, list[str]] | None = None) -> list[dict[str, str]]:
        return list(_describe_tags(backend, filters or {}))

    def get_tags(resource: Any) -> list[dict[str, str]]:
        tags = resource.ec2_backend.tags.get(resource.id) or {}
        return [{"key": key, "value": value} for key, value in tags.items()]

    into.replace(TagBackend, "describe_tags", describe)
    into.replace(TaggedEC2Resource, "get_tags", get_tags)


PATCHES = (
    filters,
    describe_tags,
    client_tokens,
    paging,
    dry_run,
    one_attribute,
    tag_restrictions,
    malformed_ids,
)

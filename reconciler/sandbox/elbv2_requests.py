"""What every list and tag request of Elastic Load Balancing keeps to: pages, and at most so many ARNs and tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.elbv2.exceptions import (
    ELBClientError,
    ListenerNotFoundError,
    ListenerOrBalancerMissingError,
    TooManyTagsError,
)
from moto.elbv2.models import ELBv2Backend
from moto.elbv2.responses import ELBV2Response

from .elbv2_rules import sorted_rules
from .patch import Installer, Patch, patch

_LARGEST_PAGE: Final = 400
_MOST_DESCRIBED: Final = 20
_MOST_TAGS: Final = 50


def _invalid(message: str) -> ELBClientError:
    return ELBClientError("ValidationError", message)


def _page(response: Any, member: str, items: Sequence[Any]) -> ActionResult:
    """One page of a list; the marker is where the next one starts."""
    size = response._get_int_param("PageSize", _LARGEST_PAGE)
    if not 1 <= size <= _LARGEST_PAGE:
        raise _invalid(f"Page size '{size}' must be between '1' and '{_LARGEST_PAGE}' inclusive")
    marker = response._get_param("Marker") or "0"
    if not marker.isdecimal():
        raise _invalid(f"The marker '{marker}' is not valid")
    start = int(marker)
    following = str(start + size) if len(items) > start + size else None
    return ActionResult({member: list(items[start : start + size]), "NextMarker": following})


@patch("elbv2-pages", "Elastic Load Balancing API: the Describe operations, PageSize and Marker")
def _pages(into: Installer) -> None:
    @into.replace_method(ELBV2Response, "describe_load_balancers")
    def load_balancers(response: Any) -> ActionResult:
        found = response.elbv2_backend.describe_load_balancers(
            response._get_param("LoadBalancerArns", []), response._get_param("Names", [])
        )
        return _page(response, "LoadBalancers", found)

    @into.replace_method(ELBV2Response, "describe_target_groups")
    def target_groups(response: Any) -> ActionResult:
        found = response.elbv2_backend.describe_target_groups(
            response._get_param("LoadBalancerArn"),
            response._get_param("TargetGroupArns", []),
            response._get_param("Names", []),
        )
        return _page(response, "TargetGroups", list(found))

    @into.replace_method(ELBV2Response, "describe_listeners")
    def listeners(response: Any) -> ActionResult:
        balancer, arns = response._get_param("LoadBalancerArn"), response._get_param("ListenerArns", [])
        if not balancer and not arns:
            raise ListenerOrBalancerMissingError()
        found = response.elbv2_backend.describe_listeners(balancer, arns)
        if arns and len(found) < len(set(arns)):
            raise ListenerNotFoundError()
        return _page(response, "Listeners", found)

    @into.replace_method(ELBV2Response, "describe_rules")
    def rules(response: Any) -> ActionResult:
        backend, listener_arn = response.elbv2_backend, response._get_param("ListenerArn")
        arns = response._get_param("RuleArns")
        found = backend.describe_rules(listener_arn, arns)
        if listener_arn:
            (listener,) = backend.describe_listeners(None, [listener_arn])
            found = sorted_rules(listener)
        return _page(response, "Rules", found)


@patch("elbv2-tags", "Elastic Load Balancing API: AddTags, DescribeTags")
def _tags(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "describe_tags")
    def describe(original: Callable[..., Any], backend: Any, resource_arns: Sequence[str]) -> Any:
        if len(resource_arns) > _MOST_DESCRIBED:
            raise _invalid(f"Cannot have more than {_MOST_DESCRIBED} resources described")
        for arn in resource_arns:
            backend._get_resource_by_arn(arn)
        return original(backend, resource_arns)

    @into.replace_method(ELBv2Backend, "add_tags")
    def add(backend: Any, resource_arns: Sequence[str], tags: list[dict[str, str]]) -> None:
        keys = [tag["Key"] for tag in tags]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ELBClientError("DuplicateTagKeys", f"Tag keys were specified more than once: {', '.join(twice)}")
        if any(key.startswith("aws:") for key in keys):
            raise _invalid("Tag keys that begin with 'aws:' are reserved for AWS")
        for arn in resource_arns:
            backend._get_resource_by_arn(arn)
            existing = backend.tagging_service.get_tag_dict_for_resource(arn)
            if len(existing.keys() | set(keys)) > _MOST_TAGS:
                raise TooManyTagsError()
        for arn in resource_arns:
            backend.tagging_service.tag_resource(arn, tags)


PATCHES: Final[tuple[Patch, ...]] = (_pages, _tags)

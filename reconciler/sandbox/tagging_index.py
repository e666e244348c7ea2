"""The Resource Groups Tagging API: an index that has listeners too, pages by resources, and may be minutes old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from moto.core.resource_tagging import TaggedResource, make_tag_matcher, match_resource_type
from moto.elbv2.models import ELBv2Backend
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

from .engine import engine, state
from .patch import Installer, patch


@patch("tagging-listeners", "Elastic Load Balancing, ARNs: listeners and rules are resources of their own")
def listeners(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "iter_tagged_resources")
    def tagged(original: Callable[..., Any], backend: Any) -> Iterator[TaggedResource]:
        yield from original(backend)
        for balancer in backend.load_balancers.values():
            for listener in balancer.listeners.values():
                tags = backend.tagging_service.get_tag_dict_for_resource(listener.arn)
                yield TaggedResource(arn=listener.arn, tags=tags, resource_type="elasticloadbalancing:listener")
                for rule in listener.rules.values():
                    tags = backend.tagging_service.get_tag_dict_for_resource(rule.arn)
                    yield TaggedResource(arn=rule.arn, tags=tags, resource_type="elasticloadbalancing:listener-rule")


@dataclass
class _Index:
    """What the index held when it was last brought up to date."""

    at: float | None = None
    resources: list[TaggedResource] = field(default_factory=list)


@patch("tagging-lag", "Resource Groups Tagging API Reference: eventually consistent (aws-semantics 2)")
def lag(into: Installer) -> None:
    @into.wrap(ResourceGroupsTaggingAPIBackend, "_get_resources_generator")
    def resources(
        original: Callable[..., Any],
        backend: Any,
        tag_filters: Any = None,
        resource_type_filters: Any = None,
        resource_arn_list: Any = None,
    ) -> Iterator[TaggedResource]:
        index = state(backend, _Index)
        now = engine().now()
        if index.at is None or now - index.at >= engine().timings.tag_index:
            index.at, index.resources = now, list(original(backend))
        fits = make_tag_matcher(tag_filters)
        for one in index.resources:
            named = not resource_arn_list or one.arn in resource_arn_list
            if named and match_resource_type(one.resource_type, resource_type_filters) and fits(one.tags):
                yield one


@patch("tagging-pages", "Resource Groups Tagging API Reference, GetResources: ResourcesPerPage, PaginationToken")
def pages(into: Installer) -> None:
    @into.replace_method(ResourceGroupsTaggingAPIBackend, "get_resources")
    def get(
        backend: Any, pagination_token: str | None, resources_per_page: int, tags_per_page: int, **filters: Any
    ) -> tuple[str, list[TaggedResource]]:
        """moto cuts pages at a hundred tags though nobody asked for that; tokens here are places in the list."""
        del tags_per_page
        found = list(backend._get_resources_generator(**filters))
        if pagination_token and not pagination_token.isdecimal():
            raise ResourceGroupsTaggingAPIError("PaginationTokenExpiredException", "Token does not exist")
        start = int(pagination_token or 0)
        end = start + resources_per_page
        return str(end) if end < len(found) else "", found[start:end]


PATCHES: Final = (listeners, lag, pages)

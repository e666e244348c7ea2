"""AWS's index of tags: what the tags of many objects were lately, a hundred objects in a request.

CloudWatch Logs and ELBv2 give no tags with a description, so asking them makes calls grow with objects. The index of
the Resource Groups Tagging API answers for all at once but lags by minutes, misses what is new and keeps what is gone.
It is therefore never proof: objects found by their own service alone count, an object that it does not know is asked
for directly, and what is read from it is marked, so that nothing is done or told because of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.errors import AwsError
from reconciler.model.ports import Reader
from reconciler.model.resource import Scope
from reconciler.model.tags import ADDRESS, STACK
from reconciler.resources._ownership import tag_map

_RESOURCES = ["ec2:security-group", "elasticloadbalancing", "logs"]
_VALUES_PER_FILTER = 20
"""Resource Groups Tagging API reference, GetResources."""


def indexed_tags(reader: Reader, scope: Scope) -> dict[str, Mapping[str, str]]:
    """Tags by ARN of what the index knows of the stacks of a scope; nothing where the look does without the index."""
    return (_indexed(reader, scope) or {}) if scope.by_index else {}


def balancers_with_rules(reader: Reader, scope: Scope) -> set[str]:
    """The ARNs of load balancers in which the index knows rules of the stacks of a scope: places to look at."""
    parts = (arn.split(_RULE) for arn in _indexed(reader, scope) or () if _RULE in arn)
    return {f"{start}:loadbalancer/{'/'.join(['app', *rest.split('/')[:2]])}" for start, rest in parts}


def knows_no_stray_group(reader: Reader, scope: Scope) -> bool:
    """Whether the index says that every security group of the stacks of a scope is desired, and there once. Never where
    the look does without the index, or it cannot be had."""
    indexed = _indexed(reader, scope) if scope.by_index else None
    if indexed is None:
        return False
    named = [(tags[STACK], tags.get(ADDRESS, "")) for arn, tags in indexed.items() if _GROUP in arn]
    return len(set(named)) == len(named) and all(address in scope.digests(stack) for stack, address in named)


_RULE = ":listener-rule/app/"
_GROUP = ":security-group/"


def _indexed(reader: Reader, scope: Scope) -> dict[str, Mapping[str, str]] | None:
    """Tags by ARN; nothing at all where they cannot be had, for want of a permission perhaps: a hint is no need."""
    found: dict[str, Mapping[str, str]] = {}
    for start in range(0, len(scope.stacks), _VALUES_PER_FILTER):
        filters = [{"Key": STACK, "Values": list(scope.stacks[start : start + _VALUES_PER_FILTER])}]
        try:
            listed = reader.pages(
                "resourcegroupstaggingapi",
                "GetResources",
                "ResourceTagMappingList",
                TagFilters=filters,
                ResourceTypeFilters=_RESOURCES,
            )
        except AwsError:
            return None
        found |= {one["ResourceARN"].removesuffix(":*"): tag_map(one["Tags"]) for one in listed}
    return found

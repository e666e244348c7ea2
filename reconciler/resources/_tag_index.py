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
from reconciler.model.tags import STACK
from reconciler.resources._ownership import tag_map

_SERVICES = ["elasticloadbalancing", "logs"]
_VALUES_PER_FILTER = 20
"""Resource Groups Tagging API reference, GetResources."""


def indexed_tags(reader: Reader, scope: Scope) -> dict[str, Mapping[str, str]]:
    """Tags by ARN of what the index knows of the stacks of a scope; nothing where the look does without the index."""
    return _indexed(reader, scope) if scope.by_index else {}


def balancers_with_rules(reader: Reader, scope: Scope) -> set[str]:
    """The ARNs of load balancers in which the index knows rules of the stacks of a scope: places to look at."""
    parts = (arn.split(_RULE) for arn in _indexed(reader, scope) if _RULE in arn)
    return {f"{start}:loadbalancer/{'/'.join(['app', *rest.split('/')[:2]])}" for start, rest in parts}


_RULE = ":listener-rule/app/"


def _indexed(reader: Reader, scope: Scope) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for start in range(0, len(scope.stacks), _VALUES_PER_FILTER):
        filters = [{"Key": STACK, "Values": list(scope.stacks[start : start + _VALUES_PER_FILTER])}]
        try:
            listed = reader.pages(
                "resourcegroupstaggingapi",
                "GetResources",
                "ResourceTagMappingList",
                TagFilters=filters,
                ResourceTypeFilters=_SERVICES,
            )
        except AwsError:
            continue  # a hint that cannot be had, for want of a permission perhaps, is none
        found |= {one["ResourceARN"].removesuffix(":*"): tag_map(one["Tags"]) for one in listed}
    return found

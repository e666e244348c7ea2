"""How EC2's types read: inside the VPCs of a scope, with CIDRs as EC2 writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from reconciler.model.ports import Reader
from reconciler.model.resource import Scope
from reconciler.resources._ownership import literal

_VALUES_PER_FILTER = 200
"""EC2 API reference, "List and filter": the most values that one filter takes."""


def in_vpcs(reader: Reader, scope: Scope, operation: str, key: str, parameter: str = "Filters") -> Iterator[Any]:
    """What a `Describe` operation lists in the VPCs that concern the stacks of a scope, whoever made it.

    Types that read the same operation share its answer, which the reader remembers. `parameter` is what the
    operation calls its filters (`Filter` of DescribeNatGateways).
    """
    vpcs = scope.networks
    for start in range(0, len(vpcs), _VALUES_PER_FILTER):
        filters = [{"Name": "vpc-id", "Values": vpcs[start : start + _VALUES_PER_FILTER]}]
        yield from reader.pages("ec2", operation, key, **{parameter: filters})


def lookup_filters(name: str, identity: str | None, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """EC2's filters for what has this id, called `name`, and carries all of these tags."""
    by_id = [{"Name": name, "Values": [identity]}] if identity else []
    return by_id + [{"Name": f"tag:{key}", "Values": [literal(value)]} for key, value in sorted(tags.items())]


def described(noun: str, identity: str | None, tags: Mapping[str, str]) -> str:
    """What a reference looks for, in words: `VPC vpc-0123`, `VPC with the tag team=shop`."""
    if identity:
        return f"{noun} {identity}"
    shown = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
    return f"{noun} with the {'tag' if len(tags) == 1 else 'tags'} {shown}" if tags else noun


def cidr(text: str) -> str:
    """A CIDR as EC2 keeps it: host bits cleared, IPv6 compressed and in lower case (EC2 CreateVpc, CreateRoute)."""
    return str(ip_network(text, strict=False))

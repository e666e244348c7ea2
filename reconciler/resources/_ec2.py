"""How EC2's types read: inside the VPCs of a scope, with CIDRs as EC2 writes them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from reconciler.model.ports import Reader
from reconciler.model.resource import Scope

_VALUES_PER_FILTER = 200
"""EC2 API reference, "List and filter": the most values that one filter takes."""


def in_vpcs(reader: Reader, scope: Scope, operation: str, key: str, parameter: str = "Filters") -> Iterator[Any]:
    """What a `Describe` operation lists in the VPCs of the stacks of a scope, whoever made it.

    Types that read the same operation share its answer, which the reader remembers. `parameter` is what the
    operation calls its filters (`Filter` of DescribeNatGateways).
    """
    vpcs = scope.ids("vpc")
    for start in range(0, len(vpcs), _VALUES_PER_FILTER):
        filters = [{"Name": "vpc-id", "Values": vpcs[start : start + _VALUES_PER_FILTER]}]
        yield from reader.pages("ec2", operation, key, **{parameter: filters})


def cidr(text: str) -> str:
    """A CIDR as EC2 keeps it: host bits cleared, IPv6 compressed and in lower case (EC2 CreateVpc, CreateRoute)."""
    return str(ip_network(text, strict=False))

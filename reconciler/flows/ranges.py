"""Sets of whole numbers as sorted, disjoint, inclusive intervals: addresses and ports."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, summarize_address_range

Ranges = tuple[tuple[int, int], ...]

NOTHING: Ranges = ()
ALL_ADDRESSES: Ranges = ((0, 2**32 - 1),)
ALL_PORTS: Ranges = ((0, 65535),)


@lru_cache(maxsize=65536)
def block(text: str) -> Ranges:
    """An IPv4 block or address. IPv6, which is not modelled, is no IPv4 address at all."""
    if ":" in text:
        return NOTHING
    network = IPv4Network(text, strict=False)
    return ((int(network.network_address), int(network.broadcast_address)),)


def union(parts: Iterable[Ranges]) -> Ranges:
    """Everything that is in any of them."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(interval for part in parts for interval in part):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def intersection(one: Ranges, other: Ranges) -> Ranges:
    """Everything that is in both."""
    if one == other:
        return one
    found = []
    here, there = 0, 0
    while here < len(one) and there < len(other):
        low, high = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if low <= high:
            found.append((low, high))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return tuple(found)


def difference(one: Ranges, other: Ranges) -> Ranges:
    """Everything that is in the first and not in the second."""
    found = []
    for first, high in one:
        low = first
        for taken_low, taken_high in other:
            if taken_high < low:
                continue
            if taken_low > high:
                break
            if taken_low > low:
                found.append((low, taken_low - 1))
            low = taken_high + 1
        if low <= high:
            found.append((low, high))
    return tuple(found)


def size(ranges: Ranges) -> int:
    """How many numbers there are."""
    return sum(high - low + 1 for low, high in ranges)


def covers(outer: Ranges, inner: Ranges) -> bool:
    """Whether all of `inner` is in `outer`."""
    return not difference(inner, outer)


def ports_text(ranges: Ranges) -> str:
    """`80`, `80, 443`, `1024-65535`, `all`."""
    if covers(ranges, ((1, 65535),)):
        return "all"
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def addresses_text(ranges: Ranges, most: int = 3) -> str:
    """`10.0.0.5`, `10.0.0.0-10.0.0.127`, the first few of many."""
    shown = [
        str(IPv4Address(low)) if low == high else f"{IPv4Address(low)}-{IPv4Address(high)}"
        for low, high in ranges[:most]
    ]
    return ", ".join([*shown, "..."] if len(ranges) > most else shown)


def blocks_text(ranges: Ranges) -> str:
    """As IPv4 blocks: `10.0.0.0/16, 10.1.0.0/24`."""
    blocks = (b for low, high in ranges for b in summarize_address_range(IPv4Address(low), IPv4Address(high)))
    return ", ".join(map(str, blocks))


_NOT_INTERNET = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
)
"""Blocks that no gateway to the internet carries (RFC 1918, 6598, 1122, 3927, 5771; EC2 Reachability Analyzer,
"Explanation codes", IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS)."""

INTERNET: Ranges = difference(ALL_ADDRESSES, union(map(block, _NOT_INTERNET)))
FEW = 2**24
"""Fewer public addresses than this (a /8) are not "the internet": a flow from the internet is not broken by a rule that
keeps one abusive network out, nor by a route of its own to a partner."""

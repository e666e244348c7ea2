"""Arithmetic on IPv4 blocks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any, Final

from reconciler.kinds import Object, Path, Peer, Problem

Block = ipaddress.IPv4Network
_NOBODY: Final = Block("0.0.0.0/32")


def block(text: str) -> Block:
    """The block of a CIDR, host bits cleared."""
    return ipaddress.IPv4Interface(text).network


def host_bits(obj: Object[Any], path: Path, text: str) -> Problem | None:
    """A problem where a CIDR has bits set that its prefix does not cover: AWS would store another text."""
    if ipaddress.IPv4Interface(text).ip == block(text).network_address:
        return None
    return obj.problem(path, f"{text} has host bits set", f"write {block(text)}")


def peer_blocks(obj: Object[Any], peers: Iterable[tuple[Path, str]]) -> Iterator[Problem]:
    """`host_bits` for the blocks among peers, and addresses that nobody has."""
    for path, text in peers:
        if Peer.parse(text).type != "cidr":
            continue
        if block(text) == _NOBODY:
            yield obj.problem(path, f"{text} is one address, which nobody has", "write 0.0.0.0/0 or internet for all")
        elif problem := host_bits(obj, path, text):
            yield problem


def free_block(within: Block, prefix: int, taken: Iterable[Block]) -> Block | None:
    """The first block of a size that overlaps none of the others."""
    used = sorted(taken)
    if prefix < within.prefixlen:
        return None
    return next((b for b in within.subnets(new_prefix=prefix) if not any(b.overlaps(u) for u in used)), None)

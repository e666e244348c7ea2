"""Who may talk to whom, as a user writes it in `allowFrom` and in a Flow."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Peer:
    """One end of traffic. `value` is the block of `cidr` (a single address is a /32), the id of `prefixList` and
    `securityGroup`, else an object's name."""

    type: Literal["internet", "cidr", "task", "loadBalancer", "prefixList", "securityGroup"]
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> Peer:
        """`internet`, an IPv4 block or address, `task/NAME`, `loadBalancer/NAME`, or the id of a prefix list or a
        security group. Raises `ValueError`."""
        if text == "internet":
            return cls("internet")
        word, slash, name = text.partition("/")
        if slash and name and word == "task":
            return cls("task", name)
        if slash and name and word == "loadBalancer":
            return cls("loadBalancer", name)
        if text.startswith("pl-"):
            return cls("prefixList", text)
        if text.startswith("sg-"):
            return cls("securityGroup", text)
        return cls("cidr", str(ipaddress.IPv4Interface(text)))

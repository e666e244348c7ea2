"""Network ACLs as a user writes them: what is let into the subnets of a tier and out of them."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from reconciler.kinds._spec import Cidr, Digits, Format, SpecModel
from reconciler.model.values import FrozenMap
from reconciler.resources._acl_tables import AclEntry, Entries
from reconciler.resources._ec2 import cidr

MOST_RULES: Final = 39
"""Rules in one direction under the largest quota that AWS gives, its own last one aside (VPC user guide, "Amazon VPC
quotas")."""

WITH_PORTS: Final = ("tcp", "udp")
_NUMBERS: Final = frozenset(map(str, range(256))) - {"1", "6", "17", "58"}


def is_port_range(text: str) -> None:
    """Raises `ValueError` where a text is no port and no range of ports."""
    first, _, last = text.partition("-")
    if not 0 <= int(first) <= int(last or first) <= 65535:
        raise ValueError(text)


def _range_meant(text: str) -> str | None:
    """The range that two ports in another form stand for: `65535-1024`, `80:90`."""
    found = re.fullmatch(r"([0-9]{1,5})\s*[-:,]+\s*([0-9]{1,5})", text)
    ports = sorted(map(int, found.groups())) if found else [65536]
    return f"{ports[0]}-{ports[1]}" if ports[-1] <= 65535 else None


def is_protocol(text: str) -> None:
    """Raises `ValueError` where a text is neither a protocol's name nor the number of one that has none here."""
    if text.isdigit() and text not in _NUMBERS:
        raise ValueError(text)


class IcmpMessage(SpecModel):
    """The messages of ICMP that a rule is about."""

    type: int = Field(default=-1, ge=-1, le=255, description="Type of the message; -1 is every type.")
    code: int = Field(default=-1, ge=-1, le=255, description="Code of the message; -1 is every code.")


class AclRule(SpecModel):
    """A rule of a network ACL: the lowest ruleNumber that matches a packet decides."""

    rule_number: int = Field(ge=1, le=32766, description="Its place: lower numbers are asked first.")
    action: Literal["Allow", "Deny"] = Field(description="What becomes of packets that match.")
    protocol: Annotated[
        str,
        Digits(),
        Format(
            r"^(tcp|udp|icmp|all|[0-9]{1,3})$",
            "write tcp, udp, icmp, all, or the number of another protocol, such as 47",
            is_protocol,
        ),
    ] = Field(default="tcp", description="tcp, udp, icmp, all, or the number of another protocol.")
    ports: (
        Annotated[
            str,
            Digits(),
            Format(
                r"^[0-9]{1,5}(-[0-9]{1,5})?$",
                "write a port such as 443, or a range such as 1024-65535",
                is_port_range,
                meant=_range_meant,
            ),
        ]
        | None
    ) = Field(
        default=None, description="Of tcp and udp: a port or a range of ports there, such as 1024-65535; else all."
    )
    icmp: IcmpMessage | None = Field(default=None, description="Of icmp: which messages; else all.")
    cidr: Cidr = Field(description="Where packets come from (inbound) or go to (outbound), as an IPv4 block.")

    def entry(self) -> AclEntry:
        """The entry as EC2 keeps it."""
        ports = (self.ports or "0-65535").partition("-") if self.protocol in WITH_PORTS else None
        icmp = (self.icmp or IcmpMessage()) if self.protocol == "icmp" else None
        return AclEntry(
            rule_action=self.action.lower(),
            protocol="-1" if self.protocol == "all" else self.protocol,
            cidr_block=cidr(self.cidr),
            from_port=int(ports[0]) if ports else None,
            to_port=int(ports[2] or ports[0]) if ports else None,
            icmp_type=icmp.type if icmp else None,
            icmp_code=icmp.code if icmp else None,
        )


class NetworkAclRules(SpecModel):
    """The network ACL of one tier: what no rule allows is denied, and answers need rules of their own."""

    inbound: tuple[AclRule, ...] = Field(
        default=(), max_length=MOST_RULES, description="What may come in from outside of the subnet."
    )
    outbound: tuple[AclRule, ...] = Field(
        default=(), max_length=MOST_RULES, description="What may go out of the subnet, answers included."
    )


def entries(rules: tuple[AclRule, ...]) -> Entries:
    """Rules of one direction by number."""
    return FrozenMap((rule.rule_number, rule.entry()) for rule in rules)

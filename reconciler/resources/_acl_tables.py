"""From one table of a network ACL to another, entry by entry. Pure.

The lowest number that matches a packet decides, and each request changes one entry at once. Old entries stay while new
ones come from the lowest number up, and then go from the highest down: of all entries that a packet meets meanwhile the
first is the one that decided before or the one that will, so each packet fares as before or as after. For this an entry
whose number gets another meaning first has a copy made under a free number, in the same place among the old ones,
unless no other change concerns the packets that it speaks of: then the one request is all there is between before and
after. Where the quota or the numbers leave no room for that, `Transition.exposed` has the entries that suffer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from reconciler.model.fields import Fields, field
from reconciler.model.values import FrozenMap


class AclEntry(Fields):
    """One entry. `rule_action` is `allow` or `deny`; `protocol` a name where rules of security groups have one (`tcp`),
    else a number, `-1` for all; ports are `None` where it has none, or all of them; type and code are those of ICMP, -1
    for all. It has a block of IPv4 or one of IPv6."""

    rule_action: str
    protocol: str
    cidr_block: str | None
    ipv6_cidr_block: str | None = field(default=None)
    from_port: int | None
    to_port: int | None
    icmp_type: int | None = field(default=None)
    icmp_code: int | None = field(default=None)

    @property
    def block(self) -> str:
        """The addresses that it speaks of, whichever family they are of."""
        found = self.cidr_block or self.ipv6_cidr_block
        assert found is not None
        return found


Entries = FrozenMap[int, AclEntry]
"""Entries by rule number: the lowest that matches decides; what none matches is denied."""

ROOM: Final = 19
"""Entries that a table holds at least, AWS's own last one aside (VPC user guide, "Amazon VPC quotas": 20 with it)."""
_HIGHEST: Final = 32766


@dataclass(frozen=True, slots=True)
class Step:
    """One request: an entry under a new number, or (`replaces`) instead of another; `None` removes it."""

    number: int
    entry: AclEntry | None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """The steps in their order, and by number the entries whose packets may fare neither as before nor as after."""

    steps: tuple[Step, ...]
    exposed: Mapping[int, AclEntry]


def transition(present: Mapping[int, AclEntry], wanted: Mapping[int, AclEntry]) -> Transition:
    """The way from one table to another."""
    room = max(ROOM, len(present), len(wanted))
    replaced = sorted(n for n in present.keys() & wanted.keys() if present[n] != wanted[n])
    entangled = [n for n in replaced if _is_entangled(n, present, wanted)]
    copies = _copies(entangled, present, wanted)
    if len(present.keys() | wanted.keys()) + len(copies) > room:
        copies = {}
    exposed = {n: present[n] for n in entangled if n not in copies}
    steps = [Step(number, present[n]) for n, number in sorted(copies.items())]
    count = len(present) + len(copies)
    old = {**{n: present[n] for n in present.keys() - wanted.keys()}, **{copies[n]: present[n] for n in copies}}
    going = sorted(old)
    for number in sorted(n for n in wanted if present.get(n) != wanted[n]):
        if number not in present:
            if count == room:
                gone = going.pop()
                steps.append(Step(gone, None))
                exposed[gone] = old[gone]
                count -= 1
            count += 1
        steps.append(Step(number, wanted[number], replaces=number in present))
    steps += [Step(number, None) for number in reversed(going)]
    return Transition(tuple(steps), exposed)


def _copies(numbers: list[int], present: Mapping[int, AclEntry], wanted: Mapping[int, AclEntry]) -> dict[int, int]:
    """For each number a free one in the same place among the present ones; for none of them where one has none."""
    taken = {*present, *wanted}
    found: dict[int, int] = {}
    for number in numbers:
        free = next((n for n in _near(number, present) if n not in taken), None)
        if free is None:
            return {}
        found[number] = free
        taken.add(free)
    return found


def _near(number: int, present: Mapping[int, AclEntry]) -> Iterator[int]:
    """The numbers between the neighbours of one, nearest first above, then below."""
    above = min((n for n in present if n > number), default=_HIGHEST + 1)
    below = max((n for n in present if n < number), default=0)
    yield from range(number + 1, above)
    yield from range(number - 1, below, -1)


def _is_entangled(number: int, present: Mapping[int, AclEntry], wanted: Mapping[int, AclEntry]) -> bool:
    """Whether another change concerns packets that an entry spoke of or will speak of."""
    own = [present[number], wanted[number]]
    changed = [n for n in present.keys() | wanted.keys() if n != number and present.get(n) != wanted.get(n)]
    others = [table[n] for n in changed for table in (present, wanted) if n in table]
    return any(_overlap(one, other) for one in own for other in others)


def _overlap(one: AclEntry, other: AclEntry) -> bool:
    """Whether some packet may match both."""
    if "-1" not in (one.protocol, other.protocol):
        if one.protocol != other.protocol:
            return False
        if None not in (one.from_port, one.to_port, other.from_port, other.to_port):
            ranges = (range(entry.from_port or 0, (entry.to_port or 0) + 1) for entry in (one, other))
            first, second = ranges
            if first.stop <= second.start or second.stop <= first.start:
                return False
    blocks = [ip_network(entry.block) for entry in (one, other)]
    return blocks[0].version == blocks[1].version and blocks[0].overlaps(blocks[1])

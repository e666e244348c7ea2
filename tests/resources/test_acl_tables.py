"""Between two tables of a network ACL every packet fares as before or as after, and the quota is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.resources._acl_tables import ROOM, AclEntry, Step, transition

Table = Mapping[int, AclEntry]
Packet = tuple[str, int, str]

BLOCKS = ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24")
ADDRESSES = ("10.0.0.1", "10.1.0.1", "192.0.2.1", "203.0.113.1")
INSIDE = frozenset((a, b) for a in ADDRESSES for b in BLOCKS if ip_address(a) in ip_network(b))
PACKETS: tuple[Packet, ...] = tuple(
    (protocol, port, address)
    for protocol in ("tcp", "udp", "icmp")
    for port in ((0, 80, 443) if protocol != "icmp" else (0,))
    for address in ADDRESSES
)


@st.composite
def entries(draw: st.DrawFn) -> AclEntry:
    protocol = draw(st.sampled_from(["tcp", "udp", "icmp", "-1"]))
    ports = draw(st.sampled_from([(0, 65535), (80, 80), (443, 443), (80, 443)])) if protocol in ("tcp", "udp") else None
    return AclEntry(
        rule_action=draw(st.sampled_from(["allow", "deny"])),
        protocol=protocol,
        cidr_block=draw(st.sampled_from(BLOCKS)),
        from_port=ports[0] if ports else None,
        to_port=ports[1] if ports else None,
    )


def tables(most: int, numbers: st.SearchStrategy[int]) -> st.SearchStrategy[dict[int, AclEntry]]:
    return st.dictionaries(numbers, entries(), max_size=most)


def passes(table: Table, packet: Packet) -> bool:
    """What AWS does with a packet: the lowest number that matches decides, what none matches is denied."""
    protocol, port, address = packet
    for number in sorted(table):
        entry = table[number]
        if entry.protocol not in (protocol, "-1"):
            continue
        if entry.from_port is not None and not entry.from_port <= port <= (entry.to_port or 0):
            continue
        if (address, entry.cidr_block) in INSIDE:
            return entry.rule_action == "allow"
    return False


def between(present: Table, steps: tuple[Step, ...]) -> Iterator[dict[int, AclEntry]]:
    """The table after each step, made as EC2 makes it: no number twice, nothing changed that is not there."""
    table = dict(present)
    for step in steps:
        assert (step.number in table) == (step.replaces or step.entry is None)
        assert 1 <= step.number <= 32766
        if step.entry is None:
            del table[step.number]
        else:
            table[step.number] = step.entry
        yield dict(table)


def others(present: Table, wanted: Table, table: Table) -> list[Packet]:
    """Packets that fare neither as before nor as after."""
    return [p for p in PACKETS if passes(table, p) not in (passes(present, p), passes(wanted, p))]


SPACED = st.integers(1, 15).map(lambda n: n * 10)
DENSE = st.integers(1, 24)


@settings(max_examples=150)
@given(tables(6, SPACED), tables(6, SPACED))
def test_where_there_is_room_every_packet_fares_as_before_or_as_after(present: Table, wanted: Table) -> None:
    found = transition(present, wanted)
    assert found.exposed == {}
    table = dict(present)
    for table in between(present, found.steps):
        assert others(present, wanted, table) == []
    assert table == dict(wanted)


@settings(max_examples=150)
@given(tables(ROOM, DENSE), tables(ROOM, DENSE))
def test_the_quota_is_kept_and_only_packets_that_are_named_suffer(present: Table, wanted: Table) -> None:
    found = transition(present, wanted)
    table = dict(present)
    for table in between(present, found.steps):
        assert len(table) <= max(ROOM, len(present))
        for packet in others(present, wanted, table):
            assert any(passes({1: AclEntry(**_any(entry))}, packet) for entry in found.exposed.values())
    assert table == dict(wanted)


def _any(entry: AclEntry) -> dict[str, object]:
    """An entry's members, let through whatever it does with what it matches."""
    names = ("protocol", "cidr_block", "from_port", "to_port")
    return {"rule_action": "allow", **{name: getattr(entry, name) for name in names}}


@given(tables(6, SPACED), SPACED, entries())
def test_one_entry_that_changes_is_one_request(present: Table, number: int, entry: AclEntry) -> None:
    steps = transition(present, {**present, number: entry}).steps
    assert len(steps) == (present.get(number) != entry)

"""The network that facts describe, indexed for walking through it."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from reconciler.flows.ranges import INTERNET, NOTHING, Ranges, block, difference, intersection, union
from reconciler.flows.requests import Requests, Rule
from reconciler.model import facts as words
from reconciler.model.frozen import Frozen

INTERNET_NAME = "internet"


class Entry(Frozen):
    """One rule of a filter with its blocks read. `peer` names a filter, or a prefix list; else `ranges` are its
    addresses."""

    protocol: str
    ports: Ranges
    ranges: Ranges
    peer: str
    text: str
    order: int
    accept: bool


class Way(Frozen):
    """One route of a table. `target` is empty for delivery inside the network."""

    table: str
    destination: str
    ranges: Ranges
    prefix: int
    target: str
    dead: bool
    unmodelled: str

    @property
    def text(self) -> str:
        """The route as people read it."""
        return f"{self.destination} to {self.target or 'local'}"


class Gateway(Frozen):
    """A gateway between a network and the internet; `addresses` are its public ones, all of them where unknown."""

    name: str
    kind: str
    at: str
    addresses: Ranges
    private: Ranges


class End(Frozen):
    """One end of traffic: copies of a stand in one segment that differ in nothing but their address, or addresses.

    `segment` is empty outside of the networks. `public` are its public addresses, `NOTHING` where it has none.
    `stand` names what it is a copy of.
    """

    name: str
    label: str
    ranges: Ranges
    segment: str = ""
    filters: frozenset[str] = frozenset()
    filtered: bool = False
    public: Ranges = NOTHING
    ephemeral: Ranges = (words.EPHEMERAL,)
    stand: str = ""
    kind: str = ""
    behind: frozenset[str] = frozenset()
    """The filters of a client whose address it keeps: whether rules that name those hold for it is not known."""
    live: tuple[str, ...] = ()
    """The interfaces that it stands for, where they are known."""


class Stand(Frozen):
    """What a fact of that name says, by component names."""

    name: str
    label: str
    kind: str
    segments: tuple[str, ...]
    filters: frozenset[str]
    filtered: bool
    public: bool
    runs: str
    copies: int | None
    ephemeral: Ranges
    known_as: str


class Live(Frozen):
    """A live interface by component names; `addresses` are (private, public or empty)."""

    name: str
    segment: str
    filters: frozenset[str]
    belongs: str
    role: str
    addresses: tuple[tuple[str, str], ...]


class Listener(Frozen):
    """A port of a proxy; `name` is the last part of the component's."""

    component: str
    proxy: str
    port: int
    protocol: str
    transports: frozenset[str]

    @property
    def name(self) -> str:
        return self.component.rsplit("/", 1)[-1]


@dataclasses.dataclass(eq=False, repr=False)
class World:
    """Everything that is known of some networks.

    `observed`: it was looked at, so that what is not there is not. `ids` are AWS's by component, `states` those that
    are not in working order with what is known of it, `owners` the object (`Network/main`) that a component comes from.
    `unread` are kinds of things that could not be looked at, with the reason: nothing is known while there are some.
    `health` has the state of each target by pool and address; `None` where it was not looked at. `copies` are live
    copies by id: whose they are, and their interface.
    """

    observed: bool = False
    ids: dict[str, str] = dataclasses.field(default_factory=dict)
    states: dict[str, str] = dataclasses.field(default_factory=dict)
    owners: dict[str, str] = dataclasses.field(default_factory=dict)
    unread: Mapping[str, str] = dataclasses.field(default_factory=dict)
    health: dict[str, dict[str, str]] | None = None
    copies: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    want: Callable[[], World] | None = None
    """Makes the world that the files want, beside what was observed; `None` where that is not known."""
    networks: dict[str, Ranges] = dataclasses.field(default_factory=dict)
    segments: dict[str, tuple[str, Ranges, str]] = dataclasses.field(default_factory=dict)
    """(network, addresses, zone) of each."""
    tables: dict[str, str] = dataclasses.field(default_factory=dict)
    main_tables: dict[str, str] = dataclasses.field(default_factory=dict)
    edges: dict[str, str] = dataclasses.field(default_factory=dict)
    ways: dict[str, list[Way]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    entries: dict[tuple[str, str], list[Entry]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    gateways: dict[str, Gateway] = dataclasses.field(default_factory=dict)
    stands: dict[str, Stand] = dataclasses.field(default_factory=dict)
    lives: dict[str, Live] = dataclasses.field(default_factory=dict)
    opens: dict[str, list[words.Open]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    containers: dict[str, list[str]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    listeners: dict[str, list[Listener]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    """By proxy."""
    rules: dict[str, list[Rule]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    """By listener, in the order in which they are asked."""
    members: dict[str, list[tuple[str, int]]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    """(stand, port) by pool."""
    crossing: dict[str, bool | None] = dataclasses.field(default_factory=dict)
    """Whether connections are passed on to other zones, by proxy and by pool."""
    keeping: dict[str, bool] = dataclasses.field(default_factory=dict)
    """Whether targets see the client's own address, by pool."""
    services: dict[str, tuple[str, frozenset[str]]] = dataclasses.field(default_factory=dict)
    """(name of the service, tables that lead to it) by component."""
    named: set[str] = dataclasses.field(default_factory=set)
    """Those of `services` that the names of the service lead to."""

    asked: dict[str, Requests] = dataclasses.field(default_factory=dict)
    """The rules of listeners that were asked already, made ready."""

    def network_of(self, segment: str) -> str:
        return self.segments[segment][0] if segment in self.segments else ""

    def zone_of(self, segment: str) -> str:
        return self.segments[segment][2] if segment in self.segments else ""

    def table_of(self, segment: str) -> str:
        """The table that routes for a segment: its own, or the network's main one."""
        return self.tables.get(segment) or self.main_tables.get(self.network_of(segment), "")

    def crosses(self, proxy: str, pool: str) -> bool:
        """Whether the nodes of a proxy pass connections on to the targets of a pool in other zones."""
        own = self.crossing.get(pool)
        return own if own is not None else self.crossing.get(proxy) is not False

    def copy_of(self, text: str) -> str:
        """The interface of a live copy by its id, or by the last part of that; empty where there is none."""
        found = (interface for name, (_, interface) in self.copies.items() if text in (name, name.rpartition("/")[2]))
        return next(found, "")

    def door_of(self, network: str) -> Gateway | None:
        """The gateway that swaps addresses at the edge of a network."""
        return self.doors.get(network)

    @cached_property
    def wanted(self) -> World | None:
        """What the files want."""
        return self.want() if self.want is not None else None

    @cached_property
    def doors(self) -> Mapping[str, Gateway]:
        return {g.at: g for g in self.gateways.values() if g.kind == "one-to-one" and g.at}

    @cached_property
    def inside(self) -> Ranges:
        """All addresses of all networks."""
        return union(self.networks.values())

    @cached_property
    def internet(self) -> Ranges:
        """All public addresses that are in none of the networks."""
        return difference(INTERNET, self.inside)

    @cached_property
    def leading(self) -> Mapping[str, frozenset[tuple[str, int]]]:
        """The proxies that have rules which lead to a stand, with its port, by stand."""
        found: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for proxy, listeners in self.listeners.items():
            pools = {pool for entry in listeners for rule in self.rules.get(entry.component, ()) for pool in rule.pools}
            for pool in pools:
                for stand, port in self.members.get(pool, ()):
                    found[stand].add((proxy, port))
        return {stand: frozenset(led) for stand, led in found.items()}

    @cached_property
    def by_label(self) -> Mapping[str, Stand]:
        return {stand.label: stand for stand in self.stands.values()}

    @cached_property
    def by_id(self) -> Mapping[str, str]:
        """Component by AWS's id."""
        return {identity: component for component, identity in self.ids.items()}

    @cached_property
    def live_of(self) -> Mapping[str, tuple[Live, ...]]:
        """The live interfaces of each stand and gateway: they say whose they are, or share its filters."""
        named = {stand.known_as: name for name, stand in self.stands.items() if stand.known_as}
        by_filter: dict[str, str] = {}
        for name, stand in self.stands.items():
            if stand.kind == "task":
                by_filter.update(dict.fromkeys(stand.filters, name))
        of_copy = {interface: named[known_as] for known_as, interface in self.copies.values() if known_as in named}
        found: dict[str, list[Live]] = defaultdict(list)
        for live in self.lives.values():
            owner = named.get(live.belongs, "")
            if live.name in of_copy:
                owner = of_copy[live.name]
            elif live.role == "task" and not self.copies:
                owner = next((by_filter[f] for f in sorted(live.filters) if f in by_filter), "")
            if owner:
                found[owner].append(live)
        return {name: tuple(sorted(lives, key=lambda one: one.name)) for name, lives in found.items()}

    def ends_of(self, stand: Stand) -> tuple[End, ...]:
        """The ends that a stand has: its live interfaces where there are some, else any address of its segments."""
        if stand.name not in self._ends:
            lives = self.live_of.get(stand.name, ())
            self._ends[stand.name] = self.ends_of_lives(lives, stand) if lives else self._anywhere(stand)
        return self._ends[stand.name]

    @cached_property
    def _ends(self) -> dict[str, tuple[End, ...]]:
        return {}

    def _anywhere(self, stand: Stand) -> tuple[End, ...]:
        return tuple(
            End(
                name=stand.name,
                label=stand.label,
                ranges=self.segments[segment][1],
                segment=segment,
                filters=stand.filters,
                filtered=stand.filtered,
                public=self.internet if stand.public else NOTHING,
                ephemeral=stand.ephemeral,
                stand=stand.name,
                kind=stand.kind,
            )
            for segment in stand.segments
            if segment in self.segments
        )

    def ends_of_lives(self, lives: Iterable[Live], stand: Stand | None) -> tuple[End, ...]:
        """Live interfaces as ends, those that differ in their address only as one."""
        alike: dict[tuple[str, frozenset[str], bool], list[tuple[Live, str, str]]] = defaultdict(list)
        for live in lives:
            for private, public in live.addresses:
                alike[live.segment, live.filters, bool(public)].append((live, private, public))
        return tuple(
            End(
                name=stand.name if stand else some[0][0].name,
                label=stand.label if stand else some[0][0].name,
                ranges=union(block(private) for _, private, _ in some),
                segment=segment,
                filters=filters,
                filtered=stand.filtered if stand else True,
                public=union(block(public) for _, _, public in some if public),
                ephemeral=stand.ephemeral if stand else (words.EPHEMERAL,),
                stand=stand.name if stand else "",
                kind=stand.kind if stand else "",
                live=tuple(sorted({live.name for live, _, _ in some})),
            )
            for (segment, filters, _), some in sorted(alike.items(), key=lambda item: (item[0][0], not item[0][2]))
        )

    def ports_of(self, stand: Stand, container: str = "") -> list[words.Open]:
        """The ports that the containers of a stand open."""
        return [o for o in self.opens.get(stand.runs, ()) if not container or o.container == container]


def split(ways: Iterable[Way], ranges: Ranges) -> list[tuple[Way | None, Ranges]]:
    """Which way each destination takes: the longest prefix that holds it; `None` for what none does."""
    found: list[tuple[Way | None, Ranges]] = []
    left = ranges
    for way in ways:
        taken = intersection(left, way.ranges)
        if taken:
            found.append((way, taken))
            left = difference(left, taken)
            if not left:
                break
    if left:
        found.append((None, left))
    return found

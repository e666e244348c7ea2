"""Facts into the world that they describe, whatever order they come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from reconciler.flows.ranges import NOTHING, Ranges, block, blocks_text, union
from reconciler.flows.requests import Rule
from reconciler.flows.world import Entry, Gateway, Listener, Live, Stand, Way, World
from reconciler.model import facts as words
from reconciler.model.facts import Fact, Name


class Builder:
    """Reads facts into a `World`; `key` says how a component is called."""

    def __init__(self, key: Callable[[Name], str]) -> None:
        self.world = World()
        self._key = key
        self._gateways: list[words.Translate] = []
        self._routes: list[words.Route] = []

    def add(self, fact: Fact) -> None:
        """Takes one fact in."""
        getattr(self, f"_{type(fact).__name__.lower()}")(fact)

    def done(self) -> World:
        """The world, once all facts are in."""
        world = self.world
        for route in self._routes:
            self._way(route)
        for name, network in {s: n for s, (n, _, _) in world.segments.items()}.items():
            table = world.table_of(name)
            if table and not any(not way.target and not way.dead for way in world.ways[table]):
                local = world.networks.get(network, NOTHING)
                world.ways[table].append(Way(table, blocks_text(local), local, _shortest(local), "", False, ""))
        for ways in world.ways.values():
            ways.sort(key=lambda way: (-way.prefix, way.destination))
        for entries in world.entries.values():
            entries.sort(key=lambda entry: (entry.order, entry.text))
        for rules in world.rules.values():
            rules.sort(key=lambda rule: rule.order)
        self._all_gateways()
        return world

    def _keys(self, names: Iterable[Name]) -> frozenset[str]:
        return frozenset(self._key(name) for name in names)

    def _span(self, fact: words.Span) -> None:
        ranges = union(map(block, fact.ranges))
        if fact.within is None:
            name = self._key(fact.name)
            self.world.networks[name] = union((self.world.networks.get(name, NOTHING), ranges))
        else:
            self.world.segments[self._key(fact.name)] = (self._key(fact.within), ranges, fact.zone)

    def _link(self, fact: words.Link) -> None:
        roles = {"table": self.world.tables, "edge": self.world.edges, "main-table": self.world.main_tables}
        roles[fact.role][self._key(fact.name)] = self._key(fact.to)

    def _stand(self, fact: words.Stand) -> None:
        name = self._key(fact.name)
        self.world.stands[name] = Stand(
            name=name,
            label=fact.label or name,
            kind=fact.kind,
            segments=tuple(sorted(self._keys(fact.segments))),
            filters=self._keys(fact.filters),
            filtered=fact.filtered,
            public=fact.public,
            runs=self._key(fact.runs) if fact.runs is not None else "",
            copies=fact.copies,
            ephemeral=(fact.ephemeral,),
            known_as=fact.known_as,
        )

    def _cross(self, fact: words.Cross) -> None:
        self.world.crossing[self._key(fact.name)] = fact.crosses

    def _keep(self, fact: words.Keep) -> None:
        self.world.keeping[self._key(fact.pool)] = fact.keeps

    def _interface(self, fact: words.Interface) -> None:
        name = self._key(fact.name)
        known = self.world.lives.get(name)
        addresses = (*(known.addresses if known else ()), (fact.address, fact.public_address or ""))
        self.world.lives[name] = Live(
            name, self._key(fact.segment), self._keys(fact.filters), fact.belongs, fact.role, addresses
        )

    def _copy(self, fact: words.Copy) -> None:
        self.world.copies[self._key(fact.name)] = (fact.known_as, self._key(fact.interface))

    def _health(self, fact: words.Health) -> None:
        if self.world.health is None:
            self.world.health = {}
        shown = f"{fact.state} ({fact.reason})" if fact.reason else fact.state
        self.world.health.setdefault(self._key(fact.pool), {})[fact.address] = shown

    def _open(self, fact: words.Open) -> None:
        self.world.opens[self._key(fact.name)].append(fact)

    def _contains(self, fact: words.Contains) -> None:
        self.world.containers[self._key(fact.name)].append(fact.container)

    def _route(self, fact: words.Route) -> None:
        self._routes.append(fact)

    def _way(self, fact: words.Route) -> None:
        table = self._key(fact.table)
        listed = fact.destination.startswith("pl-")
        target = self._key(fact.target) if fact.target is not None else ""
        ranges = NOTHING if listed else block(fact.destination)
        if not listed and not ranges:
            return
        prefix = 0 if listed else int(fact.destination.partition("/")[2] or 32)
        self.world.ways[table].append(Way(table, fact.destination, ranges, prefix, target, fact.dead, fact.unmodelled))

    def _allow(self, fact: words.Allow) -> None:
        peer, ranges = "", NOTHING
        if not isinstance(fact.peer, str):
            peer = self._key(fact.peer)
        elif "/sg-" in fact.peer or fact.peer.startswith("pl-"):
            peer = fact.peer
        else:
            ranges = block(fact.peer)
        if not peer and not ranges:
            return
        text = fact.text if not peer or isinstance(fact.peer, str) else fact.text.replace(str(fact.peer), peer)
        self.world.entries[self._key(fact.filter), fact.direction].append(
            Entry(fact.protocol, (fact.ports,), ranges, peer, text, fact.order or 0, fact.accept)
        )

    def _listen(self, fact: words.Listen) -> None:
        proxy = self._key(fact.proxy)
        self.world.listeners[proxy].append(
            Listener(self._key(fact.name), proxy, fact.port, fact.protocol, fact.transports)
        )

    def _forward(self, fact: words.Forward) -> None:
        pools = {self._key(name): weight for name, weight in fact.pools.items()}
        self.world.rules[self._key(fact.listener)].append(
            Rule(fact.rule, fact.order, fact.when, pools, fact.answer, fact.unclear)
        )

    def _member(self, fact: words.Member) -> None:
        self.world.members[self._key(fact.pool)].append((self._key(fact.stand), fact.port))

    def _translate(self, fact: words.Translate) -> None:
        self._gateways.append(fact)

    def _serve(self, fact: words.Serve) -> None:
        self.world.services[self._key(fact.name)] = (fact.service, self._keys(fact.tables))
        if fact.named:
            self.world.named.add(self._key(fact.name))

    def _all_gateways(self) -> None:
        lives: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for live in self.world.lives.values():
            lives[live.belongs].extend(live.addresses)
        for fact in self._gateways:
            name = self._key(fact.name)
            at = self._key(fact.at) if fact.at is not None else ""
            known = lives.get(fact.known_as, []) if fact.known_as else []
            public = union(block(shown) for _, shown in known if shown)
            segment = self.world.segments.get(at)
            self.world.gateways[name] = Gateway(
                name=name,
                kind=fact.kind,
                at=at,
                addresses=(public or self.world.internet) if fact.public else NOTHING,
                private=union(block(own) for own, _ in known) or (segment[1] if segment else NOTHING),
            )


def _shortest(ranges: Ranges) -> int:
    """The prefix length of the smallest block that holds what is given."""
    if not ranges:
        return 0
    return 32 - (ranges[0][0] ^ ranges[-1][1]).bit_length()

"""What a snapshot says of AWS, built of Linux: it shares nothing with the analysis but the snapshot.

A namespace per network interface, a router per subnet and per VPC, and one for the internet. Security groups are
stateful rules in the interfaces' namespaces; network ACLs are stateless rules of the subnet's router, at its side to
the rest of the VPC; the VPC's router is the internet gateway too and swaps addresses one to one; a NAT gateway is a
namespace that masquerades. Everything is dropped in silence where AWS drops it.

What a network load balancer passes on under its client's address carries the number of its node as DSCP, and the
answer that number too, by which routers lead it back to the node as AWS does, past the routes to the client.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from namespaces import Namespace, cable, run

from reconciler.model.resource import Observed, State
from reconciler.model.snapshot import Snapshot

ROUTER = "169.254.1.1"
"""A subnet's router, as every interface in it sees it."""
_VPC, _UPLINK = "169.254.2.1", "169.254.2.2"
_GATEWAY, _INTERNET = "169.254.3.1", "169.254.3.2"
_OUT, _IN = 100, 200
"""Tables of a subnet's router: for what comes from its interfaces, and for what comes from elsewhere."""
BACK = 32
"""Added to a node's number in what goes back to it."""
_TO_NODE, _HERE = 300, 250
"""Tables: for what goes back to a node (and its number), and a node's own for what it takes as if it were another."""


@dataclass(frozen=True)
class Card:
    """One live network interface."""

    id: str
    subnet: str
    address: str
    public: str | None
    groups: tuple[str, ...]
    filtered: bool
    space: Namespace
    node: int = 0
    """The number of a network load balancer's node, from 1."""


@dataclass
class _Subnet:
    id: str
    vpc: str
    cidr: str
    space: Namespace
    cards: list[Card] = field(default_factory=list)


class Network:
    """The namespaces of one snapshot; `internet` are the addresses of hosts out there. Close it when done."""

    def __init__(self, snapshot: Snapshot, internet: Iterable[str]) -> None:
        self._spaces: list[Namespace] = []
        self._by_type: dict[str, list[Observed[Any]]] = defaultdict(list)
        for observed in snapshot.everything():
            self._by_type[observed.type].append(observed)
        self.hosts = tuple(internet)
        try:
            self.internet = self._space()
            self._gateways = self._attached()
            self._subnets = {s.id: s for s in self._read_subnets()}
            self.cards = {card.id: card for card in self._read_cards()}
            self._nats = dict(self._read_nats())
            self._vpcs = {vpc.id: self._space() for vpc in self._by_type["vpc"]}
            self._build()
            for space in self._spaces:
                space.configure()
        except BaseException:
            self.close()
            raise

    def translate(self, ports: Mapping[int, int]) -> None:
        """Let NAT gateways translate: of a source port in `ports` they make the one it leads to, others they keep."""
        for nat in self._nats.values():
            chain = ["chain from { type nat hook postrouting priority 100"]
            if ports:
                pairs = _map((one, f"{nat.address} . {other}") for one, other in ports.items())
                chain += [f"snat ip addr . port to {protocol} sport map {pairs}" for protocol in ("tcp", "udp")]
            with nat.space.entered():
                run(["nft", "-f", "-"], ["table ip nat {", *chain, f"snat to {nat.address}", "}", "}"])

    def close(self) -> None:
        """Let all namespaces go."""
        for space in self._spaces:
            space.close()
        self._spaces.clear()

    def _space(self) -> Namespace:
        space = Namespace()
        self._spaces.append(space)
        return space

    def _attached(self) -> dict[str, str]:
        """VPC -> its internet gateway."""
        gateways = self._by_type["internet-gateway"]
        return {g.fields.vpc_id.value: g.id for g in gateways if g.fields.attached and g.state is State.READY}

    def _read_subnets(self) -> Iterator[_Subnet]:
        for subnet in self._by_type["subnet"]:
            yield _Subnet(subnet.id, subnet.fields.vpc_id.value, subnet.fields.cidr_block, self._space())

    def _read_cards(self) -> Iterator[Card]:
        nodes = itertools.count(1)
        for interface in self._by_type["network-interface"]:
            fields = interface.fields
            if fields.status != "in-use":
                continue
            address = fields.private_ip_addresses[0]
            card = Card(
                id=interface.id,
                subnet=fields.subnet_id.value,
                address=address,
                public=fields.public_ips.get(address),
                groups=tuple(sorted(group.value for group in fields.groups)),
                filtered=fields.interface_type == "interface" or bool(fields.groups),
                space=self._space(),
                node=next(nodes) if fields.interface_type == "network_load_balancer" else 0,
            )
            self._subnets[card.subnet].cards.append(card)
            yield card

    def _read_nats(self) -> Iterator[tuple[str, Card]]:
        """Gateways that work, with their interface."""
        by_description = {o.fields.description: o.id for o in self._by_type["network-interface"]}
        for gateway in self._by_type["nat-gateway"]:
            card = self.cards.get(by_description.get(f"Interface for NAT Gateway {gateway.id}", ""))
            if card is not None and gateway.state is State.READY:
                yield gateway.id, card

    def _build(self) -> None:
        cables = []
        for vpc, space in self._vpcs.items():
            space.forward()
            if vpc in self._gateways:
                cables.append((space, "inet", self.internet, f"v{len(cables)}"))
                self._connect_internet(vpc, space, cables[-1][3])
            self._igw_rules(vpc, space)
            self._lead_back(space)
        if len(self._gateways) > 1:
            self.internet.forward()
        for number, subnet in enumerate(self._subnets.values()):
            subnet.space.forward()
            vpc = self._vpcs[subnet.vpc]
            cables.append((subnet.space, "wan", vpc, f"p{number}"))
            subnet.space.ip += ["link set wan up", f"addr add {_UPLINK}/32 dev wan"]
            vpc.ip += [
                f"link set p{number} up",
                f"addr add {_VPC}/32 dev p{number}",
                f"route add {subnet.cidr} via {_UPLINK} dev p{number} onlink",
            ]
            self._lead_back(subnet.space)
            for place, card in enumerate(subnet.cards):
                cables.append((subnet.space, f"e{place}", card.space, "eth0"))
            cables += self._shortcuts(number, subnet)
            self._router(subnet)
            self._acl(subnet)
        for card in self.cards.values():
            self._card(card)
        for card in self._nodes():
            self._node(card)
        for nat in self._nats.values():
            self._nat_rules(nat)
        self.internet.ip += [f"addr add {host}/32 dev lo" for host in self.hosts]
        cable(cables)

    def _connect_internet(self, vpc: str, space: Namespace, device: str) -> None:
        space.ip += [
            "link set inet up",
            f"addr add {_GATEWAY}/32 dev inet",
            f"route add default via {_INTERNET} dev inet onlink",
        ]
        self.internet.ip += [f"link set {device} up", f"addr add {_INTERNET}/32 dev {device}"]
        self.internet.ip += [
            f"route add {card.public}/32 via {_GATEWAY} dev {device} onlink" for card in self._public(vpc)
        ]

    def _public(self, vpc: str) -> list[Card]:
        return [c for c in self.cards.values() if c.public and self._subnets[c.subnet].vpc == vpc]

    def _igw_rules(self, vpc: str, space: Namespace) -> None:
        """One-to-one translation; traffic inside of the VPC passes untouched and untracked."""
        blocks = _set(self._blocks(vpc))
        mapped = self._public(vpc)
        space.nft += [
            "table ip vpc {",
            "chain raw { type filter hook prerouting priority -300",
            f'iifname "p*" ip daddr {blocks} notrack',
            f"ip dscp >= {BACK} notrack",
            "}",
            "chain forward { type filter hook forward priority 0; policy drop",
            "ct state untracked accept",
            "ct state invalid drop",
            "ct direction reply accept",
        ]
        if mapped:
            private = _set(card.address for card in mapped)
            space.nft += [
                'iifname "inet" ct status dnat accept',
                f'iifname != "inet" oifname "inet" ip saddr {private} accept',
                f'iifname != "inet" ct status dnat ip saddr {private} accept',
                "}",
                "chain to { type nat hook prerouting priority -100",
                f"dnat to ip daddr map {_map((card.public, card.address) for card in mapped)}",
                "}",
                "chain from { type nat hook postrouting priority 100",
                f"snat to ip saddr map {_map((card.address, card.public) for card in mapped)}",
            ]
        space.nft += ["}", "}"]

    def _blocks(self, vpc: str) -> list[str]:
        return [v.fields.cidr_block for v in self._by_type["vpc"] if v.id == vpc]

    def _nodes(self) -> list[Card]:
        return [card for card in self.cards.values() if card.node]

    def _lead_back(self, router: Namespace) -> None:
        """A router knows what goes back to a node by its number."""
        lines = [f"ip dscp {BACK + card.node} meta mark set {card.node}" for card in self._nodes()]
        if lines:
            router.nft += ["table ip back {", "chain c { type filter hook prerouting priority -150", *lines, "}", "}"]
            router.ip += [f"rule add fwmark {card.node} lookup {_TO_NODE + card.node} pref 5" for card in self._nodes()]

    def _node(self, card: Card) -> None:
        """The way back to a node from every router, and how it takes what is addressed to its clients."""
        home, table = self._subnets[card.subnet], _TO_NODE + card.node
        number = self._number(card.subnet)
        device = f"e{home.cards.index(card)}"
        self._vpcs[home.vpc].ip.append(f"route add default via {_UPLINK} dev p{number} onlink table {table}")
        home.space.ip.append(f"route add default via {card.address} dev {device} onlink table {table}")
        for subnet in self._subnets.values():
            if subnet is not home and subnet.vpc == home.vpc:
                subnet.space.ip.append(f"route add default via {_VPC} dev wan onlink table {table}")
        card.space.ip += [f"rule add fwmark {card.node} lookup {_HERE} pref 5"]
        card.space.ip += [f"route add local 0.0.0.0/0 dev lo table {_HERE}"]
        lines = [f"ip dscp {BACK + card.node} meta mark set {card.node}"]
        card.space.nft += ["table ip back {", "chain c { type filter hook prerouting priority -150", *lines, "}", "}"]

    def _shortcuts(self, number: int, subnet: _Subnet) -> Iterator[tuple[Namespace, str, Namespace, str]]:
        """A cable to each other subnet that has a NAT gateway which routes here lead to: delivery to that gateway."""
        for other in {self._nat_card(route).subnet for _, route in self._routes(subnet) if self._nat_card(route)}:
            if other != subnet.id:
                there, (near, far) = self._subnets[other], self._ends(subnet.id, other)
                device = f"to{self._number(other)}"
                yield subnet.space, device, there.space, f"wan{number}"
                subnet.space.ip += [f"link set {device} up", f"addr add {near}/32 dev {device}"]
                there.space.ip += [
                    f"link set wan{number} up",
                    f"addr add {far}/32 dev wan{number}",
                    f"rule add iif wan{number} lookup {_IN} pref 10",
                ]

    def _number(self, subnet: str) -> int:
        return list(self._subnets).index(subnet)

    def _ends(self, subnet: str, other: str) -> tuple[str, str]:
        """The addresses of both ends of a shortcut; no router answers to an address that is one of its own too."""
        last = 1 + self._number(other)
        return f"169.254.{64 + self._number(subnet)}.{last}", f"169.254.{128 + self._number(subnet)}.{last}"

    def _nat_card(self, route: Any) -> Card | None:
        return self._nats.get(route.nat_gateway_id.value) if route.nat_gateway_id else None

    def _routes(self, subnet: _Subnet) -> list[tuple[str, Any]]:
        """The routes that hold for a subnet, those that are AWS's own too: of its table, else of the main one."""
        table = next(
            (
                a.fields.route_table_id.value
                for a in self._by_type["route-table-association"]
                if a.fields.subnet_id.value == subnet.id
            ),
            None,
        ) or next(t.id for t in self._by_type["route-table"] if t.fields.main and t.fields.vpc_id.value == subnet.vpc)
        found = next(r.fields for r in self._by_type["routes"] if r.fields.route_table_id.value == table)
        return [*found.routes.items(), *found.implied.items()]

    def _router(self, subnet: _Subnet) -> None:
        lines = [f"rule add iif wan lookup {_IN} pref 10", f"rule add lookup {_OUT} pref 20"]
        for place, card in enumerate(subnet.cards):
            lines += [
                f"link set e{place} up",
                f"addr add {ROUTER}/32 dev e{place}",
                *(f"route add {card.address}/32 dev e{place} table {table}" for table in (_OUT, _IN)),
            ]
        for destination, route in self._routes(subnet):
            for line in self._route(subnet, destination, route):
                lines.append(f"route add {line} table {_OUT}")
        here = next((c for c in self._nats.values() if c.subnet == subnet.id), None)
        if here is not None:
            device = f"e{subnet.cards.index(here)}"
            lines.append(f"route add default via {here.address} dev {device} onlink table {_IN}")
        subnet.space.ip += [*lines, *(f"route add blackhole default metric 9999 table {t}" for t in (_OUT, _IN))]

    def _route(self, subnet: _Subnet, destination: str, route: Any) -> Iterator[str]:
        """One route as `ip route` lines; what leads nowhere is a hole that still wins its destinations."""
        nat = self._nat_card(route)
        hole = f"blackhole {destination}"
        if route.state == "blackhole":
            yield hole
        elif route.gateway_id and route.gateway_id.value == "local":
            mine = ip_network(destination)
            yield hole
            for other in self._subnets.values():
                if other.vpc == subnet.vpc and ip_network(other.cidr).subnet_of(mine):
                    yield (
                        f"{other.cidr} via {_VPC} dev wan onlink"
                        if other.id != subnet.id
                        else f"blackhole {other.cidr}"
                    )
        elif route.gateway_id and route.gateway_id.value == self._gateways.get(subnet.vpc):
            yield f"{destination} via {_VPC} dev wan onlink"
        elif nat is not None and nat.subnet == subnet.id:
            yield f"{destination} via {nat.address} dev e{subnet.cards.index(nat)} onlink"
        elif nat is not None:
            _, far = self._ends(subnet.id, nat.subnet)
            yield f"{destination} via {far} dev to{self._number(nat.subnet)} onlink"
        else:
            yield hole

    def _acl(self, subnet: _Subnet) -> None:
        acl = next(
            a.fields for a in self._by_type["network-acl"] if subnet.id in {s.value for s in a.fields.subnet_ids}
        )
        subnet.space.nft += ["table ip acl {"]
        for name, entries, side in (("in", acl.ingress, "saddr"), ("out", acl.egress, "daddr")):
            subnet.space.nft += [f"chain {name}side {{"]
            for _, entry in sorted(entries.items()):
                verdict = "return" if entry.rule_action == "allow" else "drop"
                ports = None if entry.from_port is None else (entry.from_port, entry.to_port)
                subnet.space.nft.append(f"{_match(side, [entry.cidr_block], entry.protocol, ports)} {verdict}")
            subnet.space.nft += ["drop", "}"]
        subnet.space.nft += [
            "chain forward { type filter hook forward priority 0; policy accept",
            'iifname "wan*" jump inside',
            'oifname "wan*" jump outside',
            'oifname "to*" jump outside',
            "}",
            "}",
        ]

    def _card(self, card: Card) -> None:
        card.space.ip += [
            "link set eth0 up",
            f"addr add {card.address}/32 dev eth0",
            f"route add default via {ROUTER} dev eth0 onlink",
        ]
        nodes = [] if card.node else self._nodes()
        if nodes:
            said = [f"ip dscp {node.node} ct mark set {node.node}" for node in nodes]
            back = [f"ct mark {node.node} ip dscp set {BACK + node.node}" for node in nodes]
            card.space.nft += ["table ip marks {", "chain in { type filter hook input priority -150", *said, "}"]
            card.space.nft += ["chain out { type filter hook output priority -150", *back, "}", "}"]
        if not card.filtered:
            return
        rules = {r.fields.group_id.value: r.fields for r in self._by_type["security-group-rules"]}
        card.space.nft += ["table ip groups {"]
        for hook, side, device in (("input", "saddr", "iifname"), ("output", "daddr", "oifname")):
            card.space.nft += [
                f"chain {hook} {{ type filter hook {hook} priority 0; policy drop",
                f'{device} "lo" accept',
                "ct state established accept",
            ]
            for group in card.groups:
                for rule in rules[group].ingress if hook == "input" else rules[group].egress:
                    peers = [rule.peer] if isinstance(rule.peer, str) else self._members(rule.peer.value)
                    ports = None if rule.from_port is None else (rule.from_port, rule.to_port)
                    if peers:
                        card.space.nft.append(f"{_match(side, peers, rule.protocol, ports)} accept")
                    for node in nodes if hook == "input" and not isinstance(rule.peer, str) else ():
                        if rule.peer.value in node.groups:
                            kept = _match(side, ["0.0.0.0/0"], rule.protocol, ports)
                            card.space.nft.append(f"ip dscp {node.node} {kept} accept")
            card.space.nft += ["}"]
        card.space.nft += ["}"]

    def _members(self, group: str) -> list[str]:
        """The private addresses of the interfaces that a group is attached to: what a reference to it means."""
        return [card.address for card in self.cards.values() if group in card.groups]

    def _nat_rules(self, nat: Card) -> None:
        """It takes connections that start in its VPC, though not from another gateway: its own way out is to be an
        internet gateway (VPC guide, "NAT gateways")."""
        nat.space.forward()
        others = [other.address for other in self._nats.values() if other != nat]
        blocks = _set(self._blocks(self._subnets[nat.subnet].vpc))
        nat.space.nft += [
            "table ip nat {",
            "chain input { type filter hook input priority 0; policy drop",
            "}",
            "chain forward { type filter hook forward priority 0; policy drop",
            "ct state invalid drop",
            "ct state established accept",
            *([f"ip saddr {_set(others)} drop"] if others else []),
            f"ip saddr {blocks} ct state new accept",
            "}",
            "}",
        ]


def _match(side: str, addresses: Iterable[str], protocol: str, ports: tuple[int, int] | None) -> str:
    words = [f"ip {side} {_set(addresses)}"]
    if protocol in ("tcp", "udp"):
        words.append(f"{protocol} dport {ports[0]}-{ports[1]}" if ports else f"meta l4proto {protocol}")
    elif protocol != "-1":
        words.append(f"meta l4proto {protocol}")
    return " ".join(words)


def _set(items: Iterable[str]) -> str:
    return "{ " + ", ".join(sorted(set(items))) + " }"


def _map(pairs: Iterable[tuple[Any, Any]]) -> str:
    return "{ " + ", ".join(f"{key} : {value}" for key, value in pairs) + " }"

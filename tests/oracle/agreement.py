"""The same questions to the analysis and to Linux.

Linux answers with connections, one for each port that makes a difference: what gets through from all of them is
reachable, what gets through from some is partly so, what from none is blocked.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from beside import ENDPOINT, ENDPOINT_PORT, snapshot
from namespaces import Namespace
from network import Card, Network
from ports import PortPlan
from probes import HOST_PORTS, Probe, Request, Servers, all_of
from topology import HOSTS, described

from reconciler.model.snapshot import Snapshot

PATIENCE = 0.3
"""Seconds after which a connection counts as blocked, for the first look; it is no network that is slow."""
LONG_PATIENCE = 3.0
"""Seconds for the second look, where the two disagree: a machine can be busy."""
_OLD, _NEW = (("X-Version", "1"),), (("x-version", "2.1"),)
"""A question without the header would be one about any value of it."""
_REQUESTS = (
    Request("/", headers=_OLD),
    Request("/api", headers=_OLD),
    Request("/api/v1/items", headers=_OLD),
    Request("/api/v1", host="shop.example.com", headers=_NEW),
    Request("/API/v1", method="POST", headers=_OLD),
    Request("/shop1", host="shop.example.com", headers=_OLD),
    Request("/shop12", host="shop.example.com", headers=_OLD),
    Request("/shop1", host="Shop.Example.COM", headers=_NEW),
    Request("/api/items", host="shop.example.org", headers=_NEW),
    Request("/a/b/items", host="shop.test", method="POST", headers=_OLD),
)
_REQUESTS_ASKED = 20
_MOST_TARGETS = 4
_LISTENS = {"public": 80, "internal": 81}
_STREAM, _STREAM_PORT = "stream", 82
_TAKES = {"web": 80, "orders": 90}
"""Ports of the load balancers and of the tasks behind them."""


@dataclass(frozen=True)
class Question:
    """Whether one end reaches another. Ends are interfaces, addresses, `loadBalancer/NAME` or `task/NAME`."""

    source: str
    target: str
    port: int
    protocol: str = "tcp"
    request: Request | None = None
    via: str | None = None

    def __str__(self) -> str:
        asked = f"{self.source} to {self.target} on {self.protocol} {self.port}"
        if self.request:
            asked += f" with {self.request.method} {self.request.host}{self.request.path} {dict(self.request.headers)}"
        return asked + (f" through {self.via}" if self.via else "")


@dataclass(frozen=True)
class Answer:
    """How much gets through; packets always know."""

    everything: bool
    something: bool
    known: bool = True

    def __str__(self) -> str:
        if not self.known:
            return "unknown"
        return "reachable" if self.everything else "partly reachable" if self.something else "blocked"


@dataclass(frozen=True)
class Disagreement:
    """What the two say of one question."""

    question: Question
    packets: Answer
    analysis: Answer
    why: str


@dataclass
class _Asked:
    """How Linux is asked: each group of probes must have one alternative of which all are answered by one of `by`."""

    question: Question
    groups: list[list[list[Probe]]]
    by: frozenset[str] | None = None

    def probes(self) -> Iterator[Probe]:
        for group in self.groups:
            for alternative in group:
                yield from alternative

    def answer(self, said: dict[Probe, str | None]) -> Answer:
        def good(probe: Probe) -> bool:
            name = said[probe]
            return name is not None and (self.by is None or name in self.by)

        everything = bool(self.groups) and all(
            any(all(map(good, one)) for one in group if one) for group in self.groups
        )
        return Answer(everything, any(good(probe) for probe in self.probes()))


Judge = Callable[[Snapshot], Callable[[Question], tuple[Answer, str]]]
"""The analysis: what it says of a question about a snapshot, and why."""


@dataclass
class Outcome:
    """What came of one seed: all questions with what packets say, and where the analysis says otherwise."""

    seed: int
    broken: list[str]
    snapshot: Snapshot
    packets: dict[Question, Answer]
    disagreements: list[Disagreement]

    def __str__(self) -> str:
        lines = [f"seed {self.seed}; broken: {'; '.join(self.broken) or 'nothing'}", *described(self.snapshot)]
        lines += [f"{d.question}: packets {d.packets}, analysis {d.analysis} ({d.why})" for d in self.disagreements]
        return "\n".join([*lines, f"again: .venv/bin/python tests/oracle/ask.py {self.seed}"])


@dataclass(frozen=True)
class _Client:
    """Where connections are opened."""

    name: str
    space: Namespace
    address: str
    inside: bool


class Oracle:
    """One seed's network and what Linux says of it. Close it when done."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.snapshot, self.broken = snapshot(seed)
        self._plan = PortPlan(self.snapshot)
        self._tasks = {o.fields.network_interface_id.value: _name(o) for o in self._of("running-task")}
        self._clients = [o.id for o in self._of("network-interface") if o.fields.interface_type == "interface"]
        self.network = Network(self.snapshot, HOSTS)
        self._balancers = {o.address.split("/")[1]: o for o in self._of("load-balancer") if o.address}
        self._servers = Servers(self.network, self.snapshot)
        self.asked = [*self._direct(), *self._requests(), *self._streams()]
        self.network.translate(self._plan.translated)

    def close(self) -> None:
        """Let the network go."""
        self.network.close()

    def _of(self, kind: str) -> list[Any]:
        return [o for o in self.snapshot.everything() if o.type == kind]

    def answers(self, asked: Sequence[_Asked], patience: float) -> list[Answer]:
        """What packets say, each of them given so many seconds."""

        if not asked:
            return []

        async def ask() -> dict[Probe, str | None]:
            self._servers.start(patience)
            try:
                return await all_of((probe for one in asked for probe in one.probes()), patience)
            finally:
                await self._servers.stop()

        said = asyncio.run(ask())
        return [one.answer(said) for one in asked]

    def outcome(self, judge: Judge) -> Outcome:
        """Ask both, and where they disagree ask Linux again with more patience."""
        verdict = judge(self.snapshot)
        said = [verdict(one.question) for one in self.asked]
        packets = self.answers(self.asked, PATIENCE)
        odd = [n for n, (answer, (theirs, _)) in enumerate(zip(packets, said, strict=True)) if answer != theirs]
        for n, answer in zip(odd, self.answers([self.asked[n] for n in odd], LONG_PATIENCE), strict=True):
            packets[n] = answer
        questions = [one.question for one in self.asked]
        return Outcome(
            seed=self.seed,
            broken=self.broken,
            snapshot=self.snapshot,
            packets=dict(zip(questions, packets, strict=True)),
            disagreements=[Disagreement(questions[n], packets[n], *said[n]) for n in odd if packets[n] != said[n][0]],
        )

    def _sources(self) -> Iterator[_Client]:
        for name in self._clients:
            card = self.network.cards[name]
            yield _Client(name, card.space, card.address, inside=True)
        for host in HOSTS:
            yield _Client(host, self.network.internet, host, inside=False)

    def _ports(self, source: _Client) -> list[int]:
        return self._plan.of_task() if source.name in self._tasks else self._plan.of_client()

    def _probes(self, source: _Client, target: str | None, port: int, protocol: str) -> list[Probe]:
        return [self._probe(source, own, target, port, protocol) for own in self._ports(source)] if target else []

    def _at_node(self, source: _Client, node: str | None, port: int, protocol: str) -> list[Probe]:
        """Whatever a load balancer says, it was reached."""
        its = self._plan.of_client()[0]
        if node is None:
            return []
        return [self._probe(source, own, node, port, protocol, pick=0, onward=its) for own in self._ports(source)]

    def _probe(self, source: _Client, own: int, target: str, port: int, protocol: str, **request: Any) -> Probe:
        return Probe(source.space, source.address, own, target, port, protocol, **request)

    def _direct(self) -> Iterator[_Asked]:
        ports = {n: list(self._servers.ports_of(n)) for n in self._tasks}
        for source in self._sources():
            name, inside = source.name, source.inside
            for eni, opened in ports.items():
                card = self.network.cards[eni]
                for port, protocol in opened if eni != name else ():
                    at = card.address if inside and self._is_near(name, eni) else card.public
                    yield _Asked(Question(name, eni, port, protocol), [[self._probes(source, at, port, protocol)]])
            for host in HOSTS if inside else ():
                for port, protocol in HOST_PORTS[1:]:
                    yield _Asked(Question(name, host, port, protocol), [[self._probes(source, host, port, protocol)]])
            for label, balancer in self._balancers.items():
                nodes = self._servers.nodes(balancer.id)
                if name not in {node.id for node in nodes}:
                    at_nodes = [_seen(balancer, node, inside=inside) for node in nodes]
                    port, protocol = _LISTENS.get(label, _STREAM_PORT), self._speaks(label)
                    groups = [[self._at_node(source, at, port, protocol)] for at in at_nodes]
                    yield _Asked(Question(name, f"loadBalancer/{label}", port, protocol), groups)
            at_endpoints = [self.network.cards[eni].address for eni in self._endpoints if inside]
            if at_endpoints:
                port = ENDPOINT_PORT
                groups = [[self._probes(source, at, port, "tcp")] for at in at_endpoints]
                yield _Asked(Question(name, ENDPOINT, port), groups)

    def _requests(self) -> Iterator[_Asked]:
        rng = random.Random(self.seed)
        clients = [source for source in self._sources() if source.name in self._tasks or not source.inside]
        near = {
            "public": [source for source in clients if not source.inside],
            "internal": [source for source in clients if self._tasks.get(source.name) == "web"],
        }
        for _ in range(_REQUESTS_ASKED):
            label, request = rng.choice(sorted(_LISTENS)), rng.choice(_REQUESTS)
            source = rng.choice(rng.choice((clients, near[label], near[label])))
            own, other = ("web", "orders") if label == "public" else ("orders", "web")
            task = rng.choice((own, own, own, other))
            balancer, by = self._balancers[label], frozenset(eni for eni, its in self._tasks.items() if its == task)
            groups = []
            for node in self._servers.serving(balancer.id):
                at = _seen(balancer, node, inside=source.inside)
                picks = range(_MOST_TARGETS)
                groups.append([list(self._picked(source, at, _LISTENS[label], request, pick)) for pick in picks])
            port = _TAKES[task]
            if source.name not in by:
                yield _Asked(
                    Question(source.name, f"task/{task}", port, "tcp", request, f"loadBalancer/{label}"), groups, by
                )

    def _speaks(self, label: str) -> str:
        arn = self._balancers[label].id
        spoken = (o.fields.protocol for o in self._of("listener") if o.fields.load_balancer_arn.value == arn)
        return "udp" if next(spoken, "TCP") == "UDP" else "tcp"

    @property
    def _endpoints(self) -> list[str]:
        return [o.id for o in self._of("network-interface") if o.fields.interface_type == "vpc_endpoint"]

    def _is_near(self, one: str, other: str) -> bool:
        """Whether two interfaces are of one VPC."""
        vpcs = {o.fields.vpc_id for o in self._of("network-interface") if o.id in (one, other)}
        return len(vpcs) == 1

    def _streams(self) -> Iterator[_Asked]:
        """Through the network load balancer. Whether a rule that names the group of a client holds for a connection
        that keeps its address is not documented: such a client is not asked for."""
        balancer = self._balancers.get(_STREAM)
        if balancer is None:
            return
        (pool,) = (o for o in self._of("target-group") if o.address == f"target-group/{_STREAM}")
        behind = [
            o for o in self._of("service") for its in o.fields.load_balancers if its.target_group_arn.value == pool.id
        ]
        task = behind[0].address.split("/")[1]
        by = frozenset(eni for eni, its in self._tasks.items() if its == task)
        protocol = self._speaks(_STREAM)
        named = self._named_groups(task)
        for source in self._sources():
            groups = self.network.cards[source.name].groups if source.inside else ()
            if source.name in by or set(groups) & named or source.name in self._nodes_of(balancer):
                continue
            at_nodes = [_seen(balancer, node, inside=source.inside) for node in self._servers.serving(balancer.id)]
            chosen = [
                [list(self._picked(source, at, _STREAM_PORT, Request(), n, protocol)) for n in range(_MOST_TARGETS)]
                for at in at_nodes
            ]
            via = f"loadBalancer/{_STREAM}"
            question = Question(source.name, f"task/{task}", pool.fields.port, protocol, None, via)
            yield _Asked(question, chosen, by)

    def _nodes_of(self, balancer: Any) -> set[str]:
        return {node.id for node in self._servers.nodes(balancer.id)}

    def _named_groups(self, task: str) -> set[str]:
        """The groups that the rules of a task's groups let in."""
        own = {g for eni, its in self._tasks.items() if its == task for g in self.network.cards[eni].groups}
        rules = [o.fields for o in self._of("security-group-rules") if o.fields.group_id.value in own]
        return {key.peer.value for its in rules for key in its.ingress if not isinstance(key.peer, str)}

    def _picked(
        self, source: _Client, at: str | None, port: int, request: Request, pick: int, protocol: str = "tcp"
    ) -> Iterator[Probe]:
        """One request for each port of the client's, and for each of the proxy's."""
        if at is None:
            return
        pairs = [(mine, self._plan.of_client()[0]) for mine in self._ports(source)]
        pairs += [(self._ports(source)[0], its) for its in self._plan.of_client()[1:]]
        for mine, its in pairs:
            yield self._probe(source, mine, at, port, protocol, request=request, pick=pick, onward=its)


def _seen(balancer: Any, node: Card, *, inside: bool) -> str | None:
    """The address that the name of a load balancer gives for a node; nobody outside gets to a private one."""
    if balancer.fields.scheme == "internet-facing":
        return node.public
    return node.address if inside else None


def _name(running: Any) -> str:
    return str(running.fields.service.removeprefix("shop-"))

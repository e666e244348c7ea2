"""Real connections through a network of namespaces: servers behind every address, a proxy per load balancer node, and
clients that say who answered.

One thread holds all sockets: a socket stays in the namespace in which it was made.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from beside import ENDPOINT_PORT
from namespaces import Namespace
from network import Card, Network

from reconciler.model.resource import Observed, State
from reconciler.model.snapshot import Snapshot

HOST_PORTS = ((80, "tcp"), (443, "tcp"), (53, "udp"))
"""What listens on every host of the internet."""
AT_ONCE = 250
_TRANSPARENT = 19
"""IP_TRANSPARENT of ip(7): a socket may have an address that is none of this host's."""
_Client = tuple[str, int]
_Answer = Callable[[str, _Client], Awaitable[str]]
"""What a server says to a request (without the empty line at its end) of a client at an address and port."""


@dataclass(frozen=True)
class Request:
    """An HTTP request."""

    path: str = "/"
    host: str = "example.com"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()

    def text(self, **more: str) -> bytes:
        """On the wire, with headers that only the proxy looks at."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (*self.headers, *more.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True)
class Probe:
    """One connection: from an address in a namespace and a port of it, to an address and port.

    Of a proxy, `pick` is the number of the target that it is to choose, `onward` the port it connects on from.
    """

    space: Namespace
    source: str
    source_port: int
    target: str
    port: int
    protocol: str = "tcp"
    request: Request = field(default_factory=Request)
    pick: int | None = None
    onward: int = 0
    node: int = 0
    """The number of the node that speaks under an address of another's."""


class Servers:
    """Everything that listens in a network, as the snapshot says what does."""

    def __init__(self, network: Network, snapshot: Snapshot) -> None:
        self._network = network
        self._by_id: dict[tuple[str, str], Observed[Any]] = {(o.type, o.id): o for o in snapshot.everything()}
        self._listening: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, patience: float) -> None:
        """Open every port. The proxies wait `patience` seconds for their targets."""
        for card in self._network.cards.values():
            for port, protocol in self.ports_of(card.id):
                self._open(card.space, card.address, port, protocol, card.id)
        for host in self._network.hosts:
            for port, protocol in HOST_PORTS:
                self._open(self._network.internet, host, port, protocol, host)
        for kind, listener in [(k, o) for k, o in self._by_id.items() if k[0] == "listener"]:
            balancer = self._by_id["load-balancer", listener.fields.load_balancer_arn.value]
            rules = self._by_id.get(("listener-rules", kind[1]))
            if balancer.state is State.READY:
                for card in self.nodes(balancer.id):
                    proxy = _Proxy(card, listener.fields, rules.fields if rules else None, self._by_id, patience)
                    if listener.fields.protocol == "UDP":
                        self._relay(card.space, card.address, listener.fields.port, proxy)
                    else:
                        self._serve(card.space, card.address, listener.fields.port, proxy.answer)
        for card in self._endpoints():
            self._serve(card.space, card.address, ENDPOINT_PORT, _named(card.id))

    def nodes(self, balancer: str) -> list[Card]:
        """The interfaces of a load balancer."""
        wanted = "ELB " + balancer.split(":loadbalancer/")[1]
        interfaces = (o for (kind, _), o in self._by_id.items() if kind == "network-interface")
        return [self._network.cards[o.id] for o in interfaces if o.fields.description == wanted]

    def serving(self, balancer: str) -> list[Card]:
        """The nodes that its name leads to: where a target group keeps to the zone, those of zones in which each such
        group has a healthy target; all where there is no such zone (ELB guides, "Target group health")."""
        listeners = (o for (kind, _), o in self._by_id.items() if kind == "listener")
        listener = next((o for o in listeners if o.fields.load_balancer_arn.value == balancer), None)
        nodes = self.nodes(balancer)
        if listener is None:
            return nodes
        rules = self._by_id.get(("listener-rules", listener.id))
        actions = [*listener.fields.default_actions]
        actions += [action for rule in (rules.fields.rules.values() if rules else ()) for action in rule.actions]
        pools = {pool.value for action in actions if action.type == "forward" for pool in action.target_groups}
        good = nodes
        for pool in pools:
            if not crosses(self._by_id, balancer, pool):
                health = self._by_id.get(("target-health", pool))
                targets = health.fields.targets if health else ()
                zones = {self._zone_of(t.id) for t in targets if t.state == "healthy"}
                good = [node for node in good if self._zone_of(node.address) in zones]
        return good or nodes

    def _zone_of(self, address: str) -> str:
        subnet = next(card.subnet for card in self._network.cards.values() if card.address == address)
        return str(self._by_id["subnet", subnet].fields.availability_zone)

    def _endpoints(self) -> list[Card]:
        interfaces = (o for (kind, _), o in self._by_id.items() if kind == "network-interface")
        return [self._network.cards[o.id] for o in interfaces if o.fields.interface_type == "vpc_endpoint"]

    async def stop(self) -> None:
        """Close every port."""
        loop = asyncio.get_running_loop()
        for sock in self._listening:
            loop.remove_reader(sock)
            sock.close()
        self._listening.clear()
        running = list(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def ports_of(self, card: str) -> Iterator[tuple[int, str]]:
        """What the containers behind an interface open: (port, protocol)."""
        for (kind, _), task in self._by_id.items():
            if kind == "running-task" and task.fields.network_interface_id.value == card:
                definition = self._by_id["task-definition", task.fields.task_definition.value].fields
                for container in definition.container_definitions.values():
                    yield from ((m.container_port, m.protocol) for m in container.port_mappings)

    def _open(self, space: Namespace, address: str, port: int, protocol: str, name: str) -> None:
        if protocol == "udp":
            with space.entered():
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((address, port))
            sock.setblocking(False)
            self._run(sock, _echo(sock, name))
        else:
            self._serve(space, address, port, _named(name))

    def _relay(self, space: Namespace, address: str, port: int, proxy: _Proxy) -> None:
        with space.entered():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, port))
        sock.setblocking(False)
        self._run(sock, _relayed(sock, proxy, self._run_alone))

    def _run_alone(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _serve(self, space: Namespace, address: str, port: int, answer: _Answer) -> None:
        with space.entered():
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(256)
        sock.setblocking(False)
        self._listening.append(sock)
        asyncio.get_running_loop().add_reader(sock, self._accept, sock, answer)

    def _accept(self, sock: socket.socket, answer: _Answer) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            while True:
                connection, client = sock.accept()
                connection.setblocking(False)
                self._run(connection, _answered(connection, client, answer))

    def _run(self, sock: socket.socket, work: Coroutine[Any, Any, None]) -> None:
        """Work with a socket that is closed after it, even where the work never begins."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: sock.close())


async def _answered(sock: socket.socket, client: tuple[str, int], answer: _Answer) -> None:
    loop = asyncio.get_running_loop()
    said = b""
    with contextlib.suppress(OSError):
        while not said.endswith(b"\r\n\r\n"):
            part = await loop.sock_recv(sock, 4096)
            if not part:
                return
            said += part
        await loop.sock_sendall(sock, (await answer(said.decode().strip(), client)).encode())


def _named(name: str) -> _Answer:
    async def answer(request: str, client: _Client) -> str:
        return f"HTTP/1.1 200 OK\r\n\r\n{name}"

    return answer


async def _echo(sock: socket.socket, name: str) -> None:
    loop = asyncio.get_running_loop()
    while True:
        _, client = await loop.sock_recvfrom(sock, 512)
        with contextlib.suppress(OSError):
            sock.sendto(name.encode(), client)


async def _relayed(sock: socket.socket, proxy: _Proxy, run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    """Datagrams to a node, each passed on and answered by itself; the first of a connection asks for all of it."""
    loop = asyncio.get_running_loop()
    known: set[_Client] = set()

    async def one(said: str, client: _Client) -> None:
        answered = await proxy.passed_on(proxy.sole_pool, int(said.split()[0]), int(said.split()[1]), client)
        with contextlib.suppress(OSError):
            sock.sendto((answered or "proxy").encode(), client)

    while True:
        said, client = await loop.sock_recvfrom(sock, 512)
        if client not in known:
            known.add(client)
            run(one(said.decode(), client))


def crosses(by_id: Mapping[tuple[str, str], Observed[Any]], balancer: str, pool: str) -> bool:
    """Whether a load balancer passes connections on to targets of a group in other zones."""
    is_network = by_id["load-balancer", balancer].fields.type == "network"
    said = [by_id.get((f"{kind}-balancing", of)) for kind in ("application", "network") for of in (pool, balancer)]
    values = [one.fields.attributes.get("load_balancing.cross_zone.enabled") for one in said if one is not None]
    return next((value == "true" for value in values if value in ("true", "false")), not is_network)


class _Proxy:
    """One node of a load balancer with one listener."""

    def __init__(
        self, card: Card, listener: Any, rules: Any, by_id: Mapping[tuple[str, str], Observed[Any]], patience: float
    ) -> None:
        self._card = card
        self._balancer = listener.load_balancer_arn.value
        self._is_stream = listener.protocol != "HTTP"
        self._default = listener.default_actions
        self._rules = sorted(rules.rules.values(), key=lambda rule: rule.priority) if rules else []
        self._by_id = by_id
        self._patience = patience
        self._zone = by_id["subnet", card.subnet].fields.availability_zone

    async def answer(self, request: str, client: _Client) -> str:
        """What a client gets for a request."""
        head, *lines = request.split("\r\n")
        method, path, _ = head.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        pick, port = int(headers.get("x-pick", 0)), int(headers.get("x-onward", 0))
        if self._is_stream:
            return f"HTTP/1.1 200 -\r\n\r\n{await self.passed_on(self.sole_pool, pick, port, client) or 'proxy'}"
        action = self._action(method, path.partition("?")[0], headers, client[0])
        if action.type != "forward":
            return f"HTTP/1.1 {getattr(action, 'status_code', '500')} -\r\n\r\nproxy"
        targets = [
            target for pool, weight in sorted(action.target_groups.items()) if weight for target in self._of(pool)
        ]
        if pick >= len(targets):
            return f"HTTP/1.1 503 -\r\n\r\n{'proxy' if not targets else 'beyond'}"
        answered = await connect(Probe(self._card.space, self._card.address, port, *targets[pick]), self._patience)
        return f"HTTP/1.1 200 -\r\n\r\n{answered}" if answered else "HTTP/1.1 504 -\r\n\r\nproxy"

    @property
    def sole_pool(self) -> Any:
        """Where a listener that reads no requests passes connections on to."""
        return next(iter(self._default[-1].target_groups))

    async def passed_on(self, pool: Any, pick: int, port: int, client: _Client) -> str | None:
        """Who answers what is passed on, under the client's address and port where the group keeps them."""
        targets = self._of(pool)
        if pick >= len(targets):
            return None
        group = self._by_id["target-group", pool.value].fields
        said = self._by_id["network-balancing", pool.value].fields.attributes
        kept = said["preserve_client_ip.enabled"] == "true"
        source, own = client if kept else (self._card.address, port)
        node = self._card.node if kept else 0
        probe = Probe(self._card.space, source, own, *targets[pick], group.protocol.lower(), node=node)
        return await connect(probe, self._patience)

    def _action(self, method: str, path: str, headers: Mapping[str, str], client: str) -> Any:
        for rule in self._rules:
            if all(_fits(key, values, method, path, headers, client) for key, values in rule.conditions.items()):
                return rule.actions[-1]
        return self._default[-1]

    def _of(self, pool: Any) -> list[tuple[str, int]]:
        """The targets that get requests: the healthy ones; where none is, all that are in use."""
        health = self._by_id.get(("target-health", pool.value))
        known = [t for t in (health.fields.targets if health else ()) if t.state in ("healthy", "unhealthy", "initial")]
        if not crosses(self._by_id, self._balancer, pool.value):
            here = self._zone
            known = [target for target in known if target.availability_zone == here]
        healthy = [target for target in known if target.state == "healthy"]
        return [(target.id, target.port) for target in healthy or known]


def _fits(key: str, values: Iterable[str], method: str, path: str, headers: Mapping[str, str], client: str) -> bool:
    name, _, header = key.partition(" ")
    match name:
        case "path-pattern":
            return any(_like(value, path) for value in values)
        case "host-header":
            return any(_like(value.lower(), headers["host"].lower()) for value in values)
        case "http-request-method":
            return method in values
        case "source-ip":
            return any(ip_address(client) in ip_network(value) for value in values)
        case "http-header":
            said = headers.get(header.lower())
            return said is not None and any(_like(value.lower(), said.lower()) for value in values)
    raise AssertionError(f"no proxy knows the condition {key}")


def _like(pattern: str, text: str) -> bool:
    """`*` is any number of characters, `?` exactly one (ALB guide, "Condition types for listener rules")."""
    wild = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(wild, text, re.DOTALL) is not None


async def connect(probe: Probe, patience: float) -> str | None:
    """Who answered within so many seconds; `None`: nobody."""
    with probe.space.entered():
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if probe.protocol == "tcp" else socket.SOCK_DGRAM)
    with sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if probe.protocol == "tcp":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if probe.node:
            sock.setsockopt(socket.SOL_IP, _TRANSPARENT, 1)
            sock.setsockopt(socket.SOL_IP, socket.IP_TOS, probe.node << 2)
        try:
            sock.bind((probe.source, probe.source_port))
            return await asyncio.wait_for(_exchange(sock, probe, patience), patience)
        except (OSError, TimeoutError):
            return None


async def _exchange(sock: socket.socket, probe: Probe, patience: float) -> str | None:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, (probe.target, probe.port))
    if probe.protocol == "udp":
        while True:
            await loop.sock_sendall(sock, f"{probe.pick or 0} {probe.onward}".encode())
            with contextlib.suppress(TimeoutError):
                return (await asyncio.wait_for(loop.sock_recv(sock, 512), patience / 3)).decode()
    more = {} if probe.pick is None else {"X-Pick": str(probe.pick), "X-Onward": str(probe.onward)}
    await loop.sock_sendall(sock, probe.request.text(**more))
    said = b""
    while part := await loop.sock_recv(sock, 4096):
        said += part
    return said.partition(b"\r\n\r\n")[2].decode() or None


async def all_of(probes: Iterable[Probe], patience: float) -> dict[Probe, str | None]:
    """Who answered each of many, as many at a time as a busy machine serves soon enough."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(probe: Probe) -> tuple[Probe, str | None]:
        async with free:
            return probe, await connect(probe, patience if probe.pick is None else 2 * patience)

    return dict(await asyncio.gather(*map(one, probes)))

"""Every way from one end to another: directly, or through a proxy that passes requests on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from reconciler.flows.ranges import (
    FEW,
    INTERNET,
    Ranges,
    addresses_text,
    block,
    covers,
    difference,
    intersection,
    ports_text,
    size,
    union,
)
from reconciler.flows.requests import Request, Requests, Taken
from reconciler.flows.walk import connections, relayed
from reconciler.flows.walking import Blocker, Hop, Unclear, Walk
from reconciler.flows.world import End, Listener, Stand, World
from reconciler.model.frozen import Frozen


class Path(Frozen):
    """One way with everything on it. `place` says which copies of the ends it is about (their zones).

    `ports` get through where it reaches. `share` of the destination's addresses is a matter of routes; a path that
    is `spare` concerns too few of them to count.
    """

    source: End
    via: tuple[str, ...]
    hops: tuple[Hop, ...]
    blockers: tuple[Blocker, ...]
    unclear: tuple[Unclear, ...]
    place: str = ""
    ports: Ranges = ()
    spare: bool = False

    @property
    def blocked(self) -> bool:
        """No traffic gets through."""
        return any(not blocker.partial for blocker in self.blockers)

    @property
    def whole(self) -> bool:
        """All traffic gets through."""
        return not self.blockers and not self.unclear

    @property
    def reaches(self) -> bool:
        """Some traffic gets through for sure."""
        return not self.blocked and not self.unclear


class Aim(Frozen):
    """What is asked: which protocol and ports, and which request where one is read on the way."""

    protocol: str
    ports: Ranges
    request: Request = dataclasses.field(default_factory=Request)


def direct(world: World, sources: Sequence[End], targets: Sequence[End], aim: Aim) -> list[Path]:
    """Without anything in between; nothing of what is outside at both ends."""
    found = []
    for source in sources:
        for target in (one for one in targets if source.segment or one.segment):
            walks = connections(world, source, target, aim.protocol, aim.ports)
            most = max((walk.weight for walk in walks), default=1)
            for walk in walks:
                spare = not target.segment and len(walks) > 1 and walk.weight * 256 < most
                found.append(_path(world, source, target, walk, spare=spare))
    return found


def _path(world: World, source: End, target: End, walk: Walk, *, spare: bool = False) -> Path:
    return Path(
        source=source,
        via=(),
        hops=tuple(walk.hops),
        blockers=_once(walk.blockers),
        unclear=tuple(dict.fromkeys(walk.unclear)),
        place=_place(world, ("from", source), ("to", target)),
        ports=walk.ports,
        spare=spare,
    )


def _once(blockers: Iterable[Blocker]) -> tuple[Blocker, ...]:
    return tuple(dict.fromkeys(blockers))


def _place(world: World, *ends: tuple[str, End]) -> str:
    """The zones of ends that are in one, each after its word."""
    zones = [(word, world.zone_of(end.segment)) for word, end in ends]
    return " ".join(f"{word} {zone}" for word, zone in zones if zone)


def through(
    world: World,
    sources: Sequence[End],
    proxy: Stand,
    goal: Stand,
    targets: Sequence[End],
    aim: Aim,
    only: Listener | None = None,
) -> list[Path]:
    """Through a proxy, or `only` one listener of it: any of its nodes may be picked by a client, any healthy target by
    a node."""
    entries = [only] if only else world.listeners.get(proxy.name, ())
    listeners = [entry for entry in entries if aim.protocol in entry.transports]
    if not listeners:
        blocker = Blocker(
            proxy.name, "ELBV2_LISTENERS_MISMATCH", f"{proxy.label} has no {aim.protocol} listener", about=(goal.label,)
        )
        return [Path(source, (proxy.label,), (Hop(proxy.name),), (blocker,), ()) for source in sources]
    best: list[Path] = []
    chosen = serving(world, proxy)
    for listener in listeners:
        inner = _Inner(world, proxy, listener, goal, targets, aim)
        found = [path for source in sources for node in chosen for path in inner.paths(source, node)]
        if not best or _score(found) < _score(best):
            best = found
    return best


def serving(world: World, proxy: Stand) -> Sequence[End]:
    """The nodes that the name leads to: where connections keep to a zone, those with a healthy target of each pool in
    theirs; all where that is none (ELB guides, "Cross-zone load balancing" and "Target group health")."""
    nodes = [node for node in world.ends_of(proxy) if node.public or not proxy.public] or list(world.ends_of(proxy))
    listeners = world.listeners.get(proxy.name, ())
    used = {pool for entry in listeners for rule in world.rules.get(entry.component, ()) for pool in rule.pools}
    served = [_zones(world, pool) for pool in sorted(used) if not world.crosses(proxy.name, pool)]
    return [node for node in nodes if all(world.zone_of(node.segment) in zones for zones in served)] or nodes


def _zones(world: World, pool: str) -> frozenset[str]:
    """Where a pool has targets that are healthy, as far as that is known."""
    stands = (world.stands[name] for name, _ in world.members.get(pool, ()) if name in world.stands)
    known = world.health.get(pool, {}) if world.health is not None else None
    healthy = [block(address) for address, state in (known or {}).items() if state.startswith("healthy")]
    return frozenset(
        world.zone_of(end.segment)
        for stand in stands
        for end in world.ends_of(stand)
        if known is None or any(covers(end.ranges, address) for address in healthy)
    )


def _score(paths: Sequence[Path]) -> tuple[int, int, int]:
    return (
        sum(1 for path in paths if path.blocked),
        sum(1 for path in paths if not path.whole),
        sum(len(path.blockers) for path in paths),
    )


_Choice = tuple[str | None, int, list[Hop], list[Blocker], list[Unclear]]
"""A pool and a port in it, with how a request got there."""


class _Inner:
    """What lies behind one listener of a proxy, for one goal."""

    def __init__(
        self, world: World, proxy: Stand, listener: Listener, goal: Stand, targets: Sequence[End], aim: Aim
    ) -> None:
        self._world = world
        self._proxy = proxy
        self._listener = listener
        self._goal = goal
        self._targets = targets
        self._aim = aim
        self._zones = {world.zone_of(node.segment) for node in world.ends_of(proxy)}
        self._choices: dict[Ranges, _Choice] = {}
        """What the listener does with the request of clients at some addresses."""

    def paths(self, source: End, node: End) -> Iterator[Path]:
        """From a client through one node to the goal: one path, the best of those to the targets."""
        for walk in connections(self._world, source, node, self._aim.protocol, ((self._listener.port,) * 2,)):
            walk.state(self._proxy.name)
            clients = union(box.source for box in walk.found)
            request = dataclasses.replace(self._aim.request, source=clients or source.ranges or INTERNET)
            outer = _path(self._world, source, node, walk)
            inner = self._behind(source, walk, node, request)
            near = _place(self._world, ("from", source), ("through", node))
            yield Path(
                source=source,
                via=(self._proxy.label,),
                hops=(*outer.hops[:-1], *inner.hops),
                blockers=_once((*outer.blockers, *inner.blockers)),
                unclear=(*outer.unclear, *inner.unclear),
                place=" ".join(part for part in (near, inner.place) if part),
                ports=inner.ports,
            )

    def _behind(self, source: End, client: Walk, node: End, request: Request) -> Path:
        if request.source not in self._choices:
            self._choices[request.source] = self._chosen(request)
        pool, port, hops, blockers, unclear = self._choices[request.source]
        head = Path(node, (), tuple(hops), tuple(blockers), tuple(unclear))
        if pool is None:
            return head
        found = [self._to(source, client, node, target, pool, port, head) for target in self._targets]
        if not found:
            nobody = Blocker(
                pool, "ELBV2_LISTENER_HAS_NO_TG", f"{self._goal.label} stands nowhere", about=(self._goal.label,)
            )
            return dataclasses.replace(head, blockers=(*blockers, nobody))
        return min(found, key=lambda path: (path.blocked, not path.whole, len(path.blockers)))

    def _to(self, source: End, client: Walk, node: End, target: End, pool: str, port: int, head: Path) -> Path:
        world = self._world
        zone, here = world.zone_of(target.segment), world.zone_of(node.segment)
        blockers = []
        if zone not in self._zones:
            blockers.append(
                Blocker(
                    pool, "ELB_INSTALLED_AZ_RESTRICTION", f"{self._proxy.label} has no subnet in {zone}", about=(zone,)
                )
            )
        elif zone != here and not world.crosses(self._proxy.name, pool):
            detail = f"nodes pass connections on in their own zone only, and {self._goal.label} has nothing in {here}"
            blockers.append(Blocker(pool, "ELBV2_NO_TARGETS_IN_AZ", detail, about=(here,)))
        if world.keeping.get(pool):
            walk = relayed(world, client, source, node, target, ((port, port),))
            blockers += self._to_itself(source, target, pool)
        else:
            walk = connections(world, node, target, self._aim.protocol, ((port, port),))[0]
        health = self._health(pool, target)
        if health is not None:
            walk.hops[0] = Hop(pool, health[0])
            blockers += [Blocker(pool, "TARGET_UNHEALTHY", health[1], about=(self._goal.label,))] if health[1] else []
        else:
            walk.hops[0] = Hop(pool, f"{self._goal.label} port {port}")
        if world.keeping.get(pool):
            walk.hops[0] = Hop(pool, f"{walk.hops[0].allowed_by}; under the address of the client")
        path = _path(world, node, target, walk)
        return dataclasses.replace(
            path,
            hops=(*head.hops, *path.hops),
            blockers=(*head.blockers, *blockers, *path.blockers),
            unclear=(*head.unclear, *path.unclear),
            place=_place(world, ("to", target)),
        )

    def _to_itself(self, source: End, target: End, pool: str) -> Iterator[Blocker]:
        """Who is given itself as the target gets its own packets back under its own address (NLB user guide,
        "Connections time out for requests from a target to its load balancer")."""
        if source.stand == self._goal.name and intersection(source.ranges, target.ranges):
            detail = f"{self._goal.label} keeps its address, and what is given itself as the target gets no answer"
            alone = size(target.ranges) == 1
            yield Blocker(
                pool, "ELBV2_SOURCE_ADDRESS_PRESERVATION", detail, partial=not alone, about=(self._goal.label,)
            )

    def _health(self, pool: str, target: End) -> tuple[str, str] | None:
        """What the pool says of a target: (shown, why it gets nothing or empty). Where none is healthy, those that
        fail their checks get requests (ALB user guide, "Target group health": fail-open)."""
        if self._world.health is None:
            return None
        known = self._world.health.get(pool, {})
        states = sorted({state for address, state in known.items() if _holds(target.ranges, address)})
        shown = f"target health: {', '.join(states) or 'not registered'}"
        if any(state.startswith("healthy") for state in states):
            return shown, ""
        checked = any(state.startswith(("unhealthy", "initial")) for state in states)
        if checked and not any(state.startswith("healthy") for state in known.values()):
            return f"{shown}; no target is healthy, so all get requests", ""
        return shown, f"{self._goal.label} is {', '.join(states) or 'not registered'}"

    def _chosen(self, request: Request) -> _Choice:
        """The pool that leads to the goal, and the rule that takes the request there."""
        world, listener = self._world, self._listener
        hops = [Hop(self._proxy.name, f"listener {listener.name} ({listener.protocol} {listener.port})")]
        taken = requests_of(world, listener.component).taken(request)
        for one in taken:
            if one.left and one.rule.unclear:
                lost = Unclear(listener.component, f"rule {one.rule.name}: {one.rule.unclear}")
                return None, 0, hops, [], [lost]
            for pool, port in self._pools(one):
                if one.left:
                    hops.append(Hop(listener.component, _rule_text(one)))
                    return pool, port, hops, self._some_refused(request, taken), []
        blocker = self._refused(request, taken)
        hops.append(Hop(listener.component))
        for one in taken:
            for pool, port in self._pools(one, any_weight=True):
                return pool, port, hops, [blocker], []
        return None, 0, hops, [blocker], []

    def _pools(self, one: Taken, *, any_weight: bool = False) -> Iterator[tuple[str, int]]:
        """The pools of a rule that hold the goal at a port that is asked for; without weight they get nothing."""
        for pool, weight in sorted(one.rule.pools.items()):
            if weight <= 0 and not any_weight:
                continue
            for stand, port in self._world.members.get(pool, ()):
                if stand == self._goal.name and covers(self._aim.ports, ((port, port),)):
                    yield pool, port

    def _some_refused(self, request: Request, taken: Sequence[Taken]) -> list[Blocker]:
        """A client may choose what it asks for and not where it stands: its address must not matter."""
        asked = requests_of(self._world, self._listener.component)
        led = (region for one in taken if any(self._pools(one)) for region in one.left)
        rest = difference(request.source, asked.clients(led))
        if not rest or size(rest) < FEW <= size(request.source):
            return []
        goal, listener = self._goal.label, self._listener
        detail = f"no rule of listener {listener.name} passes requests from {addresses_text(rest, 1)} on to {goal}"
        about = (goal, "")
        return [Blocker(listener.component, "ELBV2_LISTENER_RULE_RESTRICTION", detail, partial=True, about=about)]

    def _refused(self, request: Request, taken: Sequence[Taken]) -> Blocker:
        goal, component = self._goal.label, self._listener.component
        takers = [one for one in taken if one.left]
        shown = "; ".join(f"{_rule_text(one)} {_does(one)}" for one in takers[:3])
        where = f"{goal} port {ports_text(self._aim.ports)}"
        detail = f"no rule of listener {self._listener.name} passes {request.text} on to {where}"
        if shown:
            detail += f": {shown}"
        return Blocker(
            component, "ELBV2_LISTENER_RULE_RESTRICTION", detail, about=(goal, takers[0].rule.name if takers else "")
        )


def requests_of(world: World, listener: str) -> Requests:
    """The rules of a listener, made ready once."""
    known = world.asked.get(listener)
    if known is None:
        known = world.asked[listener] = Requests(world.rules.get(listener, ()))
    return known


def _holds(ranges: Ranges, address: str) -> bool:
    return covers(ranges, block(address))


def _does(one: Taken) -> str:
    if one.rule.answer:
        return one.rule.answer
    if not one.rule.pools:
        return "passes nothing on"
    weights = ", ".join(f"{pool} (weight {weight})" for pool, weight in sorted(one.rule.pools.items()))
    return f"forwards to {weights}"


def _rule_text(one: Taken) -> str:
    """A rule with its number and conditions."""
    rule = one.rule
    if rule.name == "default":
        return "default action"
    conditions = "; ".join(f"{key} {', '.join(sorted(values))}" for key, values in sorted(rule.when.items()))
    return f"rule {rule.name} ({rule.order}): {conditions}"

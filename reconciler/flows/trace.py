"""The question and the answer: whether one end reaches another, by which way, and what stands in the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from reconciler.flows.ends import Named, NoSuchEndError, is_ipv6, named, ports_of
from reconciler.flows.explore import Aim, Path, direct, through
from reconciler.flows.ranges import Ranges, covers, ports_text
from reconciler.flows.requests import Request
from reconciler.flows.walking import Blocker, Hop, Unclear
from reconciler.flows.world import End, World
from reconciler.model.frozen import Frozen

REACHABLE = "Reachable"
BLOCKED = "Blocked"
UNKNOWN = "Unknown"


class Query(Frozen):
    """Whether `source` reaches `target`. Ends are what `ends.named` takes; `port` is a number or a name at the target,
    `None` for every port that it is known to have. What is `None` of a request may be anything. `via` are the load
    balancers and tasks to pass, in order, `not_via` those to keep away from.
    """

    source: str
    target: str
    port: int | str | None = None
    protocol: str = "tcp"
    path: str | None = None
    host: str | None = None
    method: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    via: tuple[str, ...] = ()
    not_via: tuple[str, ...] = ()


class Verdict(Frozen):
    """The answer. `verdict` is `Reachable` (whichever copy asks, whichever address it is given), `Blocked` or
    `Unknown` (something on the way is not modelled). `partial`: it is not all, and some traffic does get through for
    sure. `hops`, `blockers` and `unclear` are those of the way that is shown, `paths` are all.
    """

    query: Query
    verdict: str
    partial: bool
    ports: Ranges
    hops: tuple[Hop, ...]
    blockers: tuple[Blocker, ...]
    unclear: tuple[Unclear, ...]
    via: tuple[str, ...]
    place: str
    paths: tuple[Path, ...]

    @property
    def passes(self) -> frozenset[str]:
        """The components that traffic passes which gets through."""
        return frozenset(hop.component for path in self.paths if path.reaches for hop in path.hops)

    @property
    def some(self) -> bool:
        """Some traffic gets through for sure."""
        return self.verdict == REACHABLE or self.partial


def trace(world: World, query: Query) -> Verdict:
    """Where a connection, and the request on it, gets. Raises `NoSuchEndError`.

    Without a port: for the first of the target's ports that lets it in, or else the one where the least is missing.
    """
    if any(map(is_ipv6, (query.source, query.target))):
        return _ipv6(world, query)
    if query.port is None:
        ports = ports_of(world, named(world, query.target), None, query.protocol)
        numbers = [number for low, high in ports for number in range(low, high + 1)]
        tried = [_traced(world, dataclasses.replace(query, port=number)) for number in numbers]
        return min(tried, key=lambda one: (one.verdict != REACHABLE, not one.partial, len(one.blockers)))
    return _traced(world, query)


def _ipv6(world: World, query: Query) -> Verdict:
    """Raises `NoSuchEndError` for the other end and its port."""
    other = next((text for text in (query.source, query.target) if not is_ipv6(text)), None)
    ports: Ranges = ((query.port, query.port),) if isinstance(query.port, int) else ()
    if other is not None:
        end = named(world, other)
        if other == query.target:
            ports = ports_of(world, end, query.port, query.protocol)
    which = next(text for text in (query.source, query.target) if is_ipv6(text))
    lost = Unclear("IPv6", f"{which} is an IPv6 address, and only IPv4 is modelled")
    return Verdict(query, UNKNOWN, False, ports, (), (), (lost,), (), "", ())


def _traced(world: World, query: Query) -> Verdict:
    source, target = named(world, query.source), named(world, query.target)
    if _is_outside(source) and _is_outside(target):
        raise NoSuchEndError(
            f"neither {query.source} nor {query.target} lies in a network of this stack, so nothing is known of the "
            "way between them; let one be a task, a load balancer or an address inside"
        )
    if source.container and target.container and source.stand == target.stand:
        return _loopback(world, query, source, target)
    tasks = [text for text in query.via if _is_task(world, text)]
    if tasks:
        return _in_legs(world, query)
    aim = _aim(world, query, target)
    ways = _ways(world, query, source, target, aim)
    found = _judged(world, query, aim, ways, source.ends)
    if not ways:
        found = _blocked(found, _no_way(world, query))
    return _as_far_as_read(world, _with_copies(_with_container(found, world, target, aim), target))


def _is_outside(end: Named) -> bool:
    return end.stand is None and not any(one.segment for one in end.ends)


def _as_far_as_read(world: World, found: Verdict) -> Verdict:
    """What could not be read is not absent: then nothing is known."""
    if not world.unread:
        return found
    lost = tuple(Unclear(name, f"it could not be read: {why}") for name, why in sorted(world.unread.items()))
    return dataclasses.replace(found, verdict=UNKNOWN, partial=False, unclear=(*lost, *found.unclear))


def _aim(world: World, query: Query, target: Named) -> Aim:
    request = Request(
        path=query.path,
        host=query.host,
        method=query.method,
        headers={name.lower(): value for name, value in query.headers.items()},
    )
    return Aim(query.protocol, ports_of(world, target, query.port, query.protocol), request)


def _is_task(world: World, text: str) -> bool:
    stand = world.by_label.get(text)
    return stand is not None and stand.kind == "task"


Ways = Mapping[tuple[str, ...], Sequence[Path]]


def _ways(world: World, query: Query, source: Named, target: Named, aim: Aim) -> Ways:
    """The paths of each way that the question allows: directly, and through each proxy that leads to the target."""
    found: dict[tuple[str, ...], Sequence[Path]] = {}
    if not query.via:
        found[()] = _direct(world, source, target, aim)
    goal = target.stand
    if goal is None:
        return found
    leading = {p for p, port in world.leading.get(goal.name, ()) if covers(aim.ports, ((port, port),))}
    chosen = [world.by_label[label] for label in query.via if label in world.by_label] if len(query.via) == 1 else []
    for proxy in chosen if query.via else sorted((world.stands[name] for name in leading), key=lambda one: one.label):
        if proxy.kind == "proxy" and proxy.label not in query.not_via and proxy not in (source.stand, goal):
            found[(proxy.label,)] = through(world, source.ends, proxy, goal, target.ends, aim)
    if query.via and query.via == (goal.label,):
        found[()] = _direct(world, source, target, aim)
    return found


def _no_way(world: World, query: Query) -> Blocker:
    """Why no way passes what a question says that it must pass."""
    for label in query.via:
        if label not in world.by_label:
            wanted = world.wanted.by_label.get(label) if world.wanted else None
            return Blocker(wanted.name if wanted else label, "BAD_STATE", f"{label} is in the files and not in AWS")
    passed = ", ".join(query.via)
    detail = (
        f"load balancers pass requests on to tasks alone: none from {query.source} to {query.target} passes {passed}"
    )
    return Blocker(world.by_label[query.via[0]].name, "NO_POSSIBLE_DESTINATION", detail)


def _direct(world: World, source: Named, target: Named, aim: Aim) -> list[Path]:
    ends = target.ends
    if target.stand is not None and target.stand.kind == "proxy" and target.stand.public:
        ends = tuple(end for end in ends if end.public) or ends
    found = direct(world, source.ends, ends, aim)
    stand = target.stand
    if stand is not None and stand.kind == "proxy":
        ports = [entry.port for entry in world.listeners.get(stand.name, ()) if aim.protocol in entry.transports]
        open_ports = tuple(sorted((port, port) for port in ports))
        shown = ", ".join(f"{e.name} {e.protocol} {e.port}" for e in world.listeners.get(stand.name, ())) or "none"
        blockers = []
        if not covers(open_ports, aim.ports):
            detail = f"it listens on {shown}, not on {aim.protocol} {ports_text(aim.ports)}"
            blockers.append(Blocker(stand.name, "ELBV2_LISTENERS_MISMATCH", detail, about=(stand.label,)))
        if stand.name in world.states:
            blockers.append(Blocker(stand.name, "BAD_STATE", world.states[stand.name]))
        found = [dataclasses.replace(path, blockers=(*path.blockers, *blockers)) for path in found]
    return found


def _judged(world: World, query: Query, aim: Aim, ways: Ways, sources: Sequence[End]) -> Verdict:
    everything = [path for paths in ways.values() for path in paths]
    states = [_state(source, ways) for source in sources]
    some = any(path.reaches for path in everything)
    if states and all(state == REACHABLE for state in states):
        verdict = REACHABLE
    elif any(state == BLOCKED for state in states) or not states:
        verdict = BLOCKED
    else:
        verdict = UNKNOWN
    if verdict == BLOCKED and not some and any(not path.blocked for path in everything):
        verdict = UNKNOWN
    via, shown = _shown(world, ways, verdict)
    wrong = [path for path in ways.get(via, ()) if not path.whole and not path.spare] if verdict != REACHABLE else []
    return Verdict(
        query=query,
        verdict=verdict,
        partial=some and verdict != REACHABLE,
        ports=aim.ports,
        hops=shown.hops if shown else (),
        blockers=tuple(dict.fromkeys(blocker for path in wrong for blocker in path.blockers)),
        unclear=tuple(dict.fromkeys(lost for path in wrong for lost in path.unclear)),
        via=via,
        place=shown.place if shown else "",
        paths=tuple(everything),
    )


def _state(source: End, ways: Ways) -> str:
    """What holds for one end that asks: reachable where some way lets all of its traffic through."""
    unknown = False
    for paths in ways.values():
        own = [path for path in paths if path.source == source and not path.spare]
        if own and all(path.whole for path in own):
            return REACHABLE
        unknown = unknown or any(path.unclear and not path.blocked for path in own)
    return UNKNOWN if unknown else BLOCKED


def _shown(world: World, ways: Ways, verdict: str) -> tuple[tuple[str, ...], Path | None]:
    """The way and the path that explain a verdict best: one that works, or the one that the least is missing on."""
    best: tuple[tuple[str, ...], Path] | None = None
    lowest: tuple[int, ...] | None = None
    for via, paths in ways.items():
        counted = [path for path in paths if not path.spare]
        blockers = {blocker for path in counted for blocker in path.blockers}
        lost = {one for path in counted for one in path.unclear}
        cost = (len(blockers), len(lost), 0 if via and not _is_inner(world, via, counted) else 1)
        if counted and (lowest is None or cost < lowest):
            lowest = cost
            worst_first = sorted(counted, key=lambda path: (-len(path.blockers), -len(path.unclear)))
            best = via, (worst_first[0] if verdict != REACHABLE else worst_first[-1])
    return best or ((), None)


def _is_inner(world: World, via: tuple[str, ...], paths: Sequence[Path]) -> bool:
    """A way from outside through a proxy that has no public address: not the one that anybody means."""
    outside = any(not path.source.segment for path in paths)
    return outside and not all(world.by_label[label].public for label in via if label in world.by_label)


def _loopback(world: World, query: Query, source: Named, target: Named) -> Verdict:
    """Containers of one task share one network interface and reach each other at 127.0.0.1, whatever filters say
    (ECS developer guide, "Fargate task networking")."""
    aim = _aim(world, query, target)
    stand = target.stand
    hops = (
        Hop(source.label),
        Hop("loopback", "127.0.0.1: containers of one task share its network"),
        Hop(target.label),
    )
    found = Verdict(query, REACHABLE, False, aim.ports, hops, (), (), (), "", ())
    return _with_container(found, world, target, aim) if stand else found


def _with_container(found: Verdict, world: World, target: Named, aim: Aim) -> Verdict:
    """A port that another container of the task opens is not this one's."""
    if not target.container or target.stand is None:
        return found
    others = [
        entry
        for entry in world.ports_of(target.stand)
        if entry.container != target.container and covers(aim.ports, ((entry.port, entry.port),))
    ]
    own = [entry for entry in world.ports_of(target.stand, target.container) if covers(aim.ports, ((entry.port,) * 2,))]
    if not others or own:
        return found
    detail = f"port {others[0].port} of {target.stand.label} is opened by container {others[0].container}"
    blocker = Blocker(target.label, "NO_POSSIBLE_DESTINATION", detail, about=("container", target.label))
    return _blocked(found, blocker)


def _with_copies(found: Verdict, target: Named) -> Verdict:
    if target.stand is None or target.stand.copies != 0:
        return found
    blocker = Blocker(
        target.stand.name, "NO_POSSIBLE_DESTINATION", f"{target.stand.label} has 0 replicas", about=("replicas",)
    )
    return _blocked(found, blocker)


def _blocked(found: Verdict, blocker: Blocker) -> Verdict:
    paths = tuple(dataclasses.replace(path, blockers=(*path.blockers, blocker)) for path in found.paths)
    return dataclasses.replace(found, verdict=BLOCKED, partial=False, blockers=(*found.blockers, blocker), paths=paths)


def _in_legs(world: World, query: Query) -> Verdict:
    """Through tasks: they take a connection and open another one, so each stretch is judged by itself."""
    stops: list[tuple[str, tuple[str, ...]]] = []
    between: list[str] = []
    for text in query.via:
        if _is_task(world, text):
            stops.append((text, tuple(between)))
            between = []
        else:
            between.append(text)
    stops.append((query.target, tuple(between)))
    legs = []
    start = query.source
    for stop, via in stops:
        last = stop == query.target and via == tuple(between)
        leg = (
            dataclasses.replace(query, source=start, via=via)
            if last
            else Query(start, stop, protocol=query.protocol, via=via, not_via=query.not_via)
        )
        legs.append(trace(world, leg))
        start = stop
    return _joined(query, legs)


def _joined(query: Query, legs: Sequence[Verdict]) -> Verdict:
    verdicts = {leg.verdict for leg in legs}
    verdict = REACHABLE if verdicts == {REACHABLE} else BLOCKED if BLOCKED in verdicts else UNKNOWN
    return Verdict(
        query=query,
        verdict=verdict,
        partial=verdict != REACHABLE and all(leg.some for leg in legs),
        ports=legs[-1].ports,
        hops=tuple(hop for leg in legs for hop in leg.hops),
        blockers=tuple(blocker for leg in legs for blocker in leg.blockers),
        unclear=tuple(lost for leg in legs for lost in leg.unclear),
        via=query.via,
        place="; then ".join(leg.place for leg in legs if leg.place),
        paths=tuple(path for leg in legs for path in leg.paths),
    )

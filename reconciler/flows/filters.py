"""What filters let through: the stateful ones on an interface, the stateless one at the edge of a segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.flows.packets import Box, Packets, few, ports_of, within, without
from reconciler.flows.ranges import FEW, INTERNET, addresses_text, ports_text
from reconciler.flows.walking import Blocker, Walk
from reconciler.flows.world import End, Entry, World


def filters(walk: Walk, own: End, other: End, direction: str) -> None:
    """The stateful filters on an interface: answers need no rule."""
    if not own.filtered:
        return
    entries = [(name, entry) for name in sorted(own.filters) for entry in walk.world.entries.get((name, direction), ())]
    unread = [name for name in own.filters if not _known(walk.world, name)]
    passed, used, maybe = _sifted(walk, entries, other, direction)
    component = min(own.filters) if own.filters else own.name
    if used:
        component = used[0][0]
    _judge(walk, component, passed, used, direction, own, other, any(entries), [*unread, *maybe])


def _known(world: World, name: str) -> bool:
    return not world.observed or (name, "in") in world.entries or (name, "out") in world.entries or name in world.ids


def _judge(
    walk: Walk,
    component: str,
    passed: Packets,
    used: list[tuple[str, Entry]],
    direction: str,
    own: End,
    other: End,
    ruled: bool,
    maybe: Iterable[str],
) -> None:
    word = "ingress" if direction == "in" else "egress"
    shown = "; ".join(f"{word} {entry.text}" for _, entry in used[:3])
    peer = "from" if direction == "in" else "to"
    missing = _missing(walk.found, passed)
    unknown = list(maybe)
    if missing and unknown:
        walk.hop(component, shown or None)
        walk.lose(unknown[0], f"whether it lets this through {word} of {own.label} is not known")
        return
    walk.hop(component, shown if passed else None)
    about = (direction, *(walk.world.stands[e.stand].label if e.stand else e.label for e in (own, other)))
    if not passed:
        code = "ENI_SG_RULES_MISMATCH" if ruled else "SG_HAS_NO_RULES"
        ports = ports_text(ports_of(walk.found))
        detail = f"no {word} rule allows {walk.protocol} {ports} {peer} {other.label}"
        walk.blockers.append(Blocker(component, code, detail, about=about))
        return
    if missing:
        detail = f"no {word} rule allows {walk.protocol} {_missing_text(missing, direction)} {peer} {other.label}"
        walk.blockers.append(Blocker(component, "ENI_SG_RULES_MISMATCH", detail, partial=True, about=about))
    walk.found = passed


def _sifted(
    walk: Walk, entries: Iterable[tuple[str, Entry]], other: End, direction: str
) -> tuple[Packets, list[tuple[str, Entry]], list[str]]:
    """What rules that allow let through, which did, and which cannot be judged."""
    passed: list[Box] = []
    left = walk.found
    used: list[tuple[str, Entry]] = []
    maybe: list[str] = []
    for name, entry in entries:
        if entry.protocol not in (walk.protocol, "all"):
            continue
        if entry.peer.startswith("pl-") or entry.peer in other.behind - other.filters:
            maybe.append(entry.peer)
            continue
        for box in _box(entry, other, direction, left):
            common = within(left, box)
            if common:
                passed += common
                used.append((name, entry))
                left = without(left, box)
        if not left:
            break
    return tuple(passed), used, maybe


def _box(entry: Entry, other: End, direction: str, left: Packets) -> Iterator[Box]:
    """The packets that an entry speaks of; a filter as its peer stands for everything that it is on."""
    if entry.peer:
        if entry.peer in other.filters:
            for one in left:
                yield Box(one.source, one.target, entry.ports)
        return
    everything = ((0, 2**32 - 1),)
    source, target = (entry.ranges, everything) if direction == "in" else (everything, entry.ranges)
    yield Box(source, target, entry.ports)


def edge(walk: Walk, segment: str, direction: str, reply: Packets | None = None, *, answers: bool = True) -> None:
    """The stateless filter at the edge of a segment: the first entry that matches decides; answers are asked too."""
    acl = walk.world.edges.get(segment)
    if acl is None:
        return
    asked = walk.found if reply is None else reply
    left = asked
    passed: list[Box] = []
    used: Entry | None = None
    denied: Entry | None = None
    for entry in walk.world.entries.get((acl, direction), ()):
        if entry.protocol not in (walk.protocol, "all"):
            continue
        everything = ((0, 2**32 - 1),)
        source, target = (entry.ranges, everything) if direction == "in" else (everything, entry.ranges)
        box = Box(source, target, entry.ports)
        common = within(left, box)
        if not common:
            continue
        left = without(left, box)
        if entry.accept:
            passed += common
            used = used or entry
        elif denied is None and not few(common, walk.world.internet, FEW):
            denied = entry
        if not left:
            break
    word = "inbound" if direction == "in" else "outbound"
    if reply is None:
        walk.hop(acl, f"{word} {used.text}" if used else None)
    missing = _missing(asked, tuple(passed))
    if missing:
        detail = f"{word} {denied.text}" if denied else f"no {word} entry allows it"
        what = "answers" if reply is not None and answers else "connections"
        ports = ports_text(ports_of(missing))
        plural = "" if ports.isdecimal() else "s"
        detail = f"{detail}: {what} to port{plural} {ports} are dropped at the edge of {segment}"
        walk.blockers.append(
            Blocker(acl, "SUBNET_ACL_RESTRICTION", detail, partial=bool(passed), about=(direction, segment))
        )
    if reply is None and passed:
        walk.found = tuple(passed)


def _missing(asked: Packets, passed: Packets) -> Packets:
    """What did not pass and matters: a few addresses of the internet do not, unless only a few are asked about."""
    if passed == asked:
        return ()
    left = asked
    for box in passed:
        left = without(left, box)
    return () if passed and few(left, INTERNET, FEW) and not few(asked, INTERNET, FEW) else left


def _missing_text(missing: Packets, direction: str) -> str:
    box = missing[0]
    peer = box.source if direction == "in" else box.target
    return f"{ports_text(box.ports)} of {addresses_text(peer, 1)}"

"""What people call an end of traffic, as ends of the world."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
from collections.abc import Iterable

from reconciler.flows.ranges import Ranges, block, difference, intersection, union
from reconciler.flows.world import INTERNET_NAME, End, Listener, Stand, World
from reconciler.model.errors import ReconcilerError
from reconciler.model.frozen import Frozen


class NoSuchEndError(ReconcilerError):
    """The world has no such end of traffic, or no such port of it. `fix` says what else to ask."""

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.fix = fix


class Named(Frozen):
    """An end as it was named: the ends that it stands for, the stand, and the container, where it is one."""

    label: str
    ends: tuple[End, ...]
    stand: Stand | None = None
    container: str = ""


def named(world: World, text: str) -> Named:
    """`internet`, an address or block, `task/NAME`, `task/NAME/CONTAINER`, `loadBalancer/NAME`, the id of a live task
    or an interface, or the id or address (`vpc-endpoint/main/s3`) of what stands for ends: a network or a part of it
    for any host there, a filter for what it stands before, a pool for its members, a gateway for itself.

    Raises `NoSuchEndError`.
    """
    if text == INTERNET_NAME:
        return Named(text, (End(INTERNET_NAME, INTERNET_NAME, world.internet),))
    stand = world.by_label.get(text) or world.stands.get(world.by_id.get(text, text))
    if stand is not None:
        return Named(stand.label, world.ends_of(stand), stand)
    live = text if text in world.lives else world.copy_of(text)
    if live in world.lives:
        return _interface(world, live, text)
    standing = _standing_for(world, world.by_id.get(text, text), text)
    if standing is not None:
        return standing
    head, _, container = text.rpartition("/")
    owner = world.by_label.get(head)
    if owner is not None and owner.kind == "task":
        if container not in world.containers.get(owner.runs, ()):
            known = sorted(world.containers.get(owner.runs, ()))
            raise NoSuchEndError(f"{owner.label} has no container {container}; {_nearest(container, known)}")
        return Named(text, world.ends_of(owner), owner, container)
    return _addresses(world, text)


def _standing_for(world: World, component: str, label: str) -> Named | None:
    """What a component that is no end itself stands for."""
    if component in world.services:
        return _service(world, component)
    places = [s for s, (network, _, _) in world.segments.items() if component in (s, network)]
    if places:
        ends = (End(label, label, world.segments[place][1], segment=place) for place in sorted(places))
        return Named(label, tuple(ends))
    gateway = world.gateways.get(component)
    if gateway is not None and gateway.kind == "one-to-one":
        return named(world, INTERNET_NAME)
    if gateway is not None:
        end = End(label, label, gateway.private, segment=gateway.at, public=gateway.addresses)
        return Named(label, (end,) if gateway.at in world.segments else ())
    members = {name for name, _ in world.members.get(component, ())}
    stands = [s for s in world.stands.values() if s.name in members or component in s.filters]
    if len(stands) == 1:
        return Named(stands[0].label, world.ends_of(stands[0]), stands[0])
    found = tuple(end for one in stands for end in world.ends_of(one))
    return Named(label, found) if stands else None


def is_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address or block: no end that is modelled."""
    try:
        return ":" in text and bool(ipaddress.IPv6Interface(text))
    except ValueError:
        return False


def _interface(world: World, name: str, label: str) -> Named:
    live = world.lives[name]
    owner = next((s for s in world.stands.values() if live in world.live_of.get(s.name, ())), None)
    ends = world.ends_of_lives([live], owner)
    shown = tuple(dataclasses.replace(end, name=name, label=label) for end in ends)
    return Named(label, shown, owner)


def _service(world: World, name: str) -> Named:
    """What a network reaches of a service without an interface: addresses that only AWS knows."""
    return Named(name, (End(name, name, world.internet, kind="service"),))


def _addresses(world: World, text: str) -> Named:
    try:
        ranges = block(str(ipaddress.IPv4Interface(text).network))
    except ValueError:
        raise _unknown(world, text) from None
    for live in world.lives.values():
        for private, public in live.addresses:
            if ranges == block(private) or (public and ranges == block(public)):
                return _interface(world, live.name, text)
    ends = []
    left = ranges
    for name, (_, own, _) in sorted(world.segments.items()):
        part = intersection(ranges, own)
        if part:
            ends.append(End(text, text, part, segment=name))
            left = difference(left, own)
    left = difference(left, world.inside)
    if left:
        ends.append(End(text, text, left))
    return Named(text, tuple(ends))


def _unknown(world: World, text: str) -> NoSuchEndError:
    """Why a text names no end, and what to write instead."""
    if world.wanted is not None and text in world.wanted.by_label:
        return NoSuchEndError(
            f"{text} is in the files and not in AWS", "apply makes it; --desired asks about the files"
        )
    labels = sorted(world.by_label)
    near = difflib.get_close_matches(text, [INTERNET_NAME, *labels], 1)
    if text in world.by_id:
        what = f"{text} is {world.by_id[text]}, which neither opens nor takes connections"
        return NoSuchEndError(f"{what}; write one of {', '.join(labels)}")
    write = f"did you mean {near[0]}? Write" if near else "write"
    what = "internet, an IPv4 address or block, the id of a live interface"
    return NoSuchEndError(f"{text} is not known; {write} {what}, or one of: {', '.join(labels)}")


def _nearest(word: str, known: Iterable[str]) -> str:
    """The word that was meant, and all that there are."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, 1)
    return f"{f'did you mean {near[0]}? It' if near else 'it'} has {', '.join(words) or 'none'}"


def ports_of(world: World, target: Named, port: int | str | None, protocol: str) -> Ranges:
    """The ports that are meant: a number, a name that the target gives one, or all that the target has.

    Raises `NoSuchEndError`.
    """
    if isinstance(port, int):
        return ((port, port),)
    known = _known_ports(world, target, protocol)
    if port is None:
        numbers = {number for _, number in known}
        return union(((number, number),) for number in numbers) if numbers else ((443, 443),)
    found = {number for name, number in known if name == port}
    if not found:
        names = {name for name, _ in known if name}
        raise NoSuchEndError(f"{target.label} has no port {port}; {_nearest(port, names)}")
    return union(((number, number),) for number in found)


def _known_ports(world: World, target: Named, protocol: str) -> list[tuple[str, int]]:
    if target.stand is None:
        return []
    if target.stand.kind == "proxy":
        listeners: list[Listener] = world.listeners.get(target.stand.name, [])
        return [(entry.name, entry.port) for entry in listeners if protocol in entry.transports]
    opened = world.ports_of(target.stand, target.container)
    return [(entry.port_name or "", entry.port) for entry in opened if entry.protocol == protocol]

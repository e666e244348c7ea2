"""Finding what an object refers to, and saying so when it is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.kinds import Object, Path, Peer, Problem
from reconciler.kinds._object import listed, quoted
from reconciler.kinds.load_balancer import KIND as LOAD_BALANCER
from reconciler.kinds.load_balancer import LoadBalancerSpec
from reconciler.kinds.network import KIND as NETWORK
from reconciler.kinds.network import NetworkSpec
from reconciler.kinds.task import KIND as TASK
from reconciler.kinds.task import TaskSpec
from reconciler.load import StackObjects, suggestion


def exists(objects: StackObjects, kind: str, name: str) -> bool:
    """Whether an object is written down, readable or not."""
    return (kind, name) in objects.objects or (kind, name) in objects.broken


def unknown_object(objects: StackObjects, obj: Object[Any], path: Path, kind: str, name: str) -> Problem | None:
    """A problem where an object refers to one that surely does not exist."""
    if exists(objects, kind, name) or not objects.complete:
        return None
    known = [other for found, other in (*objects.objects, *objects.broken) if found == kind]
    return obj.problem(path, f"there is no {kind} {quoted(name)}", nearest(name, known))


def nearest(word: str, words: Iterable[str], what: str = "it") -> str:
    """A hint for a name that is not among these: the closest, else all of them."""
    known = sorted(set(words))
    if not known:
        return f"add {what}"
    return suggestion(word, known, f"write {known[0]}" if len(known) == 1 else f"write one of {listed(known)}")


def network_of(objects: StackObjects, name: str) -> NetworkSpec | None:
    """The spec of a network, where it can be read."""
    found = objects.get(NETWORK, name)
    return found.spec if found else None


def apart(objects: StackObjects, one: str, other: str) -> bool:
    """Whether two networks that exist are not the same; a wrong name is a problem of its own."""
    return one != other and all(exists(objects, NETWORK.name, name) for name in (one, other))


def repeated(values: Iterable[tuple[Path, object]]) -> Iterator[tuple[Path, Path]]:
    """Where a value comes again, with where it came first."""
    first: dict[object, Path] = {}
    for path, value in values:
        if value in first:
            yield path, first[value]
        else:
            first[value] = path


def placed(path: Path, texts: Iterable[str]) -> list[tuple[Path, str]]:
    """The entries of a list with their paths."""
    return [((*path, index), text) for index, text in enumerate(texts)]


def foreign_tasks(
    objects: StackObjects, obj: Object[Any], network: str, peers: Iterable[tuple[Path, str]]
) -> Iterator[Problem]:
    """Peers in another network: a security group's rule reaches no group of another VPC."""
    for path, text in peers:
        peer = Peer.parse(text)
        other: Object[TaskSpec] | Object[LoadBalancerSpec] | None = None
        if peer.type == "task":
            other = objects.get(TASK, peer.value)
        elif peer.type == "loadBalancer":
            other = objects.get(LOAD_BALANCER, peer.value)
        if other and apart(objects, network, other.spec.network):
            yield obj.problem(
                path,
                f"{other.id} lives in Network/{other.spec.network}, not in Network/{network}",
                "name what lives in the same network, or an IPv4 block",
            )

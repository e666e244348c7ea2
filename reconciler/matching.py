"""Which live object is which: who wins each address of the desired graph. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

from reconciler.leniency import leniency
from reconciler.model.fields import (
    edge_ids,
    exclusive_ids,
    member_name,
    names_with,
    set_fields,
    values_with,
)
from reconciler.model.graph import Graph
from reconciler.model.resource import Context, Naming, Observed, Resource, ResourceType, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import (
    ATOMS,
    EMPTY,
    NOT_REPORTED,
    Id,
    Ref,
    ids,
    refs,
    resolve,
    transform,
)
from reconciler.naming import object_name

_READ_AGAIN: Final = "grant the permission to read it, or wait and run again"


def is_going(kind: ResourceType[Any], live: Observed[Any]) -> bool:
    """Whether AWS is about to be rid of an object, so that nothing is to be done about it."""
    return live.state is State.DELETING or (live.state is State.FAILED and kind.fades_when_failed)


def aligned(graph: Graph, address: str, observed: Any) -> Any:
    resource = graph.resources[address]
    return graph.types[resource.type].align(resource.fields, observed)


def translator(outputs: Mapping[str, Mapping[str, str]]) -> Callable[[Any], Any]:
    """Turns an `Id` that is an output of an address into a `Ref`; leaves everything else."""
    index = {(name, value): address for address, known in sorted(outputs.items()) for name, value in known.items()}

    def leaf(value: Any) -> Any:
        if isinstance(value, Id):
            address = index.get((value.output, value.value))
            return Ref(address, value.output) if address is not None else value
        return value

    return leaf


class Matching:
    """Which live object wins each address, found in the order of the graph.

    A target of an exclusive field that a loser still holds cannot win; since that may unseat others, matching is
    repeated without what was excluded until nothing more is.
    """

    def __init__(self, graph: Graph, snapshot: Snapshot) -> None:
        self._graph = graph
        self._snapshot = snapshot
        self._excluded: set[tuple[str, str]] = set()
        self._late = self._came_too_late()
        wanted = {address: one.fields for address, one in graph.references.items()}
        self._referred = {a: o.outputs for a, o in snapshot.referred.items() if o.fields == wanted.get(a)}
        self.unresolved = self._unresolved()
        self.unreadable = self._unreadable()
        self._expected = {a: known for a in graph.resources if (known := self._outputs_of_name(a))}
        while True:
            self._match()
            unseated = self._unseated()
            if not unseated:
                break
            self._excluded |= unseated

    def _outputs_of_name(self, address: str) -> Mapping[str, str]:
        """What is known of an object that is not there, where its name is the same each time it is made."""
        kind = self._graph.kind(address)
        if kind.naming is not Naming.STABLE or address in self.unreadable or self._snapshot.found.get(address):
            return EMPTY
        stack, snapshot = self._graph.stack, self._snapshot
        name = object_name(kind, stack.name, stack.region, address, "")
        return kind.outputs_of_name(
            Context(stack.name, snapshot.account, snapshot.region, snapshot.partition, name=name)
        )

    @cached_property
    def _users(self) -> dict[str, list[Observed[Any]]]:
        """What uses an object, by the object's id and outputs: ours and what others put into our networks."""
        users: dict[str, list[Observed[Any]]] = {}
        for live in (*self._snapshot.live(), *self._snapshot.foreign):
            for value in {i.value for i in edge_ids(live.fields)} - set(live.outputs.values()) - {live.id}:
                users.setdefault(value, []).append(live)
        return users

    def _is_used(self, live: Observed[Any]) -> bool:
        return live.id in self._users

    def _came_too_late(self) -> set[tuple[str, str]]:
        """What is on its way to an exclusive target that another has: AWS will give up on it, and says so minutes
        later (CreateNatGateway of an Elastic IP in use). Two processes that did not see each other make that."""
        claims: dict[tuple[str, str], list[Observed[Any]]] = {}
        for live in self._snapshot.live():
            for target in exclusive_ids(live.fields):
                claims.setdefault((live.type, target.value), []).append(live)
        late: set[tuple[str, str]] = set()
        for some in claims.values():
            first = min(some, key=lambda o: (o.state is State.PENDING, o.created, o.id))
            late |= {(o.type, o.id) for o in some if o is not first and o.state is State.PENDING}
        return late

    def _unresolved(self) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for address, one in self._graph.references.items():
            if address not in self._referred and one.kind.name not in self._snapshot.unknown:
                found[address] = one.kind.unresolved(one.fields, self._snapshot.references.get(address, ()))
        return found

    def _unreadable(self) -> dict[str, tuple[str, str]]:
        """Addresses of which nothing is known: of types that could not be read, and what refers to them."""
        found: dict[str, tuple[str, str]] = {}
        names = {address: one.kind.name for address, one in self._graph.references.items()}
        names |= {address: self._graph.resources[address].type for address in self._graph.order}
        for address, name in names.items():
            if name in self._snapshot.unknown:
                found[address] = (f"{name} could not be read: {self._snapshot.unknown[name]}", _READ_AGAIN)
            elif address in self._graph.references:
                continue
            elif lost := sorted(self._graph.targets[address] & self.unresolved.keys()):
                found[address] = (f"refers to {lost[0]}, which is not known", f"see {lost[0]}")
            elif blind := sorted(self._graph.targets[address] & found.keys()):
                _, fix = found[blind[0]]
                why = "could not be read" if fix == _READ_AGAIN else "is not known"
                found[address] = (f"refers to {blind[0]}, which {why}", fix)
        return found

    def _match(self) -> None:
        self.winners: dict[str, Observed[Any]] = {}
        self.outputs = {**self._expected, **self._referred}
        self.incumbents: dict[str, Observed[Any]] = {}
        self.contested: dict[str, tuple[Observed[Any], ...]] = {}
        self.retired: list[Observed[Any]] = []
        self.twins: list[Observed[Any]] = []
        self.following: dict[str, frozenset[str]] = {}
        self._lost: dict[str, frozenset[str]] = {}
        for address in self._graph.order:
            if address in self.unreadable:
                continue
            kind = self._graph.kind(address)
            live = [o for o in self._snapshot.found.get(address, ()) if o.type == kind.name and self._stays(kind, o)]
            fitting = [o for o in live if self._fits(self._graph.resources[address], kind, o)]
            losers = [o for o in live if o not in fitting]
            self._lost[address] = frozenset(o.id for o in losers if (address, o.id) not in self._excluded)
            if fitting:
                self._choose(address, kind, fitting)
                self.retired += losers
            elif losers:
                best = max(losers, key=lambda o: (o.in_use, self._is_used(o), o.created, o.id))
                self.incumbents[address] = best
                self.retired += [o for o in losers if o is not best]

    def _stays(self, kind: ResourceType[Any], live: Observed[Any]) -> bool:
        return not is_going(kind, live) and (live.type, live.id) not in self._late

    def _choose(self, address: str, kind: ResourceType[Any], fitting: list[Observed[Any]]) -> None:
        if len(fitting) == 1:
            self._win(address, fitting[0])
            return
        if kind.keeps:
            fitting = sorted(fitting, key=lambda o: (o.in_use, o.created), reverse=True)
            self._win(address, fitting[0])
            self.retired += fitting[1:]
            return
        used = [o for o in fitting if self._is_used(o)]
        if len(used) > 1:
            used = self._enough(used)
        if len(used) > 1:
            self.contested[address] = tuple(sorted(used, key=lambda o: o.id))
            return
        ranked = sorted(fitting, key=lambda o: (o not in used, not self._is_as_desired(o), o.created, o.id))
        self._win(address, ranked[0])
        self.twins += ranked[1:]

    def _is_as_desired(self, live: Observed[Any]) -> bool:
        """Whether nothing of an object need be written: of two gateways the one that is attached where it belongs."""
        wanted = self._graph.resources[live.address or ""].fields
        return all(self._agrees(value, getattr(live.fields, name)) for name, value, _ in set_fields(wanted))

    def _enough(self, used: list[Observed[Any]]) -> list[Observed[Any]]:
        """Of twins that are in use the one without which nothing would be left to lose by, or all of them.

        Processes that died one after the other, each before it could see the work of the last, leave whole networks
        twice. What stands in a lesser one has its like in the greater: that is kept, and the lesser goes with all that
        stands in it. An object that stands in a network which goes is not the one to keep.
        """
        at_home = [o for o in used if self._is_as_desired(o)]
        if len(at_home) == 1:
            return at_home
        standing = {o.id: self._standing_on(o) for o in used}
        enough = [o for o in at_home or used if all(standing[other.id] <= standing[o.id] for other in used)]
        return [min(enough, key=lambda o: (o.created, o.id))] if enough else used

    def _standing_on(self, live: Observed[Any]) -> set[str]:
        """The addresses of what uses an object, and of what uses that; what is not ours counts by its id."""
        found: dict[tuple[str, str], Observed[Any]] = {}
        ahead = [live]
        while ahead:
            one = ahead.pop()
            for value in {one.id, *one.outputs.values()}:
                new = [user for user in self._users.get(value, ()) if (user.type, user.id) not in found]
                found |= {(user.type, user.id): user for user in new}
                ahead += new
        return {user.address or user.id for user in found.values()}

    def _win(self, address: str, live: Observed[Any]) -> None:
        self.winners[address] = live
        self.outputs[address] = live.outputs

    def _fits(self, desired: Resource[Any], kind: ResourceType[Any], live: Observed[Any]) -> bool:
        if (desired.address, live.id) in self._excluded or (kind.dead_when_failed and live.state is State.FAILED):
            return False
        ignored = leniency(self._graph.stack, desired.owner, None)
        exclusive = names_with(type(desired.fields), "exclusive")
        for name, wanted in values_with(desired.fields, "immutable"):
            if name in exclusive or (ignored and ignored.ignores(member_name(name))):
                continue
            if not self._agrees(wanted, getattr(live.fields, name)):
                return False
        followed = self._followed(desired, live)
        if followed:
            self.following[desired.address] = self.following.get(desired.address, frozenset()) | followed
        return not followed and kind.fits(desired.fields, live.fields)

    def _followed(self, desired: Resource[Any], live: Observed[Any]) -> frozenset[str]:
        """The targets of a live object that are replaced, while what holds them stays and goes over to new ones."""
        found = set()
        for name, wanted in values_with(desired.fields, "follows"):
            present = {i.value for i in ids(getattr(live.fields, name))}
            for ref in refs(wanted) if present else ():
                holders = self._graph.holders.get(ref.address, frozenset())
                if present & self._lost.get(ref.address, frozenset()) and holders & self.winners.keys():
                    found.add(ref.address)
        return frozenset(found)

    def _agrees(self, wanted: Any, present: Any) -> bool:
        if present is NOT_REPORTED:
            return True
        if type(wanted) in ATOMS and type(present) in ATOMS:
            return bool(wanted == present)
        if type(wanted) is Ref and type(present) is Id:
            return wanted.output == present.output and self._output(wanted) == present.value
        return bool(resolve(wanted, self._output) == transform(present, translator_of(self.outputs, wanted)))

    def _output(self, ref: Ref) -> str | None:
        return self.outputs.get(ref.address, EMPTY).get(ref.output)

    def _unseated(self) -> set[tuple[str, str]]:
        """Winners that cannot stay: targets that a loser holds, and holders whose exclusive target is another. What
        could not be read has not lost.

        What is dying lets go of its target by itself: users know an Elastic IP by heart, so a new gateway waits for it.
        """
        winner_ids = {(address, o.id) for address, o in self.winners.items()}
        held_by_losers: set[str] = set()
        for live in self._snapshot.live():
            if live.address in self.unreadable or (live.type, live.id) in self._late:
                continue
            if (live.address, live.id) not in winner_ids and live.state is not State.DELETING:
                held_by_losers |= {i.value for i in exclusive_ids(live.fields)}
        found = {
            (address, self.winners[address].id)
            for address in self._graph.holders
            if address in self.winners and held_by_losers & set(self.winners[address].outputs.values())
        }
        for address, winner in self.winners.items():
            immutable = names_with(type(winner.fields), "immutable")
            for name, wanted in values_with(self._graph.resources[address].fields, "exclusive"):
                if name in immutable and not self._agrees(wanted, getattr(winner.fields, name)):
                    found.add((address, winner.id))
        return found


def translator_of(outputs: Mapping[str, Mapping[str, str]], wanted: Any) -> Callable[[Any], Any]:
    """A translator that knows only the addresses that `wanted` refers to: all that matters for comparing with it."""
    named = {ref.address for ref in refs(wanted)}
    return translator({address: outputs[address] for address in named if address in outputs})

"""Looking at AWS: every type once, in batches, all at the same time where none needs another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import cached_property, partial
from typing import Any, Final

from reconciler.adoption import Adopting
from reconciler.model.errors import AwsError, Refused
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph, Readables, StackPolicy
from reconciler.model.ports import Reader
from reconciler.model.resource import Known, Observed, Referred, Resource, Scope
from reconciler.model.snapshot import Snapshot
from reconciler.model.tags import listed_places, short
from reconciler.model.values import ids
from reconciler.threads import Asking

THREADS = 24
"""Describes under way at once: enough for every type that needs no other."""


References = Mapping[str, tuple[Observed[Any], ...]]
NOTHING_KNOWN: Final[Known] = {}


class Look(Frozen):
    """What one account and region holds of `stacks`, by type; `unknown` are the types that could not be read.

    `errors` are what AWS said where it was these types themselves, and not what they need. `references` has by stack
    and address what is as each reference of a spec says, `claimed` by id the real tags of what specs take over.
    """

    account: str
    region: str
    partition: str
    found: Mapping[str, Sequence[Observed[Any]]]
    unknown: Mapping[str, str]
    stacks: tuple[str, ...]
    errors: Mapping[str, AwsError] = dataclasses.field(default_factory=dict)
    references: Mapping[str, References] = dataclasses.field(default_factory=dict)
    claimed: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)

    @cached_property
    def by_stack(self) -> Mapping[str | None, Sequence[Observed[Any]]]:
        """What carries each stack's tag; under `None` what carries no stack's."""
        found: dict[str | None, list[Observed[Any]]] = {}
        for name in sorted(self.found):
            for observed in self.found[name]:
                found.setdefault(observed.stack, []).append(observed)
        return found

    def beside(self, stack: str) -> list[Observed[Any]]:
        """What is not this stack's and lives in its networks, clusters and load balancers, or leads there; the
        networks that it only refers to included."""
        if len(self.stacks) == 1:
            return [one for name, found in self.by_stack.items() if name != stack for one in found]
        inside = {*self._inside(stack), *_values(self._referred(stack))}
        return self._near(inside, lambda one: one.stack != stack)

    def foreign(self, stack: str) -> set[int]:
        """Of what is nobody's, what is within, or leads to, something that is the stack's; by Python's identity."""
        if self.is_at_home:
            return {id(one) for one in self.by_stack.get(None, ()) if not one.evidence}
        referred = {one.id for one in self._referred(stack)}
        near = self._near(self._inside(stack), lambda one: one.stack is None and not one.evidence)
        return {id(one) for one in near if one.id not in referred}

    @cached_property
    def is_at_home(self) -> bool:
        """Whether every network that was looked into is one of a stack's own."""
        return all(one.stack is not None for one in self.found.get("vpc", ()))

    @cached_property
    def _leading(self) -> Mapping[str, Sequence[Observed[Any]]]:
        """What is, or leads to, each id: made once, for fifty stacks would go through everything fifty times."""
        found: dict[str, list[Observed[Any]]] = {}
        for some in self.found.values():
            for one in some:
                for value in {one.id, *_ids(one)}:
                    found.setdefault(value, []).append(one)
        return found

    def _near(self, inside: set[str], counts: Callable[[Observed[Any]], bool]) -> list[Observed[Any]]:
        """Of what counts that which is, or leads to, what is inside, directly or through each other."""
        found: dict[int, Observed[Any]] = {}
        known, waiting = set(inside), list(inside)
        while waiting:
            for one in self._leading.get(waiting.pop(), ()):
                if id(one) not in found and counts(one):
                    found[id(one)] = one
                    fresh = {one.id, *one.outputs.values()} - known
                    known |= fresh
                    waiting += fresh
        return list(found.values())

    def _inside(self, stack: str) -> set[str]:
        return _values(self.by_stack.get(stack, ()))

    def _referred(self, stack: str) -> list[Observed[Any]]:
        return [one for found in self.references.get(stack, {}).values() for one in found]


def _values(some: Iterable[Observed[Any]]) -> set[str]:
    return {value for one in some for value in (one.id, *one.outputs.values())}


def _ids(observed: Observed[Any]) -> Iterator[str]:
    return (i.value for i in ids(observed.fields))


def look(
    types: Readables,
    reader: Reader,
    stacks: Iterable[str],
    graphs: Iterable[Graph] = (),
    known: Known = NOTHING_KNOWN,
    *,
    by_index: bool = False,
) -> Look:
    """One look at these types as far as they concern these stacks; stacks of one account and region share the calls.

    `known` is what was there a moment ago: AWS is asked for it without waiting for lists that name it, and where it
    is there no longer, that was a request too many. `by_index` takes tags from AWS's index where that saves calls:
    enough to see that nothing is to be done.
    """
    graphs = list(graphs)
    meant = _references(graphs, reader)
    scope = meant.within(dataclasses.replace(scope_of(reader, stacks, graphs), known=known, by_index=by_index))
    adopting = Adopting.of(reader, graphs, scope.stacks)
    if adopting is not None:
        reader = adopting
    seen = _look(types, reader, scope, {}, {name: str(error) for name, error in meant.errors.items()})
    seen = _look_into_places(seen, types, reader, scope)
    claimed = adopting.met if adopting is not None else {}
    errors = {**meant.errors, **seen.errors}
    return dataclasses.replace(seen, references=meant.references, errors=errors, claimed=claimed)


def _look_into_places(seen: Look, types: Readables, reader: Reader, scope: Scope) -> Look:
    """A look with what the stacks have in objects of others that no spec names any more: tags of theirs tell which."""
    parts = {name: kind for name, kind in types.items() if kind.marks_parts}
    marked = {
        place for stack in scope.stacks for one in seen.by_stack.get(stack, ()) for place in listed_places(one.tags)
    }
    places = marked - {short(one.id) for name in parts for one in seen.found.get(name, ())}
    if not places:
        return seen
    known = {name: found for name, found in seen.found.items() if name not in parts}
    blind = {name: why for name, why in seen.unknown.items() if name not in parts}
    again = _look(parts, reader, dataclasses.replace(scope, places=frozenset(places)), known, blind)
    return dataclasses.replace(again, errors={**seen.errors, **again.errors})


def look_again(before: Look, types: Readables, reader: Reader, graph: Graph) -> Look:
    """An earlier look with these types, as far as they concern one of its stacks, looked at anew.

    What they need, and what references mean, is taken from there. Good for telling that nothing has changed: what has
    may have changed more.
    """
    meant = _Found(before.references, {})
    scope = meant.within(dataclasses.replace(scope_of(reader, [graph.stack.name], [graph]), by_index=True))
    known = {name: found for name, found in before.found.items() if name not in types}
    blind = {name: why for name, why in before.unknown.items() if name not in types}
    again = _look(types, reader, scope, known, blind)
    errors = {name: error for name, error in before.errors.items() if name not in types}
    return dataclasses.replace(
        again,
        stacks=before.stacks,
        errors={**errors, **again.errors},
        references=before.references,
        claimed=before.claimed,
    )


def _look(
    types: Readables,
    reader: Reader,
    scope: Scope,
    known: Mapping[str, Sequence[Observed[Any]]],
    blind: Mapping[str, str],
) -> Look:
    with Asking(THREADS, thread_name_prefix="observe") as pool:
        whose = pool.submit(lambda: reader.account)
        looking = _Looking(types, reader, scope, pool, dict(known), dict(blind))
        looking.finish()
    looking.blind_what_rests_on_the_unread()
    found, unknown = looking.found, looking.unknown
    return Look(whose.result(), reader.region, reader.partition, found, unknown, scope.stacks, looking.errors)


class _Looking:
    """A look under way: each type is asked as soon as what it needs is there, at least in outline."""

    def __init__(
        self,
        types: Readables,
        reader: Reader,
        scope: Scope,
        pool: Asking,
        found: dict[str, Sequence[Observed[Any]]],
        unknown: dict[str, str],
    ) -> None:
        self.found = found
        self.unknown = unknown
        self.errors: dict[str, AwsError] = {}
        self._types = types
        self._reader = reader
        self._scope = scope
        self._pool = pool
        needed = {need for kind in types.values() for need in kind.needs}
        first = sorted(types.items(), key=lambda one: one[0] not in needed)
        self._waiting = {name: kind for name, kind in first if not isinstance(kind, Referred)}
        self._running: dict[Future[list[Observed[Any]]], str] = {}
        self._drawing: dict[Future[list[Observed[Any]]], str] = {}
        self._outlines: dict[str, Sequence[Observed[Any]]] = {}

    def finish(self) -> None:
        """Looks at everything, and first at what others wait for."""
        for name, kind in self._types.items():
            outline = kind.outline(self._reader, self._scope)
            if outline is not None:
                self._drawing[self._pool.submit(list, outline)] = name
        self._begin()
        for kind in self._types.values():
            for question in kind.ahead(self._reader, self._scope):
                self._pool.submit(question)  # where it fails, it fails again when `observe` asks
        for graph in self._scope.graphs.values():
            self._pool.submit(getattr, graph, "digest")  # worked out while AWS answers
        while self._waiting or self._running:
            self._begin()
            if self._running:
                done, _ = wait([*self._running, *self._drawing], return_when=FIRST_COMPLETED)
                for future in done:
                    self._take(future)

    def _begin(self) -> None:
        ready = {*self._outlines, *self.found, *self.unknown}
        for name in [name for name, kind in self._waiting.items() if ready.issuperset(kind.needs)]:
            kind = self._waiting.pop(name)
            unread = self._unread(kind.needs)
            if unread:
                self.unknown[name] = self.unknown[unread[0]]
                continue
            needed = {need: self.found[need] if need in self.found else self._outlines[need] for need in kind.needs}
            here = dataclasses.replace(self._scope, found={**self._scope.found, **needed})
            self._running[self._pool.submit(_observed, kind.observe, self._reader, here)] = name

    def _take(self, future: Future[list[Observed[Any]]]) -> None:
        if future in self._drawing:
            name = self._drawing.pop(future)
            if future.exception() is None:  # else `observe` says it
                self._outlines[name] = future.result()
            return
        name = self._running.pop(future)
        try:
            self.found[name] = future.result()
        except AwsError as error:
            self.unknown[name], self.errors[name] = str(error), error

    def blind_what_rests_on_the_unread(self) -> None:
        """What was looked at after an outline of something is not known where the rest of that could not be read."""
        while unread := [(n, t.needs) for n, t in self._types.items() if n in self.found and self._unread(t.needs)]:
            for name, needs in unread:
                del self.found[name]
                self.unknown[name] = self.unknown[self._unread(needs)[0]]

    def _unread(self, needs: Iterable[str]) -> list[str]:
        return [need for need in needs if need in self.unknown]


class _Found(Frozen):
    """What references mean, by stack and address, and what AWS said of the types of those that could not be read."""

    references: Mapping[str, References]
    errors: Mapping[str, AwsError]

    def within(self, scope: Scope) -> Scope:
        """The scope of a look that knows what the references mean."""
        meant = (some[0] for one in self.references.values() for some in one.values() if len(some) == 1)
        return dataclasses.replace(scope, found=by_type(meant))


def known_of(some: Iterable[Observed[Any]]) -> dict[str, dict[str, Mapping[str, str]]]:
    """What was seen, as a later look takes it."""
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    for one in some:
        found.setdefault(one.type, {})[one.id] = one.tags
    return found


def by_type(some: Iterable[Observed[Any]]) -> dict[str, list[Observed[Any]]]:
    """Objects by the type that they are of."""
    found: dict[str, list[Observed[Any]]] = {}
    for one in some:
        found.setdefault(one.type, []).append(one)
    return found


def _references(graphs: Iterable[Graph], reader: Reader) -> _Found:
    """What is as each reference of some graphs says.

    They come before all else: what lives in a network depends on which that is.
    """
    found: dict[str, dict[str, tuple[Observed[Any], ...]]] = {}
    errors: dict[str, AwsError] = {}
    for graph in graphs:
        mine = found.setdefault(graph.stack.name, {})
        for address, reference in graph.references.items():
            try:
                named = partial(dataclasses.replace, address=address, stack=graph.stack.name)
                candidates = map(named, reference.kind.candidates(reader, reference.fields))
                mine[address] = tuple(sorted(candidates, key=lambda o: o.id))
            except AwsError as error:
                errors[reference.kind.name] = error
    return _Found(found, errors)


def _observed(observe: Any, reader: Reader, scope: Scope) -> list[Observed[Any]]:
    return list(observe(reader, scope))


def scope_of(reader: Reader, stacks: Iterable[str], graphs: Iterable[Graph]) -> Scope:
    """The scope of a look: what is expected of each type, from the desired graphs where there are any."""
    expected: dict[str, list[Resource[Any]]] = {}
    desired = {graph.stack.name: graph for graph in graphs}
    for graph in desired.values():
        for resource in graph.resources.values():
            expected.setdefault(resource.type, []).append(resource)
    return Scope(
        region=reader.region,
        stacks=tuple(sorted(stacks)),
        expected=expected,
        graphs=desired,
    )


def snapshot_of(seen: Look, stack: StackPolicy) -> Snapshot:
    """What a look says of one stack. Raises `Refused` when the stack in AWS has another owner."""
    found: dict[str, list[Observed[Any]]] = {}
    evidence: list[Observed[Any]] = []
    for observed in seen.by_stack.get(stack.name, ()):
        if observed.address:
            _check_owner(observed, stack)
            found.setdefault(observed.address, []).append(observed)
        else:
            evidence.append(observed)
    theirs = seen.foreign(stack.name)
    beside = seen.beside(stack.name)
    foreign = [one for one in beside if id(one) in theirs]
    evidence += [one for one in beside if id(one) not in theirs]
    return Snapshot(
        account=seen.account,
        region=seen.region,
        partition=seen.partition,
        stack=stack.name,
        found={address: tuple(sorted(found[address], key=lambda o: o.id)) for address in sorted(found)},
        foreign=tuple(sorted(foreign, key=lambda o: (o.type, o.id))),
        evidence=tuple(sorted(evidence, key=lambda o: (o.type, o.id))),
        unknown=seen.unknown,
        references=seen.references.get(stack.name, {}),
        claimed=seen.claimed,
    )


def _check_owner(observed: Observed[Any], stack: StackPolicy) -> None:
    if observed.owner is not None and observed.owner != stack.owner:
        raise Refused(
            f"stack {stack.name} in AWS belongs to owner {observed.owner} ({observed.type} {observed.id}), "
            f"not to {stack.owner}",
            "choose another stack name, or set owner in the Stack's spec if it really is yours",
        )

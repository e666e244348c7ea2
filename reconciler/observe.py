"""Looking at AWS: every type once, in batches, all at the same time where none needs another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cached_property
from typing import Any

from reconciler.model.errors import AwsError, Refused
from reconciler.model.graph import Graph, Readables, StackPolicy
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Resource, Scope
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import ids

THREADS = 16
"""Describes under way at once: enough for every type that needs no other."""


@dataclasses.dataclass(frozen=True)
class Look:
    """What one account and region holds of `stacks`, by type; `unknown` are the types that could not be read.

    `errors` are what AWS said where it was these types themselves, and not what they need.
    """

    account: str
    region: str
    partition: str
    found: Mapping[str, Sequence[Observed[Any]]]
    unknown: Mapping[str, str]
    stacks: tuple[str, ...]
    errors: Mapping[str, AwsError] = dataclasses.field(default_factory=dict)

    @cached_property
    def by_stack(self) -> Mapping[str | None, Sequence[Observed[Any]]]:
        """What carries each stack's tag; under `None` what carries no stack's."""
        found: dict[str | None, list[Observed[Any]]] = {}
        for name in sorted(self.found):
            for observed in self.found[name]:
                found.setdefault(observed.stack, []).append(observed)
        return found

    def beside(self, stack: str) -> list[Observed[Any]]:
        """What is not this stack's and lives in its networks, clusters and load balancers, or leads there."""
        others = [one for name, found in self.by_stack.items() if name != stack for one in found]
        if len(self.stacks) == 1:
            return others
        inside = {value for mine in self.by_stack.get(stack, ()) for value in (mine.id, *mine.outputs.values())}
        found: list[Observed[Any]] = []
        while others:
            near: list[Observed[Any]] = []
            far: list[Observed[Any]] = []
            for one in others:
                (near if any(value in inside for value in (one.id, *_ids(one))) else far).append(one)
            if not near:
                break
            found += near
            inside |= {value for one in near for value in (one.id, *one.outputs.values())}
            others = far
        return found


def _ids(observed: Observed[Any]) -> Iterator[str]:
    return (i.value for i in ids(observed.fields))


def look(
    types: Readables, reader: Reader, stacks: Iterable[str], graphs: Iterable[Graph] = (), *, by_index: bool = False
) -> Look:
    """One look at these types as far as they concern these stacks; stacks of one account and region share the calls.

    `by_index` takes tags from AWS's index where that saves calls: enough to see that nothing is to be done.
    """
    scope = dataclasses.replace(scope_of(reader, stacks, graphs), by_index=by_index)
    return _look(types, reader, scope, {}, {})


def look_again(before: Look, types: Readables, reader: Reader, graph: Graph) -> Look:
    """An earlier look with these types, as far as they concern one of its stacks, looked at anew.

    What they need is taken from there. Good for telling that nothing has changed: what has may have changed more.
    """
    scope = dataclasses.replace(scope_of(reader, [graph.stack.name], [graph]), by_index=True)
    known = {name: found for name, found in before.found.items() if name not in types}
    blind = {name: why for name, why in before.unknown.items() if name not in types}
    again = _look(types, reader, scope, known, blind)
    errors = {name: error for name, error in before.errors.items() if name not in types}
    return dataclasses.replace(again, stacks=before.stacks, errors={**errors, **again.errors})


def _look(
    types: Readables,
    reader: Reader,
    scope: Scope,
    known: Mapping[str, Sequence[Observed[Any]]],
    blind: Mapping[str, str],
) -> Look:
    found, unknown = dict(known), dict(blind)
    errors: dict[str, AwsError] = {}
    waiting = dict(types)
    running: dict[Future[list[Observed[Any]]], str] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="observe") as pool:
        for kind in types.values():
            for question in kind.ahead(reader, scope):
                pool.submit(question)  # where it fails, it fails again when `observe` asks
        while waiting or running:
            for name in [n for n, t in waiting.items() if all(need in found or need in unknown for need in t.needs)]:
                kind = waiting.pop(name)
                unread = [need for need in kind.needs if need in unknown]
                if unread:
                    unknown[name] = unknown[unread[0]]
                    continue
                here = dataclasses.replace(scope, found={need: found[need] for need in kind.needs})
                running[pool.submit(_observed, kind.observe, reader, here)] = name
            if running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    name = running.pop(future)
                    try:
                        found[name] = future.result()
                    except AwsError as error:
                        unknown[name], errors[name] = str(error), error
    return Look(reader.account, reader.region, reader.partition, found, unknown, scope.stacks, errors)


def _observed(observe: Any, reader: Reader, scope: Scope) -> list[Observed[Any]]:
    return list(observe(reader, scope))


def scope_of(reader: Reader, stacks: Iterable[str], graphs: Iterable[Graph]) -> Scope:
    """The scope of a look: what is expected of each type, from the desired graphs where there are any."""
    expected: dict[str, list[Resource[Any]]] = {}
    digests: dict[str, Mapping[str, str]] = {}
    for graph in graphs:
        digests[graph.stack.name] = graph.applied_digests
        for resource in graph.resources.values():
            expected.setdefault(resource.type, []).append(resource)
    return Scope(
        account=reader.account,
        region=reader.region,
        partition=reader.partition,
        stacks=tuple(sorted(stacks)),
        expected=expected,
        digests=digests,
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
    beside = seen.beside(stack.name)
    foreign = [one for one in beside if one.stack is None and not one.evidence]
    evidence += [one for one in beside if one.stack is not None or one.evidence]
    return Snapshot(
        account=seen.account,
        region=seen.region,
        partition=seen.partition,
        stack=stack.name,
        found={address: tuple(sorted(found[address], key=lambda o: o.id)) for address in sorted(found)},
        foreign=tuple(sorted(foreign, key=lambda o: (o.type, o.id))),
        evidence=tuple(sorted(evidence, key=lambda o: (o.type, o.id))),
        unknown=seen.unknown,
    )


def _check_owner(observed: Observed[Any], stack: StackPolicy) -> None:
    if observed.owner is not None and observed.owner != stack.owner:
        raise Refused(
            f"stack {stack.name} in AWS belongs to owner {observed.owner} ({observed.type} {observed.id}), "
            f"not to {stack.owner}",
            "choose another stack name, or set owner in the Stack's spec if it really is yours",
        )

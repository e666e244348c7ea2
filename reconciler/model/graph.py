"""The desired state of one stack: its resources, the edges between them, and their digests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reconciler.model.fields import canonical, digest_of, set_fields, values_with
from reconciler.model.frozen import Frozen
from reconciler.model.policy import ObjectPolicy, Window
from reconciler.model.resource import Readable, Reference, Resource, ResourceType
from reconciler.model.tags import DELETION_POLICY, RETAIN, key_lists
from reconciler.model.values import EMPTY, FrozenMap, Id, Ref, Template, named, refs, refs_of, resolve

Types = Mapping[str, ResourceType[Any]]
"""All resource types by name."""

Readables = Mapping[str, Readable[Any]]
"""Types to look at by name; those that are only read may be among them."""


class StackPolicy(Frozen):
    """What holds for a whole stack: whose it is, where it lives, and how far the program may go.

    `interval` is in seconds; `account` refuses any other account before the first change. `heal` and `promote` let
    the daemon put drift right and roll out new specs, `max_disruption` bounds the replacements of one healing pass,
    `windows` say when. `objects` are the annotations of objects (`Task/web`), where there are any. `queue_url` is the
    SQS queue that tells of changes at once.
    """

    name: str
    region: str
    owner: str = "default"
    account: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    session_name: str = "reconciler"
    tags: FrozenMap[str, str] = EMPTY
    drift: str = "Heal"
    interval: float = 60.0
    prune: bool = True
    heal: bool = True
    promote: bool = True
    max_disruption: int = 1
    windows: tuple[Window, ...] = ()
    objects: FrozenMap[str, ObjectPolicy] = EMPTY
    queue_url: str | None = None

    @property
    def place(self) -> tuple[str | None, ...]:
        """Where and as whom its calls are made: stacks that agree in this can be looked at together."""
        return self.region, self.role_arn, self.external_id, self.session_name

    def policies(self, owner: str) -> Iterator[ObjectPolicy]:
        """What was said about an object (`Task/web`), and about its stack as a whole."""
        for name in (owner, f"Stack/{self.name}"):
            if name in self.objects:
                yield self.objects[name]


class Cycle(Exception):
    """Resources that wait for each other; `addresses` in the order of the circle."""

    def __init__(self, addresses: list[str]) -> None:
        super().__init__(" -> ".join(addresses))
        self.addresses = addresses


class Graph(Frozen):
    """The desired resources of a stack by address, and what it refers to beside them. Equal inputs give equal graphs in
    equal order.

    `parts` has, by the object that owns no resource, those that it is a part of: the rules of a listener are of Routes.
    """

    stack: StackPolicy
    resources: Mapping[str, Resource[Any]]
    types: Types
    references: Mapping[str, Reference[Any]] = dataclasses.field(default_factory=dict)
    parts: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        stack: StackPolicy,
        things: Iterable[Resource[Any] | Reference[Any]],
        types: Types,
        parts: Mapping[str, frozenset[str]] = EMPTY,
    ) -> Graph:
        """A graph of resources and references in order of address. Two of one address are a bug of a kind."""
        resources: dict[str, Resource[Any]] = {}
        references: dict[str, Reference[Any]] = {}
        for thing in sorted(things, key=lambda one: one.address):
            if thing.address in resources or thing.address in references:
                raise AssertionError(f"two resources compiled to {thing.address}")
            if isinstance(thing, Reference):
                references[thing.address] = thing
            else:
                resources[thing.address] = thing
        return cls(stack, resources, types, references, parts)

    @cached_property
    def _named(self) -> Mapping[str, list[Ref | Id | Template]]:
        return {address: named(resource.fields) for address, resource in self.resources.items()}

    @cached_property
    def targets(self) -> Mapping[str, frozenset[str]]:
        """The addresses that each resource refers to by a field."""
        return {address: frozenset(ref.address for ref in refs_of(names)) for address, names in self._named.items()}

    def resolved(self, address: str, lookup: Callable[[Ref], str | None]) -> Any:
        """The fields of a resource, with text in place of templates whose outputs are all known."""
        fields = self.resources[address].fields
        return resolve(fields, lookup) if any(type(one) is Template for one in self._named[address]) else fields

    @cached_property
    def edges(self) -> Mapping[str, frozenset[str]]:
        """What each address comes after: references, `after` of the resource and `after` of its type."""
        related = _Related(self.targets, {a: r.type for a, r in self.resources.items()}, self.types)
        return {
            address: (self.targets[address] | resource.after | related.before(address)) & self.resources.keys()
            for address, resource in self.resources.items()
        }

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Addresses so that each comes after what it needs. Raises `Cycle`."""
        try:
            return tuple(TopologicalSorter(self.edges).static_order())
        except CycleError as error:
            raise Cycle(list(reversed(error.args[1]))) from error

    @cached_property
    def holders(self) -> Mapping[str, frozenset[str]]:
        """For each target of an exclusive field the addresses that hold it."""
        found: dict[str, set[str]] = {}
        for address, resource in self.resources.items():
            for _, value in values_with(resource.fields, "exclusive"):
                for ref in refs(value):
                    found.setdefault(ref.address, set()).add(address)
        return {target: frozenset(holders) for target, holders in found.items()}

    @cached_property
    def replacement_digests(self) -> Mapping[str, str]:
        """Digest of the immutable fields of each address, those of what they refer to and of its holders included.

        Two live objects of one address with one such digest are twins; another digest is another object under
        another name.
        """
        bases: dict[str, str] = {
            address: digest_of([one.kind.name, canonical(one.fields, lambda _: "")])
            for address, one in self.references.items()
        }
        for address in self.order:
            fields = self.resources[address].fields
            data = {
                name: canonical(value, lambda ref: bases.get(ref.address, ""))
                for name, value, traits in set_fields(fields)
                if traits.follows or (traits.immutable and not traits.exclusive)
            }
            bases[address] = digest_of([self.resources[address].type, data])
        return {
            address: digest_of([base, sorted({self._held_as(holder, bases) for holder in self.holders[address]})])
            if address in self.holders
            else base
            for address, base in bases.items()
        }

    def _held_as(self, holder: str, bases: Mapping[str, str]) -> str:
        """The digest of the nearest holder that is a thing of its own: a collection stands for its parent."""
        return bases.get(self.parent(holder) or holder, bases[holder])

    @cached_property
    def key_lists(self) -> Mapping[str, str]:
        """The tags that say which tags are the user's."""
        return key_lists(self.stack.tags)

    def kind(self, address: str) -> ResourceType[Any]:
        """The type of a resource."""
        return self.types[self.resources[address].type]

    def parent(self, address: str) -> str | None:
        """The address of what a collection is part of."""
        kind = self.kind(address)
        parent = getattr(self.resources[address].fields, kind.parent) if kind.collection and kind.parent else None
        return parent.address if isinstance(parent, Ref) else None

    def retains(self, address: str) -> bool:
        """Whether a resource stays in AWS when its object goes."""
        return any(policy.retain for policy in self.stack.policies(self.resources[address].owner))

    @cached_property
    def applied_digests(self) -> Mapping[str, str]:
        """Digest of all set fields of each address and of the user's tags: what a converged object carries."""
        tags = sorted(self.stack.tags.items())
        digests = self.replacement_digests
        result = {}
        for address, resource in self.resources.items():
            data = canonical(resource.fields, lambda ref: digests.get(ref.address, ""))
            kind = self.types[resource.type]
            own_tags = tags if kind.taggable else []
            if kind.taggable and kind.collection is None and self.retains(address):
                own_tags = [*tags, (DELETION_POLICY, RETAIN)]
            result[address] = digest_of([resource.type, data, own_tags])
        return result

    @cached_property
    def digest(self) -> str:
        """Digest of the whole graph: what the anchor carries after a fully converged apply."""
        return digest_of(sorted(self.applied_digests.items()))

    @cached_property
    def dependants(self) -> Mapping[str, frozenset[str]]:
        """The addresses that refer to each address by a field."""
        found: dict[str, set[str]] = {address: set() for address in self.resources}
        for address, targets in self.targets.items():
            for target in targets & found.keys():
                found[target].add(address)
        return {address: frozenset(others) for address, others in found.items()}


class _Related:
    """Edges that types declare through a third type, for any graph of nodes with targets and types.

    Two nodes are related through the nearest nodes of the third type that both lead to: a service through its own
    subnets, not through those of a load balancer whose name its task definition holds.
    """

    def __init__(self, targets: Mapping[str, frozenset[str]], type_of: Mapping[str, str], types: Types) -> None:
        self._targets = targets
        self._type_of = type_of
        self._types = types
        self._reached: dict[str, Mapping[str, frozenset[str]]] = {}
        self._index: dict[tuple[str, str], set[str]] = {}
        vias: dict[str, set[str]] = {}
        for kind in types.values():
            for first, via_type in kind.after.items():
                vias.setdefault(first, set()).add(via_type)
        for node, name in type_of.items():
            for via_type in vias.get(name, ()):
                for via in self._nearest(node).get(via_type, ()):
                    self._index.setdefault((name, via), set()).add(node)

    def before(self, node: str) -> frozenset[str]:
        """The nodes that `node` comes after because its type says so."""
        found: set[str] = set()
        for first, via_type in self._types[self._type_of[node]].after.items():
            for via in self._nearest(node).get(via_type, ()):
                found |= self._index.get((first, via), set())
        found.discard(node)
        return frozenset(found)

    def _nearest(self, node: str) -> Mapping[str, frozenset[str]]:
        """By type, the nodes that `node` leads to in the fewest steps."""
        known = self._reached.get(node)
        if known is not None:
            return known
        found: dict[str, frozenset[str]] = {}
        seen = {node}
        level = {node}
        while level:
            level = {t for n in level for t in self._targets.get(n, ())} - seen
            seen |= level
            here: dict[str, set[str]] = {}
            for target in level:
                here.setdefault(self._type_of.get(target, ""), set()).add(target)
            found = {**{name: frozenset(nodes) for name, nodes in here.items()}, **found}
        self._reached[node] = found
        return found


def related_edges(
    targets: Mapping[str, frozenset[str]], type_of: Mapping[str, str], types: Types
) -> Mapping[str, frozenset[str]]:
    """What each node comes after because of its type's `after`; nodes may be addresses or live ids."""
    related = _Related(targets, type_of, types)
    return {node: related.before(node) for node in type_of}

"""One stack in the sandbox, of which single resources are made, changed, removed and looked at by their types alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import boto3

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.model.answers import taken
from reconciler.model.fields import Fields
from reconciler.model.graph import Graph, StackPolicy, Types
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, State
from reconciler.model.values import NOT_REPORTED, UNSET, FrozenMap, Id, LookedUp, Ref, Template, refs, transform
from reconciler.observe import look
from reconciler.plan import full_tags
from reconciler.sandbox import Sandbox

LONG_ENOUGH = 4000.0
"""Seconds after which everything that AWS does on its own time is done, lists of the deleted included."""


class LiveStack:
    """The stack `shop`: `resources` are all that could be made, in any order."""

    def __init__(self, sandbox: Sandbox, resources: Iterable[Resource[Any]], types: Types) -> None:
        self._clock = sandbox.clock
        self._types = types
        self.graph = Graph.of(StackPolicy("shop", "us-east-1", tags=FrozenMap({"team": "checkout"})), resources, types)
        access, calls = Access("us-east-1", sandbox=True, paced=False), Calls()
        self._reader = AwsReader(access, sandbox.clock, calls)
        self._writer = AwsWriter(access, sandbox.clock, calls)
        self._outputs: dict[str, dict[str, str]] = {}

    def make(self, *addresses: str) -> None:
        """Make these resources, after all that they need."""
        needed: set[str] = set()
        waiting = list(addresses)
        while waiting:
            address = waiting.pop()
            if address not in needed:
                needed.add(address)
                waiting += self.graph.edges[address]
        for address in self.graph.order:
            if address in needed and address not in self._outputs:
                kind = self._kind(address)
                self._perform(address, kind.create(self.graph.resources[address], self._context(address)))
                self.wait()

    def make_all_that(self, fields: Iterable[Fields]) -> None:
        """Make everything that these field sets refer to."""
        self.make(*sorted({ref.address for one in fields for ref in refs(one)} & self.graph.resources.keys()))

    def change(self, address: str, fields: Fields) -> None:
        """Bring a live resource to other fields, as far as they differ."""
        resource = dataclasses.replace(self.graph.resources[address], fields=fields)
        live = self.observed(address)
        assert live is not None
        changed = frozenset(differing(fields, live.fields))
        self._perform(address, self._kind(address).update(resource, live, changed, self._context(address)))
        self.wait()

    def remove(self, address: str) -> None:
        """Delete a live resource and wait until AWS has."""
        live = self.observed(address)
        assert live is not None
        self._perform(address, self._kind(address).delete(live, self._context(address)))
        self.wait()

    def observed(self, address: str) -> Observed[Any] | None:
        """A live resource as its type describes it now, ids of what was made here as references."""
        found = [o for o in self.everything(self.graph.resources[address].type) if o.address == address]
        assert len(found) <= 1
        return found[0] if found else None

    def everything(self, type_name: str) -> list[Observed[Any]]:
        """All live objects of a type, ids of what was made here as references."""
        types = {type_name: self._types[type_name]}
        while missing := {n for kind in types.values() for n in kind.needs} - types.keys():
            types |= {name: self._types[name] for name in missing}
        seen = look(types, self._reader.fresh(), ["shop"])
        assert seen.unknown == {}
        return [
            dataclasses.replace(o, fields=transform(o.fields, self._as_reference))
            for o in seen.found[type_name]
            if o.state is not State.DELETING
        ]

    def id_of(self, address: str) -> str:
        """The id of something made here."""
        return self._outputs[address]["id"]

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """One request to EC2 as somebody else would make it."""
        return dict(self._writer.perform(Call("ec2", operation, params), params))

    def wait(self) -> None:
        """Let AWS finish what it does on its own time."""
        self._clock.advance(LONG_ENOUGH)

    def _kind(self, address: str) -> ResourceType[Any]:
        return self._types[self.graph.resources[address].type]

    def _context(self, address: str) -> Context:
        return Context(
            stack="shop",
            account=self._reader.account,
            region=self._reader.region,
            partition=self._reader.partition,
            name=address.replace("/", "-"),
            token=f"token-{address}"[:32],
            tags=FrozenMap(full_tags(self.graph, address, self.graph.applied_digests[address])),
        )

    def _perform(self, address: str, calls: Iterable[Call]) -> None:
        outputs = self._outputs.setdefault(address, {})
        for call in calls:
            answer = self._writer.perform(call, self._plain(dict(call.params)))
            outputs |= call.known
            outputs |= {name: taken(path, answer) for name, path in call.save.items()}

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Ref):
            return self._outputs[value.address][value.output]
        if isinstance(value, Id):
            return value.value
        if isinstance(value, Template):
            return "".join(self._plain(part) for part in value.parts)
        if isinstance(value, LookedUp):
            params = {key: self._plain(item) for key, item in value.params.items()}
            found = self._reader.fresh().pages(value.service, value.operation, value.key, **params)
            return taken(self._plain(value.path), {value.key: found})
        if isinstance(value, dict | FrozenMap):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        return value

    def _as_reference(self, value: Any) -> Any:
        if not isinstance(value, Id):
            return value
        made = (Ref(a, value.output) for a, o in self._outputs.items() if o.get(value.output) == value.value)
        return next(made, value)


def differing(wanted: Fields, present: Fields) -> dict[str, tuple[Any, Any]]:
    """The fields that are set and that AWS has otherwise, both values beside each other."""
    return {
        f.name: (getattr(wanted, f.name), getattr(present, f.name))
        for f in dataclasses.fields(wanted)  # type: ignore[arg-type]
        if not _same(getattr(wanted, f.name), getattr(present, f.name))
    }


def _same(wanted: Any, present: Any) -> bool:
    """Equal as far as `wanted` is set, parts included."""
    if isinstance(wanted, FrozenMap) and isinstance(present, FrozenMap):
        return wanted.keys() == present.keys() and all(_same(item, present[key]) for key, item in wanted.items())
    if isinstance(wanted, Fields) and type(wanted) is type(present):
        return not differing(wanted, present)
    return wanted is UNSET or present is NOT_REPORTED or bool(wanted == present)


def upload_certificates() -> None:
    """The certificates that secure listeners name."""
    iam = boto3.client("iam", region_name="us-east-1")
    for name in ("shop", "other", "third"):
        iam.upload_server_certificate(ServerCertificateName=name, CertificateBody="-", PrivateKey="-")

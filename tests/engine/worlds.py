"""A world of plain data: what AWS would report of a graph that was fully applied, without any AWS."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from reconciler.compile import graph_of
from reconciler.diff import anchors
from reconciler.load import Given, load
from reconciler.model import tags as own_tags
from reconciler.model.graph import Graph
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap, Id, Ref, Template, transform
from reconciler.plan import full_tags

SPECS = Path(__file__).parents[2] / "specs"
SMALL = """\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: shop}
spec: {region: us-east-1}
---
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec: {cidr: 10.0.0.0/16, availabilityZones: [us-east-1a], public: {cidrs: [10.0.0.0/24]}}
---
apiVersion: reconciler.dev/v1
kind: Cluster
metadata: {name: main}
"""
"""A stack `shop` with a network `main`, a subnet and a cluster `main`, for whoever adds to it."""
OUTPUTS = ("arn", "dnsName", "name", "fullName", "publicIp", "group")


def graph(
    name: str = "two-tier.yaml", edit: Callable[[str], str] = lambda text: text, variables: Mapping[str, str] = {}
) -> Graph:
    """The graph of one of the reference files, edited as text, with values for some of its variables."""
    bundle = load({name: edit((SPECS / name).read_text()).encode()}, Given(flags=variables))
    assert not bundle.problems, [problem.text for problem in bundle.problems]
    (stack,) = bundle.stacks.values()
    return graph_of(stack.stack, stack.objects)


def outputs_of(desired: Graph, address: str, generation: str = "1") -> FrozenMap[str, str]:
    """The outputs that the mirror gives an address; a collection has its parent's id and publishes none."""
    kind = desired.types[desired.resources[address].type]
    if kind.collection:
        return FrozenMap()
    return FrozenMap({name: f"{name}:{address}#{generation}" for name in ("id", *OUTPUTS)})


def observed(desired: Graph, address: str, generation: str = "1", *, converged: bool = True) -> Observed[Any]:
    """One object as AWS reports it when it is as desired."""
    resource = desired.resources[address]
    kind = desired.types[resource.type]

    def leaf(value: Any) -> Any:
        if isinstance(value, Ref):
            return Id(outputs_of(desired, value.address)[value.output], value.output)
        if isinstance(value, Template):
            return "".join(
                outputs_of(desired, part.address)[part.output] if isinstance(part, Ref) else part
                for part in value.parts
            )
        return value

    applied = desired.applied_digests[address] if kind.taggable else None
    tags = full_tags(desired, address, applied or "") if kind.taggable and not kind.collection else {}
    if converged and address in anchors(desired):
        tags[own_tags.CONVERGED] = desired.digest
    parent = getattr(resource.fields, kind.parent) if kind.parent else None
    own = f"id:{address}#{generation}"
    identity = outputs_of(desired, parent.address)["id"] if kind.collection and isinstance(parent, Ref) else own
    return Observed(
        type=resource.type,
        id=identity,
        fields=transform(resource.fields, leaf),
        address=address,
        stack=desired.stack.name,
        owner=desired.stack.owner,
        outputs=outputs_of(desired, address, generation),
        tags=FrozenMap(tags),
        applied=applied,
    )


def world(
    desired: Graph, *, without: Iterable[str] = (), more: Iterable[Observed[Any]] = (), converged: bool = True
) -> Snapshot:
    """The snapshot after a full apply, with some addresses gone and some objects added or put instead."""
    found = {
        address: [observed(desired, address, converged=converged)]
        for address in desired.resources
        if address not in set(without)
    }
    for extra in more:
        found.setdefault(extra.address or "", []).append(extra)
    return Snapshot(
        account="123456789012",
        region=desired.stack.region,
        partition="aws",
        stack=desired.stack.name,
        found={address: tuple(objects) for address, objects in found.items()},
    )


def edited(snapshot: Snapshot, address: str, **changes: Any) -> Snapshot:
    """The same world with fields of one object changed behind our back."""
    (one,) = snapshot.found[address]
    fields = dataclasses.replace(one.fields, **changes)
    found = {**snapshot.found, address: (dataclasses.replace(one, fields=fields),)}
    return dataclasses.replace(snapshot, found=found)

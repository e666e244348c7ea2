"""What these types write is what they read, in the sandbox: create, every update both ways, delete."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import samples_ec2
from live_stack import LiveStack, differing, upload_certificates
from samples_elb_ecs import NETWORK, SAMPLES
from type_sample import Sample

from reconciler.model.fields import Fields, traits_of
from reconciler.model.resource import Context, Observed, ResourceType
from reconciler.model.tags import ADDRESS
from reconciler.model.values import FrozenMap, Marker, Ref, resolve
from reconciler.naming import object_name
from reconciler.resources import discover
from reconciler.sandbox import Sandbox

TYPES = discover()
ALL = [sample for name, samples in SAMPLES.items() if name != "shared-rules" for sample in samples]
"""Shared rules live in a listener that is not the stack's: the example of an existing load balancer makes one."""
each_sample = pytest.mark.parametrize("sample", ALL, ids=lambda s: s.resource.address)
each_change = pytest.mark.parametrize(
    ("sample", "number"),
    [pytest.param(s, n, id=f"{s.resource.address} {n}") for s in ALL for n in range(len(s.others))],
)


class NamedStack(LiveStack):
    """A stack whose objects have the names that the engine gives them."""

    def _context(self, address: str) -> Context:
        kind = self._kind(address)
        digest = self.graph.replacement_digests[address]
        name = object_name(kind, self.graph.stack.name, self.graph.stack.region, address, digest)
        return dataclasses.replace(super()._context(address), name=name)

    def output(self, ref: Ref) -> str | None:
        """An output of something made here."""
        return self._outputs.get(ref.address, {}).get(ref.output)

    def differences(self, address: str, wanted: Fields) -> dict[str, tuple[Any, Any]]:
        """The fields in which a live resource is not as wanted."""
        found = self.observed(address)
        assert found is not None
        return differing(resolve(wanted, self.output), compared(self._kind(address), wanted, found))


def compared(kind: ResourceType[Any], wanted: Any, found: Observed[Any]) -> Fields:
    """The fields of a live resource as a diff sees them: entries by name, nothing that is not compared."""
    aligned: Fields = kind.align(wanted, found.fields)
    return without_the_uncompared(aligned)


def without_the_uncompared(value: Any) -> Any:
    """The same fields with those that are not compared as if they had never been read."""
    if isinstance(value, FrozenMap):
        return FrozenMap((key, without_the_uncompared(item)) for key, item in value.items())
    if isinstance(value, Fields):
        kept = {name: without_the_uncompared(getattr(value, name)) for name in traits_of(type(value))}
        dropped = {name for name, traits in traits_of(type(value)).items() if not traits.compared}
        return dataclasses.replace(value, **{n: Marker.NOT_REPORTED if n in dropped else v for n, v in kept.items()})
    return value


@pytest.fixture
def live(sandbox: Sandbox) -> NamedStack:
    """A service behind a load balancer in the sample network, none of it made yet."""
    upload_certificates()
    network = [sample.resource for samples in samples_ec2.SAMPLES.values() for sample in samples]
    return NamedStack(sandbox, [*network, *NETWORK, *(sample.resource for sample in ALL)], TYPES)


@each_sample
def test_what_is_created_reads_as_it_was_wanted(live: NamedStack, sample: Sample) -> None:
    wanted = sample.resource
    live.make(wanted.address)
    found = live.observed(wanted.address)
    assert found is not None
    assert live.differences(wanted.address, wanted.fields) == {}
    assert (found.stack, found.owner) == ("shop", "default")
    kind = TYPES[wanted.type]
    if kind.collection is None:
        assert found.tags[ADDRESS] == wanted.address
        assert found.tags["team"] == "checkout"
        assert found.outputs["id"] == found.id == live.id_of(wanted.address)


@each_sample
def test_what_a_create_call_saves_is_what_is_observed_later(live: NamedStack, sample: Sample) -> None:
    address = sample.resource.address
    live.make(address)
    found = live.observed(address)
    assert found is not None
    saved = {name: live.output(Ref(address, name)) for name in found.outputs}
    if TYPES[sample.resource.type].collection is None:
        assert {name: str(value) for name, value in saved.items()} == dict(found.outputs)


@each_change
def test_every_change_reads_as_it_was_made_and_can_be_taken_back(live: NamedStack, sample: Sample, number: int) -> None:
    address, before, after = sample.resource.address, sample.resource.fields, sample.others[number]
    live.make(address)
    live.make_all_that([after])
    for wanted in (after, before):
        live.change(address, wanted)
        assert live.differences(address, wanted) == {}


def test_deleting_the_last_made_first_leaves_nothing(live: NamedStack) -> None:
    live.make(*(sample.resource.address for sample in ALL))
    for address in reversed(live.graph.order):
        if live.graph.resources[address].type in SAMPLES:
            live.remove(address)
    assert [o for name in SAMPLES for o in live.everything(name)] == []

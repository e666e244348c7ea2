"""What EC2's types write is what they read, in the sandbox: create, every update both ways, delete."""

from __future__ import annotations

from typing import Any

import pytest
from live_stack import LiveStack, differing
from samples_ec2 import SAMPLES
from type_sample import Sample

from reconciler.model.resource import State
from reconciler.model.tags import ADDRESS
from reconciler.resources import discover
from reconciler.sandbox import Sandbox

ALL = [sample for samples in SAMPLES.values() for sample in samples]
each_sample = pytest.mark.parametrize("sample", ALL, ids=lambda s: s.resource.address)
each_change = pytest.mark.parametrize(
    ("sample", "number"),
    [pytest.param(s, n, id=f"{s.resource.address} {n}") for s in ALL for n in range(len(s.others))],
)


@pytest.fixture
def live(sandbox: Sandbox) -> LiveStack:
    """The sample network, none of it made yet."""
    return LiveStack(sandbox, [sample.resource for sample in ALL], discover())


@each_sample
def test_what_is_created_reads_as_it_was_wanted(live: LiveStack, sample: Sample) -> None:
    wanted = sample.resource
    live.make(wanted.address)
    found = live.observed(wanted.address)
    assert found is not None
    assert differing(wanted.fields, found.fields) == {}
    assert (found.stack, found.owner, found.state) == ("shop", "default", State.READY)
    kind = discover()[wanted.type]
    if kind.taggable and not kind.collection:
        assert found.tags[ADDRESS] == wanted.address
        assert found.tags["team"] == "checkout"
        assert found.outputs["id"] == found.id == live.id_of(wanted.address)


@each_change
def test_every_change_reads_as_it_was_made_and_can_be_taken_back(live: LiveStack, sample: Sample, number: int) -> None:
    address, before, after = sample.resource.address, sample.resource.fields, sample.others[number]
    live.make(address)
    live.make_all_that([after])
    for wanted in (after, before):
        live.change(address, wanted)
        found = live.observed(address)
        assert found is not None
        assert differing(wanted, found.fields) == {}


def test_deleting_the_last_made_first_leaves_nothing(live: LiveStack) -> None:
    live.make(*live.graph.resources)
    left: list[Any] = []
    for address in reversed(live.graph.order):
        live.remove(address)
        if discover()[live.graph.resources[address].type].collection is None:
            left += filter(None, [live.observed(address)])
    assert left == []
    assert [o for name in SAMPLES for o in live.everything(name)] == []

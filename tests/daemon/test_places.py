"""Looks that stacks of one account and region share: which still serve, and which are let go."""

from __future__ import annotations

import gc
import random
import weakref

import pytest
from worlds import graph

from reconciler.aws import Access, AwsReader, AwsWriter, Calls
from reconciler.daemon.places import Place
from reconciler.sandbox import Sandbox

DESIRED = graph()


@pytest.fixture
def place(sandbox: Sandbox) -> Place:
    access, calls = Access("us-east-1"), Calls()
    reader, writer = AwsReader(access, sandbox.clock, calls), AwsWriter(access, sandbox.clock, calls)
    return Place(reader, writer, sandbox.clock, random.Random(1))


def test_a_look_from_before_the_clock_was_put_back_serves_nobody(
    sandbox: Sandbox, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.seen(DESIRED, {}, began=0)
    assert place.seen(DESIRED, {}, began=0) is first
    now = sandbox.clock.now
    monkeypatch.setattr(sandbox.clock, "now", lambda: now() - 3600)
    assert place.seen_in_part(DESIRED, ["vpc"], 0) is None
    assert place.next_at("shop", 60, first) <= sandbox.clock.now() + 70
    assert place.seen(DESIRED, {}, began=0) is not first


def test_a_stacks_own_look_is_let_go_when_a_shared_one_is_newer(place: Place) -> None:
    alone = weakref.ref(place.seen_alone(DESIRED).look)
    assert alone() is not None
    place.seen(DESIRED, {}, began=0)
    gc.collect()
    assert alone() is None

"""Everything that a person does in the console has the right object looked at."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from listening import Listening

from reconciler.aws import AwsReader
from reconciler.engine import view
from reconciler.sandbox import Sandbox
from reconciler.sandbox.breaks import BREAKS, Account, Break

TOUCHING = [each for each in BREAKS if each.name != "add-foreign"]


@pytest.fixture(scope="module")
def shop() -> Iterator[Listening]:
    with Sandbox() as sandbox:
        yield Listening(sandbox)


def test_our_own_calls_lead_to_nothing(shop: Listening) -> None:
    shop.converge()
    assert shop.triggered == []
    assert shop.intake.counts["own"] > 40


@pytest.mark.parametrize("each", TOUCHING, ids=lambda each: each.name)
def test_a_break_has_its_object_looked_at(shop: Listening, each: Break) -> None:
    shop.converge()
    each.apply(Account(boto3.Session(), "shop"))
    shop.drain()
    reader = AwsReader(shop.access, shop.sandbox.clock, shop.sent)
    drifted = {item.address for item in view(shop.desired, reader).plan.drift}
    assert drifted & {address for stack, addresses in shop.triggered for address in addresses if stack == "shop"}
    assert shop.waiting() == 0

"""What somebody has to allow: more than half of the live resources pruned, or one taken away that many depend on."""

from __future__ import annotations

import itertools

import pytest
from worlds import graph, world

from reconciler.disruptions import disruptions
from reconciler.model.plan import Action, Reason, Verb
from reconciler.model.snapshot import Snapshot

TWO_TIER = graph()
SUBNETS = sorted(address for address in TWO_TIER.resources if address.startswith("subnet/"))


def action(address: str, verb: Verb, *, replaces: str | None = None, retires: bool = False) -> Action:
    kind = TWO_TIER.resources[address].type
    key = f"{verb.value} {address}"
    return Action(
        key, address, kind, "Network/main", verb, Reason.PENDING, f"id:{address}", replaces=replaces, retires=retires
    )


def found(live: Snapshot, *actions: Action) -> list[str]:
    return list(disruptions(actions, TWO_TIER.types, live))


def only(*addresses: str) -> Snapshot:
    return world(TWO_TIER, without=TWO_TIER.resources.keys() - set(addresses))


@pytest.mark.parametrize(("deleted", "told"), [(2, []), (3, ["deletes 3 of 4 live resources"])])
def test_just_half_may_be_pruned_and_one_more_may_not(deleted: int, told: list[str]) -> None:
    pruned = [action(address, Verb.DELETE) for address in SUBNETS[:deleted]]
    assert found(only(*SUBNETS), *pruned) == told


def test_what_goes_because_another_stands_in_for_it_is_not_pruned() -> None:
    retired = [action(address, Verb.DELETE, retires=True) for address in SUBNETS]
    assert found(only(*SUBNETS), *retired) == []
    updated = [action(address, Verb.UPDATE) for address in SUBNETS]
    assert found(only(*SUBNETS), *updated) == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("vpc/main", "network"),
        ("load-balancer/public", "load balancer"),
        ("nat-gateway/main/us-east-1a", "NAT gateway"),
    ],
)
def test_a_network_a_load_balancer_and_a_nat_gateway_are_neither_deleted_nor_replaced_unasked(
    address: str, name: str
) -> None:
    live = world(TWO_TIER)
    assert found(live, action(address, Verb.DELETE)) == [f"deletes {name} {address} (id:{address})"]
    assert found(live, action(address, Verb.CREATE, replaces="old")) == [f"replaces {name} {address}"]
    retired = action(address, Verb.DELETE, retires=True)
    assert found(live, action(address, Verb.CREATE), action(address, Verb.UPDATE), retired) == []


def test_a_subnet_is_replaced_and_deleted_without_asking() -> None:
    for one, verb in itertools.product(SUBNETS[:1], (Verb.DELETE, Verb.CREATE)):
        assert found(world(TWO_TIER), action(one, verb, replaces="old" if verb is Verb.CREATE else None)) == []

"""What a drifted object opened or closed, in words."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seen import TYPES, Seen

from reconciler import flows
from reconciler.diff import compare
from reconciler.flows import Effect
from reconciler.flows.effects import _Way as Way
from reconciler.plan import make

ENDS = st.frozensets(st.sampled_from(["a in 1", "a in 2", "b in 1", "c"]), min_size=1)
PORTS = st.tuples(st.integers(1, 5), st.integers(0, 4)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def effects(seen: Seen) -> dict[str, Effect]:
    drift = make(compare(seen.graph, seen.snapshot)).drift
    types = {name: kind for name, kind in TYPES.items() if not kind.tells_health}
    found = flows.effects(seen.graph, seen.snapshot, types, drift)
    return {address: effect for (address, _), effect in found.items()}


def test_a_rule_that_opens_a_port_says_to_whom() -> None:
    seen = Seen("peers.yaml").with_rule("task/public-1", "ingress", (22, 22), "0.0.0.0/0")
    opened = effects(seen)["security-group/task/public-1/rules"].opened
    assert "the internet now reaches task/public-1 on tcp 22" in opened
    assert not effects(seen)["security-group/task/public-1/rules"].closed


def test_what_was_open_before_is_not_told_as_opened() -> None:
    seen = Seen("peers.yaml").with_rule("task/public-2", "ingress", (22, 22), "0.0.0.0/0")
    opened = effects(seen)["security-group/task/public-2/rules"].opened
    assert "task/public-1 now reaches task/public-2 on tcp 22" in opened
    assert not [sentence for sentence in opened if "80" in sentence]


def test_a_rule_that_lets_nothing_more_through_says_nothing() -> None:
    """A private task has no public address: a rule for the internet opens it to the network only."""
    seen = Seen().with_rule("task/orders", "ingress", (22, 22), "203.0.113.0/24")
    assert effects(seen) == {"security-group/task/orders/rules": Effect()}


def test_what_a_lost_route_closed_is_said_with_the_zone_where_it_is_one() -> None:
    seen = Seen().without_routes("private/us-east-1a")
    closed = effects(seen)["route-table/main/private/us-east-1a/routes"].closed
    assert (
        "task/orders no longer reaches the internet on tcp all (from us-east-1a) and udp all (from us-east-1a)"
        in closed
    )
    seen = Seen().without_routes("public")
    closed = effects(seen)["route-table/main/public/routes"].closed
    assert "the internet no longer reaches loadBalancer/public on tcp 80" in closed
    assert "task/orders no longer reaches the internet on tcp all and udp all" in closed


def test_a_missing_object_closed_what_it_let_through() -> None:
    seen = Seen().without("internet-gateway/main")
    assert (
        "the internet no longer reaches loadBalancer/public on tcp 80" in effects(seen)["internet-gateway/main"].closed
    )


def test_a_missing_service_is_called_by_its_task() -> None:
    closed = effects(Seen().without("service/web"))["service/web"].closed
    assert "loadBalancer/public no longer reaches task/web on tcp 80" in closed
    assert "task/web no longer reaches the internet on tcp all and udp all" in closed


def test_where_there_is_too_much_to_compare_it_is_said_that_only_the_internet_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = Seen("peers.yaml").with_rule("task/public-1", "ingress", (22, 22), "0.0.0.0/0")
    whole = effects(seen)["security-group/task/public-1/rules"]
    assert not whole.only_internet
    assert flows.ONLY_INTERNET not in whole.sentences
    monkeypatch.setattr(sys.modules["reconciler.flows.effects"], "MUCH", 1)
    some = effects(seen)["security-group/task/public-1/rules"]
    assert set(some.opened) < set(whole.opened)
    assert flows.ONLY_INTERNET in some.sentences


def test_of_many_pairs_some_are_named_and_those_with_the_internet_first(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen("peers.yaml").with_rule("task/public-1", "ingress", (22, 22), "0.0.0.0/0")
    monkeypatch.setattr(sys.modules["reconciler.flows.effects"], "MOST", 1)
    opened = effects(seen)["security-group/task/public-1/rules"].opened
    assert opened == (
        "the internet now reaches task/public-1 on tcp 22",
        "more than these 1 are concerned; see matrix for who reaches whom",
    )


def test_what_says_nothing_of_traffic_opens_and_closes_nothing() -> None:
    seen = Seen().without("log-group/orders").without_rules("task/orders", "ingress")
    found = effects(seen)
    assert found["log-group/orders"] == Effect()
    assert found["security-group/task/orders/rules"].closed


@given(st.lists(st.tuples(ENDS, ENDS, PORTS), max_size=4), st.lists(st.tuples(ENDS, ENDS, PORTS), max_size=4))
def test_what_one_has_and_the_other_has_not_is_that_of_each_pair_and_port(
    ours: list[tuple[frozenset[str], frozenset[str], tuple[int, int]]],
    theirs: list[tuple[frozenset[str], frozenset[str], tuple[int, int]]],
) -> None:
    ways, others = ([Way(s, t, "tcp", (ports,)) for s, t, ports in some] for some in (ours, theirs))
    left = ways
    for other in others:
        left = [part for way in left for part in way.without(other)]

    def single(some: list[Way]) -> set[tuple[str, str, int]]:
        return {
            (source, target, port)
            for way in some
            for source in way.sources
            for target in way.targets
            for low, high in way.ports
            for port in range(low, high + 1)
        }

    assert single(left) == single(ways) - single(others)

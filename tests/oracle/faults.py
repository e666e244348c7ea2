"""Deliberate faults in the analysis: what a careless model of AWS gets wrong. Each must be caught by packets.

Each names a seed whose network shows it. A topology that is made otherwise needs other seeds: those in which the faulty
analysis gives another answer to some question than the sound one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.flows import builder, explore, patterns, read, requests, walk, world
from reconciler.model import facts

Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]
FAULTS: dict[str, tuple[int, Fault]] = {}
"""By what they get wrong: (seed, how to make the analysis get it wrong)."""


def fault(seed: int) -> Callable[[Fault], Fault]:
    """Registers a fault under the name of its function, in words."""

    def register(make: Fault) -> Fault:
        FAULTS[make.__name__.replace("_", " ")] = seed, make
        return make

    return register


def _forgets(*codes: str) -> Fault:
    """An analysis that never finds certain things in the way."""

    def make(patch: Patch) -> None:
        once = explore._once
        patch.setattr(explore, "_once", lambda blockers: tuple(b for b in once(blockers) if b.code not in codes))

    return make


for _name, (_seed, _codes) in {
    "a missing route does not matter": (36, ("NO_ROUTE_TO_DESTINATION",)),
    "blackhole routes work": (36, ("BAD_STATE_ROUTE",)),
    "the state of gateways and load balancers does not matter": (12, ("BAD_STATE",)),
    "a detached internet gateway works": (48, ("BAD_STATE_ATTACHMENT",)),
    "no public address is needed to go out": (74, ("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",)),
    "no public address is needed to be reached": (74, ("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",)),
    "network ACLs do not exist": (0, ("SUBNET_ACL_RESTRICTION",)),
    "security groups do not exist": (0, ("ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES")),
    "targets are healthy": (37, ("TARGET_UNHEALTHY",)),
    "every listener takes every request": (0, ("ELBV2_LISTENER_RULE_RESTRICTION",)),
}.items():
    FAULTS[_name] = _seed, _forgets(*_codes)


def _edges(patch: Patch, asked: Callable[[str, bool], bool]) -> None:
    """An analysis that asks a network ACL only where `asked` says so, by direction and whether it is an answer."""
    edge = walk.edge

    def judged(here: Any, segment: str, direction: str, reply: Any = None, *, answers: bool = True) -> None:
        if asked(direction, reply is not None and answers):
            edge(here, segment, direction, reply, answers=answers)

    patch.setattr(walk, "edge", judged)


@fault(12)
def network_acls_keep_state(patch: Patch) -> None:
    _edges(patch, lambda _, answer: not answer)


@fault(12)
def answers_pass_network_acls_on_the_way_out(patch: Patch) -> None:
    _edges(patch, lambda direction, answer: not answer or direction == "in")


@fault(12)
def network_acls_are_for_what_comes_in(patch: Patch) -> None:
    _edges(patch, lambda direction, _: direction == "in")


@fault(116)
def answers_come_to_windows_ports_only(patch: Patch) -> None:
    turned = walk.turned
    patch.setattr(walk, "turned", lambda found, _ports: turned(found, ((49152, 65535),)))


def _entries(patch: Patch, change: Callable[[Any], Any]) -> None:
    """An analysis that reads the entries of filters otherwise."""
    patch.setattr(builder, "Entry", lambda *args: change(_ENTRY(*args)))


_ENTRY = world.Entry


@fault(43)
def an_allowing_acl_entry_wins_whatever_its_number(patch: Patch) -> None:
    _entries(patch, lambda entry: entry if entry.accept else dataclasses.replace(entry, order=entry.order + 100_000))


@fault(43)
def rules_do_not_look_at_the_protocol(patch: Patch) -> None:
    _entries(patch, lambda entry: dataclasses.replace(entry, protocol="all"))


@fault(52)
def port_ranges_end_before_their_last_port(patch: Patch) -> None:
    def shorter(entry: Any) -> Any:
        ports = tuple((low, high - 1 if low < high < 65535 else high) for low, high in entry.ports)
        return dataclasses.replace(entry, ports=ports)

    _entries(patch, shorter)


@fault(0)
def a_reference_to_a_group_means_any_group(patch: Patch) -> None:
    everything = ((0, 2**32 - 1),)
    _entries(patch, lambda entry: dataclasses.replace(entry, peer="", ranges=everything) if entry.peer else entry)


@fault(0)
def a_reference_to_a_group_means_nobody(patch: Patch) -> None:
    _entries(patch, lambda entry: dataclasses.replace(entry, peer="sg-nobody") if entry.peer else entry)


def _widest_first(way: Any) -> tuple[bool, int]:
    """Though not before the local route, which no careless model forgets."""
    return bool(way.target), way.prefix


@fault(36)
def the_shortest_prefix_wins(patch: Patch) -> None:
    split = walk.split
    patch.setattr(walk, "split", lambda ways, ranges: split(sorted(ways, key=_widest_first), ranges))


@fault(36)
def a_blackhole_leaves_its_destinations_to_wider_routes(patch: Patch) -> None:
    split = walk.split
    patch.setattr(walk, "split", lambda ways, ranges: split([way for way in ways if not way.dead], ranges))


@fault(9)
def subnets_without_a_table_have_no_routes(patch: Patch) -> None:
    patch.setattr(world.World, "table_of", lambda here, segment: here.tables.get(segment, ""))


@fault(0)
def every_subnet_follows_the_main_table(patch: Patch) -> None:
    patch.setattr(world.World, "table_of", lambda here, segment: here.main_tables.get(here.network_of(segment), ""))


@fault(36)
def a_nat_gateway_needs_no_route_of_its_own(patch: Patch) -> None:
    patch.setattr(walk, "_leave_translation", lambda *_: None)


@fault(12)
def network_acls_stand_between_neighbours(patch: Patch) -> None:
    inside = walk._inside

    def judged(here: Any, source: Any, target: Any, protocol: str, ports: Any, **more: Any) -> Any:
        found = inside(here, source, target, protocol, ports, **more)
        if source.segment == target.segment:
            walk.edge(found, source.segment, "out")
            walk.edge(found, target.segment, "in")
        return found

    patch.setattr(walk, "_inside", judged)


@fault(0)
def a_public_load_balancer_is_reached_by_private_address(patch: Patch) -> None:
    patch.setattr(walk, "_reflected", lambda *args: [walk._inside(*args)])


def _rules(patch: Patch, change: Callable[[facts.Forward], facts.Forward]) -> None:
    """An analysis that reads the rules of listeners otherwise."""
    forward = read.Builder._forward
    patch.setattr(read.Builder, "_forward", lambda here, fact: forward(here, change(fact)))


@fault(36)
def rules_are_asked_from_the_last_to_the_first(patch: Patch) -> None:
    _rules(patch, lambda fact: fact if fact.rule == "default" else dataclasses.replace(fact, order=-fact.order))


@fault(0)
def the_default_action_comes_first(patch: Patch) -> None:
    _rules(patch, lambda fact: dataclasses.replace(fact, order=-1) if fact.rule == "default" else fact)


@fault(177)
def a_weight_of_nothing_gets_its_share(patch: Patch) -> None:
    def heavier(fact: facts.Forward) -> facts.Forward:
        return dataclasses.replace(fact, pools={pool: weight + 1 for pool, weight in fact.pools.items()})

    _rules(patch, heavier)


def _conditions(patch: Patch, keep: Callable[[str], bool]) -> None:
    """An analysis that does not look at some conditions of rules."""

    def fewer(fact: facts.Forward) -> facts.Forward:
        return dataclasses.replace(fact, when={key: value for key, value in fact.when.items() if keep(key)})

    _rules(patch, fewer)


@fault(15)
def hosts_do_not_matter(patch: Patch) -> None:
    _conditions(patch, lambda key: key != "host-header")


@fault(0)
def paths_do_not_matter(patch: Patch) -> None:
    _conditions(patch, lambda key: key != "path-pattern")


@fault(59)
def methods_do_not_matter(patch: Patch) -> None:
    _conditions(patch, lambda key: key != "http-request-method")


@fault(177)
def client_addresses_do_not_matter(patch: Patch) -> None:
    _conditions(patch, lambda key: key != "source-ip")


@fault(36)
def headers_do_not_matter(patch: Patch) -> None:
    _conditions(patch, lambda key: not key.startswith("http-header"))


@fault(0)
def a_question_mark_stands_for_itself(patch: Patch) -> None:
    matches = patterns.matches
    patch.setattr(requests, "matches", lambda pattern, text: "?" not in pattern and matches(pattern, text))


def _keeping(patch: Patch, kept: bool) -> None:
    patch.setattr(read.Builder, "_keep", lambda here, fact: here.world.keeping.update({here._key(fact.pool): kept}))


@fault(8)
def targets_never_see_the_address_of_a_client(patch: Patch) -> None:
    _keeping(patch, kept=False)


@fault(63)
def targets_always_see_the_address_of_a_client(patch: Patch) -> None:
    _keeping(patch, kept=True)


@fault(2)
def a_kept_address_hides_the_group_of_the_load_balancer(patch: Patch) -> None:
    relayed = explore.relayed

    def judged(here: Any, client: Any, source: Any, node: Any, target: Any, ports: Any) -> Any:
        return relayed(here, client, source, dataclasses.replace(node, filters=frozenset()), target, ports)

    patch.setattr(explore, "relayed", judged)


@fault(2)
def answers_to_a_kept_address_need_a_route_to_it(patch: Patch) -> None:
    inside = walk._inside
    patch.setattr(walk, "_inside", lambda *args, kept=False: inside(*args))


@fault(23)
def connections_are_passed_on_to_every_zone(patch: Patch) -> None:
    patch.setattr(world.World, "crosses", lambda *_: True)


@fault(9)
def connections_are_passed_on_in_their_own_zone_alone(patch: Patch) -> None:
    patch.setattr(world.World, "crosses", lambda *_: False)


@fault(61)
def a_target_group_has_no_word_on_zones(patch: Patch) -> None:
    patch.setattr(world.World, "crosses", lambda here, proxy, _: here.crossing.get(proxy) is not False)


@fault(24)
def a_node_without_targets_in_its_zone_stays_in_dns(patch: Patch) -> None:
    patch.setattr(explore, "serving", lambda here, proxy: here.ends_of(proxy))


@fault(3)
def who_gets_out_of_one_network_is_let_into_another(patch: Patch) -> None:
    reflected = walk._reflected

    def judged(here: Any, source: Any, target: Any, protocol: str, ports: Any) -> Any:
        if here.network_of(source.segment) == here.network_of(target.segment):
            return reflected(here, source, target, protocol, ports)
        return walk._outward(here, source, walk._public_side(target), protocol, ports)

    patch.setattr(walk, "_reflected", judged)

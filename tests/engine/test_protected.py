"""What AWS refuses to delete is said before anything is done, and stays whole."""

from __future__ import annotations

import dataclasses
from typing import Any

from worlds import graph, observed, world

from reconciler.diff import compare
from reconciler.engine import empty_graph
from reconciler.model.graph import Graph
from reconciler.model.plan import Plan, Verb
from reconciler.model.resource import Observed
from reconciler.model.values import FrozenMap
from reconciler.plan import make

BALANCER = "load-balancer/public"


def protected(desired: Graph) -> Observed[Any]:
    live = observed(desired, BALANCER)
    attributes = FrozenMap({"deletion_protection.enabled": "true"})
    return dataclasses.replace(live, fields=dataclasses.replace(live.fields, attributes=attributes))


def planned(wanted: Graph, live: Graph) -> Plan:
    return make(compare(wanted, world(live, without=[BALANCER], more=[protected(live)])))


def test_a_delete_of_what_is_protected_is_blocked_beforehand_and_all_that_is_in_it_stays() -> None:
    desired = graph()
    plan = planned(empty_graph(desired.stack, desired.types), desired)
    blocked = {one.address: one for one in plan.blocked}
    assert "its deletion protection is on" in blocked[BALANCER].reason
    assert "deletionProtection" in blocked[BALANCER].fix
    going = {action.address for action in plan.actions if action.verb is Verb.DELETE}
    assert not going & {BALANCER, "listener/public/http", "listener/public/http/rules", "vpc/main"}
    assert not [address for address in going if address.startswith(("subnet/main/public", "target-group/public"))]
    assert "log-group/web" in going


def test_a_replacement_of_what_is_protected_is_blocked_beforehand() -> None:
    live = graph()
    wanted = graph(edit=lambda text: text.replace("scheme: InternetFacing", "scheme: Internal", 1))
    plan = planned(wanted, live)
    assert {one.address: one.reason for one in plan.blocked}[BALANCER].endswith("its deletion protection is on")
    assert BALANCER not in {action.address for action in plan.actions}


def test_what_is_not_protected_is_deleted() -> None:
    desired = graph()
    plan = make(compare(empty_graph(desired.stack, desired.types), world(desired)))
    assert plan.blocked == ()
    assert BALANCER in {action.address for action in plan.actions}

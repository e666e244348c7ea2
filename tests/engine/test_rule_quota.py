"""A plan whose rules do not fit beside the old ones: which requests suffer is said, and has to be allowed."""

from __future__ import annotations

import dataclasses

from worlds import graph, observed, world

from reconciler.cli._documents import plan_document
from reconciler.cli._text import plan_text
from reconciler.diff import compare
from reconciler.model.graph import Graph
from reconciler.model.plan import Plan, Verb
from reconciler.plan import make
from reconciler.policy import disruption

TWO_TIER = graph()
RULES = "listener/public/http/rules"


def turned_over(text: str) -> str:
    """What was for /api/* is for everything under one host, and nothing of it was there before."""
    return text.replace('match: {paths: ["/api/*"]}', 'match: {hosts: ["*.example.com"]}').replace(
        'match: {paths: ["/admin/*"]}', "match: {methods: [POST]}"
    )


def planned(desired: Graph, room: int) -> Plan:
    live = observed(TWO_TIER, RULES)
    live = dataclasses.replace(live, fields=dataclasses.replace(live.fields, room=room))
    return make(compare(desired, world(TWO_TIER, without=[RULES], more=[live])))


def test_a_plan_that_has_no_room_names_the_requests_and_needs_to_be_allowed() -> None:
    desired = graph(edit=turned_over)
    plan = planned(desired, room=0)
    (said,) = plan.disruptions
    assert RULES in said
    assert "path-pattern /api/* (rule api)" in said
    assert f"Needs --allow-disruption: this {said}." in plan_text(plan, [], colour=False)
    assert plan_document(plan, desired, [])["requestsAffected"] == [
        {"address": RULES, "rule": "api", "requests": {"path-pattern": ["/api/*"]}}
    ]
    found = disruption(plan, desired.stack)
    assert found.reasons == (said,)
    assert found.is_covered([f"update {RULES}"])
    assert not found.is_covered([])


def test_the_same_plan_with_room_needs_nobody() -> None:
    desired = graph(edit=turned_over)
    plan = planned(desired, room=2)
    assert plan.disruptions == ()
    assert plan_document(plan, desired, [])["requestsAffected"] == []
    assert disruption(plan, desired.stack).reasons == ()


def test_rules_that_take_over_from_the_default_come_before_it_changes_and_those_that_leave_to_it_after() -> None:
    def edit(text: str) -> str:
        head, _, rest = text.partition("  default:\n    forward: [{task: web, port: http}]\n")
        return f"{turned_over(head)}  default:\n    fixedResponse: {{statusCode: 404}}\n{rest}"

    plan = planned(graph(edit=edit), room=100)
    made, changed, rest = (
        next(a for a in plan.actions if a.key == key)
        for key in (f"prepare {RULES}", "update listener/public/http", f"update {RULES}")
    )
    assert {call.operation for call in made.calls} >= {"CreateRule"}
    assert {call.operation for call in rest.calls} == {"DeleteRule"}
    assert made.key in changed.needs
    assert changed.key in rest.needs
    assert changed.key not in made.needs
    assert [a.verb for a in plan.visible if a.address == RULES] == [Verb.UPDATE]

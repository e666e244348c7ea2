"""Rules and default action of a listener change in one apply: what is answered after each call, and who is asked.

A client in front of the load balancer would see just the tables that are there after each call, whoever made it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from alb import Listener, requests, wrongly
from cuts import client
from worlds import graph

from reconciler.engine import view
from reconciler.model.errors import AwsError
from reconciler.model.graph import Graph
from reconciler.model.ports import Writer
from reconciler.model.resource import Call
from reconciler.sandbox import Sandbox

ASKED = requests(
    paths=("/", "/api/1", "/admin/1", "/admin/open/1", "/new/1"),
    hosts=("shop.example.com", "partner.example.com"),
    methods=("GET",),
    headers=((),),
    queries=((),),
    sources=("198.51.100.7",),
)
HEAD = "metadata: {name: shop}\nspec:\n  loadBalancer: public\n  listener: http\n"
TURNED_OVER = """\
  rules:
    - name: open-admin
      match: { paths: ["/admin/open/*"] }
      forward: [{ task: web, port: http }]
    - name: blocked-admin
      match: { paths: ["/admin/*"], hosts: [shop.example.com] }
      fixedResponse: { statusCode: 410 }
    - name: rest
      match: { paths: ["/*"], hosts: [shop.example.com] }
      forward: [{ task: web, port: http }]
  default:
    fixedResponse: { statusCode: 404 }
"""


def with_rules(text: str) -> Graph:
    return graph(edit=lambda whole: edited(whole, text))


def edited(whole: str, text: str) -> str:
    before, _, after = whole.partition(HEAD)
    assert after
    _, separator, others = after.partition("---\n")
    return before + HEAD + text + separator + others


def standing() -> Listener:
    """The public listener as it is in AWS, answers by what they do."""
    elb = boto3.client("elbv2")
    found = [b for b in elb.describe_load_balancers()["LoadBalancers"] if b["Scheme"] == "internet-facing"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=found[0]["LoadBalancerArn"])["Listeners"]
    table = Listener(ASKED, "")
    for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
        actions = [{k: v for k, v in action.items() if k != "Order"} for action in rule["Actions"]]
        if rule["IsDefault"]:
            table.default = json.dumps(actions, sort_keys=True)
        else:
            table.create(int(rule["Priority"]), rule["Conditions"], actions)
    return table


class Looking:
    """A writer that looks at the listener after each call, or dies at one."""

    def __init__(self, writer: Writer, after: Callable[[], None], dies_at: int | None = None) -> None:
        self._writer = writer
        self._after = after
        self._left = dies_at
        self.calls: list[str] = []

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._left is not None and len(self.calls) >= self._left:
            raise KeyboardInterrupt
        answer = self._writer.perform(call, params)
        self.calls.append(call.operation)
        self._after()
        return answer


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_rules_and_default_are_turned_over_without_an_answer_of_neither(sandbox: Sandbox, back: bool) -> None:
    first, then = graph(), with_rules(TURNED_OVER)
    if back:
        first, then = then, first
    assert client(sandbox.clock, threads=16).apply(first).converged
    before = standing().answers()
    seen: list[dict[str, int]] = []
    wrapped: list[Looking] = []

    def looking(writer: Writer) -> Writer:
        wrapped.append(Looking(writer, lambda: seen.append(standing().answers())))
        return wrapped[0]

    assert client(sandbox.clock, looking).apply(then).converged
    after = standing().answers()
    assert after != before
    for now, operation in zip(seen, wrapped[0].calls, strict=True):
        assert not wrongly(now, before, after), (operation, wrapped[0].calls)
    changing = [c for c in wrapped[0].calls if "Rule" in c or c == "ModifyListener"]
    assert "ModifyListener" in changing[1:-1], "rules come before the default changes, and rules go after"


def test_a_run_that_dies_at_any_call_of_it_is_finished_by_the_next(sandbox: Sandbox) -> None:
    first, then = graph(), with_rules(TURNED_OVER)
    assert client(sandbox.clock, threads=16).apply(first).converged
    before = standing().answers()
    tables: list[dict[str, int]] = []
    died = 0
    for _ in range(20):
        run = client(sandbox.clock, lambda w: Looking(w, lambda: tables.append(standing().answers()), dies_at=1))
        try:
            if run.apply(then).converged:
                break
        except (KeyboardInterrupt, AwsError):
            died += 1
    assert died > 4
    after = standing().answers()
    assert all(not wrongly(now, before, after) for now in tables)
    assert view(then, client(sandbox.clock).reader).plan.actions == ()

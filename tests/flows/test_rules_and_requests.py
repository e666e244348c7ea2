"""Which rule takes which request, and which rules are never met."""

from __future__ import annotations

import dataclasses
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from seen import Seen, codes
from test_desired_flows import replaced, traced

from reconciler import flows
from reconciler.flows import Query
from reconciler.flows.patterns import kinds, matches
from reconciler.flows.requests import Request, Requests, Rule
from reconciler.model.values import FrozenMap
from reconciler.resources._actions import FixedResponse

PATTERNS = st.text(alphabet="ab/*?", min_size=1, max_size=5)
TEXTS = st.text(alphabet="abc/", max_size=6)


def rule(name: str, order: int, **when: set[str]) -> Rule:
    keys = {key.replace("_", "-"): frozenset(values) for key, values in when.items()}
    return Rule(name, order, FrozenMap(keys), {}, "", "")


def regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


@given(PATTERNS, TEXTS)
def test_patterns_match_as_regular_expressions_do(pattern: str, text: str) -> None:
    assert matches(pattern, text) is (regex(pattern).fullmatch(text) is not None)


@settings(max_examples=60)
@given(st.lists(PATTERNS, min_size=1, max_size=4, unique=True), TEXTS)
def test_every_text_is_of_a_kind_that_is_found_with_an_example(patterns: list[str], text: str) -> None:
    found = kinds(tuple(patterns))
    assert found is not None
    held = frozenset(p for p in patterns if regex(p).fullmatch(text))
    assert held in {kind for kind, _ in found}
    for kind, example in found:
        assert kind == frozenset(p for p in patterns if regex(p).fullmatch(example))


@settings(max_examples=60)
@given(st.lists(st.sets(PATTERNS, min_size=1, max_size=2), min_size=1, max_size=4), TEXTS)
def test_the_first_rule_that_matches_takes_the_request(conditions: list[set[str]], text: str) -> None:
    path = "/" + text
    rules = [rule(f"r{n}", n, path_pattern=values) for n, values in enumerate(conditions)]
    taken = [one.rule.name for one in Requests(rules).taken(Request(path=path)) if one.left]
    first = next((r.name for r in rules if any(regex(p).fullmatch(path) for p in r.when["path-pattern"])), None)
    assert taken == ([first] if first else [])


def test_rules_that_together_take_everything_shadow_what_comes_after() -> None:
    rules = [
        rule("a", 1, path_pattern={"/a*"}),
        rule("rest", 2, path_pattern={"/*"}, host_header={"x.example.com"}),
        rule("both", 3, path_pattern={"/ab"}, host_header={"x.example.com"}),
        rule("other-host", 4, path_pattern={"/b"}, host_header={"*.example.com"}),
    ]
    unmet = [one.rule.name for one in Requests(rules).taken(Request()) if not one.left]
    assert unmet == ["both"]


def test_hosts_and_headers_match_whatever_their_case_and_paths_do_not() -> None:
    rules = [rule("host", 1, host_header={"shop.example.com"}), rule("path", 2, path_pattern={"/A"})]

    def names(request: Request) -> list[str]:
        return [one.rule.name for one in Requests(rules).taken(request) if one.left]

    assert names(Request(host="SHOP.example.com", path="/x")) == ["host"]
    assert names(Request(host="other.example.com", path="/A")) == ["path"]
    assert names(Request(host="other.example.com", path="/a")) == []


def test_a_condition_on_a_header_leaves_requests_without_that_header() -> None:
    rules = [
        Rule("any-token", 1, FrozenMap({"http-header x-token": frozenset({"*"})}), {}, "", ""),
        rule("api", 2, path_pattern={"/api"}),
    ]
    assert all(one.left for one in Requests(rules).taken(Request()))
    with_token = Requests(rules).taken(Request(headers={"x-token": ""}))
    assert [one.rule.name for one in with_token if one.left] == ["any-token"]


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sets(st.sampled_from(["a=1", "a=2", "=x"]), min_size=1), min_size=1, max_size=2), max_size=4)
)
def test_no_rule_on_the_query_is_called_shadowed_that_some_request_meets(conditions: list[list[set[str]]]) -> None:
    """A request may carry any of these pairs at once: whether a rule is met is tried with all sets of them."""
    rules = [
        Rule(f"r{n}", n, FrozenMap({f"query-string {i}": frozenset(v) for i, v in enumerate(when)}), {}, "", "")
        for n, when in enumerate(conditions)
    ]
    met = set()
    for carried in ({p for n, p in enumerate(["a=1", "a=2", "=x"]) if bits >> n & 1} for bits in range(8)):
        first = next((r.name for r in rules if all(values & carried for values in r.when.values())), None)
        met.add(first)
    unmet = {one.rule.name for one in Requests(rules).taken(Request()) if not one.left}
    assert not unmet & met


def test_a_rule_for_some_clients_lets_the_internet_through_in_part_only() -> None:
    seen = Seen()
    (rules,) = seen.snapshot.found["listener/public/http/rules"]
    own = {
        name: dataclasses.replace(one, conditions=FrozenMap({"source-ip": frozenset({"203.0.113.0/24"})}))
        for name, one in rules.fields.rules.items()
        if name == "api"
    }
    seen.changed("listener/public/http/rules", rules=FrozenMap(own))
    seen.changed("listener/public/http", default_actions=(FixedResponse(status_code="404"),))
    found = seen.trace("internet", "task/web", port=80)
    assert (found.verdict, found.partial) == ("Blocked", True)
    assert codes(found) == {("listener/public/http", "ELBV2_LISTENER_RULE_RESTRICTION")}
    assert seen.trace("203.0.113.9", "task/web", port=80).verdict == "Reachable"
    assert not seen.trace("198.51.100.9", "task/web", port=80).some
    assert seen.trace("task/orders", "task/web", port=80, via=("loadBalancer/public",)).verdict != "Reachable"


def test_a_rule_that_an_earlier_one_shadows_is_found_in_the_reference() -> None:
    def edit(text: str) -> str:
        return text.replace('["/admin/*"]', '["/api/admin/*"]')

    found = list(flows.shadowed(flows.world_of_graph(Seen(edit=edit).graph)))
    assert [(one.listener, one.rule, one.by) for one in found] == [("listener/public/http", "blocked-admin", ("api",))]
    assert not list(flows.shadowed(flows.world_of_graph(Seen().graph)))


def test_a_target_without_weight_gets_nothing() -> None:
    two = "forward: [{task: web, port: http, weight: 1}, {task: web, port: app, weight: 0}]"
    edit = replaced(
        'match: {paths: ["/api/*"]}\n      forward: [{task: web, port: http}]',
        f'match: {{paths: ["/api/*"]}}\n      {two}',
    )
    assert traced(Query("internet", "task/web", port=80, path="/api/x"), edit=edit).verdict == "Reachable"
    assert traced(Query("internet", "task/web", port=3000, path="/api/x"), edit=edit).verdict == "Blocked"


def test_via_and_not_via_choose_the_way() -> None:
    def ask(**asked: tuple[str, ...]) -> str:
        return traced(Query("internet", "task/web", port="http", path="/api/x", **asked)).verdict

    assert ask(via=("loadBalancer/public",)) == "Reachable"
    assert ask(via=("loadBalancer/internal",)) == "Blocked"
    assert ask(not_via=("loadBalancer/public",)) == "Blocked"
    assert ask(not_via=("loadBalancer/internal",)) == "Reachable"


def test_what_can_pass_nothing_of_what_it_must_pass_says_why() -> None:
    two = ("loadBalancer/public", "loadBalancer/internal")
    for source, target, via in (("internet", "task/orders", two), (two[0], "task/web", two[:1])):
        found = traced(Query(source, target, port="http", via=via))
        assert (found.verdict, [b.code for b in found.blockers]) == ("Blocked", ["NO_POSSIBLE_DESTINATION"])
        assert f"none from {source} to {target} passes {', '.join(via)}" in found.blockers[0].detail


def test_a_way_through_a_task_is_two_ways() -> None:
    via = ("loadBalancer/public", "task/web", "loadBalancer/internal")
    found = traced(Query("internet", "task/orders", port="http", path="/orders", via=via))
    assert found.verdict == "Reachable"
    first, second = found.place.split("; then ")
    assert re.fullmatch(r"through us-east-1[ab] to us-east-1[ab]", first)
    assert re.fullmatch(r"from us-east-1[ab] through us-east-1[ab] to us-east-1[ab]", second)
    no_rule = replaced("allowFrom: [task/web]", "allowFrom: []")
    found = traced(Query("internet", "task/orders", port="http", path="/orders", via=via), edit=no_rule)
    assert found.verdict == "Blocked"

"""From any table of rules to any other: between two calls every request is answered as before or as after."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from alb import LAST, Listener, requests, taken_by, wrongly
from hypothesis import event, given
from hypothesis import strategies as st
from test_elb_rules import ADDRESS, CONTEXT, table

from reconciler.model.resource import Call, Exposed, Observed, Resource
from reconciler.model.values import UNSET, FrozenMap, Id, Ref
from reconciler.resources._actions import Action, FixedResponse, Redirect, action_params, forward_to, read_actions
from reconciler.resources._conditions import (
    Conditions,
    condition_params,
    conditions_of,
    covers,
    may_meet,
    read_conditions,
)
from reconciler.resources._listener_rules import ListenerRule
from reconciler.resources._rule_tables import Numbers
from reconciler.resources.listener_rules import TYPE, ListenerRules
from reconciler.resources.shared_rules import TYPE as SHARED
from reconciler.resources.shared_rules import SharedRules

ASKED = requests(
    paths=("/a", "/ab", "/b", "/c/x"),
    hosts=("a.example.com", "b.example.com", "other.net"),
    methods=("GET", "POST"),
    headers=((), (("X-V", "1"),), (("x-v", "2"), ("X-V", "1"))),
    queries=((), (("k", "1"),), (("k", "2"), ("K", "1"))),
    sources=("10.0.0.1", "10.1.0.1", "192.168.0.1"),
)
POOL = {
    "path-pattern": ("/a", "/a*", "/b", "/?b", "/c/*", "*"),
    "host-header": ("a.example.com", "*.example.com", "?.net", "other.*"),
    "http-request-method": ("GET", "POST"),
    "http-header x-v": ("1", "2", "?"),
    "query-string": ("k=1", "k=2", "=1"),
    "source-ip": ("10.0.0.0/16", "10.0.0.0/8", "0.0.0.0/0"),
}
ONE, TWO = Id("arn:one"), Id("arn:two")
ANSWERS: tuple[Action, ...] = (
    forward_to({ONE: 1}),
    forward_to({ONE: 90, TWO: 10}),
    forward_to({ONE: 50, TWO: 50}),
    FixedResponse(status_code="404"),
    Redirect(status_code="HTTP_301", protocol="HTTPS", port="443"),
)

RULES = frozenset({"rules"})

Content = tuple[Conditions, Action]

answers = st.sampled_from(ANSWERS)
singles = st.sampled_from(sorted(POOL)).flatmap(
    lambda key: st.tuples(st.just(key), st.frozensets(st.sampled_from(POOL[key]), min_size=1, max_size=2))
)
conditions = st.one_of(
    st.sampled_from(POOL["path-pattern"]).map(lambda path: conditions_of([("path-pattern", [path])])),
    st.lists(singles, min_size=1, max_size=3, unique_by=lambda entry: entry[0]).map(conditions_of),
)
contents = st.tuples(conditions, answers)
numbers = st.one_of(st.integers(1, 9), st.sampled_from((100, 200, 300)), st.integers(LAST - 3, LAST))


@dataclasses.dataclass(frozen=True)
class Table:
    """Rules in order with the priorities they stand at, and what becomes of all else."""

    contents: tuple[Content, ...]
    numbers: tuple[int, ...]
    default: str


@dataclasses.dataclass(frozen=True)
class Case:
    """Two tables. The names of the second's rules say nothing of where they came from."""

    before: Table
    after: Table


@st.composite
def tables(draw: st.DrawFn, most: int = 6) -> Table:
    found = tuple(draw(st.lists(contents, max_size=most)))
    places = draw(st.lists(numbers, min_size=len(found), max_size=len(found), unique=True))
    return Table(found, tuple(sorted(places)), draw(st.sampled_from(["404", "web"])))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """What is wanted is made of what is there: some goes, some says something else, some comes, any may move."""
    before = draw(tables())
    kept: list[Content] = []
    for when, answer in before.contents:
        match draw(st.sampled_from(["keep", "keep", "answer", "conditions", "drop"])):
            case "keep":
                kept.append((when, answer))
            case "answer":
                kept.append((when, draw(answers)))
            case "conditions":
                kept.append((draw(conditions), answer))
    if draw(st.booleans()):
        kept = draw(st.permutations(kept))
    for content in draw(st.lists(contents, max_size=2)):
        kept.insert(draw(st.integers(0, len(kept))), content)
    return Case(before, Table(tuple(kept), tuple(Numbers().spread(len(kept))), draw(st.sampled_from(["404", "web"]))))


def desired(found: Table) -> ListenerRules:
    return table(
        {
            f"rule-{n}": ListenerRule(priority=number, conditions=when, actions=(answer,))
            for n, ((when, answer), number) in enumerate(zip(found.contents, found.numbers, strict=True))
        }
    )


def listening(found: Table, most: int = 100) -> Listener:
    listener = Listener(ASKED, found.default, most)
    for (when, answer), number in zip(found.contents, found.numbers, strict=True):
        listener.create(number, condition_params(when), plain(action_params([answer])))
    return listener


def seen(listener: Listener, most: int | None = None) -> Observed[ListenerRules]:
    """What a look finds."""
    rules = {
        f"priority {rule['Priority']}": ListenerRule(
            priority=rule["Priority"],
            conditions=read_conditions(rule["Conditions"]),
            actions=read_actions(rule["Actions"]),
            rule_arn=arn,
        )
        for arn, rule in listener.rules.items()
    }
    room = UNSET if most is None else most - len(rules)
    fields = ListenerRules(listener_arn=Ref("listener/public/http"), rules=FrozenMap(rules), room=room)
    return Observed(type=TYPE.name, id="arn-of-listener", fields=fields)


def plain(value: Any) -> Any:
    """Requests as they are sent."""
    return json.loads(json.dumps(value, default=lambda one: one.value if isinstance(one, Id) else list(one)))


class Run:
    """One run from what is there to what is wanted, a call at a time; the default changes where the plan has it.

    Calls that may be made beside each other are made in an order of chance.
    """

    def __init__(
        self, listener: Listener, wanted: Table, most: int | None = None, chance: Random | None = None
    ) -> None:
        self.listener = listener
        self._chance = chance or Random(0)
        self._default = wanted.default
        fields = desired(wanted)
        resource = Resource(ADDRESS, TYPE.name, fields, "Route/shop")
        live = seen(listener, most)
        live = dataclasses.replace(live, fields=TYPE.align(fields, live.fields))
        changes = frozenset({"default_actions"} if listener.default != wanted.default else ())
        context = dataclasses.replace(CONTEXT, parent_changes=changes)
        self.calls = list(TYPE.update(resource, live, RULES, context))
        self.exposed = TYPE.exposes(resource, live, context)
        self._made: dict[str, str] = {}

    @classmethod
    def of(cls, listener: Listener, calls: Sequence[Call]) -> Run:
        """The run that makes some calls."""
        run = cls.__new__(cls)
        run.listener, run.calls = listener, list(calls)
        run._default, run._made, run._chance = listener.default, {}, Random(0)
        return run

    def steps(self) -> Any:
        """Does one after the other, and stops after each."""
        late = [call.late for call in self.calls]
        assert late == sorted(late)
        for call in self._in_some_order():
            if call.late and self.listener.default != self._default:
                self.listener.default = self._default
                yield "ModifyListener"
            self._perform(call)
            yield call.operation
        if self.listener.default != self._default:
            self.listener.default = self._default
            yield "ModifyListener"

    def _in_some_order(self) -> Iterator[Call]:
        abreast: list[Call] = []
        for call in self.calls:
            if not call.beside:
                yield from abreast
                abreast = []
            abreast.insert(self._chance.randint(0, len(abreast)), call)
        yield from abreast

    def _perform(self, call: Call) -> None:
        params = dict(call.params)
        match call.operation:
            case "CreateRule":
                arn = self.listener.create(params["Priority"], params["Conditions"], plain(params["Actions"]))
                self._made |= dict.fromkeys(call.save, arn)
            case "ModifyRule":
                self.listener.modify(params.pop("RuleArn"), plain(params))
            case "SetRulePriorities":
                self.listener.prioritise({self._arn(o["RuleArn"]): o["Priority"] for o in params["RulePriorities"]})
            case "DeleteRule":
                self.listener.delete(params["RuleArn"])

    def _arn(self, named: str | Ref) -> str:
        return self._made[named.output] if isinstance(named, Ref) else named


def tables_of(listener: Listener) -> list[tuple[str, str]]:
    return [(json.dumps(r["Conditions"]), json.dumps(r["Actions"])) for r in listener.in_order()]


@given(cases(), st.randoms())
def test_between_the_calls_every_request_is_answered_as_before_or_after(case: Case, chance: Random) -> None:
    listener, goal = listening(case.before), listening(case.after)
    before, after = listener.answers(), goal.answers()
    run = Run(listener, case.after, chance=chance)
    done = []
    for operation in run.steps():
        done.append(operation)
        assert not wrongly(listener.answers(), before, after), done
    assert tables_of(listener) == tables_of(goal)
    assert list(Run(listener, case.after).calls) == []
    assert run.exposed == []
    assert done.count("SetRulePriorities") <= 2


def test_rules_that_no_request_meets_both_of_are_made_side_by_side_and_others_in_turn() -> None:
    def made(*paths: str) -> list[bool]:
        rules = tuple((conditions_of([("path-pattern", [path])]), ANSWERS[0]) for path in paths)
        wanted = Table(rules, tuple(Numbers().spread(len(rules))), "404")
        return [call.beside for call in Run(listening(Table((), (), "404")), wanted).calls]

    assert made("/a", "/b", "/c/*") == [False, True, True]
    assert made("/a", "/b", "/a*", "/c/*") == [False, True, False, True]


@given(cases(), st.integers(0, 12), st.integers(0, 12))
def test_a_run_that_is_cut_anywhere_is_finished_as_safely_by_the_next(case: Case, first: int, second: int) -> None:
    listener, goal = listening(case.before), listening(case.after)
    before, after = listener.answers(), goal.answers()
    for cut in (first, second, None):
        for done, _ in enumerate(Run(listener, case.after).steps()):
            assert not wrongly(listener.answers(), before, after)
            if done == cut:
                break
    assert tables_of(listener) == tables_of(goal)


@given(cases(), st.integers(0, 4), st.randoms())
def test_where_the_quota_leaves_too_little_only_requests_that_are_named_are_answered_otherwise(
    case: Case, room: int, chance: Random
) -> None:
    most = max(len(case.before.contents) + room, len(case.after.contents))
    listener, goal = listening(case.before, most), listening(case.after)
    before, after = listener.answers(), goal.answers()
    run = Run(listener, case.after, most, chance)
    named = named_in(run.exposed)
    for _ in run.steps():
        assert not wrongly(listener.answers(), before, after) & ~named
    assert tables_of(listener) == tables_of(goal)
    event(f"rules named: {len(run.exposed)}")
    if room >= len(case.after.contents):
        assert not run.exposed


def named_in(exposed: Sequence[Exposed]) -> int:
    """The requests that a plan names, a bit for each."""
    named = 0
    for one in exposed:
        named |= taken_by(json.dumps(condition_params(one.requests), sort_keys=True), ASKED)
    return named


@st.composite
def shared_cases(draw: st.DrawFn) -> tuple[Case, Table]:
    """What is ours and is to be, and what others have in the same listener."""
    case = draw(cases().filter(lambda case: all(number < LAST - 100 for number in case.before.numbers)))
    free = [number for number in range(1, 700, 50) if number not in case.before.numbers]
    theirs = draw(st.lists(contents, max_size=3))
    places = draw(st.lists(st.sampled_from(free), min_size=len(theirs), max_size=len(theirs), unique=True))
    return case, Table(tuple(theirs), tuple(sorted(places)), case.before.default)


@given(shared_cases(), st.sampled_from([1, 100, 250]), st.integers(0, 4) | st.none())
def test_among_the_rules_of_others_every_request_is_answered_as_before_or_after_or_named(
    shared: tuple[Case, Table], first: int, room: int | None
) -> None:
    case, theirs = shared
    listener = listening(theirs)
    others = FrozenMap((rule.rule_arn, rule) for rule in seen(listener).fields.rules.values())
    mine = listening(case.before).rules.values()
    for rule in mine:
        listener.create(rule["Priority"], rule["Conditions"], rule["Actions"])
    rules = {k: r for k, r in seen(listener).fields.rules.items() if r.rule_arn not in others}
    wanted = desired(case.after).rules
    goal = SharedRules(listener_arn=Ref("listener/public/http"), rules=wanted, first_priority=first)
    left = UNSET if room is None else room
    fields = SharedRules(listener_arn=goal.listener_arn, rules=FrozenMap(rules), others=others, room=left)
    live = Observed(type=SHARED.name, id="arn-of-listener", fields=SHARED.align(goal, fields))
    before = listener.answers()
    resource = Resource(ADDRESS, SHARED.name, goal, "Route/shop")
    named = named_in(SHARED.exposes(resource, live, CONTEXT))
    assert not named or room is not None
    run = Run.of(listener, SHARED.update(resource, live, RULES, CONTEXT))
    tables = [listener.answers() for _ in run.steps()]
    after = listener.answers()
    assert [t for t in tables if wrongly(t, before, after) & ~named] == []
    assert {arn for arn in others if arn in listener.rules} == set(others)


@given(conditions, conditions)
def test_conditions_that_some_request_meets_are_never_told_apart(one: Conditions, other: Conditions) -> None:
    both = [taken_by(json.dumps(condition_params(when), sort_keys=True), ASKED) for when in (one, other)]
    assert may_meet(one, other) or not both[0] & both[1]
    assert not covers(one, other) or not both[1] & ~both[0]


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("path-pattern", "/a*", "/b*"),
        ("path-pattern", "/a/?", "/a/bc"),
        ("host-header", "*.example.com", "example.net"),
        ("http-request-method", "GET", "POST"),
        ("source-ip", "10.0.0.0/16", "10.1.0.0/16"),
    ],
)
def test_conditions_that_no_request_meets_are_told_apart(key: str, one: str, other: str) -> None:
    assert not may_meet(*(conditions_of([(key, [value])]) for value in (one, other)))


def test_a_default_that_changes_waits_for_the_rules_that_take_over_though_they_have_no_room() -> None:
    first, second = (conditions_of([("path-pattern", [path])]) for path in ("/a", "/b"))
    before = Table(((first, ANSWERS[0]), (second, ANSWERS[1])), (100, 200), "web")
    third = conditions_of([("path-pattern", ["/c/*"])])
    moved = ((second, ANSWERS[1]), (first, ANSWERS[0]), (third, ANSWERS[3]))
    listener, after = listening(before, 3), Table(moved, tuple(Numbers().spread(3)), "404")
    assert list(Run(listener, after, 2).steps()) == ["CreateRule", "ModifyListener", "SetRulePriorities"]


@given(tables())
def test_when_all_rules_go_every_request_is_answered_by_the_rule_that_took_it_or_by_the_default(found: Table) -> None:
    listener = listening(found)
    before = listener.answers()
    for call in TYPE.delete(seen(listener), CONTEXT):
        listener.delete(call.params["RuleArn"])
        wrong = wrongly(listener.answers(), before, {found.default: -1})
        assert not wrong
    assert listener.rules == {}

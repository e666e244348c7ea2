"""Between two calls of one edit of a listener's rules, every request is answered as before it or as after it."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st
from test_elb_rules import Listener, as_observed, rule, table, update

from reconciler.resources._actions import FixedResponse
from reconciler.resources.listener_rules import ListenerRule

Content = tuple[str, str]
"""A pattern of the path and the status of the answer."""

REQUESTS = ("/a", "/b", "/ab", "/other")
contents = st.tuples(st.sampled_from(["/a", "/b", "/ab", "/a*", "/*"]), st.sampled_from(["200", "404", "503"]))


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[Content], list[Content]]:
    """A table, and what it is after a rule came, went or changed, or after rules changed places."""
    before = draw(st.lists(contents, min_size=1, max_size=6))
    after = list(before)
    at = draw(st.integers(0, len(before) - 1))
    match draw(st.sampled_from(["insert", "remove", "change", "move"])):
        case "insert":
            after.insert(at, draw(contents))
        case "remove":
            del after[at]
        case "change":
            after[at] = draw(contents)
        case _:
            after = draw(st.permutations(before))
    return before, after


def placed(rules: Iterable[Content]) -> list[ListenerRule]:
    return [rule(priority, *content) for priority, content in enumerate(rules, 1)]


def answers(rules: Iterable[ListenerRule]) -> list[str]:
    """What a load balancer answers each request: the matching rule with the lowest priority decides."""
    ordered = sorted(rules, key=lambda one: one.priority)
    return [next((_status(one) for one in ordered if _takes(one, path)), "default") for path in REQUESTS]


def _takes(one: ListenerRule, path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in one.conditions["path-pattern"])


def _status(one: ListenerRule) -> str:
    (action,) = one.actions
    assert isinstance(action, FixedResponse)
    return action.status_code


@given(edits())
def test_between_the_calls_of_an_edit_every_request_is_answered_as_before_or_after(
    edit: tuple[list[Content], list[Content]],
) -> None:
    present, wanted = map(placed, edit)
    observed = as_observed(present)
    calls = update(table({f"rule-{n}": one for n, one in enumerate(wanted)}), observed)
    before, after = answers(present), answers(wanted)
    listener = Listener(observed.rules)
    for call in calls:
        listener.perform(call)
        for path, seen, old, new in zip(REQUESTS, answers(listener.rules.values()), before, after, strict=True):
            assert seen in (old, new), (path, [c.operation for c in calls])
    assert answers(listener.rules.values()) == after
    assert len(calls) <= 2

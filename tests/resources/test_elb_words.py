"""What ELBv2 says of actions and conditions: in one form whatever words it chooses, and read as it is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.values import FrozenMap, Id
from reconciler.resources._actions import (
    Action,
    FixedResponse,
    Forward,
    Other,
    Redirect,
    action_params,
    forward_to,
    read_actions,
)
from reconciler.resources._conditions import condition_params, conditions_of, read_conditions

WEB, CANARY = Id("arn:web"), Id("arn:canary")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Type": "forward", "TargetGroupArn": "arn:web"}, forward_to({WEB: 1})),
        (
            {
                "Type": "forward",
                "TargetGroupArn": "arn:web",
                "Order": 1,
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": "arn:web", "Weight": 7}],
                    "TargetGroupStickinessConfig": {"Enabled": False},
                },
            },
            forward_to({WEB: 1}),
        ),
        (
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": "arn:canary", "Weight": 0},
                        {"TargetGroupArn": "arn:web", "Weight": 9},
                    ],
                    "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 600},
                },
            },
            forward_to({WEB: 9, CANARY: 0}, stickiness=600),
        ),
        (
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": ""}},
            FixedResponse(status_code="404"),
        ),
        (
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Port": "443", "Host": "#{host}"}},
            Redirect(status_code="HTTP_301", port="443"),
        ),
        (
            {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": "https://id.example.com"}},
            Other(
                type="authenticate-oidc",
                text='{"AuthenticateOidcConfig": {"Issuer": "https://id.example.com"}, "Type": "authenticate-oidc"}',
            ),
        ),
        ({"Type": "redirect"}, Other(type="redirect", text='{"Type": "redirect"}')),
    ],
)
def test_an_action_has_one_form_however_aws_words_it(answer: dict[str, Any], expected: Action) -> None:
    assert read_actions([answer]) == (expected,)


def test_actions_come_in_the_order_in_which_they_run() -> None:
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}, "Order": 2}
    login = {"Type": "authenticate-cognito", "Order": 1}
    assert [action.type for action in read_actions([fixed, login])] == ["authenticate-cognito", "fixed-response"]


weights = st.dictionaries(st.sampled_from(["arn:a", "arn:b", "arn:c"]).map(Id), st.integers(0, 999), min_size=1)
text = st.text("abc #{}/", min_size=1, max_size=5)
actions = st.one_of(
    st.builds(forward_to, weights, st.none() | st.integers(1, 604_800)),
    st.builds(FixedResponse, status_code=st.just("404"), content_type=st.none() | text, message_body=st.none() | text),
    st.builds(Redirect, status_code=st.just("HTTP_302"), protocol=text, host=text, port=text, path=text, query=text),
)


@given(st.lists(actions, min_size=1, max_size=3))
def test_actions_are_read_as_they_are_written(wanted: list[Action]) -> None:
    sent = action_params(wanted)
    plain = [_plain(action) for action in sent]
    assert read_actions(plain) == tuple(wanted)
    assert [action.get("Order") for action in plain] == ([None] if len(plain) == 1 else [*range(1, len(plain) + 1)])


def _plain(value: Any) -> Any:
    if isinstance(value, Id):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def test_a_forward_to_one_group_is_asked_for_in_the_short_form() -> None:
    assert action_params([forward_to({WEB: 5})]) == [{"Type": "forward", "TargetGroupArn": WEB}]
    assert isinstance(forward_to({WEB: 5}), Forward)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"Field": "path-pattern", "Values": ["/b", "/a"], "PathPatternConfig": {"Values": ["/a", "/b"]}},
            {"path-pattern": {"/a", "/b"}},
        ),
        ({"Field": "path-pattern", "Values": ["/Case"]}, {"path-pattern": {"/Case"}}),
        (
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["Shop.EXAMPLE.com"]}},
            {"host-header": {"shop.example.com"}},
        ),
        (
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
            {"http-request-method": {"GET"}},
        ),
        (
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Team", "Values": ["Blue"]}},
            {"http-header x-team": {"blue"}},
        ),
        (
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "V", "Value": "1"}, {"Value": "All"}]}},
            {"query-string": {"v=1", "=all"}},
        ),
        (
            {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/A"]}},
            {"path-pattern regex": {"^/A"}},
        ),
        ({"Field": "something-new", "Values": ["x"]}, {"something-new": {"x"}}),
    ],
)
def test_a_condition_has_one_form_however_aws_words_it(answer: dict[str, Any], expected: dict[str, set[str]]) -> None:
    assert read_conditions([answer]) == FrozenMap({key: frozenset(values) for key, values in expected.items()})


_PAIR = st.builds("{}={}".format, st.text("ab", max_size=1), st.text("ab=", max_size=2))
CONDITIONS = st.lists(
    st.one_of(
        st.tuples(st.just("path-pattern"), st.sets(st.text("/aB*", min_size=1), min_size=1, max_size=2)),
        st.tuples(st.just("http-header X-Team"), st.sets(st.text("aB", min_size=1), min_size=1, max_size=2)),
        st.tuples(st.just("query-string"), st.sets(_PAIR, min_size=1, max_size=2)),
    ),
    max_size=5,
    unique_by=lambda entry: entry[0] if entry[0] == "path-pattern" else repr(sorted(entry[1])),
)


@given(CONDITIONS, st.randoms())
def test_conditions_are_read_as_they_are_written_in_any_order(
    entries: list[tuple[str, set[str]]], shuffle: Any
) -> None:
    wanted = conditions_of(entries)
    assert len(wanted) == len(entries)
    sent = condition_params(wanted)
    shuffle.shuffle(sent)
    assert read_conditions(sent) == wanted
    assert conditions_of(wanted.items()) == wanted

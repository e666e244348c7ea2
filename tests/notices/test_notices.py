"""What an event of EventBridge touches."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import graph, world

from reconciler.event_setup import calls, patterns
from reconciler.model import tags
from reconciler.notices import MOST_CHARACTERS, Known, UnreadableError, notice_of, touched

DESIRED = graph()
LIVE = world(DESIRED)
STACKS = {"shop": Known.of(LIVE)}
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop-public/1/2"
LIKE = Known("123456789012", "us-east-1", {LISTENER: frozenset({"listener/public/http"})})


def event(detail: dict[str, Any], kind: str = "AWS API Call via CloudTrail", **more: Any) -> str:
    """An event in EventBridge's envelope."""
    envelope = {
        "version": "0",
        "id": "one",
        "detail-type": kind,
        "source": "aws.ec2",
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }
    return json.dumps(envelope | more)


def call(name: str = "DeleteTags", source: str = "ec2", **parameters: Any) -> dict[str, Any]:
    return {
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "eventID": "e-1",
        "userIdentity": {"type": "IAMUser", "userName": "ann", "arn": "u/ann"},
        "requestParameters": parameters,
    }


def test_an_id_in_a_call_leads_to_its_object() -> None:
    (vpc,) = LIVE.found["vpc/main"]
    assert touched(notice_of(event(call(vpcId=vpc.id))), STACKS) == {"shop": {"vpc/main"}}


def test_a_rule_leads_to_its_listener() -> None:
    rule = LISTENER.replace("listener/", "listener-rule/") + "/3"
    notice = notice_of(event(call("DeleteRule", "elasticloadbalancing", ruleArn=rule)))
    assert touched(notice, {"shop": LIKE}) == {"shop": {"listener/public/http"}}


def test_something_new_with_a_stacks_tags_touches_the_stack() -> None:
    items = {"tagSet": {"items": [{"key": tags.STACK, "value": "shop"}]}, "resourcesSet": {"items": []}}
    assert touched(notice_of(event(call("CreateTags", **items))), STACKS) == {"shop": frozenset()}
    items["tagSet"] = {"items": [{"key": "team", "value": "shop"}]}
    assert touched(notice_of(event(call("CreateTags", **items))), STACKS) == {}


@pytest.mark.parametrize("where", [{"account": "210987654321"}, {"region": "eu-west-1"}])
def test_another_account_or_region_touches_nothing(where: dict[str, str]) -> None:
    (vpc,) = LIVE.found["vpc/main"]
    assert touched(notice_of(event(call(vpcId=vpc.id), **where)), STACKS) == {}


@pytest.mark.parametrize(
    ("kind", "detail", "telling"),
    [
        ("ECS Task State Change", {"lastStatus": "RUNNING"}, False),
        ("ECS Task State Change", {"lastStatus": "STOPPED"}, True),
        ("ECS Service Action", {"eventType": "INFO"}, False),
        ("ECS Service Action", {"eventType": "INFO", "eventName": "SERVICE_STEADY_STATE"}, True),
        ("ECS Service Action", {"eventType": "ERROR"}, True),
        ("ECS Deployment State Change", {"eventName": "SERVICE_DEPLOYMENT_FAILED"}, True),
        ("AWS API Call via CloudTrail", call() | {"errorCode": "Client.UnauthorizedOperation"}, False),
        ("Something Else", {}, False),
    ],
)
def test_what_says_nothing_of_the_configuration_tells_nothing(kind: str, detail: Any, telling: bool) -> None:
    assert notice_of(event(detail, kind)).telling is telling


@pytest.mark.parametrize(
    "body", ["", "no json", "[]", "{}", '{"detail": {}}', "[" * 100_000, " " * (MOST_CHARACTERS + 1)]
)
def test_what_is_no_event_is_refused(body: str) -> None:
    with pytest.raises(UnreadableError):
        notice_of(body)


@given(st.text(max_size=40) | st.builds(lambda text: event({"x": text}, text), st.text(max_size=10)))
def test_no_message_is_too_odd(body: str) -> None:
    with contextlib.suppress(UnreadableError):
        touched(notice_of(body), STACKS)


def test_every_call_that_can_change_a_type_is_asked_for_within_the_length_of_a_pattern() -> None:
    found = patterns(DESIRED.types)
    asked = {(source, name) for source, one in found.items() for name in one.get("detail", {}).get("eventName", ())}
    assert {("ec2", "DeleteRoute"), ("elasticloadbalancing", "SetRulePriorities"), ("ecs", "UpdateService")} <= asked
    assert max(len(json.dumps(one, separators=(",", ":"))) for one in found.values()) <= 2048


def test_only_the_rules_that_feed_the_queue_may_write_to_it() -> None:
    made = calls("q", DESIRED.types, partition="aws", region="us-east-1", account="1" * 12, url="https://sqs/1")
    policy = json.loads(made[3].params["Attributes"]["Policy"])
    rules = [f"arn:aws:events:us-east-1:{'1' * 12}:rule/{c.params['Name']}" for c in made if c.operation == "PutRule"]
    assert policy["Statement"][0]["Condition"] == {"ArnEquals": {"aws:SourceArn": sorted(rules)}}

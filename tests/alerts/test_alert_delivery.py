"""How messages get to their sinks: signed, grouped, tried again, and without telling secrets."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest
from receivers import MemoryStore, Receiver, Telling, rule, web
from test_alert_router import event

from reconciler.alerts import Sinks
from reconciler.alerts.sinks import SIGNATURE, TIMESTAMP, signature
from reconciler.aws import Access, AwsSource, Calls
from reconciler.model.errors import ReconcilerError
from reconciler.model.events import Phase, Severity
from reconciler.sandbox import Clock, Sandbox
from reconciler.store.sqlite import SqliteStore


def nowhere(*_: str) -> None:
    raise ReconcilerError("no SNS here")


def sent_to(sink: dict[str, Any], *events: Any, **spec: Any) -> Telling:
    """Tell these events to a sink; what became of it is in `said`."""
    one = Telling(MemoryStore(), [rule(sinks=[sink | {"name": "it"}], **spec)], Sinks(nowhere), Clock.stepped(1000.0))
    one.tell(*(events or (event(),)))
    one.later(10)
    return one


def test_a_webhook_gets_one_signed_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", "s3cret")
    with web(lambda _: 200) as (url, got):
        one = sent_to(
            {"webhook": {"url": {"value": url}, "secret": {"env": "HOOK_KEY"}}}, event(), event(incident="i2")
        )
    ((headers, body),) = got
    document = json.loads(body)
    assert headers[SIGNATURE] == signature("s3cret", headers[TIMESTAMP], body)
    assert headers[SIGNATURE] != signature("other", headers[TIMESTAMP], body)
    assert (document["alert"], document["stack"]) == ("on-call", "shop")
    assert [message["key"] for message in document["messages"]] == ["i1", "i2"]
    assert one.said == []


def test_a_burst_is_one_message_to_people_and_waits_for_its_companions() -> None:
    receiver = Receiver()
    one = Telling(MemoryStore(), [rule(groupWait="30s")], receiver, Clock.stepped(1000.0))
    one.tell(*(event(incident=f"i{number}", at=1000.0) for number in range(60)))
    one.later(29)
    assert receiver.batches == []
    one.later(1)
    one.later(0)
    assert [len(batch) for batch in receiver.batches] == [50, 10]


def test_a_failed_delivery_is_tried_again_later_each_time_in_order_and_told_once(tmp_path: Path) -> None:
    clock, receiver, store = Clock.stepped(1000.0), Receiver(), SqliteStore(tmp_path / "s.db")
    one = Telling(store, [rule()], receiver, clock)
    receiver.refusing = True
    one.tell(event(at=1000.0), event("DriftHealed", Phase.RESOLVED, 1001.0, severity=Severity.INFO))
    attempts = []
    for _ in range(100):
        before = dict(store.items("outbox"))
        one.later(1)
        attempts += [clock.now()] if store.items("outbox") != before else []
    gaps = [later - sooner for sooner, later in pairwise(attempts)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * gaps[0]
    assert len(one.said) == 1
    receiver.refusing = False
    reborn = Telling(store, [rule()], receiver, clock)
    reborn.later(600)
    assert receiver.phases() == ["opened", "resolved"]
    assert store.items("outbox") == {}
    store.close()


def test_what_was_told_before_the_clock_was_put_back_an_hour_does_not_wait_an_hour() -> None:
    receiver = Receiver()
    one = Telling(MemoryStore(), [rule()], receiver, Clock.stepped(1000.0))
    one.tell(event(at=1000.0 + 3600))
    assert one.later(1) == 0
    assert receiver.phases() == ["opened"]


def test_what_nobody_takes_for_a_day_is_dropped_and_said() -> None:
    receiver = Receiver()
    one = Telling(MemoryStore(), [rule()], receiver, Clock.stepped(1000.0))
    receiver.refusing = True
    one.tell(event(at=1000.0))
    for _ in range(30):
        one.later(3600)
    assert one.store.items("outbox") == {}
    assert "not taken for a day" in one.said[-1]


def test_only_one_process_sends_what_is_in_a_store(tmp_path: Path) -> None:
    clock, receiver = Clock.stepped(1000.0), Receiver()
    first, second = (Telling(SqliteStore(tmp_path / "s.db"), [rule()], receiver, clock) for _ in range(2))
    second.outbox._holder = "somebody else"
    first.later(1)
    second.tell(event(at=1000.0))
    second.later(5)
    assert receiver.batches == []
    first.outbox.close()
    second.later(1)
    assert receiver.phases() == ["opened"]
    for one in (first, second):
        one.store.close()


def test_messages_of_an_alert_that_is_gone_are_dropped() -> None:
    rules = [rule()]
    one = Telling(MemoryStore(), rules, Receiver(), Clock.stepped(1000.0))
    one.tell(event(at=1000.0))
    rules.clear()
    one.later(10)
    assert one.store.items("outbox") == {}
    assert "in no file any more" in one.said[0]


SECRET = "https://hooks.example.invalid/T000/very-secret"


@pytest.mark.parametrize(
    ("sink", "why"),
    [
        ({"webhook": {"url": {"env": "NOT_SET"}}}, "environment variable NOT_SET, which is not set"),
        ({"webhook": {"url": {"file": "/no/such/file"}}}, "the file /no/such/file: No such file"),
        ({"webhook": {"url": {"env": "ODD_URL"}}}, "neither https:// nor http://"),
        ({"apprise": {"url": {"env": "ODD_URL"}}}, "does not know a service of this URL"),
        ({"sns": {"topicArn": "arn:aws:sns:us-east-1:123456789012:t"}}, "no SNS here"),
        ({"webhook": {"url": {"env": "SECRET_URL"}}}, "does not answer"),
    ],
)
def test_a_delivery_that_cannot_be_says_why_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], sink: dict[str, Any], why: str
) -> None:
    monkeypatch.setenv("ODD_URL", f"nothing-like-it:{SECRET}")
    monkeypatch.setenv("SECRET_URL", "http://127.0.0.1:1/very-secret")
    monkeypatch.delenv("NOT_SET", raising=False)
    one = sent_to(sink)
    assert why in one.said[0]
    assert "very-secret" not in "".join([*one.said, *capfd.readouterr()])
    assert len(one.store.items("outbox")) == 1
    assert os.environ["ODD_URL"] not in json.dumps(one.store.kinds)


def test_a_web_server_that_refuses_is_named_by_its_answer() -> None:
    with web(lambda _: 503) as (url, _):
        one = sent_to({"webhook": {"url": {"value": url}}})
    assert "answered 503" in one.said[0]


def test_apprise_reaches_a_service_with_words_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    with web(lambda _: 200) as (url, got):
        monkeypatch.setenv("CHAT", url.replace("http://", "json://"))
        healed = event("DriftHealed", Phase.RESOLVED, 9, severity=Severity.INFO)
        opened = event(message="port 22 is open")
        sent_to({"apprise": {"url": {"env": "CHAT"}}}, opened, healed, template={"text": "$message, by $who"})
    ((_, body),) = got
    document = json.loads(body)
    assert document["type"] == "warning"
    assert document["title"] == "2 alerts, 1 of them resolved, in shop"
    assert "[opened] DriftFound: Task/web in shop\n  port 22 is open, by unknown" in document["message"]


def test_a_topic_gets_each_message_with_its_key(sandbox: Sandbox) -> None:
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:q")
    source = AwsSource(Access("us-east-1"), sandbox.clock, Calls())
    sinks = Sinks(lambda _, *message: source.publish(*message))
    one = Telling(
        MemoryStore(), [rule(sinks=[{"name": "t", "sns": {"topicArn": topic}}])], sinks, Clock.stepped(1000.0)
    )
    one.tell(event(object="Task/wéb"), event(incident="i2"))
    one.later(10)
    rows = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    notes = [json.loads(row["Body"]) for row in rows]
    assert one.said == []
    assert notes[0]["Subject"] == "[opened] DriftFound: Task/w?b in shop"
    assert sorted(note["MessageAttributes"]["key"]["Value"] for note in notes) == ["i1", "i2"]
    assert {json.loads(note["Message"])["messages"][0]["key"] for note in notes} == {"i1", "i2"}

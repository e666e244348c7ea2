"""A daemon that listens: what happens in AWS is found at once, and told with whose doing it is."""

from __future__ import annotations

import threading
from pathlib import Path

import boto3
import pytest
from cuts import client
from holding import ALERTING, REFERENCE, Daemon
from listening import Listening, hearing_of
from meddling import OPEN_SSH, console
from patience import PATIENCE, until
from worlds import graph

from reconciler.aws import Access, AwsSource, Calls
from reconciler.daemon.hearing import Hearing
from reconciler.daemon.loop import Options
from reconciler.daemon.memory import HISTORY
from reconciler.model.errors import ReconcilerError
from reconciler.model.events import Event
from reconciler.model.graph import Graph
from reconciler.sandbox import Clock, Faults, Sandbox
from reconciler.sandbox.environment import CONSOLE


class Hurried(Clock):
    """A wall clock that jumps over every pause until it is told to keep time."""

    hurried = True

    def sleep(self, seconds: float) -> None:
        if self.hurried:
            self.advance(max(0.0, seconds))
        else:
            super().sleep(seconds)


class Told(list[Event]):
    """Events, and a way to wait for one of them."""

    def __init__(self) -> None:
        super().__init__()
        self._more = threading.Condition()

    def append(self, event: Event) -> None:
        with self._more:
            super().append(event)
            self._more.notify_all()

    def wait_for(self, kind: str) -> Event:
        with self._more:
            assert self._more.wait_for(lambda: any(event.type == kind for event in self), PATIENCE), self
            return next(event for event in self if event.type == kind)


def listening_spec(url: str) -> str:
    """The reference, looked at once a day, and told of changes by a queue."""
    return REFERENCE.replace("interval: 60s}", f"interval: 24h}}\n  events: {{queueUrl: {url}}}")


def test_drift_is_found_by_its_event_and_not_at_the_next_interval(tmp_path: Path) -> None:
    with Sandbox(clock=(clock := Hurried())) as sandbox:
        world = Listening(sandbox)
        world.converge()
        clock.hurried = False
        daemon = Daemon(sandbox, tmp_path / "store.db", Options(hearing=hearing_of(sandbox)))
        told = daemon.events = Told()
        daemon.loop.memory._say = told.append
        daemon.hold(listening_spec(world.url))
        thread = threading.Thread(target=daemon.loop.run, args=(lambda: None,))
        thread.start()
        try:
            until("the first look", lambda: daemon.loop.stacks["shop"].in_sync)
            OPEN_SSH.apply(console())
            found, healed = told.wait_for("DriftFound"), told.wait_for("DriftHealed")
        finally:
            daemon.stop.set()
            daemon.loop.queue.wake()
            thread.join()
            daemon.loop.close()
        assert found.data["attribution"]["who"] == CONSOLE.user
        assert "by console-user (ec2:AuthorizeSecurityGroupIngress)" in found.message
        assert healed.incident == found.incident
        (entry,) = daemon.store.entries(HISTORY)
        assert "event" in entry.value["triggers"]
        assert sandbox.calls["cloudtrail:LookupEvents"] == 0


@pytest.fixture
def daemon(sandbox: Sandbox, tmp_path: Path) -> Daemon:
    """The reference, converged and held, with CloudTrail to ask and no queue."""
    one = Daemon(sandbox, tmp_path / "store.db", Options(hearing=hearing_of(sandbox)))
    one.hold(ALERTING)
    assert client(sandbox.clock, threads=16).apply(desired(one)).converged
    one.loop.turn()
    one.events.clear()
    return one


def desired(daemon: Daemon) -> Graph:
    return daemon.loop.stacks["shop"].graph


def test_without_events_cloudtrail_is_asked_and_not_again_for_what_is_known(sandbox: Sandbox, daemon: Daemon) -> None:
    OPEN_SSH.apply(console())
    daemon.interval()
    (found,) = [event for event in daemon.events if event.type == "DriftFound"]
    assert found.data["attribution"]["principal"].endswith(f"user/{CONSOLE.user}")
    asked = sandbox.calls["cloudtrail:LookupEvents"]
    daemon.interval()
    assert sandbox.calls["cloudtrail:LookupEvents"] == asked > 0
    assert daemon.named() == ["DriftFound"]


def test_a_trail_that_cannot_be_read_costs_the_name_and_not_the_pass(
    sandbox: Sandbox, daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.faults = Faults(errors_5xx=1, only=frozenset({"cloudtrail:LookupEvents"}))
    OPEN_SSH.apply(console())
    daemon.interval()
    daemon.interval()
    (found,) = [event for event in daemon.events if event.type == "DriftFound"]
    assert found.data["attribution"] is None
    assert capsys.readouterr().out.count("whose doing drift is cannot be told") == 1
    sandbox.faults = Faults()
    daemon.interval()
    assert daemon.events[-1].data["attribution"]["who"] == CONSOLE.user
    assert daemon.events[-1].incident == found.incident


def test_a_queue_is_listened_to_once_and_left_when_no_stack_names_it(sandbox: Sandbox) -> None:
    before = set(threading.enumerate())

    def listeners() -> list[threading.Thread]:
        """Those of this test: one that an earlier test hung up on may end at any time."""
        return [thread for thread in threading.enumerate() if thread not in before]

    hearing = Hearing(lambda _: AwsSource(Access("us-east-1"), Clock.real(), Calls()), Clock.real(), lambda _: None)
    url = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    listener = graph(
        edit=lambda text: text.replace("interval: 60s}", f"interval: 60s}}\n  events: {{queueUrl: {url}}}")
    )
    hearing.follow([listener, listener], lambda *_: None)
    hearing.follow([listener], lambda *_: None)
    (listener_of_both,) = listeners()
    hearing.close()
    listener_of_both.join(PATIENCE)
    assert not listener_of_both.is_alive()


def test_a_contest_names_the_other_party(sandbox: Sandbox, tmp_path: Path) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    daemon = Daemon(sandbox, tmp_path / "store.db", Options(hearing=hearing_of(sandbox)))
    daemon.hold(REFERENCE)
    daemon.loop.turn()
    for _ in range(3):
        OPEN_SSH.apply(console())
        daemon.interval()
    (contested,) = [event for event in daemon.events if event.type == "DriftContested"]
    assert "so console-user sets it too" in contested.message


def test_an_aws_that_cannot_be_reached_holds_nobody_up_and_is_listened_to_later(sandbox: Sandbox) -> None:
    asked, answers, said = threading.Semaphore(0), threading.Event(), []
    access = Access("us-east-1")
    url = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]

    def source(_: Graph) -> AwsSource:
        asked.release()
        assert answers.wait(PATIENCE)
        if not said:
            raise ReconcilerError("nobody is there")
        return AwsSource(access, Clock.real(), Calls())

    hearing = Hearing(source, Clock.real(), said.append)
    listener = graph(
        edit=lambda text: text.replace("interval: 60s}", f"interval: 60s}}\n  events: {{queueUrl: {url}}}")
    )
    hearing.follow([listener], lambda *_: None)
    assert asked.acquire(timeout=PATIENCE), "it is asked by a thread of its own: here nobody waited"
    answers.set()
    assert asked.acquire(timeout=PATIENCE), "it is asked again"
    hearing.close()
    assert said == ["events: nobody is there; stacks are looked at each interval meanwhile"]

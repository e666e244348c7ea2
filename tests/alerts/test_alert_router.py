"""Which events are told by which alert, and that an incident is told once whatever happens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from receivers import MemoryStore, Receiver, Telling, once, rule

from reconciler.alerts import Rule
from reconciler.model.events import Event, Finding, Open, Phase, Severity, news
from reconciler.sandbox.clock import Clock
from reconciler.store import Put, Remove

KEYS = ("drift a", "drift b", "apply c")


def event(kind: str = "DriftFound", phase: Phase | None = Phase.OPENED, at: float = 0.0, **more: Any) -> Event:
    given: dict[str, Any] = {"stack": "shop", "object": "Task/web", "severity": Severity.WARNING, "incident": "i1"}
    return Event(kind, at, phase=phase, **(given | more))


def telling(*rules: Rule) -> tuple[Telling, Receiver]:
    receiver = Receiver()
    return Telling(MemoryStore(), list(rules), receiver, Clock.stepped(1000.0)), receiver


def test_an_incident_is_told_when_it_begins_changes_and_ends() -> None:
    one, receiver = telling(rule())
    one.tell(event(), event(phase=Phase.UPDATED, at=5), event("DriftHealed", Phase.RESOLVED, 9, severity=Severity.INFO))
    one.later(10)
    assert receiver.phases() == ["opened", "updated", "resolved"]
    assert {message["key"] for message in receiver.messages} == {"i1"}
    assert len({message["id"] for message in receiver.messages}) == 3


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({}, True),
        ({"severity": "error"}, False),
        ({"severity": "info"}, True),
        ({"events": ["ApplyFailed"]}, False),
        ({"events": ["DriftFound", "ApplyFailed"]}, True),
        ({"objects": ["Route/*"]}, False),
        ({"objects": ["Route/*", "Task/we?"]}, True),
    ],
)
def test_filters(spec: dict[str, Any], told: bool) -> None:
    one, receiver = telling(rule(**spec))
    one.tell(event(), event("DriftHealed", Phase.RESOLVED, 9, severity=Severity.INFO))
    one.later(10)
    assert receiver.phases() == (["opened", "resolved"] if told else [])


def test_another_stacks_events_are_not_told_and_those_of_none_are() -> None:
    one, receiver = telling(rule(), rule(stack="other"))
    one.tell(event(stack="third"), event("SpecInvalid", incident="i2", stack="", object=""))
    one.later(10)
    assert [message["event"] for message in receiver.messages] == ["SpecInvalid"]


def test_what_is_no_incident_is_told_where_it_is_asked_for() -> None:
    one, receiver = telling(rule(), rule("log", events=["ApplySucceeded"]))
    one.tell(event("ApplySucceeded", None, incident="", severity=Severity.INFO))
    one.later(10)
    assert receiver.phases() == ["happened"]


def test_what_was_told_before_a_filter_changed_is_told_to_be_over() -> None:
    rules = [rule()]
    receiver = Receiver()
    one = Telling(MemoryStore(), rules, receiver, Clock.stepped(1000.0))
    one.tell(event())
    rules[:] = [rule(severity="error")]
    one.tell(event("DriftHealed", Phase.RESOLVED, 9, severity=Severity.INFO))
    one.later(10)
    assert receiver.phases() == ["opened", "resolved"]


def test_a_reminder_comes_only_after_the_repeat_interval_and_only_while_it_lasts() -> None:
    one, receiver = telling(rule(repeatInterval="1h"))
    one.tell(event(at=1000.0))
    for _ in range(5):
        one.later(1000)
    assert receiver.phases() == ["opened", "reminder"]
    one.tell(event("DriftHealed", Phase.RESOLVED, 6500.0, severity=Severity.INFO))
    for _ in range(5):
        one.later(2000)
    assert receiver.phases() == ["opened", "reminder", "resolved"]


def finding(key: str, state: int) -> Finding:
    return Finding(key, "DriftFound", "DriftResolved", f"state {state}", object="Task/web")


class History:
    """What one process after another does to one store, and what comes out of it."""

    def __init__(self) -> None:
        self.store, self.receiver, self.clock = MemoryStore(), Receiver(), Clock.stepped(1000.0)
        self.begun: list[str] = []
        self.start()

    def start(self) -> None:
        """A new process: it knows what the store knows."""
        self.process = Telling(self.store, [rule()], self.receiver, self.clock)
        self.live = {key: Open.from_document(value) for key, value in self.store.items("finding").items()}

    def look(self, state: dict[str, int], *, written: bool = True) -> None:
        findings = [finding(key, number) for key, number in state.items()]
        events, still = news("shop", self.live, findings, self.clock.now())
        changes: list[Put | Remove] = [Put("finding", key, one.document()) for key, one in still.items()]
        changes += [Remove("finding", key) for key in self.live.keys() - still.keys()]
        routed = [change for event in events for change in self.process.router.route(event)]
        if written:
            self.store.write(*changes, *routed)
            self.begun += [event.incident for event in events if event.phase is Phase.OPENED]
        self.live = still

    def look_and_die(self, state: dict[str, int]) -> None:
        self.look(state, written=False)
        self.start()

    def send(self, _: object) -> None:
        self.process.outbox.turn()

    def send_and_die(self, _: object) -> None:
        before = {kind: dict(items) for kind, items in self.store.kinds.items()}
        self.send(None)
        self.store.kinds = before
        self.start()

    def send_in_vain(self, _: object) -> None:
        self.receiver.refusing = True
        self.send(None)
        self.receiver.refusing = False

    def die(self, _: object) -> None:
        self.start()

    def finish(self) -> None:
        """Everything is put right, and everything sent."""
        self.look({})
        self.clock.advance(10_000)
        while self.process.outbox.turn():
            self.clock.advance(10_000)


states = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 2))
steps = st.lists(
    st.tuples(
        st.sampled_from(
            [History.look, History.look_and_die, History.send, History.send_and_die, History.send_in_vain, History.die]
        ),
        states,
    ),
    max_size=25,
)


@given(steps)
def test_any_sequence_of_looks_kills_and_retries_opens_and_resolves_each_incident_once(done: Any) -> None:
    history = History()
    for step, state in done:
        history.clock.advance(7)
        step(history, state)
    history.finish()
    kept = once(history.receiver.messages)
    assert (history.store.items("outbox"), history.store.items("told")) == ({}, {})
    for phase in ("opened", "resolved"):
        assert sorted(m["key"] for m in kept if m["phase"] == phase) == sorted(history.begun)
    for incident in history.begun:
        mine = [message["phase"] for message in kept if message["key"] == incident]
        assert (mine[0], mine[-1]) == ("opened", "resolved")


def test_what_one_process_began_another_ends_and_nobody_ends_it_twice() -> None:
    store, clock = MemoryStore(), Clock.stepped(1000.0)
    receivers = [Receiver(), Receiver()]
    one, other = (Telling(store, [rule()], receiver, clock) for receiver in receivers)
    other.tell(event(incident="earlier"), event(phase=Phase.RESOLVED, incident="earlier", at=1))
    one.tell(event(at=2))
    other.tell(event("DriftHealed", Phase.RESOLVED, at=3))
    one.tell(event("DriftHealed", Phase.RESOLVED, at=4))
    other.later(60)
    told = [m["phase"] for receiver in receivers for m in receiver.messages if m["key"] == "i1"]
    assert told == ["opened", "resolved"]


def test_what_began_and_ended_while_the_store_could_not_be_written_is_told_both_times() -> None:
    one, receiver = telling(rule())
    begun = one.router.route(event(at=1))
    ended = one.router.route(event("DriftHealed", Phase.RESOLVED, at=2), begun)
    assert one.router.route(event("DriftHealed", Phase.RESOLVED, at=3), [*begun, *ended]) == []
    one.store.write(*begun, *ended)
    one.later(60)
    assert receiver.phases() == ["opened", "resolved"]

"""`drift --alert`: each run a process of its own, one alert per incident over all of them."""

from __future__ import annotations

from typing import Any

from receivers import MemoryStore, Receiver, rule

from reconciler.daemon.once import PATIENCE, Teller
from reconciler.model.events import Finding
from reconciler.sandbox.clock import Clock


def finding(address: str = "service/web") -> Finding:
    return Finding(f"drift {address}", "DriftFound", "DriftResolved", "it differs", object="Task/web", address=address)


class Cron:
    """Runs one after another, an hour apart."""

    def __init__(self) -> None:
        self.store, self.clock, self.receiver, self.said = MemoryStore(), Clock.stepped(1000.0), Receiver(), []

    def run(self, *found: Finding, unread: tuple[str, ...] = ()) -> int:
        self.clock.advance(3600)
        store: Any = self.store
        sinks: Any = self.receiver
        teller = Teller(store, self.clock, [rule()], sinks, self.said.append)
        teller.tell("shop", found, unread)
        return teller.send()


def test_what_lasts_over_several_runs_is_told_when_it_begins_and_when_it_is_over() -> None:
    cron = Cron()
    for found in ([], [finding()], [finding()], [finding()], [], []):
        assert cron.run(*found) == 0
    assert cron.receiver.phases() == ["opened", "resolved"]
    assert len({message["key"] for message in cron.receiver.messages}) == 1


def test_the_same_drift_later_is_another_incident() -> None:
    cron = Cron()
    for found in ([finding()], [], [finding()], []):
        cron.run(*found)
    assert cron.receiver.phases() == ["opened", "resolved"] * 2
    assert len({message["key"] for message in cron.receiver.messages}) == 2


def test_what_could_not_be_read_is_not_over() -> None:
    cron = Cron()
    cron.run(finding())
    cron.run(unread=("service/web",))
    assert cron.receiver.phases() == ["opened"]


def test_a_sink_that_is_down_gets_its_message_from_a_later_run() -> None:
    cron = Cron()
    cron.receiver.refusing = True
    before = cron.clock.now()
    assert cron.run(finding()) == 1
    assert cron.clock.now() - before >= 3600 + PATIENCE
    cron.receiver.refusing = False
    assert cron.run(finding()) == 0
    assert cron.receiver.phases() == ["opened"]

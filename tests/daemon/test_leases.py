"""A lease is the right to write, and without it nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from reconciler.aws import Access, AwsWriter, Calls
from reconciler.daemon.leases import ONE_REQUEST, TERM, Held, Leases
from reconciler.model.errors import LeaseLost, Refused
from reconciler.model.resource import Call
from reconciler.sandbox import Faults, Sandbox
from reconciler.sandbox.clock import Clock
from reconciler.store import Lease, StoreError
from reconciler.store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.db", busy=0.05)
    yield opened
    opened.close()


def held(leases: Leases) -> Held:
    found = leases.take("1/r/shop")
    assert isinstance(found, Held)
    return found


def test_two_processes_never_have_one_lease_and_the_other_is_told_who(store: SqliteStore) -> None:
    clock = Clock.stepped()
    mine, others = Leases(store, clock, "daemon"), Leases(store, clock, "apply")
    one = held(mine)
    found = others.take("1/r/shop")
    assert isinstance(found, Lease)
    assert found.holder == mine.holder
    mine.give_back(one)
    held(others)
    mine.close()
    others.close()


def test_a_process_that_slept_past_its_lease_may_not_write_though_nobody_else_came(store: SqliteStore) -> None:
    clock = Clock.stepped()
    one = held(leases := Leases(store, clock, "daemon"))
    clock.advance(TERM + 1)
    with pytest.raises(LeaseLost, match="ran out"):
        one.check()
    with pytest.raises(LeaseLost):
        one.check()
    leases.close()


def test_asking_makes_the_lease_run_its_full_term_again(store: SqliteStore) -> None:
    clock = Clock.stepped()
    one = held(leases := Leases(store, clock, "daemon"))
    for _ in range(5):
        clock.advance(TERM - 1)
        one.check()
    assert store.leases()[0].expires == clock.now() + TERM
    leases.close()


def test_no_request_leaves_without_the_lease_not_even_a_second_try(sandbox: Sandbox, store: SqliteStore) -> None:
    """The request is throttled, and while it waits for its second try the lease goes to somebody else."""
    one = held(mine := Leases(store, sandbox.clock, "daemon"))
    sent: list[int] = []

    class Thief:
        def check(self) -> None:
            one.check()
            sent.append(1)
            sandbox.clock.advance(TERM + 1)
            held(Leases(store, sandbox.clock, "thief"))
            sandbox.faults = Faults(throttle=1.0)

    writer = AwsWriter(Access("us-east-1"), sandbox.clock, Calls()).guarded(Thief())
    with pytest.raises(LeaseLost):
        writer.perform(Call("ec2", "CreateVpc", {}), {"CidrBlock": "10.0.0.0/16"})
    assert len(sent) == 1
    sandbox.faults = Faults()
    assert [v for v in boto3.client("ec2").describe_vpcs()["Vpcs"] if not v["IsDefault"]] == []
    mine.close()


def test_a_store_that_fails_for_a_moment_costs_no_lease_and_one_that_goes_on_failing_does(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock.stepped()
    one = held(leases := Leases(store, clock, "daemon"))

    def broken(*_: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(store, "renew", broken)
    one.check()
    clock.advance(TERM - ONE_REQUEST + 1)
    with pytest.raises(LeaseLost, match="the disk is gone"):
        one.check()
    leases.close()


def test_who_waits_gets_the_lease_when_it_is_free_and_is_refused_when_it_is_not(store: SqliteStore) -> None:
    clock = Clock.stepped()
    one = held(mine := Leases(store, clock, "daemon"))
    others = Leases(store, clock, "apply")
    said: list[str] = []
    with pytest.raises(Refused, match="--wait-lease"):
        others.wait_for("1/r/shop", 5, said.append)
    assert len(said) == 1
    assert mine.holder in said[0]
    mine.give_back(one)
    assert isinstance(others.wait_for("1/r/shop", 0, said.append), Held)
    others.close()
    mine.close()

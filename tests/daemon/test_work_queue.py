"""The queue's promises: one worker per key, triggers collapse, failures back off, nobody starves."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.queue import FIRST_BACKOFF, LONGEST_BACKOFF, Trigger, WorkQueue


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at


def queue() -> tuple[WorkQueue, Clock]:
    clock = Clock()
    return WorkQueue(clock.now, random.Random(1)), clock


def taken(one: WorkQueue) -> str | None:
    item = one.take()
    return item.key if item else None


def test_a_key_that_is_worked_on_is_not_given_out_again() -> None:
    one, _ = queue()
    one.add("shop", Trigger.EVENT)
    assert taken(one) == "shop"
    one.add("shop", Trigger.EVENT)
    assert taken(one) is None
    one.done("shop")
    assert taken(one) == "shop"
    one.done("shop")
    assert taken(one) is None


def test_triggers_that_wait_are_one_pass_that_knows_them_all() -> None:
    one, _ = queue()
    one.add_after("shop", 60)
    one.add("shop", Trigger.EVENT, ["vpc"])
    one.add("shop", Trigger.EDIT)
    item = one.take()
    assert item is not None
    assert item.triggers == {Trigger.RESYNC, Trigger.EVENT, Trigger.EDIT}
    assert item.types == {"vpc"}
    assert item.whole
    one.done("shop")
    assert one.seconds_to_next() is None


def test_an_edit_goes_before_routine_and_a_later_resync_does_not_put_it_off() -> None:
    one, clock = queue()
    for name in ("a", "b", "c"):
        one.add_after(name, 0)
    clock.at += 10
    one.add("z", Trigger.EDIT)
    one.add_after("z", 600)
    assert taken(one) == "z"


def test_routine_waits_at_most_a_head_start_behind_edits() -> None:
    one, clock = queue()
    one.add_after("routine", 0)
    order = []
    for number in range(100):
        clock.at += 1
        one.add(f"edit-{number}", Trigger.EDIT)
        key = taken(one)
        assert key is not None
        order.append(key)
        one.done(key)
    assert order.index("routine") <= Trigger.EDIT.value + 1


def test_failures_back_off_twice_as_far_each_time_and_success_forgets_them() -> None:
    one, _ = queue()
    pauses = [one.retry("shop") for _ in range(20)]
    for number, pause in enumerate(pauses):
        longest = min(FIRST_BACKOFF * 2**number, LONGEST_BACKOFF)
        assert longest / 2 <= pause <= longest
    one.forget("shop")
    assert one.retry("shop") <= FIRST_BACKOFF
    assert len({WorkQueue(Clock().now, random.Random(n)).retry("shop") for n in range(5)}) == 5


def test_an_event_waits_for_the_backoff_of_a_failing_stack_and_an_edit_does_not() -> None:
    one, _ = queue()
    for _ in range(5):
        one.retry("shop")
    one.add("shop", Trigger.EVENT)
    assert taken(one) is None
    one.add("shop", Trigger.EDIT)
    assert taken(one) == "shop"


def test_a_clock_that_is_put_back_an_hour_makes_nobody_wait_an_hour() -> None:
    one, clock = queue()
    one.add_after("shop", 60)
    clock.at -= 3600
    assert one.seconds_to_next() == 60
    clock.at += 60
    assert taken(one) == "shop"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([*Trigger, "take", "done", "time"])), max_size=60))
def test_no_trigger_is_lost_and_no_key_is_worked_on_twice_at_once(steps: list[tuple[str, object]]) -> None:
    one, clock = queue()
    busy: set[str] = set()
    waiting: set[str] = set()
    for key, step in steps:
        if isinstance(step, Trigger):
            one.add(key, step)
            waiting.add(key)
        elif step == "take":
            found = taken(one)
            assert (found is not None) == bool(waiting - busy)
            if found is not None:
                assert found in waiting - busy
                busy.add(found)
                waiting.discard(found)
        elif step == "done" and key in busy:
            one.done(key)
            busy.discard(key)
        else:
            clock.at += 1

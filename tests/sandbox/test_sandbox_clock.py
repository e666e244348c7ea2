"""The clock that all asynchronous states follow."""

import pytest

from reconciler.sandbox import Clock


def test_a_stepped_clock_stands_still_until_somebody_sleeps() -> None:
    clock = Clock.stepped(100.0)
    assert clock.now() == clock.now() == 100.0
    clock.sleep(60)
    assert clock.now() == 160.0


def test_a_scaled_clock_runs_faster_than_the_wall_clock() -> None:
    clock = Clock(1e6, 0.0)
    before = clock.now()
    clock.sleep(1000)
    assert clock.now() >= before + 1000


@pytest.mark.parametrize("clock", [Clock.stepped(), Clock.real(), Clock.scaled(10)])
def test_advance_puts_any_clock_forward(clock: Clock) -> None:
    before = clock.now()
    clock.advance(3600)
    assert clock.now() >= before + 3600


def test_no_clock_runs_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        Clock.stepped().advance(-1)
    with pytest.raises(ValueError, match="backwards"):
        Clock(-1)

"""What a terminal gets: progress in place however narrow it is, one answer to Ctrl-C, and a cursor afterwards."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence

import click
import pytest
from worlds import graph, world

from reconciler.cli import _terminal as terminal
from reconciler.cli import _workspace as workspace
from reconciler.cli._reports import INTERRUPTED, Report, report_each
from reconciler.cli._settings import Settings
from reconciler.diff import compare
from reconciler.execute import INTERRUPTED as CUT_SHORT
from reconciler.execute import Progress, Step
from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.plan import Action
from reconciler.plan import make

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
WIDTH = 60


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_for(monkeypatch: pytest.MonkeyPatch) -> Tty:
    """A terminal on standard error, sixty columns wide. Called in a test: before it begins pytest sets its own."""
    found = Tty()
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setattr(sys, "__stderr__", found)
    return found


def actions() -> Sequence[Action]:
    """All that an apply of the reference does in an empty account."""
    desired = graph()
    return make(compare(desired, world(desired, without=list(desired.resources), converged=False))).actions


def bars_on(screen: Tty) -> list[str]:
    """Each state of the line in place, as wide as it was."""
    lines = re.split(r"[\r\n]+", CONTROL.sub("", screen.getvalue()))
    return [line for line in lines if "━" in line]


def test_the_count_and_the_time_stay_in_view_on_a_narrow_terminal_whatever_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = terminal_for(monkeypatch)
    doing = actions()
    with terminal.reporting(len(doing), quiet=False) as report:
        for action in doing:
            report(Progress(action, Step.STARTED))
        report(Progress(doing[0], Step.DONE))
        report(Progress(doing[1], Step.DONE))
    bars = bars_on(screen)
    assert f" 2/{len(doing)} " in bars[-1]
    assert bars[-1].endswith("…")
    assert all(f"/{len(doing)} 0:0" in bar and len(bar) <= WIDTH for bar in bars)


def test_what_ctrl_c_cut_short_has_no_line_of_progress_and_is_not_counted_as_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = terminal_for(monkeypatch)
    doing = actions()
    with terminal.reporting(len(doing), quiet=False) as report:
        report(Progress(doing[0], Step.DONE))
        for action in doing[1:]:
            report(Progress(action, Step.SKIPPED, 0.0, CUT_SHORT))
    shown = CONTROL.sub("", screen.getvalue())
    assert f"{doing[0].address}: created" in shown
    assert not any(f"{action.address}:" in shown for action in doing[1:])
    assert f" 1/{len(doing)} " in bars_on(screen)[-1]


def test_nothing_to_do_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal_for(monkeypatch)
    with terminal.reporting(0, quiet=False):
        pass
    assert screen.getvalue() == ""


def test_the_second_ctrl_c_gives_the_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal_for(monkeypatch)
    left: list[str] = []

    class Ended(BaseException):
        pass

    def end(status: int) -> None:
        assert status == INTERRUPTED
        left.append(screen.getvalue())
        raise Ended

    monkeypatch.setattr(terminal.os, "_exit", end)
    with terminal.reporting(1, quiet=False), pytest.raises(Ended):
        terminal.end_at_once(Settings())
    assert left[0].rindex("\x1b[?25h") > left[0].rindex("\x1b[?25l")


def test_ctrl_c_at_the_question_says_that_nothing_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal_for(monkeypatch)

    def interrupted(*_: object, **__: object) -> bool:
        raise click.Abort

    monkeypatch.setattr(sys, "stdin", Tty())
    monkeypatch.setattr(click, "confirm", interrupted)
    with pytest.raises(click.Abort):
        terminal.confirm("Apply?", yes=False)
    assert screen.getvalue() == "\nnothing was changed\n"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_in_the_second_stack_keeps_what_the_first_had_to_say(
    interruption: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    def work(stack: str) -> Report:
        if stack == "second":
            raise interruption
        return Report({"stack": stack, "converged": True}, (), 0)

    status = report_each(["first", "second", "third"], Settings(output="yaml"), str, work)
    assert status == INTERRUPTED
    out = capsys.readouterr().out
    assert "stack: first\n  converged: true" in out
    assert "stack: second\n  error:" in out
    assert "third" not in out


def test_what_aws_keeps_a_command_waiting_with_is_said_every_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at = iter((100.0, 101.0, 114.9, 115.0, 120.0))
    monkeypatch.setattr(workspace.time, "monotonic", lambda: next(at))
    waits = workspace.Waits()
    for code in ("First", "Second", "Third", "Fourth", "Fifth"):
        waits.held_up(
            AwsError(operation="ec2:DescribeVpcs", code=code, message="not now", error_class=ErrorClass.THROTTLED)
        )
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [f"trying again: ec2:DescribeVpcs: {code}: not now" for code in ("First", "Fourth")]

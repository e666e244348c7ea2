"""SIGTERM while AWS works on a request of the daemon: it ends in time, gives its leases back, and says what it left."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE
from test_interrupt import SPEC, Hold, aws, environment, held  # noqa: F401 - two are fixtures

from reconciler.cli import run
from reconciler.daemon import loop
from reconciler.store.sqlite import SqliteStore

LIMIT = 25.0
DAEMON = """
import functools
import reconciler.cli.run as run
from reconciler.cli.main import main
run.Options = functools.partial(run.Options, closing={closing})
main()
"""


class Terminating(Hold):
    """Ends the daemon when a request comes, and answers that only when the process is gone, or has said so."""

    def __init__(self, operation: str, *, answered: bool) -> None:
        super().__init__(operation)
        self._answered = answered

    def interrupt(self) -> None:
        assert self.started.wait(PATIENCE)
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        if not self._answered:
            self.process.wait(PATIENCE)


@pytest.mark.parametrize(("answered", "closing"), [(False, 0.3), (True, 60.0)])
def test_sigterm_ends_the_daemon_whether_or_not_aws_answers(
    environment: dict[str, str],  # noqa: F811 - the fixture
    tmp_path: Path,
    answered: bool,
    closing: float,
) -> None:
    store = tmp_path / "store.db"
    terminating = Terminating("CreateSubnet", answered=answered)
    with held(environment["AWS_ENDPOINT_URL"], terminating) as url:
        terminating.process = subprocess.Popen(
            [sys.executable, "-c", DAEMON.format(closing=closing), "run", "-f", str(SPEC), "--store", str(store)],
            env=environment | {"AWS_ENDPOINT_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        terminating.started.set()
        _, said = terminating.process.communicate(timeout=PATIENCE)
    assert terminating.done, "the request came"
    assert terminating.process.returncode == 0
    assert ("gave up requests that were still under way" in said) is not answered
    assert SqliteStore(store).leases() == []


def test_what_may_be_waited_for_at_the_end_is_less_than_the_limit() -> None:
    """Calls under way, alerts on their way, and one lease that a locked store does not take back."""
    from reconciler.store.sqlite import BUSY_SECONDS

    assert loop.CLOSING + run.CLOSING + BUSY_SECONDS <= LIMIT

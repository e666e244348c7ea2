"""The other party of a contest in the soak: a program that sets the same thing again each time it is put right."""

from __future__ import annotations

import threading
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from patience import until

from reconciler.daemon.history import RUNS
from reconciler.daemon.memory import FINDINGS, REQUESTS
from reconciler.store import Put
from reconciler.store.sqlite import SqliteStore

LOOKS: Final = 3
"""Passes over a contested stack that must write nothing."""
ITS_DAYS: Final = 1


class Fighter:
    """Wants a log group of a stack kept for one day. Once it is left alone it looks on for a while, and gives up."""

    def __init__(self, store: SqliteStore, stack: str) -> None:
        self._store = store
        self.stack = stack
        self.address = ""
        self._failed: BaseException | None = None
        self._logs: Any = boto3.client("logs", region_name="us-east-1")
        self._thread = threading.Thread(target=self._run, name="fighter", daemon=True)
        self._thread.start()

    def join(self) -> str:
        """Wait for the end of the fight. Raises what went wrong in it."""
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        return f"{self.address} of {self.stack} was fought over, left alone for {LOOKS} looks, and is no longer"

    def _run(self) -> None:
        try:
            self._fight()
        except BaseException as failure:  # noqa: BLE001 - `join` raises it where it is seen
            self._failed = failure

    def _fight(self) -> None:
        group = self._asked(lambda: self._groups()[0])
        wanted = group["retentionInDays"]
        while not self._told("contested"):
            self._keep(group["logGroupName"], ITS_DAYS)
            until("what was set to be put right", lambda: self._told("contested") or self._days() != ITS_DAYS)
            until("that to be told", lambda: self._told("contested") or not self._told("drift"))
        self.address = self._told("contested")[0]
        for _ in range(LOOKS):
            before = self._last()
            self._have_it_looked_at()
            until("a look", lambda: self._last() != before)  # noqa: B023 - done before the next round
        days = self._days()
        assert days == ITS_DAYS, f"{self.address} was written while it was contested: {days} days"
        self._keep(group["logGroupName"], wanted)
        until("the end of the contest", lambda: not self._told("contested") and not self._told("drift"))

    def _groups(self) -> Any:
        prefix = f"/reconciler/{self.stack}/"
        return self._logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]

    def _days(self) -> Any:
        return self._asked(self._groups)[0]["retentionInDays"]

    def _keep(self, name: str, days: int) -> None:
        self._asked(lambda: self._logs.put_retention_policy(logGroupName=name, retentionInDays=days))
        self._have_it_looked_at()

    def _asked(self, ask: Any) -> Any:
        """The answer of AWS or the store, in whatever weather."""
        found: list[Any] = []

        def answered() -> bool:
            try:
                found.append(ask())
            except (ClientError, BotoCoreError):
                return False
            return True

        until("an answer", answered)
        return found[-1]

    def _told(self, what: str) -> list[str]:
        """The log groups of the stack of which a finding of this group is open."""
        keys = self._asked(lambda: self._store.items(FINDINGS, f"{self.stack}/{what} log-group/"))
        return [key.partition(" ")[2].partition(" ")[0] for key in keys]

    def _last(self) -> Any:
        """When the last pass ended that wrote nothing."""
        return self._asked(lambda: self._store.items(RUNS, self.stack)).get(self.stack, {}).get("last")

    def _have_it_looked_at(self) -> None:
        self._asked(lambda: self._store.write(Put(REQUESTS, self.stack, {})))

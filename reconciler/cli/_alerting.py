"""`drift --alert`: from what a command found to who is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import policy
from reconciler.attribution import Attribution, Key
from reconciler.cli._settings import Settings
from reconciler.cli._store import open_store
from reconciler.engine import View
from reconciler.flows import Effect, Judged
from reconciler.load import StackObjects
from reconciler.model.errors import Refused

if TYPE_CHECKING:
    from reconciler.aws import AwsReader, AwsSource
    from reconciler.daemon.once import Teller

PATIENCE = 60.0
"""Seconds to wait for a daemon that works on the stack: its passes are shorter."""


class Alerting:
    """Tells of the drift of several stacks, and then sends. Raises `Refused` where no stack has an Alert."""

    def __init__(self, stacks: list[StackObjects], store: Path | None, settings: Settings) -> None:
        from reconciler.alerts import Rule, Sinks
        from reconciler.clock import SystemClock
        from reconciler.daemon.leases import Leases
        from reconciler.daemon.once import Teller
        from reconciler.kinds.alert import KIND

        rules = [Rule(stack.stack.name, alert.name, alert.spec) for stack in stacks for alert in stack.of(KIND)]
        if not rules:
            raise Refused("there is nobody to alert", "write an object of kind Alert for the stack")
        self._sources: dict[str, AwsSource] = {}
        self._store = open_store(store, settings)
        self._leases = Leases(self._store, SystemClock(), "drift --alert")
        sinks = Sinks(lambda stack, *message: self._sources[stack].publish(*message))
        self._teller: Teller = Teller(self._store, SystemClock(), rules, sinks, _complain)

    @contextmanager
    def alone(self, stack: str, reader: AwsReader) -> Iterator[None]:
        """The stack's lease: nobody heals it, or tells of it, between the look and the telling of the block.

        A store that fails keeps nobody from looking. Raises `Refused` where another process has the stack too long.
        """
        from reconciler.daemon.leases import lease_name
        from reconciler.store import StoreError

        name = lease_name(reader.account, reader.region, stack)
        try:
            held = self._leases.wait_for(name, PATIENCE, _complain)
        except StoreError:
            yield
            return
        except Refused as error:
            raise Refused(error.reason, "run again when it is done") from None
        try:
            yield
        finally:
            self._leases.give_back(held)

    def tell(
        self,
        view: View,
        source: AwsSource,
        flows: Sequence[Judged],
        effects: Mapping[Key, Effect],
        whose: Mapping[Key, Attribution],
    ) -> None:
        """What a look at one stack found."""
        from reconciler.daemon import findings

        stack = view.comparison.graph.stack
        self._sources[stack.name] = source
        whose = findings.remembered(view.plan.drift, whose, self._teller.told(stack.name))
        drift = findings.drift(policy.told(stack, view.plan.drift), effects, whose)
        unjudged = [f"Flow/{flow.name}" for flow in flows if flow.holds is None]
        self._teller.tell(stack.name, [*drift, *findings.flows(flows)], [*view.comparison.unreadable, *unjudged])

    def send(self) -> int:
        """Deliver; the exit status: 1 where somebody could not be told."""
        waiting = self._teller.send()
        self._leases.close()
        self._store.close()
        if self._teller.failing:
            click.echo(f"alerts: {self._teller.failing}; nothing was told that had to be remembered", err=True)
            return 1
        if waiting:
            click.echo(f"alerts: {waiting} messages were not taken by anybody; the next run tries again", err=True)
        return 1 if waiting else 0


def _complain(text: str) -> None:
    click.echo(text, err=True)

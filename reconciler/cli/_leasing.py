"""How commands that change a stack come by the right to do so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from reconciler.model.frozen import Frozen
from reconciler.model.graph import StackPolicy
from reconciler.model.ports import Clock, Guard, Reader
from reconciler.store import Store


class Leasing(Frozen):
    """The store that a command and the daemon share, and how many seconds to `wait` for what they change."""

    store: Store
    wait: float

    @contextmanager
    def of(self, stack: StackPolicy, reader: Reader, clock: Clock, *, quiet: bool) -> Iterator[Guard]:
        """The right to change one stack while the block runs. Raises `Refused` where another process has it."""
        from reconciler.daemon.leases import Leases, lease_name

        def say(text: str) -> None:
            if not quiet:
                click.echo(text, err=True)

        name = lease_name(reader.account, reader.region, stack.name)
        leases = Leases(self.store, clock, "reconciler")
        try:
            held = leases.wait_for(name, self.wait, say)
            where = f"{self.store.where}: other processes of this host keep off; other hosts do not see it"
            say(f"lease of {name} held in {where}")
            yield held
        finally:
            leases.close()
            self.store.close()

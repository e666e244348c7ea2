"""Telling of drift once, for cron and CI: the same incidents and the same alerts as a daemon's, without one."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from reconciler.alerts import Outbox, Router, Rule, Sinks
from reconciler.daemon.findings import DRIFT, FLOW
from reconciler.daemon.memory import Memory
from reconciler.model.events import Event, Finding, Open, news
from reconciler.model.ports import Clock
from reconciler.store import Store

PATIENCE: Final = 20.0
"""Seconds for which a delivery that fails is tried again; what is left then goes with the next run."""
_PAUSE: Final = 2.0


class Teller:
    """Tells what was found now and not before, and what is over; what was told is in the store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        rules: Sequence[Rule],
        sinks: Sinks,
        complain: Callable[[str], None],
    ) -> None:
        self._clock = clock
        router = Router(store, lambda: rules)
        self._memory = Memory(store, lambda _: None, clock.now, route=router.route)
        dice = random.Random()  # noqa: S311 - spreads retries in time, keeps no secret
        self._outbox = Outbox(store, router, lambda: rules, sinks, clock, dice, complain, secrets.token_hex(8))

    def told(self, stack: str) -> Mapping[str, Open]:
        """What was told of a stack and is not over."""
        return self._memory.open_findings(stack)

    def tell(self, stack: str, found: Iterable[Finding], unread: Iterable[str]) -> list[Event]:
        """Tell of one stack's drift and flows. `unread` are addresses and objects that could not be judged: what is
        known of them stays.

        Says what was news.
        """
        blind = set(unread)
        before = self._memory.open_findings(stack)
        kept = [
            key
            for key, one in before.items()
            if one.finding.group not in (DRIFT, FLOW) or {one.finding.address, one.finding.object} & blind
        ]
        events, still = news(stack, before, found, self._clock.now(), kept=kept)
        self._memory.tell(stack, events, before, still)
        return events

    def send(self) -> int:
        """Deliver everything; how many messages nobody has taken."""
        until = self._clock.now() + PATIENCE
        waiting = self._outbox.turn(hurry=True)
        while waiting and self._clock.now() < until:
            self._clock.sleep(_PAUSE)
            waiting = self._outbox.turn(hurry=True)
        self._outbox.close()
        return waiting

    @property
    def failing(self) -> str:
        """Why nothing could be remembered; empty where it could."""
        return self._memory.failing

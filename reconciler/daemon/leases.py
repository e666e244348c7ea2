"""The right to work on a stack: taken before, asked at every request that changes something, given back after."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from reconciler.model.errors import LeaseLost, Refused
from reconciler.model.ports import Clock
from reconciler.store import Lease, Store, StoreError

TERM: Final = 90.0
"""Seconds that a lease runs from the last time it was asked for: longer than any one request can take, so that none
outlives the lease that it was made under (the SDK gives up connecting after 5 s and reading after 60 s)."""
ONE_REQUEST: Final = 66.0


class Held:
    """One lease in our hands: the `Guard` of everything that is done under it."""

    def __init__(self, store: Store, clock: Clock, lease: Lease, term: float) -> None:
        self._store = store
        self._clock = clock
        self._term = term
        self._lock = threading.Lock()
        self._lost = ""
        self.lease = lease

    def check(self) -> None:
        """Asks the store, and has the lease run its full term from now. Raises `LeaseLost`."""
        with self._lock:
            if self._lost:
                raise LeaseLost(self._lost)
            now = self._clock.now()
            try:
                renewed = self._store.renew(self.lease, now, self._term)
            except StoreError as error:
                if self.lease.expires - now > ONE_REQUEST:
                    return
                self._lost = f"the lease of {self.lease.name} could not be renewed: {error}"
                raise LeaseLost(self._lost) from error
            if renewed is None:
                self._lost = (
                    f"the lease of {self.lease.name} is lost: it ran out, or another process took it; "
                    "nothing more is written in this pass, the next one looks again"
                )
                raise LeaseLost(self._lost)
            self.lease = renewed


class Leases:
    """The leases of this process. A thread renews those that are held, so that waiting for AWS costs none."""

    def __init__(self, store: Store, clock: Clock, purpose: str, *, term: float = TERM) -> None:
        self._store = store
        self._clock = clock
        self._term = term
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.holder = f"{purpose} on {socket.gethostname()}, process {os.getpid()} ({secrets.token_hex(4)})"

    def take(self, name: str) -> Held | Lease:
        """The lease in our hands, or the one that somebody else holds. Raises `StoreError`."""
        lease = self._store.acquire(name, self.holder, self._clock.now(), self._term)
        if lease.holder != self.holder:
            return lease
        held = Held(self._store, self._clock, lease, self._term)
        with self._lock:
            self._held[name] = held
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._thread.start()
        return held

    def wait_for(self, name: str, seconds: float, say: Callable[[str], None]) -> Held:
        """The lease, once whoever has it gives it back. Raises `Refused` after `seconds`, and `StoreError`."""
        until = self._clock.now() + seconds
        told = False
        while True:
            found = self.take(name)
            if isinstance(found, Held):
                return found
            if self._clock.now() >= until:
                raise Refused(
                    f"{in_words(found)} works on {name.rpartition('/')[2]}; nothing was changed",
                    "run again later, or wait for it with --wait-lease 60s",
                )
            if not told:
                say(f"waiting for {in_words(found)}")
                told = True
            self._clock.sleep(min(0.5, max(0.0, until - self._clock.now())))

    def give_back(self, held: Held) -> bool:
        """Let others have it. A store that fails now leaves it to run out; whether it did not fail."""
        with self._lock:
            self._held.pop(held.lease.name, None)
        try:
            self._store.release(held.lease)
        except StoreError:
            return False
        return True

    def close(self) -> None:
        """Give everything back and end the thread. A store that fails is not waited for again and again."""
        self._ended.set()
        with self._lock:
            held = list(self._held.values())
        for one in held:
            if not self.give_back(one):
                break

    @property
    def names(self) -> list[str]:
        """What is held."""
        with self._lock:
            return sorted(self._held)

    def _renew(self) -> None:
        while not self._ended.wait(self._term / 3):
            with self._lock:
                held = list(self._held.values())
            for one in held:
                try:
                    one.check()
                except LeaseLost:
                    continue


def in_words(lease: Lease) -> str:
    """Who holds a lease and until when."""
    until = datetime.fromtimestamp(lease.expires, UTC).strftime("%H:%M:%S UTC")
    return f"{lease.holder} (until {until} unless it goes on)"


def lease_name(account: str, region: str, stack: str) -> str:
    """One name for a stack in the whole world."""
    return f"{account}/{region}/{stack}"

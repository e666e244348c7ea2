"""Who alerts are sent to, in tests, and what is left when messages that came twice are dropped."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.alerts import Outbox, Router, Rule
from reconciler.alerts.sinks import Delivery, DeliveryError
from reconciler.kinds.alert import AlertSpec
from reconciler.sandbox.clock import Clock
from reconciler.store import Append, Put, Remove, Store


class MemoryStore:
    """The items of a store in memory; a write is all or nothing, as every store's is."""

    def __init__(self) -> None:
        self.kinds: dict[str, dict[str, Any]] = {}

    def items(self, kind: str, prefix: str = "") -> Mapping[str, Any]:
        found = self.kinds.get(kind, {})
        return {key: json.loads(json.dumps(found[key])) for key in sorted(found) if key.startswith(prefix)}

    def get(self, kind: str, key: str) -> Any:
        return self.items(kind).get(key)

    def write(self, *changes: Put | Remove | Append) -> None:
        for change in changes:
            if isinstance(change, Put):
                self.kinds.setdefault(change.kind, {})[change.key] = change.value
            elif isinstance(change, Remove):
                self.kinds.get(change.kind, {}).pop(change.key, None)

    def acquire(self, name: str, holder: str, now: float, term: float) -> Any:
        from reconciler.store import Lease

        return Lease(name, holder, 1, now + term)

    def release(self, lease: Any) -> None:
        pass


class Receiver:
    """Stands for the sinks: keeps what it is given, and refuses while `refusing`."""

    def __init__(self) -> None:
        self.batches: list[list[Mapping[str, Any]]] = []
        self.refusing = False

    def deliver(self, delivery: Delivery) -> None:
        if self.refusing:
            raise DeliveryError("nobody is there")
        self.batches.append(list(delivery.messages))

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        return [message for batch in self.batches for message in batch]

    def phases(self) -> list[str]:
        return [message["phase"] for message in self.messages]


def once(messages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What is left when copies are dropped by `id`."""
    return list({message["id"]: message for message in messages}.values())


def rule(name: str = "on-call", stack: str = "shop", **spec: Any) -> Rule:
    """An Alert with one webhook."""
    given = {"sinks": [{"name": "hook", "webhook": {"url": {"value": "http://127.0.0.1:1/"}}}], **spec}
    return Rule(stack, name, AlertSpec.model_validate_json(json.dumps(given)))


class Telling:
    """A router and an outbox over a store, as one process has them."""

    def __init__(self, store: Store | MemoryStore, rules: list[Rule], sinks: Any, clock: Clock) -> None:
        self.said: list[str] = []
        self.clock = clock
        self.store: Any = store
        self.router = Router(self.store, lambda: rules)
        self.outbox = Outbox(
            self.store, self.router, lambda: rules, sinks, clock, random.Random(1), self.said.append, "me"
        )

    def tell(self, *events: Any) -> None:
        for event in events:
            self.store.write(*self.router.route(event))

    def later(self, seconds: float) -> int:
        self.clock.advance(seconds)
        return self.outbox.turn()


@contextmanager
def web(answer: Callable[[Any], int]) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A web server on loopback: its address, and the headers and bodies that were posted to it."""
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), body))
            self.send_response(answer(body))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

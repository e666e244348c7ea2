"""From a change in AWS to somebody's alert: a daemon, its queue of events and a webhook, on the strict sandbox.

    .venv/bin/python benchmarks/alerts.py

Wall-clock seconds from the end of a person's call (the sandbox hands events on at once, as AWS does in seconds) to
the event `DriftFound` and to the webhook's receiving the alert, median and worst; the stack's interval is a day, so
that nothing else finds the drift. Fails where the median of what is found takes more than five seconds.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3

from reconciler.alerts import Outbox, Router, Sinks
from reconciler.aws import Access, AwsReader, AwsSource, AwsWriter, Calls
from reconciler.compile import graph_of
from reconciler.daemon.files import Files
from reconciler.daemon.hearing import Hearing
from reconciler.daemon.loop import Loop, Options
from reconciler.engine import Doing, apply, view
from reconciler.event_setup import calls
from reconciler.load import load
from reconciler.model.events import Event
from reconciler.sandbox import Clock, Sandbox
from reconciler.sandbox.breaks import BREAKS, Account
from reconciler.store.sqlite import SqliteStore

SPEC = Path(__file__).parent.parent / "specs" / "two-tier.yaml"
ALLOWED = 5.0
PATIENCE = 120.0
CHOSEN = ("open-ssh", "scale-to-zero", "change-health-check", "swap-priorities", "remove-tag", "delete-nat-route")
ALERT = """
---
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {{name: bench}}
spec:
  groupWait: 0s
  events: [DriftFound]
  sinks: [{{name: hook, webhook: {{url: {{value: "{url}"}}}}}}]
"""


class Hurried(Clock):
    """A wall clock that jumps over pauses until it is told to keep time."""

    hurried = True

    def sleep(self, seconds: float) -> None:
        if self.hurried:
            self.advance(max(0.0, seconds))
        else:
            super().sleep(seconds)


class Arrivals:
    """When something arrived; `wait` gives the first time after a moment."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._more = threading.Condition()

    def note(self) -> None:
        with self._more:
            self._times.append(time.monotonic())
            self._more.notify_all()

    def wait(self, since: float) -> float:
        with self._more:
            if not self._more.wait_for(lambda: any(at > since for at in self._times), PATIENCE):
                raise SystemExit(f"nothing arrived within {PATIENCE:.0f} s")
            return next(at for at in self._times if at > since) - since


def webhook(opened: Arrivals, healed: Arrivals) -> ThreadingHTTPServer:
    """A receiver of alerts on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            for message in document["messages"]:
                (opened if message["phase"] == "opened" else healed).note()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> int:
    found, opened, healed = Arrivals(), Arrivals(), Arrivals()
    server = webhook(opened, healed)
    with tempfile.TemporaryDirectory() as folder, Sandbox(clock=(clock := Hurried())):
        access, sent = Access("us-east-1"), Calls()
        reader, writer = AwsReader(access, clock, sent), AwsWriter(access, clock, sent)
        base = f"{access.client('sqs').meta.endpoint_url}/{reader.account}"
        text = SPEC.read_text().replace("interval: 60s}", f"interval: 24h}}\n  events: {{queueUrl: {base}/bench}}")
        text += ALERT.format(url=f"http://127.0.0.1:{server.server_port}/")
        (stack,) = load({SPEC.name: text.encode()}).stacks.values()
        desired = graph_of(stack.stack, stack.objects)
        if not apply(desired, view(desired, reader), reader.fresh(), Doing(writer, clock)).converged:
            raise SystemExit("the apply did not converge")
        for call in calls(
            "bench", desired.types, partition="aws", region="us-east-1", account=reader.account, url=base
        ):
            writer.perform(call, call.params)
        clock.hurried = False

        store = SqliteStore(Path(folder) / "store.db")
        source = AwsSource(access, clock, sent)
        stop = threading.Event()

        def emit(event: Event) -> None:
            if event.type == "DriftFound":
                found.note()

        hearing = Hearing(lambda _: source, clock, lambda _: None)
        router = Router(store, lambda: loop.rules())  # noqa: PLW0108 - the loop comes after its router
        dice = random.Random(1)
        loop = Loop(
            clock, lambda _: (reader, writer), store, emit, stop, dice, Options(hearing=hearing, route=router.route)
        )
        outbox = Outbox(store, router, loop.rules, Sinks(lambda *_: None), clock, dice, print, "bench")
        loop.follow(Files(lambda: load([(SPEC.name, text.encode())]), lambda: None).reading())
        running = threading.Thread(target=loop.run, args=(lambda: None,))
        sending = threading.Thread(target=outbox.run, args=(stop,))
        running.start()
        sending.start()
        while not loop.stacks["shop"].in_sync:
            time.sleep(0.1)
        to_find, to_tell = [], []
        for name in CHOSEN:
            (each,) = [one for one in BREAKS if one.name == name]
            each.apply(Account(boto3.Session(), "shop"))
            began = time.monotonic()
            to_find.append(found.wait(began))
            to_tell.append(opened.wait(began))
            healed.wait(began)
        stop.set()
        loop.queue.wake()
        running.join()
        sending.join()
        loop.close()
    server.shutdown()
    server.server_close()
    for what, times in (("found", to_find), ("alerted", to_tell)):
        print(f"{what:8} median {statistics.median(times):.2f} s, worst {max(times):.2f} s of {len(times)}")
    return 0 if statistics.median(to_find) <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())

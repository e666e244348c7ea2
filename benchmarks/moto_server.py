"""moto behind HTTP with some latency before each answer, in a process of its own: AWS as far as the bench goes.

    python benchmarks/moto_server.py SECONDS

Prints its port on standard output. `GET /bench` tells the processor time spent and the requests served so far; the
processor time is moto's service time, for one interpreter serves one request at a time however many threads wait.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from plain_moto import mended
from werkzeug.serving import WSGIRequestHandler, make_server


class Delayed:
    """A WSGI application that answers after moto's time and some latency."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._served = 0
        self._one_at_a_time = threading.Lock()
        """moto's tables are not made for threads: some of its loops fail while another request adds to them."""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/bench":
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"cpu": time.process_time(), "served": self._served}).encode()]
        self._served += 1
        time.sleep(self._latency)
        with self._one_at_a_time:
            answer: Iterable[bytes] = self._moto(environ, start)
        return answer


class Quiet(WSGIRequestHandler):
    """Logs nothing. werkzeug closes the connection after each answer, which AWS does not: each request pays for one."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        """Nothing."""


def main() -> None:
    """Serve until killed."""
    server = make_server("127.0.0.1", 0, Delayed(float(sys.argv[1])), threaded=True, request_handler=Quiet)
    with mended():
        print(server.port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

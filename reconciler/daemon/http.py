"""`/healthz`, `/readyz` and `/metrics` on one port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.model.errors import Refused

Check = Callable[[], str]
"""What is wrong, empty when nothing is."""

METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8"


@contextmanager
def serve(host: str, port: int, *, alive: Check, ready: Check, metrics: Callable[[], bytes]) -> Iterator[int]:
    """Answers while the block runs, on the port that it yields. Raises `Refused` when that is taken."""

    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, METRICS_TYPE, metrics()
        check = {"/healthz": alive, "/readyz": ready}.get(path)
        if check is None:
            return 404, "text/plain", b"there is /healthz, /readyz and /metrics\n"
        wrong = check()
        return (503, "text/plain", f"{wrong}\n".encode()) if wrong else (200, "text/plain", b"ok\n")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
            """Who asks is no news."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Refused(f"{host}:{port} cannot be listened on: {why}", "choose another with --listen") from error
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()

"""`/healthz` on the loopback: whether the process is alive and answering."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reconciler.model.errors import Refused


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """`/healthz` is 200, everything else 404."""
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """A quiet daemon is a healthy daemon."""


@contextmanager
def serve_health(port: int) -> Iterator[None]:
    """Answers while the block runs. Raises `Refused` when the port is taken."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), _Health)
    except OSError as error:
        raise Refused(f"port {port} of the loopback: {error.strerror}", "choose another with --health-port") from error
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()

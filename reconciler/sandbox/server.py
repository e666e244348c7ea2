"""The sandbox over HTTP: any AWS client talks to it through `AWS_ENDPOINT_URL`. Loopback only.

The socket is bound before moto is loaded, so a client that comes early waits instead of failing.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from .faults import ConnectionLostError, Faults
from .process import DEFAULT_PORT, DEFAULT_SPEED

if TYPE_CHECKING:
    from .world import Sandbox

_HOST: Final = "127.0.0.1"
_BACKLOG: Final = 128
_OWN_DOOR: Final = "/_sandbox/"
_OK: Final = "200 OK"
_LOCK_ATTEMPTS: Final = 20
_LOCK_PAUSE: Final = 0.02


_TELLING_HEADERS: Final = {
    "HTTP_AUTHORIZATION": "Authorization",
    "HTTP_X_AMZ_TARGET": "X-Amz-Target",
    "HTTP_X_MOTO_ACCOUNT_ID": "x-moto-account-id",
    "HTTP_USER_AGENT": "User-Agent",
}
"""What tells which operation a request is and who sends it, by its name in a WSGI environment."""


class Application:
    """The WSGI application: the sandbox's own door, and moto behind the gate."""

    def __init__(self, sandbox: Sandbox) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._sandbox = sandbox
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._started = time.monotonic()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one HTTP request."""
        path: str = environ.get("PATH_INFO", "")
        if path.startswith(_OWN_DOOR):
            status, answer = self._own(path.removeprefix(_OWN_DOOR), environ)
            body = json.dumps(answer).encode()
            start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]
        return self._aws(path, environ, start_response)

    def _own(self, what: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        method: str = environ["REQUEST_METHOD"]
        if (method, what) == ("GET", "status"):
            return _OK, self._status()
        if (method, what) == ("POST", "reset"):
            self._sandbox.reset()
            return _OK, {"reset": True}
        if (method, what) == ("POST", "faults"):
            try:
                wanted = Faults.from_document(json.loads(_body(environ)))
            except ValueError as error:
                return "400 Bad Request", {"error": str(error)}
            self._sandbox.faults = wanted
            return _OK, wanted.document()
        return "404 Not Found", {"error": f"{method} {what} is nothing that the sandbox does"}

    def _status(self) -> dict[str, Any]:
        calls = dict(sorted(self._sandbox.calls.copy().items()))
        return {
            "pid": os.getpid(),
            "uptimeSeconds": round(time.monotonic() - self._started, 1),
            "calls": sum(calls.values()),
            "callsByOperation": calls,
            "clock": self._sandbox.clock.now(),
            "speed": self._sandbox.clock.rate,
            "faults": self._sandbox.faults.document(),
        }

    def _aws(self, path: str, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from moto.iam.models import get_account_id_from
        from werkzeug.http import HTTP_STATUS_CODES

        from . import wire

        body = _body(environ)
        headers = {name: environ[key] for key, name in _TELLING_HEADERS.items() if key in environ}
        method: str = environ["REQUEST_METHOD"]
        text = body.decode("utf-8", "replace")
        request = wire.parse(method, path, headers, text, get_account_id_from, environ.get("REMOTE_ADDR", _HOST))
        try:
            status, answered, said = self._sandbox.gate.serve(request, lambda: self._work(environ, body))
        except ConnectionLostError:
            connection: socket.socket = environ["werkzeug.socket"]
            connection.shutdown(socket.SHUT_RDWR)
            return []
        content = said.encode() if isinstance(said, str) else said
        fields = [(key, str(value)) for key, value in answered.items() if key.lower() != "content-length"]
        fields.append(("Content-Length", str(len(content))))
        start_response(f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown')}", fields)
        return [content]

    def _work(self, environ: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Have moto's own WSGI application answer."""
        seen: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            seen[:] = [int(status.partition(" ")[0]), dict(headers)]

        answer = self._moto({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        content = b"".join(answer)
        return seen[0], seen[1], content


def _body(environ: dict[str, Any]) -> bytes:
    sent: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return sent


@contextmanager
def serving(sandbox: Sandbox, listening: socket.socket | None = None) -> Iterator[str]:
    """Start a sandbox and serve it from a thread of this process; gives its address."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    class Quiet(MotoRequestHandler):
        """Writes no line per request. werkzeug closes the connection after each answer, which AWS does not."""

        def log_request(self, *_: Any) -> None:
            """Nothing."""

    with ExitStack() as undo:
        bound = undo.enter_context(listening or bind(0))
        undo.callback(sandbox.start().stop)
        host, port = bound.getsockname()
        server = make_server(host, port, Application(sandbox), threaded=True, request_handler=Quiet, fd=bound.fileno())
        undo.callback(server.server_close)
        thread = threading.Thread(target=server.serve_forever, name="sandbox", daemon=True)
        thread.start()
        undo.callback(thread.join)
        undo.callback(server.shutdown)
        yield f"http://{host}:{port}"


def bind(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 is any free one. Raises OSError for a taken port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _bind_as_asked(port: int | None) -> socket.socket:
    if port is not None:
        return bind(port)
    try:
        return bind(DEFAULT_PORT)
    except OSError:
        return bind(0)


def _warm() -> None:
    """Load what the first EC2 request loads, so that a person's first command does not wait for it."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.ec2.models import ec2_backends
    from moto.ec2.responses import EC2Response

    ec2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    EC2Response()


def main(arguments: list[str] | None = None) -> int:
    """Leave a child behind that serves until SIGTERM and holds the state file locked for as long.

    What can be wrong with the port or the lock is known before the child is there, and is the exit status.
    """
    parser = argparse.ArgumentParser(prog="reconciler.sandbox.server")
    parser.add_argument("--port", type=int)
    parser.add_argument("--speed", type=float, default=DEFAULT_SPEED)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--log", required=True)
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with options.state.open("a+") as state:
        if not _hold(state):
            sys.stderr.write("another sandbox is running\n")
            return 1
        try:
            listening = _bind_as_asked(options.port)
        except OSError as error:
            sys.stderr.write(f"port {options.port} of {_HOST}: {error.strerror}; choose another with --port\n")
            return 1
        host, port = listening.getsockname()
        child = os.fork()
        if child:
            state.truncate(0)
            json.dump({"pid": child, "url": f"http://{host}:{port}", "log": options.log}, state)
            return 0
        _serve(listening, options.speed, ended)
    return 0


def _hold(state: IO[str]) -> bool:
    """Lock the state file. Somebody who only looks holds it for an instant, so one refusal says nothing."""
    for _ in range(_LOCK_ATTEMPTS):
        with suppress(BlockingIOError):
            fcntl.flock(state, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOCK_PAUSE)
    return False


def _serve(listening: socket.socket, speed: float, ended: threading.Event) -> None:
    from .clock import Clock
    from .world import Sandbox

    sandbox = Sandbox(clock=Clock.scaled(speed))
    with serving(sandbox, listening):
        with sandbox.engine.lock:
            _warm()
        ended.wait()


if __name__ == "__main__":
    sys.exit(main())

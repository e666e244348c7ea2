"""A scripted AWS, a clock that only steps, and nothing of whoever runs the tests."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from loopback_aws import LoopbackAws, SteppedClock, handler

from reconciler.aws import Access


@pytest.fixture
def aws() -> Iterator[LoopbackAws]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    scripted = LoopbackAws(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = handler(scripted)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, profile or endpoint of whoever runs the tests."""
    for name in [name for name in os.environ if re.match("AWS_|HTTPS?_PROXY", name, re.IGNORECASE)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def make_access() -> Iterator[Callable[..., Access]]:
    """Makes accesses in us-east-1 that are closed when the test ends."""
    made: list[Access] = []

    def make(region: str = "us-east-1", **settings: object) -> Access:
        made.append(Access(region, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for access in made:
        access.close()


@pytest.fixture
def access(aws: LoopbackAws, make_access: Callable[..., Access]) -> Access:
    """The scripted AWS, not paced."""
    return make_access(endpoint_url=aws.url, sandbox=True, paced=False)

"""The sandbox as one background process: starting, finding, asking and ending it.

The process holds a lock on its state file for as long as it lives, so what the file says is true exactly while
the lock is held: a file left by a crash, or a process id that now is another program's, misleads nobody.
This module loads neither moto nor boto3.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from reconciler.model.errors import ReconcilerError
from reconciler.state import state_folder

from .environment import point_at

DEFAULT_PORT: Final = 4570
DEFAULT_SPEED: Final = 20.0
"""How fast the sandbox's clock runs: a NAT gateway takes 90 s of it, so that a demo waits a few seconds."""

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05


class SandboxProcessError(ReconcilerError):
    """The background process could not be started, found or ended; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox process that is there."""

    pid: int
    url: str
    log: str


def state_file() -> Path:
    """The file that the process holds locked and writes its address to."""
    return state_folder() / "sandbox.json"


def find() -> Running | None:
    """The running sandbox, or None. What a file says that no process holds is not believed."""
    try:
        with state_file().open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(file.read())
    except FileNotFoundError:
        pass
    return None


def _read(text: str) -> Running | None:
    """What a live process wrote; None while it has not written yet."""
    try:
        found = json.loads(text)
        return Running(int(found["pid"]), str(found["url"]), str(found["log"]))
    except (ValueError, KeyError, TypeError):
        return None


def start(port: int | None = None, speed: float = DEFAULT_SPEED) -> tuple[Running, bool]:
    """The running sandbox and whether this call started it; ready to answer.

    Without a `port` the usual one is taken, or a free one where that is taken. Raises SandboxProcessError.
    """
    if find_spec("moto") is None:
        raise SandboxProcessError("the sandbox needs moto; install it with: pip install 'reconciler[sandbox]'")
    state_folder().mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():
        found = find()
        if found is not None:
            return found, False
        log = state_folder() / "sandbox.log"
        with log.open("wb") as output:
            _spawn(output.fileno(), log, port, speed)
        found = find()
        if found is None or not _answers(found):
            raise SandboxProcessError(f"the sandbox did not start: {_last_words(log)}")
        return found, True


def _spawn(output: int, log: Path, port: int | None, speed: float) -> None:
    """Run the server module, which returns once its own child holds the lock and the port."""
    environment = dict(os.environ)
    point_at("", environment)
    del environment["AWS_ENDPOINT_URL"]
    command = [sys.executable, "-m", "reconciler.sandbox.server", "--state", str(state_file()), "--log", str(log)]
    command += ["--speed", str(speed)]
    if port is not None:
        command += ["--port", str(port)]
    subprocess.run(  # noqa: S603 (our own interpreter and module, no shell)
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        cwd="/",
        start_new_session=True,
    )


def stop() -> Running | None:
    """End the running sandbox and wait for its end; None when there was none. Raises SandboxProcessError."""
    found = find()
    if found is None:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        if find() is None:
            return found
        time.sleep(_POLL_SECONDS)
    raise SandboxProcessError(f"the sandbox (process {found.pid}) does not end; its log is {found.log}")


def status() -> dict[str, Any] | None:
    """What the running sandbox says of itself: `url`, `pid`, `uptimeSeconds`, `calls`, `callsByOperation`,
    `clock`, `speed`, `faults`; None when there is none. Raises SandboxProcessError when it does not answer.
    """
    found = find()
    return None if found is None else {"url": found.url, **ask(found, "GET", "status")}


def reset() -> bool:
    """Empty the running sandbox; False when there is none. Raises SandboxProcessError."""
    found = find()
    if found is None:
        return False
    ask(found, "POST", "reset")
    return True


def set_faults(wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Have the running sandbox make these mistakes from now on, and no others: the fields of `Faults` by name.

    What it makes then; None when there is none. Raises SandboxProcessError, also for what is no fault.
    """
    found = find()
    return None if found is None else ask(found, "POST", "faults", wanted)


def ensure_running() -> str:
    """The address of the sandbox, started when there is none. Raises SandboxProcessError."""
    return start()[0].url


def ask(found: Running, method: str, what: str, wanted: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Talk to a sandbox's own door. Raises SandboxProcessError when it does not answer, or refuses."""
    host, _, port = found.url.removeprefix("http://").partition(":")
    connection = HTTPConnection(host, int(port), timeout=_READY_SECONDS)
    try:
        connection.request(method, f"/_sandbox/{what}", None if wanted is None else json.dumps(wanted))
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError) as error:
        raise SandboxProcessError(
            f"the sandbox at {found.url} (process {found.pid}) does not answer: {error}; its log is {found.log}"
        ) from None
    finally:
        connection.close()
    if "error" in answer:
        raise SandboxProcessError(str(answer["error"]))
    return answer


def _answers(found: Running) -> bool:
    try:
        ask(found, "GET", "status")
    except SandboxProcessError:
        return False
    return True


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1]} (its log is {log})" if lines else f"its log is {log}"


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands that start the sandbox at once get the same one."""
    with (state_folder() / "sandbox.starting").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

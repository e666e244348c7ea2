"""Ctrl-C in the middle of an apply of the installed command, against an AWS on loopback.

The signal is sent while AWS works on one request, and that request is answered only when the command has said that
it heard: what happens next is the same on every machine.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from patience import PATIENCE, until

from reconciler.aws.retries import Patience
from reconciler.sandbox import Clock, Sandbox
from reconciler.sandbox.environment import point_at
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.server import serving

COMMAND = Path(sys.executable).with_name("reconciler")
SPEC = Path(__file__).parents[2] / "specs" / "two-tier.yaml"


class Hold:
    """What to do when the request comes that is to be interrupted; done once."""

    def __init__(self, operation: str) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.started = threading.Event()
        self.heard: list[str] = []
        self._marker = f"Action={operation}".encode()
        self._lock = threading.Lock()
        self.done = False

    def concerns(self, body: bytes) -> bool:
        """Whether this is the request: of several at the same time the first one."""
        with self._lock:
            first = not self.done and self._marker in body
            self.done = self.done or first
            return first

    def interrupt(self) -> None:
        """Send the signal and read the command's words until it says that it stops."""
        assert self.started.wait(PATIENCE)
        process = self.process
        assert process is not None
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            self.heard.append(line)
            if line.startswith("stopping:"):
                return


@contextmanager
def held(endpoint: str, hold: Hold) -> Iterator[str]:
    """A way to an endpoint that holds one request up."""
    far = urlsplit(endpoint)

    class Forward(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if hold.concerns(body):
                hold.interrupt()
            link = HTTPConnection(far.hostname or "", far.port, timeout=PATIENCE)
            link.request("POST", self.path, body, dict(self.headers))
            answer = link.getresponse()
            content = answer.read()
            link.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() in ("content-type", "x-amzn-errortype", "x-amzn-requestid"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Forward)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def aws() -> Sandbox:
    """Strict and empty; its clock runs so fast that nobody waits for it."""
    return Sandbox(clock=Clock.scaled(600))


@pytest.fixture
def environment(aws: Sandbox) -> Iterator[dict[str, str]]:
    """One that knows no AWS but this."""
    found = dict(os.environ)
    with serving(aws) as url:
        point_at(url, found)
        yield found


def interrupted(environment: dict[str, str], operation: str, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of an apply with Ctrl-C while AWS works on an operation."""
    hold = Hold(operation)
    with held(environment["AWS_ENDPOINT_URL"], hold) as endpoint:
        command = [str(COMMAND), "apply", "--yes", "-f", str(SPEC), *arguments]
        with subprocess.Popen(
            command,
            env=environment | {"AWS_ENDPOINT_URL": endpoint},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            hold.process = process
            hold.started.set()
            assert process.stdout is not None
            out = process.stdout.read()
            status = process.wait(PATIENCE)
            assert process.stderr is not None
            return status, out, "".join(hold.heard) + process.stderr.read()


def gateways(environment: dict[str, str]) -> int:
    session = boto3.session.Session("sandbox", "sandbox", region_name="us-east-1")
    ec2 = session.client("ec2", endpoint_url=environment["AWS_ENDPOINT_URL"])
    return len(ec2.describe_nat_gateways()["NatGateways"])


def finished(environment: dict[str, str]) -> None:
    """A second apply goes on from where the first was stopped, and leaves nothing to do."""
    for arguments in (["apply", "--yes"], ["plan"]):
        done = subprocess.run(
            [str(COMMAND), *arguments, "-f", str(SPEC)], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert gateways(environment) == 1


def test_ctrl_c_lets_the_request_under_way_finish_says_what_is_done_and_what_not_and_the_next_apply_finishes(
    environment: dict[str, str],
) -> None:
    status, out, err = interrupted(environment, "CreateNatGateway")
    assert status == 130
    assert "stopping: requests under way are finished first" in err
    assert "Traceback" not in err
    assert gateways(environment) == 1
    report = out[out.index("interrupted; done: ") :].splitlines()
    assert "vpc/main" in report[0]
    not_begun = next(line for line in report if line.startswith("not begun: "))
    assert "route-table/main/private/us-east-1a/routes" in not_begun
    assert "service/orders" in not_begun
    assert report[-1].startswith("Not converged: ")
    finished(environment)


def test_ctrl_c_gives_a_script_one_document_with_all_that_was_done(environment: dict[str, str]) -> None:
    status, out, _ = interrupted(environment, "CreateSubnet", "-o", "json")
    assert status == 130
    document = json.loads(out)
    assert document["converged"] is False
    states = {action["address"]: action["status"] for action in document["actions"]}
    assert states["vpc/main"] == "done"
    assert states["service/web"] == "skipped"
    because = {action["because"] for action in document["actions"] if action["status"] == "skipped"}
    assert because == {"interrupted"}
    assert document["summary"]["skipped"] + document["summary"]["done"] == 44


def test_ctrl_c_ends_a_look_that_aws_throttles_though_it_would_be_tried_for_minutes_more(
    environment: dict[str, str], aws: Sandbox
) -> None:
    aws.faults = Faults(throttle=1.0)
    with subprocess.Popen(
        [str(COMMAND), "plan", "-f", str(SPEC)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        until("lists to be asked for again", lambda: aws.calls["ec2:DescribeVpcs"] > 2)
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=Patience().throttled / 2)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "error: interrupted" in err.decode().splitlines()

"""The sandbox as a background process of this machine."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import until

from reconciler.sandbox import Faults, process
from reconciler.sandbox.environment import point_at


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of its own for the state; whatever runs there is ended."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield tmp_path / "reconciler"
    process.stop()


@pytest.fixture
def running(home: Path) -> process.Running:
    return process.start(port=_free_port())[0]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def aws(url: str, *arguments: str, **settings: str) -> str:
    """What the AWS CLI prints."""
    environment = dict(os.environ, AWS_DEFAULT_REGION="us-east-1", **settings)
    point_at(url, environment)
    command = [str(Path(sys.executable).with_name("aws")), *arguments, "--output", "json"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_the_aws_cli_can_use_it_and_it_remembers(running: process.Running) -> None:
    made = json.loads(aws(running.url, "ec2", "create-vpc", "--cidr-block", "10.0.0.0/16"))["Vpc"]
    assert made["State"] == "pending"
    listed = json.loads(aws(running.url, "ec2", "describe-vpcs"))["Vpcs"]
    assert made["VpcId"] in [vpc["VpcId"] for vpc in listed]
    status = process.status()
    assert status is not None
    assert (status["url"], status["pid"], status["calls"]) == (running.url, running.pid, 2)
    assert status["callsByOperation"] == {"ec2:CreateVpc": 1, "ec2:DescribeVpcs": 1}
    assert process.reset()
    assert len(json.loads(aws(running.url, "ec2", "describe-vpcs"))["Vpcs"]) == 1


def test_a_second_start_finds_the_first(running: process.Running) -> None:
    assert process.start() == (running, False)
    assert process.ensure_running() == running.url


def test_it_ends_when_told(running: process.Running) -> None:
    assert process.stop() == running
    assert process.find() is None
    assert process.status() is None
    assert not process.reset()
    assert process.stop() is None
    host, _, port = running.url.removeprefix("http://").partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port))).close()


def test_what_a_crash_leaves_is_not_believed(running: process.Running, home: Path) -> None:
    os.kill(running.pid, signal.SIGKILL)
    until("its lock to be free", lambda: process.find() is None)
    assert json.loads((home / "sandbox.json").read_text())["pid"] == running.pid
    assert process.status() is None
    again, started = process.start(port=_free_port())
    assert started
    assert again.pid != running.pid


def test_a_file_that_names_another_process_harms_nobody(home: Path) -> None:
    home.mkdir(parents=True)
    stale = {"pid": os.getpid(), "url": "http://127.0.0.1:1", "log": "nowhere"}
    (home / "sandbox.json").write_text(json.dumps(stale))
    assert process.find() is None
    assert process.stop() is None


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        with pytest.raises(process.SandboxProcessError, match=f"port {port} of 127.0.0.1"):
            process.start(port=port)
    assert process.find() is None


def test_the_usual_port_gives_way(home: Path) -> None:
    try:
        listening = socket.create_server(("127.0.0.1", process.DEFAULT_PORT))
    except OSError:
        listening = socket.socket()
    with listening:
        found, started = process.start()
    assert started
    assert found.url != f"http://127.0.0.1:{process.DEFAULT_PORT}"


def test_real_credentials_stay_outside(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-real-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-real-token")
    found, _ = process.start(port=_free_port())
    environment = Path(f"/proc/{found.pid}/environ").read_bytes()
    assert b"a-real-" not in environment


def test_a_client_is_pointed_at_it_with_dummy_credentials_only() -> None:
    environment = {
        "AWS_PROFILE": "production",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_EC2": "http://elsewhere",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "HOME": "here",
        "NO_PROXY": "a.example",
    }
    point_at("http://127.0.0.1:1", environment)
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["NO_PROXY"] == "a.example,127.0.0.1"
    assert (environment["AWS_DEFAULT_REGION"], environment["HOME"]) == ("eu-west-1", "here")
    assert "real" not in environment.values()
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_EC2"} & environment.keys() == set()


def test_asking_for_it_loads_neither_moto_nor_boto3() -> None:
    code = (
        "import sys, reconciler.cli.sandbox, reconciler.sandbox; "
        "print(sorted({'moto', 'boto3', 'botocore'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_another_process_says_what_goes_wrong(running: process.Running) -> None:
    refused = Faults(throttle=1, only=frozenset({"ec2:DescribeVpcs"}), times=1, seed=7)
    assert process.set_faults(refused.document()) == refused.document()
    assert (process.status() or {})["faults"] == {"throttle": 1, "only": ["ec2:DescribeVpcs"], "times": 1, "seed": 7}
    environment = {"AWS_MAX_ATTEMPTS": "1"}
    with pytest.raises(subprocess.CalledProcessError) as failed:
        aws(running.url, "ec2", "describe-vpcs", **environment)
    assert "RequestLimitExceeded" in failed.value.stderr
    aws(running.url, "ec2", "describe-vpcs", **environment)
    assert process.set_faults({}) == {}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"throttel": 1}, "there is no fault 'throttel'; there are: throttle, "),
        ({"throttle": 1.5}, "throttle is a rate of 0 to 1, not 1.5"),
        ({"throttle": True}, "throttle is a rate"),
        ({"lag": -1}, "lag is a number of seconds"),
        ({"only": ["CreateVpc"]}, "only is operations like ec2:CreateVpc"),
        ({"die_at": [1, "before"]}, "there is no fault 'die_at'"),
    ],
)
def test_what_is_no_fault_is_refused_by_name(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        Faults.from_document(wanted)


def test_a_refused_fault_changes_nothing(running: process.Running) -> None:
    process.set_faults({"lag": 5})
    with pytest.raises(process.SandboxProcessError, match="throttle is a rate of 0 to 1, not 'much'"):
        process.set_faults({"throttle": "much"})
    assert (process.status() or {})["faults"] == {"lag": 5}

"""`trace` and `matrix` asked wrongly, and of files that are no snapshots: one line that says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli._failures import InputError
from reconciler.cli._settings import Settings
from reconciler.cli._worlds import Where
from reconciler.cli.matrix import command, matrix_document, matrix_text
from reconciler.cli.trace import _host, _path, _port
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap
from reconciler.resources.vpc import Vpc
from reconciler.snapshots import to_data

SNAPSHOT = to_data(
    Snapshot(
        account="123456789012",
        region="us-east-1",
        partition="aws",
        stack="shop",
        found={"vpc/main": (Observed("vpc", "vpc-1", Vpc(cidr_block="10.0.0.0/16"), "vpc/main"),)},
        foreign=(),
        evidence=(),
        unknown=FrozenMap(),
    )
)


def renamed(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(SNAPSHOT))
    data["found"]["vpc/main"][0]["type"] = name
    return data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps([]), "it has no list of snapshots"),
        (json.dumps({"snapshots": {}}), "it has no list of snapshots"),
        (json.dumps({"snapshots": []}), "holds no stack"),
        (json.dumps({"snapshots": [SNAPSHOT]})[:-9], "not a saved snapshot"),
        (json.dumps({"snapshots": [{**SNAPSHOT, "format": 9}]}), "its format is 9, not 1"),
        (json.dumps({"snapshots": [renamed("hologram")]}), "another version of reconciler: it holds hologram"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_with_the_reason(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        Where("observed", path).world([], None, Settings(), [], health=False)
    assert said in str(caught.value)
    assert "drift --save-snapshot" in str(caught.value)


def test_a_digit_that_is_no_decimal_is_taken_for_a_name_of_a_port() -> None:
    assert _port("80") == 80
    assert _port("²") == "²"


@pytest.mark.parametrize("text", ["api", "", "/api?x=1", "https://shop.example.com/api"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no path"):
        _path(text)
    assert _path("/api") == "/api"


@pytest.mark.parametrize("text", ["", "shop.example.com:80", "http://shop.example.com", "shop.example.com/api"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no host"):
        _host(text)
    assert _host("Shop.example.com") == "Shop.example.com"


def test_a_matrix_of_what_could_not_be_read_never_says_that_nothing_is_open() -> None:
    unread = {"security-group-rules": "AccessDenied"}
    assert matrix_text([], {}, colour=False) == "Nothing reaches anything."
    said = matrix_text([], unread, colour=False)
    assert said == "! security-group-rules could not be read: AccessDenied; more may be open"
    assert matrix_document([], unread) == {"rows": [], "unread": unread}


def test_a_matrix_that_is_not_known_ends_with_status_1(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    for unknown, status in (({}, 0), ({"network-acl": "AccessDenied"}, 1)):
        path.write_text(json.dumps({"snapshots": [{**SNAPSHOT, "unknown": unknown}]}))
        done = CliRunner().invoke(command, ["--snapshot", str(path)], standalone_mode=False)
        assert done.return_value == status, done.output

"""What `run` says in its log, for machines: one JSON document a line, whatever it is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worlds import SMALL

from reconciler.store.sqlite import SqliteStore

SPEC = (
    SMALL
    + """\
---
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {name: on-call}
spec: {groupWait: 0s, sinks: [{name: hook, webhook: {url: {env: NOT_SET}}}]}
---
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {name: on-duty}
spec: {events: [Warning], sinks: [{name: hook, webhook: {url: {env: NOT_SET_EITHER}}}]}
"""
)


def test_an_alert_that_nobody_takes_is_an_event_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reconciler: Callable[..., Any]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    file, store = tmp_path / "stack.yaml", str(tmp_path / "store.db")
    file.write_text(SPEC)
    nowhere = ["--endpoint-url", "http://127.0.0.1:1"]
    ended = reconciler("run", "--once", "-f", str(file), "--store", store, "--log-format", "json", *nowhere)
    assert ended.status == 1
    said = [json.loads(line) for line in ended.out.splitlines()]
    (warning,) = [one for one in said if one["event"] == "Warning"]
    assert [item["alert"] for item in SqliteStore(Path(store)).items("outbox").values()] == ["on-call", "on-duty"]
    assert "NOT_SET, which is not set" in warning["message"]
    assert warning["severity"] == "warning"
    assert ended.err == ""
    assert "NOT_SET, which is not set" in reconciler("events", "--store", store).out

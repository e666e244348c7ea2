"""`get -w`: what changes in AWS is shown as it does, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from worlds import SMALL

from reconciler.cli import get
from reconciler.sandbox import Sandbox


def test_watching_shows_an_object_again_only_when_it_changed(
    sandbox: Sandbox, tmp_path: Path, reconciler: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stack.yaml"
    file.write_text(SMALL)
    looks = 0

    def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            tags = [
                {"Key": "reconciler.dev/stack", "Value": "shop"},
                {"Key": "reconciler.dev/address", "Value": "vpc/main"},
            ]
            boto3.client("ec2").create_vpc(
                CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
            )
            sandbox.clock.advance(60)
        if looks == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(get.time, "sleep", sleep)
    ended = reconciler("-o", "json", "get", "network", "-w", "-f", str(file))
    assert (ended.status, ended.err) == (130, "")
    said = ended.out
    decoder, documents = json.JSONDecoder(), []
    while said.strip():
        document, end = decoder.raw_decode(said := said.lstrip())
        documents.append(document)
        said = said[end:]
    shown = [document["items"][0]["resources"] for document in documents]
    assert [{one["address"]: one["state"] for one in each}["vpc/main"] for each in shown] == ["missing", "ready"]

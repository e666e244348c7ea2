"""The import contracts of pyproject.toml leave no room out: one that is new is under them from its first day."""

from __future__ import annotations

import pkgutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

import reconciler
import reconciler.cli

PYPROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
CONTRACTS: dict[str, dict[str, Any]] = {one["name"]: one for one in PYPROJECT["tool"]["importlinter"]["contracts"]}
ROOMS = {f"reconciler.{module.name}" for module in pkgutil.iter_modules(reconciler.__path__)}
COMMANDS = {f"reconciler.cli.{module.name}" for module in pkgutil.iter_modules(reconciler.cli.__path__)}


@pytest.mark.parametrize(
    ("name", "free"),
    [
        ("Only aws and the sandbox import boto3", {"aws", "sandbox", "demo"}),
        ("The sandbox is imported by the command line alone", {"cli", "sandbox", "demo"}),
    ],
)
def test_every_room_but_the_free_ones_is_under_the_contract(name: str, free: set[str]) -> None:
    assert set(CONTRACTS[name]["source_modules"]) == ROOMS - {f"reconciler.{room}" for room in free}


def test_every_command_is_kept_from_the_others() -> None:
    commands = {name for name in COMMANDS if not name.rpartition(".")[2].startswith("_")}
    assert set(CONTRACTS["Commands do not import each other"]["modules"]) == commands - {"reconciler.cli.main"}

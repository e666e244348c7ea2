"""What the daemon's tests begin with."""

from __future__ import annotations

from pathlib import Path

import pytest
from cuts import client
from worlds import graph

from reconciler.sandbox import Sandbox


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a store is to be."""
    return tmp_path / "store.db"


@pytest.fixture
def applied(sandbox: Sandbox) -> Sandbox:
    """An account that has all that the reference wants, its tasks still on their way."""
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    return sandbox

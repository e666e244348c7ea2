"""Where this host keeps what is remembered between runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli._settings import Settings
from reconciler.state import state_folder

if TYPE_CHECKING:
    from reconciler.store import Store


def store_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--store PATH`."""
    return click.option(
        "--store",
        "store_path",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="RECONCILER_STORE",
        help="File of leases, status and history, shared by the processes of this host. "
        "Default: reconciler/store.db in the state folder ($XDG_STATE_HOME).",
    )(function)


def open_store(path: Path | None, settings: Settings) -> Store:
    """The store of this host; the sandbox has one of its own."""
    from reconciler.store.sqlite import SqliteStore

    return SqliteStore(path or _default_path(sandbox=settings.sandbox))


def way_out(path: Path | None, settings: Settings) -> str:
    """What to do where a store has nothing to show: look into the other one of this host, where that has something."""
    if path is None and _has_something(_default_path(sandbox=not settings.sandbox)):
        other = "without --sandbox" if settings.sandbox else "with --sandbox"
        return f"a daemon that runs {other} has a store of its own: ask {other}"
    return f"start the daemon with: reconciler run{' --sandbox' if settings.sandbox else ''}"


def _has_something(path: Path) -> bool:
    from reconciler.daemon.memory import STATUS
    from reconciler.store import StoreError
    from reconciler.store.sqlite import SqliteStore

    try:
        return path.exists() and bool(SqliteStore(path).items(STATUS))
    except StoreError:
        return False


def _default_path(*, sandbox: bool) -> Path:
    return state_folder() / ("store-sandbox.db" if sandbox else "store.db")

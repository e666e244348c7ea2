"""What every command that changes AWS lets people say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from reconciler.cli._duration import Duration
from reconciler.cli._store import store_option


def changing_options(timeout: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--yes`, `--timeout` with this default, `--wait-lease` and `--store`."""
    options = (
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option(
            "--timeout",
            type=Duration(),
            default=timeout,
            show_default=True,
            help="How long AWS may take for what it does in its own time.",
        ),
        click.option(
            "--wait-lease",
            type=Duration(),
            default="0s",
            show_default=True,
            help="How long to wait for another process of this host that works on the stack.",
        ),
        store_option,
    )

    def with_options(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return with_options

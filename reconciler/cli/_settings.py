"""The options that every command takes, before or after its name."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from reconciler.model.frozen import Frozen

C = TypeVar("C", bound=Callable[..., Any])

OUTPUTS = ("table", "wide", "json", "yaml", "name")
DRAWING = "mermaid"
"""What commands that can draw have beside."""


class Settings(Frozen):
    """How to reach AWS and how to print."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    sandbox: bool = False
    output: str = "table"

    @property
    def structured(self) -> bool:
        """Whether one document goes to standard output and nothing else."""
        return self.output in ("json", "yaml")

    @property
    def readable(self) -> bool:
        """Whether standard output is for people."""
        return self.output in ("table", "wide")

    def refuse(self, *outputs: str) -> None:
        """A usage error where the chosen output is one that this command does not have."""
        if self.output in outputs:
            left = ", ".join(name for name in OUTPUTS if name not in outputs)
            raise click.UsageError(f"there is no -o {self.output} for this command; choose one of {left}")


def settings_options(function: C) -> C:
    """Gives a command the options, merged into the `settings` argument; after the name wins over before it."""
    return _options(function, draws=False)


def drawing_options(function: C) -> C:
    """The same, for what may draw."""
    return _options(function, draws=True)


def _options(function: C, *, draws: bool) -> C:

    @click.option("--profile", help="Profile of AWS's configuration files.")
    @click.option("--region", help="Region, where no stack says; never overrides a stack.")
    @click.option("--endpoint-url", help="Another AWS endpoint, such as a sandbox.")
    @click.option("--sandbox", is_flag=True, default=None, help="Use the sandbox of this machine.")
    @click.option("-o", "--output", type=click.Choice([*OUTPUTS, DRAWING]), help="Format of the output.")
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = {f.name: kwargs.pop(f.name) for f in dataclasses.fields(Settings)}
        before = click.get_current_context().find_object(Settings) or Settings()
        settings = dataclasses.replace(before, **{name: value for name, value in given.items() if value is not None})
        if not draws:
            settings.refuse(DRAWING)
        return function(*args, settings=settings, **kwargs)

    return wrapped  # type: ignore[return-value]

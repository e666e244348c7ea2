"""The options that every command takes, before or after its name."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from reconciler.model.frozen import Frozen

C = TypeVar("C", bound=Callable[..., Any])

DRAWING = "mermaid"
_OUTPUTS = ("table", "wide", "json", "yaml", "name")


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


def settings_with(*outputs: str) -> Callable[[C], C]:
    """Gives a command the options, merged into the `settings` argument; after the name wins over before it.

    Any format but those of `outputs` is a usage error, wherever it is given.
    """

    any_format = click.Choice([*_OUTPUTS, DRAWING])

    def options(function: C) -> C:
        @click.option("--profile", metavar="NAME", help="Profile of AWS's configuration files.")
        @click.option("--region", metavar="NAME", help="Region, where no stack says; never overrides a stack.")
        @click.option("--endpoint-url", metavar="URL", help="Another AWS endpoint, such as a sandbox.")
        @click.option("--sandbox", is_flag=True, default=None, help="Use the sandbox of this machine.")
        @click.option("-o", "--output", type=any_format, metavar=f"[{'|'.join(outputs)}]", help="Format of the output.")
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            given = {f.name: kwargs.pop(f.name) for f in dataclasses.fields(Settings)}
            before = click.get_current_context().find_object(Settings) or Settings()
            settings = dataclasses.replace(
                before, **{name: value for name, value in given.items() if value is not None}
            )
            if settings.sandbox and settings.endpoint_url:
                raise click.UsageError("--sandbox and --endpoint-url are two different AWSes; leave one out")
            if settings.output not in outputs:
                said = f"there is no -o {settings.output} for this command; choose one of {', '.join(outputs)}"
                raise click.UsageError(said)
            return function(*args, settings=settings, **kwargs)

        return wrapped  # type: ignore[return-value]

    return options


settings_options = settings_with(*_OUTPUTS)
any_settings_options = settings_with(*_OUTPUTS, DRAWING)

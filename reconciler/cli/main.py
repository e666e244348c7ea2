"""`reconciler`: finds the command, and turns every failure into lines a person can use.

Commands are imported when they are called, so that `--help` and `validate` load neither AWS's SDK nor a renderer.
"""

from __future__ import annotations

import atexit
import difflib
import errno
import gc
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

import reconciler.cli as commands
from reconciler.cli._failures import Failure, failure_of
from reconciler.cli._reports import INTERRUPTED, print_document
from reconciler.cli._settings import Settings, any_settings_options
from reconciler.model.errors import ReconcilerError

USAGE = 64
"""Exit status of a command line that cannot be understood (EX_USAGE of sysexits.h)."""
OBJECTS_PER_COLLECTION = 100_000
"""Nearly all that a run makes lives to its end: Python's search for garbage after every 700 objects took a quarter of
the time of a large plan. What a command imports makes some 60,000."""

SUMMARIES = {
    "apply": "Bring AWS to what the files say, drift included.",
    "approve": "Let the daemon do what it left to a person.",
    "crds": "Print the CustomResourceDefinitions of all kinds.",
    "delete": "Remove a stack from AWS.",
    "describe": "Show one object with everything known of it.",
    "drift": "Show what differs in AWS; changes nothing.",
    "events": "Show what happened, as the daemon told it; have AWS tell the daemon at once.",
    "get": "List objects with their status and addresses.",
    "history": "Show the daemon's passes and what they changed.",
    "matrix": "Show who reaches whom on which port, and what is open to the internet.",
    "plan": "Show what apply would do; changes nothing.",
    "run": "Hold stacks at their desired state (the daemon).",
    "sandbox": "An AWS on this machine to learn and try on.",
    "status": "Show how the daemon last found everything.",
    "sync": "Have the daemon look at stacks at once.",
    "trace": "Show whether traffic gets from one end to another, and what stands in the way.",
    "validate": "Check the files; needs no AWS.",
    "wait": "Wait until the daemon says that a condition holds.",
}
"""One line per command for `--help`, here so that listing them imports none."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        present = {m.name for m in pkgutil.iter_modules(commands.__path__)}
        return [name for name in SUMMARIES if name in present]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"reconciler.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = difflib.get_close_matches(args[0], known := self.list_commands(ctx), 1)
        if args[0] not in known and near and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}; did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in self.list_commands(ctx)])


_UNWRITABLE: Final = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reconciler", prog_name="reconciler")
@any_settings_options
@click.pass_context
def cli(ctx: click.Context, settings: Settings) -> None:
    """Declarative reconciler for AWS Fargate networking: no Kubernetes, no state file."""
    ctx.obj = settings


def main(arguments: list[str] | None = None) -> None:
    """The entry point. Ends the process with the exit status of the design."""
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    atexit.register(gc.freeze)  # all that is left goes with the process: no search for garbage in it first
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # what is valid must not depend on what is installed
    given = sys.argv[1:] if arguments is None else arguments
    try:
        status: Any = cli.main(given, prog_name="reconciler", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(USAGE)
    except click.UsageError as error:
        failure = Failure("Usage", error.format_message(), _what_to_write(error))
        error.show()
        if failure.next:
            click.echo(f"  next: {failure.next}", err=True)
        _end(failure, given, USAGE)
    except (click.Abort, KeyboardInterrupt):
        failure = Failure("Interrupted", "interrupted")
        click.echo(failure.text, err=True)
        _end(failure, given, INTERRUPTED)
    except click.ClickException as error:
        error.show()
        _end(Failure("InvalidInput", error.format_message()), given, 1)
    except ReconcilerError as error:
        failure = failure_of(error)
        click.echo(failure.text, err=True)
        _end(failure, given, 1)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
            _end_without_output(error)
        if os.environ.get("RECONCILER_DEBUG"):
            raise
        failure = Failure(
            "Internal",
            f"internal error: {type(error).__name__}: {error}",
            "run again with RECONCILER_DEBUG=1 and report what it says",
        )
        click.echo(failure.text, err=True)
        _end(failure, given, 1)
    sys.exit(status if isinstance(status, int) else 0)


def _end_without_output(error: OSError) -> NoReturn:
    """Nothing more can be printed. Who closed the pipe (`| head`) knows that; of a full disk somebody has to hear."""
    if error.errno != errno.EPIPE:
        click.echo(f"error: standard output: {error.strerror}; what it was to hold is lost", err=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def run() -> NoReturn:
    """`main` as a process: after Ctrl-C it does not stay for threads that still wait for AWS."""
    try:
        main()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            from reconciler.cli._terminal import leave_at_once  # most commands start without it

            leave_at_once()
        raise
    raise AssertionError("main ends the process")


def _what_to_write(error: click.UsageError) -> str:
    """For an argument too many, where somebody may have named files as other programs have them named."""
    takes_files = error.ctx is not None and any("--file" in option.opts for option in error.ctx.command.params)
    return "name files and folders with -f" if takes_files and "unexpected extra argument" in error.message else ""


def _end(failure: Failure, arguments: Sequence[str], status: int) -> NoReturn:
    """End the process; a script that asked for one document gets one."""
    settings = Settings(output=_asked_output(arguments))
    if settings.structured:
        print_document(failure.document(), settings)
    sys.exit(status)


def _asked_output(arguments: Sequence[str]) -> str:
    """The value of the last `-o`, also where the rest of the command line cannot be understood."""
    found = "table"
    for before, argument in zip(("", *arguments), arguments, strict=False):
        if before in ("-o", "--output"):
            found = argument
        elif argument.startswith("--output="):
            found = argument.removeprefix("--output=")
        elif argument.startswith("-o"):
            found = argument.removeprefix("-o")
    return found

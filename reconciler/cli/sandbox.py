"""`reconciler sandbox`: an AWS on this machine that is as strict as the real one."""

from __future__ import annotations

import difflib
import json
from datetime import timedelta
from typing import Any

import click
from click.core import ParameterSource

from reconciler.cli._failures import failure_of
from reconciler.cli._reports import print_document
from reconciler.cli._settings import Settings, settings_with
from reconciler.model.errors import ReconcilerError, Refused
from reconciler.sandbox import process
from reconciler.sandbox.process import ensure_running

__all__ = ["command", "ensure_running"]

_START_ONE = "start one with: reconciler sandbox start"
_DEFAULT_REGION = "us-east-1"
_settings_options = settings_with("table", "json", "yaml")


@click.group("sandbox")
def command() -> None:
    """An AWS on your own machine: try a spec, break it, learn. No account, no credentials, no cost."""


@command.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port on 127.0.0.1.  [default: {process.DEFAULT_PORT}, or a free one]",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=3600),
    default=process.DEFAULT_SPEED,
    show_default=True,
    help="How many seconds of AWS pass in one of yours.",
)
@_settings_options
def start(port: int | None, speed: float, settings: Settings) -> int:
    """Start it in the background, or find the one that runs."""
    try:
        running, started = process.start(port, speed)
    except process.SandboxProcessError as error:
        return _failed(error, settings)
    text = f"the sandbox runs {'' if started else 'already '}at {running.url} (process {running.pid})"
    if started:
        text += f"\ngive any command --sandbox, or any AWS client AWS_ENDPOINT_URL={running.url}"
    elif any(_given(name) for name in ("port", "speed")):
        text += "\nits port and speed stay as they are; for others end it first: reconciler sandbox stop"
    _say({"url": running.url, "pid": running.pid, "started": started}, text, settings)
    return 0


@command.command()
@_settings_options
def stop(settings: Settings) -> int:
    """End it; everything in it is gone."""
    try:
        ended = process.stop()
    except process.SandboxProcessError as error:
        return _failed(error, settings)
    _say({"stopped": ended is not None}, "the sandbox has ended" if ended else "no sandbox runs", settings)
    return 0


@command.command()
@_settings_options
def status(settings: Settings) -> int:
    """Its address, how long it has run, how many calls it has served. Exit status 1 when none runs."""
    try:
        found = process.status()
    except process.SandboxProcessError as error:
        return _failed(error, settings)
    if found is None:
        _say({"running": False}, f"no sandbox runs; {_START_ONE}", settings)
        return 1
    uptime = timedelta(seconds=int(found["uptimeSeconds"]))
    text = (
        f"address  {found['url']}\n"
        f"process  {found['pid']}\n"
        f"uptime   {uptime}, at {found['speed']:g} times the speed of the wall clock\n"
        f"calls    {found['calls']}"
    )
    if found["faults"]:
        text += f"\nfaults   {_faults_in_words(found['faults'])}"
    _say({"running": True, **found}, text, settings)
    return 0


@command.command()
@_settings_options
def reset(settings: Settings) -> int:
    """Empty it: an account in which nothing was ever made."""
    try:
        if not process.reset():
            raise Refused("no sandbox runs", _START_ONE)
    except ReconcilerError as error:
        return _failed(error, settings)
    _say({"reset": True}, "the sandbox is empty", settings)
    return 0


@command.command("break")
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="Name all that can be broken.")
@click.option("--stack", metavar="NAME", help="Break this stack only.")
@_settings_options
def break_something(name: str | None, listing: bool, stack: str | None, settings: Settings) -> int:
    """Change something behind the reconciler's back, as a person in the AWS console would."""
    from reconciler.sandbox.breaks import BREAKS, account

    if listing or name is None:
        widest = max(len(each.name) for each in BREAKS)
        text = "\n".join(f"{each.name:<{widest}}  {each.summary}" for each in BREAKS)
        _say({"breaks": [{"name": each.name, "summary": each.summary} for each in BREAKS]}, text, settings)
        return 0
    known = {each.name: each for each in BREAKS}
    try:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            choice = f"did you mean {near[0]}?" if near else f"name one of: {', '.join(known)}"
            raise Refused(f"there is nothing called {name!r} to break", choice)
        running = process.find()
        if running is None:
            raise Refused("no sandbox runs", _START_ONE)
        did = known[name].apply(account(running.url, settings.region or _DEFAULT_REGION, stack))
    except ReconcilerError as error:
        return _failed(error, settings)
    _say({"break": name, "did": did}, did, settings)
    return 0


@command.command()
@click.argument("wanted", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--none", "well", is_flag=True, help="Nothing goes wrong any more.")
@_settings_options
def faults(wanted: tuple[str, ...], well: bool, settings: Settings) -> int:
    """Have AWS do badly from now on, or with no argument say how it does.

    \b
    throttle, errors_5xx         rate of requests that are refused, 0 to 1
    lost_before, lost_after      rate of connections that break, the work not done or done
    latency                      seconds of AWS before each answer
    lag                          seconds of AWS for which what was just made is unknown
    buckets                      true: AWS's published request limits
    page                         the most items on a page of a list
    only                         operations with a rate or latency: ec2:CreateVpc,ec2:DescribeVpcs
    times                        how many requests the rates may spoil in all
    seed                         which requests those are
    """
    if wanted and well:
        raise click.UsageError("--none goes with no NAME=VALUE")
    try:
        if not wanted and not well:
            found = process.status()
            made = None if found is None else found["faults"]
        else:
            made = process.set_faults(dict(map(_fault, wanted)))
        if made is None:
            raise Refused("no sandbox runs", _START_ONE)
    except ReconcilerError as error:
        return _failed(error, settings)
    _say({"faults": made}, _faults_in_words(made) if made else "nothing goes wrong", settings)
    return 0


def _given(name: str) -> bool:
    """Whether an option of this command was given, rather than left at its default."""
    return click.get_current_context().get_parameter_source(name) is not ParameterSource.DEFAULT


def _fault(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise Refused(f"{text!r} is no NAME=VALUE", "write it like throttle=0.2")
    if name == "only":
        return name, value.split(",")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _faults_in_words(made: dict[str, Any]) -> str:
    def shown(value: Any) -> str:
        return ",".join(value) if isinstance(value, list) else json.dumps(value)

    return " ".join(f"{name}={shown(value)}" for name, value in made.items())


def _say(document: dict[str, Any], text: str, settings: Settings) -> None:
    if settings.structured:
        print_document(document, settings)
    else:
        click.echo(text)


def _failed(error: ReconcilerError, settings: Settings) -> int:
    failure = failure_of(error)
    if settings.structured:
        print_document(failure.document(), settings)
    click.echo(failure.text, err=True)
    return 1

"""`reconciler sandbox`: an AWS on this machine that is as strict as the real one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NoReturn

import click

from reconciler.sandbox import process


def _as_json() -> bool:
    """Whether the whole command was asked for one JSON document (`-o json`)."""
    return bool(click.get_current_context().find_root().params.get("output") == "json")


def _say(document: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(document) if _as_json() else text)


def _fail(message: str) -> NoReturn:
    if _as_json():
        click.echo(json.dumps({"error": message}))
    click.echo(f"error: {message}", err=True)
    raise click.exceptions.Exit(1)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except process.SandboxProcessError as error:
        _fail(str(error))


@click.group()
def sandbox() -> None:
    """An AWS on your own machine: try a spec, break it, learn. No account, no credentials, no cost."""


@sandbox.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help=f"Port on 127.0.0.1.  [default: {process.DEFAULT_PORT} or a free one]"
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=3600),
    default=process.DEFAULT_SPEED,
    show_default=True,
    help="How many seconds of AWS pass in one of yours.",
)
def start(port: int | None, speed: float) -> None:
    """Start it in the background, or find the one that runs."""
    with _explained():
        running, started = process.start(port, speed)
    document = {"url": running.url, "pid": running.pid, "started": started}
    if not started:
        _say(document, f"the sandbox runs already at {running.url} (process {running.pid})")
        return
    _say(
        document,
        f"the sandbox runs at {running.url} (process {running.pid})\n"
        f"give any command --sandbox, or any AWS client AWS_ENDPOINT_URL={running.url}",
    )


@sandbox.command()
def stop() -> None:
    """End it; everything in it is gone."""
    with _explained():
        ended = process.stop()
    _say({"stopped": ended is not None}, "the sandbox has ended" if ended else "no sandbox runs")


@sandbox.command()
def status() -> None:
    """Its address, how long it has run, how many calls it has served. Exit status 1 when none runs."""
    with _explained():
        found = process.status()
    if found is None:
        _say({"running": False}, "no sandbox runs; start one with: reconciler sandbox start")
        raise click.exceptions.Exit(1)
    uptime = timedelta(seconds=int(found["uptimeSeconds"]))
    _say(
        {"running": True, **found},
        f"address  {found['url']}\n"
        f"process  {found['pid']}\n"
        f"uptime   {uptime}, at {found['speed']:g} times the speed of the wall clock\n"
        f"calls    {found['calls']}",
    )


@sandbox.command()
def reset() -> None:
    """Empty it: an account in which nothing was ever made."""
    with _explained():
        done = process.reset()
    if not done:
        _fail("no sandbox runs; start one with: reconciler sandbox start")
    _say({"reset": True}, "the sandbox is empty")


def _list_breaks(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from reconciler.sandbox.breaks import BREAKS

    widest = max(len(each.name) for each in BREAKS)
    _say(
        {"breaks": [{"name": each.name, "summary": each.summary} for each in BREAKS]},
        "\n".join(f"{each.name:<{widest}}  {each.summary}" for each in BREAKS),
    )
    context.exit()


@sandbox.command("break")
@click.argument("name")
@click.option("--stack", help="Break this stack only.")
@click.option("--region", default="us-east-1", show_default=True, help="The region that the stack is in.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_breaks,
    help="Name all that can be broken.",
)
def break_something(name: str, stack: str | None, region: str) -> None:
    """Change something behind the reconciler's back, as a person in the AWS console would."""
    from reconciler.sandbox.breaks import BREAKS

    known: dict[str, Callable[..., str]] = {each.name: each.apply for each in BREAKS}
    if name not in known:
        _fail(f"there is nothing called {name!r} to break; name one of: {', '.join(known)}")
    with _explained():
        running = process.find()
    if running is None:
        _fail("no sandbox runs; start one with: reconciler sandbox start")
    _say_break(name, running.url, region, stack, known[name])


def _say_break(name: str, url: str, region: str, stack: str | None, apply: Callable[..., str]) -> None:
    from reconciler.sandbox.breaks import BreakRefusedError, NothingToBreakError, account

    try:
        did = apply(account(url, region, stack))
    except (NothingToBreakError, BreakRefusedError) as error:
        _fail(str(error))
    _say({"break": name, "did": did}, did)

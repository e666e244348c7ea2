"""Alert: sinks that say where they lead, secrets that come from one place."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds import Object, Path, Problem, _duration
from reconciler.kinds._object import listed, quoted
from reconciler.kinds.alert import KIND, AlertSpec, Secret, Sink
from reconciler.load import StackObjects

SHORTEST_REPEAT = 60


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every alert by itself."""
    for alert in objects.of(KIND):
        names: set[str] = set()
        for index, sink in enumerate(alert.spec.sinks):
            path: Path = ("spec", "sinks", index)
            if sink.name in names:
                yield alert.problem((*path, "name"), f"{quoted(sink.name)} is there twice", "rename one of them")
            names.add(sink.name)
            yield from _kind(alert, path, sink)
            yield from _secrets(alert, path, sink)
        repeat = alert.spec.repeat_interval
        if repeat is not None and _duration.seconds(repeat) < SHORTEST_REPEAT:
            yield alert.problem(("spec", "repeatInterval"), f"{repeat} is too short", "write 1m or more")


def _kind(alert: Object[AlertSpec], path: Path, sink: Sink) -> Iterator[Problem]:
    given = [name for name in ("webhook", "sns", "apprise") if getattr(sink, name) is not None]
    if len(given) != 1:
        message = f"has {listed(given)}" if given else "leads nowhere"
        yield alert.problem(path, message, "write exactly one of webhook, sns and apprise")


def _secrets(alert: Object[AlertSpec], path: Path, sink: Sink) -> Iterator[Problem]:
    secrets: list[tuple[Path, Secret | None]] = []
    if sink.webhook is not None:
        secrets += [((*path, "webhook", "url"), sink.webhook.url), ((*path, "webhook", "secret"), sink.webhook.secret)]
        address = sink.webhook.url.value
        if address is not None and not address.startswith(("https://", "http://")):
            yield alert.problem((*path, "webhook", "url", "value"), "is no URL", "write https://...")
    if sink.apprise is not None:
        secrets.append(((*path, "apprise", "url"), sink.apprise.url))
    for place, secret in secrets:
        if secret is not None and sum(each is not None for each in (secret.env, secret.file, secret.value)) != 1:
            yield alert.problem(place, "says from nowhere or from several places", "write one of env, file and value")

"""Rules that no request can meet, because rules before them take all that they would."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.flows.explore import requests_of
from reconciler.flows.requests import Request
from reconciler.flows.world import World
from reconciler.model.frozen import Frozen


class Shadowed(Frozen):
    """A rule that is never met, and the rules that take its requests. `listener` is the component."""

    listener: str
    rule: str
    by: tuple[str, ...]


def shadowed(world: World) -> Iterator[Shadowed]:
    """All of them, listener by listener, in the order in which rules are asked. A default action that only answers
    is no rule that anybody wrote."""
    for listener in sorted(world.rules):
        for taken in requests_of(world, listener).taken(Request()):
            is_written = taken.rule.name != "default" or taken.rule.pools
            if is_written and not taken.left:
                yield Shadowed(listener, taken.rule.name, tuple(rule.name for rule in taken.shadowed_by))

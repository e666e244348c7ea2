"""A plan in the making: what the steps of planning work on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from functools import cached_property
from typing import Any

from reconciler.diff import Comparison
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.plan import Action, Blocked, Cause
from reconciler.model.resource import Observed
from reconciler.uses import LiveGraph

Node = tuple[str, str]
"""A live object by type and id."""


class Choices(Frozen):
    """What a caller wants of a plan.

    `heal` includes drift, `promote` what is new in the spec; `unhealed` are the objects whose drift is left alone all
    the same. `retry` tries again what AWS gave up on; `withheld` are addresses that are not written, with why and what
    a person can do.
    `today` is the day that exceptions are judged by. `retained` are addresses that stay in AWS though they are desired
    no longer, beside those whose own tags say so.
    """

    heal: bool = True
    promote: bool = True
    unhealed: frozenset[str] = frozenset()
    retry: bool = False
    withheld: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    today: date | None = None
    retained: frozenset[str] = frozenset()


@dataclasses.dataclass
class Draft:
    """The actions by key and what is known beside them.

    `blocked` are addresses that are not written, `left_out` those that the choices leave as they are. `going` has by
    the key of each delete what it removes, `kept` what stays though it was to go; `conflicts` by address why AWS does
    not have a new object beside one that goes.
    """

    comparison: Comparison
    choices: Choices
    actions: dict[str, Action] = dataclasses.field(default_factory=dict)
    blocked: dict[str, Blocked] = dataclasses.field(default_factory=dict)
    left_out: set[str] = dataclasses.field(default_factory=set)
    going: dict[str, Observed[Any]] = dataclasses.field(default_factory=dict)
    kept: set[Node] = dataclasses.field(default_factory=set)
    conflicts: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        return self.comparison.graph

    @cached_property
    def live(self) -> LiveGraph:
        """Who uses whom in AWS."""
        return LiveGraph(self.comparison.snapshot, self.graph.types)

    def add(self, action: Action) -> None:
        self.actions[action.key] = action

    def drop(self, gone: AbstractSet[str]) -> None:
        """Takes actions out; nothing waits for them any more."""
        if gone:
            self.actions = {
                key: dataclasses.replace(a, needs=a.needs - gone) for key, a in self.actions.items() if key not in gone
            }

    def block(self, address: str, reason: str, fix: str) -> None:
        self.blocked.setdefault(address, Blocked(address, reason, fix))

    def block_behind(self, address: str, other: str) -> None:
        """Block an address for no other reason than that one that it needs is blocked."""
        waiting = Blocked(address, f"needs {other}, which is blocked", f"see {other}", behind=other)
        self.blocked.setdefault(address, waiting)

    def wants(self, address: str, cause: Cause) -> bool:
        """Whether the caller wants a difference of that cause put right."""
        if cause is Cause.PENDING:
            return self.choices.promote
        return self.choices.heal and self.graph.resources[address].owner not in self.choices.unhealed

    def lacking_target(self, address: str) -> str | None:
        """A target that is not made and does not live: nothing that refers to it can be written."""
        lacking = (t for t in self.graph.targets[address] if t in self.blocked or t in self.left_out)
        return min((t for t in lacking if t not in self.comparison.winners), default=None)

"""Changes, actions, plans and outcomes: what is decided and what became of it, all data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from reconciler.model.frozen import Frozen
from reconciler.model.resource import Call, Exposed


class Cause(Enum):
    """Why AWS and the spec differ."""

    PENDING = "pending"
    """The spec changed, or was never fully applied."""
    DRIFT = "drift"
    """AWS changed after we had converged it."""


class Status(Enum):
    """How an object of ours has drifted."""

    MODIFIED = "Modified"
    MISSING = "Missing"
    ORPHANED = "Orphaned"
    DUPLICATE = "Duplicate"


class Reason(Enum):
    """Why an action is in a plan."""

    PENDING = "pending"
    DRIFT = "drift"
    ORPHANED = "orphaned"
    DUPLICATE = "duplicate"
    CASCADE = "cascade"


class Verb(Enum):
    """What an action does to one AWS object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RELEASE = "release"
    """It stays in AWS and is no longer the stack's."""
    PREPARE = "prepare"
    """The part of an update that comes before the rest: done with that update, never shown by itself."""
    REFRESH = "refresh"
    """Only our own tags are out of date: done with the next apply, never shown."""


class Change(Frozen):
    """One field that differs. `observed` and `desired` are JSON values, `None` where a side has nothing.

    `field` is the top-level field of the resource that `path` lies in; `replaces` says that AWS cannot change it.
    """

    address: str
    path: str
    observed: Any
    desired: Any
    field: str
    cause: Cause
    replaces: bool = False


class Action(Frozen):
    """One thing to do to one AWS object.

    `key` names it within its plan. `needs` are the keys that must be done first. `calls` do the work, `seal` then
    records it in our tags, which nobody waits for. `replaces` is the id of the object that a create stands in for,
    `order` how; `retires` marks the delete of such an object. `after_gone` are the ids of dying objects of its type
    that still hold what a create needs. `because` is the address that needs what is released,
    `adopts` marks the update of what is taken over. `exposed` are requests
    that it cannot but answer otherwise than before or after; `parent_changes` are the fields of its parent that change
    in the same plan. `handed_over`: what needs it waits until its object is at work, and the old one serves until then.
    """

    key: str
    address: str
    type: str
    owner: str
    verb: Verb
    reason: Reason
    id: str | None = None
    changes: tuple[Change, ...] = ()
    calls: tuple[Call, ...] = ()
    seal: tuple[Call, ...] = ()
    needs: frozenset[str] = frozenset()
    replaces: str | None = None
    order: str | None = None
    retires: bool = False
    after_gone: tuple[str, ...] = ()
    because: str = ""
    adopts: bool = False
    exposed: tuple[Exposed, ...] = ()
    parent_changes: frozenset[str] = frozenset()
    handed_over: bool = False


class Blocked(Frozen):
    """A change that is not made: what, why, and what a person can do.

    `behind` is the blocked address that it only waits for, where that is all.
    """

    address: str
    reason: str
    fix: str
    behind: str = ""


class Drifted(Frozen):
    """One object of ours that AWS no longer has as we left it."""

    address: str
    type: str
    owner: str
    id: str | None
    status: Status
    changes: tuple[Change, ...] = ()


class Plan(Frozen):
    """What to do to bring a stack to its desired state.

    `outputs` are those of the live objects that stay, by address, and those that follow from a name. `disruptions` say
    what needs to be allowed before anything is changed. Equal inputs give equal plans.
    """

    stack: str
    actions: tuple[Action, ...]
    drift: tuple[Drifted, ...]
    blocked: tuple[Blocked, ...]
    disruptions: tuple[str, ...]
    unchanged: int
    outputs: Mapping[str, Mapping[str, str]]

    @property
    def visible(self) -> tuple[Action, ...]:
        """The actions that a person is shown: a replacement and an update once, no refresh of our own tags."""
        replaced = {(a.address, a.replaces) for a in self.actions if a.replaces}
        return tuple(
            a
            for a in self.actions
            if a.verb not in (Verb.PREPARE, Verb.REFRESH)
            and not (a.verb is Verb.DELETE and (a.address, a.id) in replaced)
        )

    def summary(self) -> dict[str, int]:
        """Counts of visible actions by what users call them."""
        counts = {
            "create": 0,
            "update": 0,
            "replace": 0,
            "delete": 0,
            "adopt": 0,
            "release": 0,
            "unchanged": self.unchanged,
        }
        for action in self.visible:
            counts[verb_shown(action)] += 1
        return counts


def verb_shown(action: Action) -> str:
    """`create`, `update`, `replace`, `delete`, `adopt` or `release`, as plans and reports call an action."""
    return "replace" if action.replaces else "adopt" if action.adopts else action.verb.value


class Result(Enum):
    """What became of an action."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    SKIPPED = "skipped"


class Failure(Frozen):
    """Why an action failed: which AWS operation said what, and what a person can do next."""

    operation: str
    code: str
    message: str
    next: str


class Outcome(Frozen):
    """What became of one action.

    `id` is that of the object which was made, changed or removed, where there was one. `because` names what a skipped
    one waited for; `detail` is what AWS says of a pending one. `seconds` counts from the first request to done.
    """

    action: Action
    result: Result
    id: str | None = None
    seconds: float = 0.0
    failure: Failure | None = None
    because: str = ""
    detail: str = ""

"""What the daemon may do to a stack now, and what it leaves to a person. Pure: the time is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from reconciler.model.frozen import Frozen
from reconciler.model.graph import StackPolicy
from reconciler.model.plan import Action, Drifted, Plan, Reason, Verb
from reconciler.model.policy import Window
from reconciler.plan import Choices

CONTESTED_TIMES: Final = 3
CONTESTED_WITHIN: Final = 600.0
"""A resource that drifts this often within so many seconds is somebody else's as well."""


def choices(
    stack: StackPolicy, now: datetime, owners: Iterable[str], withheld: Mapping[str, tuple[str, str]]
) -> Choices:
    """What a pass may plan at a time with a zone. `withheld` are addresses that are not written, as in `Choices`."""
    active = not any(policy.paused for policy in stack.policies(""))
    return Choices(
        heal=active and stack.heal and is_open(stack.windows, "Heal", now),
        promote=active and stack.promote and is_open(stack.windows, "Promote", now),
        unhealed=frozenset(owner for owner in owners if drift_policy(stack, owner) != "Heal"),
        withheld=withheld,
        today=now.date(),
    )


def drift_policy(stack: StackPolicy, owner: str) -> str:
    """`Heal`, `Alert` or `Ignore`: what is done about an object's drift."""
    said = stack.objects.get(owner)
    return said.drift if said is not None and said.drift is not None else stack.drift


def paused(stack: StackPolicy, owner: str) -> bool:
    """Whether an object, or its whole stack, is left alone."""
    return any(policy.paused for policy in stack.policies(owner))


def is_open(windows: Sequence[Window], work: str, now: datetime) -> bool:
    """Whether a work (`Heal`, `Promote`) may be done now: always, where no window is for it."""
    meant = [window for window in windows if work in window.allows]
    return not meant or any(_is_open(window, now) for window in meant)


def _is_open(window: Window, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(window.time_zone))
    try:
        opened: datetime = next(CronSim(window.schedule, local + timedelta(minutes=1), reverse=True))
    except (StopIteration, CronSimError):
        return False
    return opened <= now and (now - opened).total_seconds() < window.seconds


def told(stack: StackPolicy, drift: Iterable[Drifted]) -> list[Drifted]:
    """The drift that people are told of: all but that of objects on `Ignore`."""
    return [item for item in drift if drift_policy(stack, item.owner) != "Ignore"]


class Disruption(Frozen):
    """What a plan would take away for a moment or for good: `reasons` for people, `keys` to approve it by."""

    reasons: tuple[str, ...]
    keys: frozenset[str]

    def is_covered(self, approved: Iterable[str]) -> bool:
        """Whether all of it was approved; what was done meanwhile need not be approved again."""
        return self.keys <= frozenset(approved)


def disruption(plan: Plan, stack: StackPolicy) -> Disruption:
    """What of a plan needs a person: the plan's own disruptions, and healing by more replacements than allowed."""
    replaced = [a for a in plan.actions if a.replaces and not _takes_nothing_away(a)]
    healing = [a for a in replaced if a.reason in (Reason.DRIFT, Reason.CASCADE)]
    if not any(a.reason is Reason.DRIFT for a in healing):
        healing = []
    reasons = list(plan.disruptions)
    if len(healing) > stack.max_disruption:
        names = ", ".join(a.address for a in healing[:5]) + (", ..." if len(healing) > 5 else "")
        reasons.append(
            f"heals by replacing {len(healing)} resources ({names}), maxDisruption is {stack.max_disruption}"
        )
    removed = [a for a in plan.actions if a.verb is Verb.DELETE and not a.retires]
    exposing = [a for a in plan.actions if a.exposed]
    keys = frozenset(a.key for a in (*replaced, *removed, *exposing))
    return Disruption(tuple(reasons), keys if reasons else frozenset())


def _takes_nothing_away(action: Action) -> bool:
    """Revisions of task definitions are history; a service that goes along with its target group is part of that."""
    return action.type == "task-definition" or (action.type == "service" and action.reason is Reason.CASCADE)


def is_contested(times: Sequence[float], now: float) -> bool:
    """Whether something that drifted at these times (seconds) is being fought over."""
    return len([at for at in times if now - at <= CONTESTED_WITHIN]) >= CONTESTED_TIMES

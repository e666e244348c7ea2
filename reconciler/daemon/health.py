"""What is configured as it should be and does not do well: rollouts that AWS gave up, targets that fail their checks.

Pure. Target health is looked at only where an alert tells of it: AWS takes a request for each target group.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from reconciler.engine import View
from reconciler.model.events import Finding, Severity
from reconciler.model.resource import State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import refs
from reconciler.resources.target_health import TYPE as TARGET_HEALTH
from reconciler.resources.target_health import TargetHealth

ROLLOUT: Final = "rollout"
TARGETS: Final = "targets"
_SHOWN: Final = 5
_LATEST: Final = "~"
"""Later than any time: what happened before anybody listened is not told."""


def ailing(view: View, heard: Mapping[str, str]) -> Iterator[Finding]:
    """One finding per service whose rollout failed, and per target group with targets that fail, or failed since what
    was `heard` of it the last time."""
    graph = view.comparison.graph
    for address, why in sorted(view.comparison.failed.items()):
        yield Finding(
            key=f"{ROLLOUT} {address}",
            type="DeploymentFailed",
            ended="DeploymentRecovered",
            message=f"{address}: {why}; change the spec, or run apply --retry",
            severity=Severity.ERROR,
            object=graph.resources[address].owner,
            address=address,
        )
    for group, seen in _health(view).items():
        failing = [target for target in seen.targets if target.state == "unhealthy"]
        gone = [one for one in seen.failed if one.at > heard.get(group, _LATEST)]
        if failing:
            shown = ", ".join(f"{t.id}:{t.port} ({t.reason or 'no reason'})" for t in failing[:_SHOWN])
            more = f" and {len(failing) - _SHOWN} more" if len(failing) > _SHOWN else ""
            said = f"{len(failing)} of {len(seen.targets)} targets fail: {shown}{more}"
        elif gone:
            said = f"ECS put other tasks in place of {len(gone)} that failed their checks: {gone[-1].why}"
        else:
            continue
        yield Finding(
            key=f"{TARGETS} {group}",
            type="TargetUnhealthy",
            ended="TargetsHealthy",
            message=f"{group}: {said}",
            object=graph.resources[group].owner,
            address=group,
            data={"unhealthy": len(failing), "targets": len(seen.targets)},
        )


def hearing(view: View) -> dict[str, str]:
    """The time of the latest failure of each target group, empty where there is none; nothing where health was not
    read."""
    if TARGET_HEALTH.name in view.snapshot.unknown:
        return {}
    seen = _health(view)
    groups = [address for address, winner in view.comparison.winners.items() if winner.type == "target-group"]
    return {group: max((one.at for one in seen[group].failed), default="") if group in seen else "" for group in groups}


def _health(view: View) -> dict[str, TargetHealth]:
    groups = {w.id: address for address, w in view.comparison.winners.items() if w.type == "target-group"}
    return {
        groups[observed.id]: observed.fields
        for observed in view.snapshot.evidence
        if isinstance(observed.fields, TargetHealth) and observed.id in groups
    }


def unasked(view: View, known: Iterable[str]) -> list[str]:
    """Of the keys of findings those that this look says nothing of: health that was not read, or not asked for, or is
    not known yet. ECS puts new tasks in place of those that fail, and whether these do better is still to be seen.
    """
    busy = {
        target.address
        for winner in view.comparison.winners.values()
        if winner.type == "service" and winner.state is State.PENDING
        for target in refs(winner.fields)
    }
    settled = {
        f"{TARGETS} {group}": group not in busy and "initial" not in {target.state for target in seen.targets}
        for group, seen in _health(view).items()
    }
    read = bool(settled) and TARGET_HEALTH.name not in view.snapshot.unknown
    return [key for key in known if key.startswith(f"{TARGETS} ") and not (read and settled.get(key, True))]


def apart(snapshot: Snapshot) -> Snapshot:
    """The snapshot without target health: declared flows are judged by what is configured."""
    kept = tuple(observed for observed in snapshot.evidence if observed.type != TARGET_HEALTH.name)
    unknown = {name: why for name, why in snapshot.unknown.items() if name != TARGET_HEALTH.name}
    return dataclasses.replace(snapshot, evidence=kept, unknown=unknown)

"""What is configured as it should be and does not do well: rollouts that AWS gave up, targets that fail their checks.

Pure. Target health is looked at only where an alert tells of it: AWS takes a request for each target group.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.engine import View
from reconciler.model.events import Finding, Severity
from reconciler.model.snapshot import Snapshot
from reconciler.resources.target_health import TYPE as TARGET_HEALTH
from reconciler.resources.target_health import TargetHealth

ROLLOUT: Final = "rollout"
TARGETS: Final = "targets"
_SHOWN: Final = 5


def ailing(view: View) -> Iterator[Finding]:
    """One finding per service whose rollout failed, and per target group with targets that fail."""
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
    groups = {w.id: address for address, w in view.comparison.winners.items() if w.type == "target-group"}
    for observed in view.snapshot.evidence:
        group = groups.get(observed.id)
        if isinstance(observed.fields, TargetHealth) and group is not None:
            failing = [target for target in observed.fields.targets if target.state == "unhealthy"]
            if failing:
                shown = ", ".join(f"{t.id}:{t.port} ({t.reason or 'no reason'})" for t in failing[:_SHOWN])
                more = f" and {len(failing) - _SHOWN} more" if len(failing) > _SHOWN else ""
                yield Finding(
                    key=f"{TARGETS} {group}",
                    type="TargetUnhealthy",
                    ended="TargetsHealthy",
                    message=f"{group}: {len(failing)} of {len(observed.fields.targets)} targets fail: {shown}{more}",
                    object=graph.resources[group].owner,
                    address=group,
                    data={"unhealthy": len(failing), "targets": len(observed.fields.targets)},
                )


def unasked(view: View, known: Iterable[str]) -> list[str]:
    """Of the keys of findings those that this look says nothing of: health that was not read, or not asked for, or is
    not known yet. ECS puts new tasks in place of those that fail, and whether these do better is still to be seen.
    """
    groups = {w.id: address for address, w in view.comparison.winners.items() if w.type == "target-group"}
    settled: dict[str, bool] = {}
    for observed in view.snapshot.evidence:
        if isinstance(observed.fields, TargetHealth) and observed.id in groups:
            states = {target.state for target in observed.fields.targets}
            settled[f"{TARGETS} {groups[observed.id]}"] = "initial" not in states
    read = bool(settled) and TARGET_HEALTH.name not in view.snapshot.unknown
    return [key for key in known if key.startswith(f"{TARGETS} ") and not (read and settled.get(key, True))]


def apart(snapshot: Snapshot) -> Snapshot:
    """The snapshot without target health: declared flows are judged by what is configured."""
    kept = tuple(observed for observed in snapshot.evidence if observed.type != TARGET_HEALTH.name)
    unknown = {name: why for name, why in snapshot.unknown.items() if name != TARGET_HEALTH.name}
    return dataclasses.replace(snapshot, evidence=kept, unknown=unknown)

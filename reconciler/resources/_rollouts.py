"""Why a deployment of an ECS service came to nothing: the first task that stopped, and what the service said of it.

Source: ECS API reference, Deployment (`rolloutState`), Task (`stopCode`, `stoppedReason`) and ServiceEvent; stopped
tasks are listed for at least an hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.ports import Reader

_FAILED = re.compile(r"\(deployment (ecs-svc/\d+)\) deployment failed")
_BATCH = 100
"""Tasks that DescribeTasks takes at once (ECS API reference)."""
_ORDINARY = (
    "has started",
    "has stopped",
    "registered",
    "has begun draining",
    "steady state",
    "deployment completed",
    "deployment failed",
    "rolling back",
)
"""Parts of events that go with every deployment, or only repeat that this one failed."""


def causes(reader: Reader, cluster: str, service: str) -> Sequence[str]:
    """Lines on the first task that the last failed deployment lost, and the first event that is not routine."""
    (described,) = reader.get("ecs", "DescribeServices", cluster=cluster, services=[service])["services"]
    failed = _failed(described)
    if failed is None:
        return []
    identity, ended = failed
    tasks = _stopped(reader, cluster, described["serviceName"], identity)
    began = min((task["createdAt"] for task in tasks), default=ended)
    return [*_first_task(tasks), *_event(described, began)]


def _failed(service: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The id of the last deployment that failed, and a time in its life.

    ECS forgets a deployment that was rolled back as soon as its tasks are gone; the event that names it stays.
    """
    deployments = service.get("deployments") or ()
    found = [(d["id"], d["createdAt"]) for d in deployments if d.get("rolloutState") == "FAILED"]
    for event in service.get("events") or ():
        named = _FAILED.search(event["message"])
        found += [(named[1], event["createdAt"])] if named else []
    return max(found, key=lambda one: one[1], default=None)


def _stopped(reader: Reader, cluster: str, service: str, deployment: str) -> list[Mapping[str, Any]]:
    """`startedBy` is looked at here because as a filter of ListTasks it must be the only one."""
    arns = reader.pages("ecs", "ListTasks", "taskArns", cluster=cluster, serviceName=service, desiredStatus="STOPPED")
    tasks: list[Mapping[str, Any]] = []
    for start in range(0, len(arns), _BATCH):
        tasks += reader.get("ecs", "DescribeTasks", cluster=cluster, tasks=arns[start : start + _BATCH])["tasks"]
    return [task for task in tasks if task.get("startedBy") == deployment]


def _first_task(tasks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    lost = [task for task in tasks if not _is_routine(task)]
    if not lost:
        return
    first = min(lost, key=lambda task: (str(task.get("stoppingAt") or task.get("stoppedAt") or ""), task["taskArn"]))
    yield f"first task to stop, {first['taskArn'].rpartition('/')[2]}: {first['stoppedReason']}"
    for container in first.get("containers") or ():
        status = f"exit code {container['exitCode']}" if container.get("exitCode") else ""
        reason = container.get("reason", "")
        said = ", ".join(part for part in (reason, status) if part)
        if said and said != first["stoppedReason"]:
            yield f"container {container['name']}: {said}"


def _is_routine(task: Mapping[str, Any]) -> bool:
    return not task.get("stoppedReason") or task["stoppedReason"].startswith("Scaling activity")


def _event(service: Mapping[str, Any], began: Any) -> Iterator[str]:
    telling = [
        event
        for event in service.get("events") or ()
        if event["createdAt"] >= began and not any(part in event["message"] for part in _ORDINARY)
    ]
    if telling:
        yield f"service event: {min(telling, key=lambda event: event['createdAt'])['message']}"

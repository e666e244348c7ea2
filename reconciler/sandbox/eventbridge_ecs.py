"""ECS's own events. Source: ECS Developer Guide, "Amazon ECS task state change events", "Amazon ECS service action
events" and "Amazon ECS service deployment state change events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ecs_records import moment
from .engine import engine
from .eventbridge import publish

if TYPE_CHECKING:
    from .ecs_records import Deployment, Service, Task


def task_state_changed(task: Task) -> None:
    """A task has another status; `version` grows by one each time."""
    task.version += 1
    _publish(
        task.backend, "ECS Task State Change", lambda: task.show() | {"updatedAt": moment(engine().now())}, task.arn
    )


def service_acted(service: Service, level: str, name: str) -> None:
    """Something about a service is worth knowing: `level` is INFO, WARN or ERROR."""

    def detail() -> dict[str, Any]:
        return {
            "eventType": level,
            "eventName": name,
            "clusterArn": service.cluster.arn,
            "createdAt": moment(engine().now()),
        }

    _publish(service.backend, "ECS Service Action", detail, service.arn)


def deployment_state_changed(service: Service, deployment: Deployment) -> None:
    """A deployment has begun, was completed or failed."""

    def detail() -> dict[str, Any]:
        return {
            "eventType": "ERROR" if deployment.rollout == "FAILED" else "INFO",
            "eventName": f"SERVICE_DEPLOYMENT_{deployment.rollout}",
            "deploymentId": deployment.id,
            "updatedAt": moment(engine().now()),
            "reason": deployment.reason,
        }

    _publish(service.backend, "ECS Deployment State Change", detail, service.arn)


def _publish(backend: Any, detail_type: str, detail: Any, arn: str) -> None:
    publish(backend.account_id, backend.region_name, "aws.ecs", detail_type, detail, [arn])

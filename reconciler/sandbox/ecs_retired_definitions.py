"""Task definitions that are on their way out: deleted ones stay while something runs them; families by status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from .ecs_pages import page
from .engine import engine
from .patch import Installer, patch

_DELETING = "DELETE_IN_PROGRESS"


def _is_used(backend: Any, definition: Any) -> bool:
    """Whether a service is to run it or a task does."""
    services = (one for one in backend.services.values() if one.status != "INACTIVE")
    tasks = (task for running in backend.tasks.values() for task in running.values() if task.status != "STOPPED")
    return any(d.definition is definition for one in services for d in one.deployments) or any(
        task.definition is definition for task in tasks
    )


def _forget(backend: Any, definition: Any) -> None:
    """Remove a deleted task definition, or look again later."""
    if _is_used(backend, definition):
        _forget_later(backend, definition)
        return
    revisions = backend.task_definitions.get(definition.family, {})
    revisions.pop(definition.revision, None)
    if not revisions:
        backend.task_definitions.pop(definition.family, None)


def _forget_later(backend: Any, definition: Any) -> None:
    engine().after(backend, engine().timings.task_definition_deleting, lambda: _forget(backend, definition))


@patch("ecs-delete-task-definitions", "Amazon ECS API: DeleteTaskDefinitions, DELETE_IN_PROGRESS until nothing runs it")
def delete(into: Installer) -> None:
    @into.wrap(EC2ContainerServiceBackend, "delete_task_definitions")
    def delete_task_definitions(original: Callable[..., Any], backend: Any, task_definitions: list[str]) -> Any:
        before = {name: dict(revisions) for name, revisions in backend.task_definitions.items()}
        deleting, failures = original(backend, task_definitions)
        for definition in deleting:
            backend.task_definitions[definition.family] = before[definition.family]
            definition.status = _DELETING
            _forget_later(backend, definition)
        return deleting, failures


@patch("ecs-families-by-status", "Amazon ECS API: ListTaskDefinitionFamilies, status and maxResults")
def families(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "list_task_definition_families")
    def listed(response: Any) -> ActionResult:
        prefix, status = response._get_param("familyPrefix") or "", response._get_param("status", "ALL")
        found = []
        for family, revisions in sorted(response.ecs_backend.task_definitions.items()):
            states = {one.status for one in revisions.values()}
            shown = "ACTIVE" if "ACTIVE" in states else "INACTIVE" if "INACTIVE" in states else _DELETING
            if family.startswith(prefix) and status in ("ALL", shown):
                found.append(family)
        return page(response, "families", found)


PATCHES = (delete, families)

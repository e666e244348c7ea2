"""Clusters: made once by name, deleted only when empty, and still described for a while after."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse

from .ecs_pages import find_cluster, page
from .ecs_records import Fields, set_fields
from .patch import Installer, Patch, patch

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_MOST_DESCRIBED: Final = 100
_INSIGHTS: Final = ("enabled", "enhanced", "disabled")


def _count(cluster: Any, backend: Any) -> tuple[int, int, int]:
    """Running tasks, pending tasks and active services of a cluster."""
    tasks = backend.tasks.get(cluster.name, {}).values()
    services = [one for one in backend.services.values() if one.cluster_name == cluster.name]
    return (
        sum(task.at_work for task in tasks),
        sum(task.starting and task.live for task in tasks),
        sum(one.status == "ACTIVE" for one in services),
    )


def _show(cluster: Any, backend: Any, include: list[str]) -> Fields:
    running, pending, services = _count(cluster, backend)
    return set_fields(
        {
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "status": cluster.status,
            "registeredContainerInstancesCount": cluster.registered_container_instances_count,
            "runningTasksCount": running,
            "pendingTasksCount": pending,
            "activeServicesCount": services,
            "statistics": [],
            "capacityProviders": cluster.capacity_providers or [],
            "defaultCapacityProviderStrategy": cluster.default_capacity_provider_strategy or [],
            "serviceConnectDefaults": cluster.service_connect_defaults,
            "settings": cluster.settings if "SETTINGS" in include else [],
            "configuration": cluster.configuration if "CONFIGURATIONS" in include else None,
            "tags": (cluster.tags or []) if "TAGS" in include else [],
        }
    )


_EVERYTHING: Final = ["SETTINGS", "CONFIGURATIONS", "TAGS"]


def _check_settings(settings: list[Fields] | None) -> None:
    for setting in settings or ():
        if setting.get("name") != "containerInsights" or setting.get("value") not in _INSIGHTS:
            raise InvalidParameterException(f"Invalid cluster setting: {setting.get('name')}={setting.get('value')}")


@patch("ecs-create-cluster", "Amazon ECS API: CreateCluster")
def _create(into: Installer) -> None:
    @into.wrap(EC2ContainerServiceResponse, "create_cluster")
    def create(original: Callable[..., Any], response: Any) -> ActionResult:
        backend = response.ecs_backend
        name = response._get_param("clusterName") or "default"
        if not _NAME.fullmatch(name):
            raise InvalidParameterException("Cluster name contains invalid characters.")
        _check_settings(response._get_param("settings"))
        existing = backend.clusters.get(name)
        if existing is None or existing.status != "ACTIVE":
            existing = original(response).result["cluster"]
        return ActionResult({"cluster": _show(existing, backend, _EVERYTHING)})


@patch("ecs-describe-clusters", "Amazon ECS API: DescribeClusters, ListClusters")
def _describe(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "describe_clusters")
    def describe(response: Any) -> ActionResult:
        backend, names = response.ecs_backend, response._get_param("clusters", [])
        if len(names) > _MOST_DESCRIBED:
            raise InvalidParameterException(f"Clusters cannot have more than {_MOST_DESCRIBED} elements.")
        found, failures = backend.describe_clusters(names)
        include = response._get_param("include", [])
        return ActionResult({"clusters": [_show(one, backend, include) for one in found], "failures": failures})

    @into.replace_method(EC2ContainerServiceResponse, "list_clusters")
    def listed(response: Any) -> ActionResult:
        active = [one.arn for one in response.ecs_backend.clusters.values() if one.status == "ACTIVE"]
        return page(response, "clusterArns", active)


@patch("ecs-update-cluster", "Amazon ECS API: UpdateCluster, UpdateClusterSettings, PutClusterCapacityProviders")
def _update(into: Installer) -> None:
    def answered(response: Any, cluster: Any) -> ActionResult:
        return ActionResult({"cluster": _show(cluster, response.ecs_backend, _EVERYTHING)})

    for name in ("update_cluster", "put_cluster_capacity_providers"):

        @into.wrap(EC2ContainerServiceResponse, name)
        def change(original: Callable[..., Any], response: Any) -> ActionResult:
            find_cluster(response.ecs_backend, response._get_param("cluster"))
            _check_settings(response._get_param("settings"))
            return answered(response, original(response).result["cluster"])

    def update_cluster_settings(response: Any) -> ActionResult:
        cluster = find_cluster(response.ecs_backend, response._get_param("cluster"))
        settings = response._get_param("settings")
        _check_settings(settings)
        cluster.settings = settings
        return answered(response, cluster)

    into.replace(EC2ContainerServiceResponse, "update_cluster_settings", update_cluster_settings)


@patch("ecs-delete-cluster", "Amazon ECS API: DeleteCluster")
def _delete(into: Installer) -> None:
    @into.wrap(EC2ContainerServiceResponse, "delete_cluster")
    def delete(original: Callable[..., Any], response: Any) -> ActionResult:
        backend = response.ecs_backend
        cluster = find_cluster(backend, response._get_param("cluster"), active=False)
        services = [one for one in backend.services.values() if one.cluster_name == cluster.name]
        if any(one.status in {"ACTIVE", "DRAINING"} for one in services):
            raise ECSException(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        if any(task.status != "STOPPED" for task in backend.tasks.get(cluster.name, {}).values()):
            raise ECSException("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        if cluster.registered_container_instances_count:
            raise ECSException(
                "ClusterContainsContainerInstancesException",
                "The Cluster cannot be deleted while Container Instances are active or draining.",
            )
        original(response)
        return ActionResult({"cluster": _show(cluster, backend, _EVERYTHING)})


PATCHES: Final[tuple[Patch, ...]] = (_create, _describe, _update, _delete)

"""What ECS holds of clusters and services, read once for the types that need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.ports import Reader

_CLUSTERS_PER_CALL = 100
_SERVICES_PER_CALL = 10
_TASKS_PER_CALL = 100
_DRAINING = frozenset({"drainingFargateServiceCount", "drainingEC2ServiceCount", "drainingExternalServiceCount"})


def clusters(reader: Reader) -> list[Mapping[str, Any]]:
    """Every cluster of the account and region that is not gone, with tags."""
    arns = sorted(reader.pages("ecs", "ListClusters", "clusterArns"))
    found: list[Mapping[str, Any]] = []
    for some in _chunks(arns, _CLUSTERS_PER_CALL):
        answer = reader.get("ecs", "DescribeClusters", clusters=some, include=["TAGS", "STATISTICS"])
        found += [cluster for cluster in answer["clusters"] if cluster["status"] != "INACTIVE"]
    return found


def services(reader: Reader, cluster_arns: Iterable[str]) -> list[Mapping[str, Any]]:
    """Every service of some clusters that is not gone, with tags.

    ListServices hides services that are draining, DescribeServices does not (ECS API reference): where a cluster
    counts some, their names are taken from their tasks.
    """
    found: list[Mapping[str, Any]] = []
    draining = {cluster["clusterArn"] for cluster in clusters(reader) if _is_draining(cluster)}
    for cluster in sorted(cluster_arns):
        listed = sorted(reader.pages("ecs", "ListServices", "serviceArns", cluster=cluster))
        described = _described(reader, cluster, listed)
        if cluster in draining:
            known = {service["serviceName"] for service in described}
            described += _described(reader, cluster, sorted(_names_in_tasks(reader, cluster) - known))
        found += described
    return found


def _is_draining(cluster: Mapping[str, Any]) -> bool:
    counts = cluster.get("statistics", ())
    return any(count["name"] in _DRAINING and int(count["value"]) > 0 for count in counts)


def _described(reader: Reader, cluster: str, names: Sequence[str]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for some in _chunks(names, _SERVICES_PER_CALL):
        answer = reader.get("ecs", "DescribeServices", cluster=cluster, services=some, include=["TAGS"])
        found += [service for service in answer["services"] if service["status"] != "INACTIVE"]
    return found


def _names_in_tasks(reader: Reader, cluster: str) -> set[str]:
    """The names of the services that have tasks, those about to stop included."""
    arns: set[str] = set()
    for status in ("RUNNING", "STOPPED"):
        arns.update(reader.pages("ecs", "ListTasks", "taskArns", cluster=cluster, desiredStatus=status))
    names: set[str] = set()
    for some in _chunks(sorted(arns), _TASKS_PER_CALL):
        for task in reader.get("ecs", "DescribeTasks", cluster=cluster, tasks=some)["tasks"]:
            kind, _, name = task.get("group", "").partition(":")
            if kind == "service":
                names.add(name)
    return names


def _chunks(items: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))

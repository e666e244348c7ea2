"""What ECS holds of clusters and services, read once for the types that need it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.ports import Reader
from reconciler.model.resource import Scope
from reconciler.model.tags import STACK
from reconciler.resources._ownership import tag_map

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


def services(reader: Reader, scope: Scope) -> list[Mapping[str, Any]]:
    """Every service in the clusters of the stacks of a scope that is not gone, with tags.

    A cluster of theirs is one that was found already, just made and not listed yet perhaps, or that carries their tag.
    ListServices hides services that are draining, DescribeServices does not (ECS API reference): where a cluster
    counts some, their names are taken from their tasks.
    """
    found: list[Mapping[str, Any]] = []
    listed_clusters = clusters(reader)
    draining = {cluster["clusterArn"] for cluster in listed_clusters if _is_draining(cluster)}
    tagged = {c["clusterArn"] for c in listed_clusters if tag_map(c.get("tags")).get(STACK) in scope.stacks}
    for cluster in sorted(tagged.union(scope.ids("cluster"))):
        described = _listed(reader, cluster)
        if cluster in draining:
            known = {service["serviceName"] for service in described}
            described += _described(reader, cluster, sorted(_names_in_tasks(reader, cluster) - known))
        found += described
    return found


def foreseen(reader: Reader, scope: Scope) -> None:
    """Asks what `services` will, of the clusters that are known and those that are named as the stacks' are (see
    `naming`), before it is known whose they are: the reader remembers the answers."""
    starts = tuple(f"{stack}_" for stack in scope.stacks)

    def of_likely() -> None:
        listed = reader.pages("ecs", "ListClusters", "clusterArns")
        likely = sorted(arn for arn in listed if arn.rpartition("/")[2].startswith(starts))
        reader.together(partial(_listed, reader, cluster) for cluster in likely)

    by_cluster: dict[str, list[str]] = {cluster: [] for cluster in scope.foreseen("cluster")}
    for service in scope.foreseen("service"):
        by_cluster.setdefault(service.rpartition("/")[0].replace(":service/", ":cluster/"), []).append(service)
    questions: list[Callable[[], object]] = [of_likely]
    for cluster, known in by_cluster.items():
        questions += [partial(_described, reader, cluster, known), partial(_listed, reader, cluster)]
    reader.together(questions)


def tasks(reader: Reader, cluster: str, *statuses: str) -> Iterator[Mapping[str, Any]]:
    """The tasks of a cluster that ECS wants in one of these states (`RUNNING`, `STOPPED`)."""
    arns: set[str] = set()
    for status in statuses:
        arns.update(reader.pages("ecs", "ListTasks", "taskArns", cluster=cluster, desiredStatus=status))
    for some in _chunks(sorted(arns), _TASKS_PER_CALL):
        yield from reader.get("ecs", "DescribeTasks", cluster=cluster, tasks=some)["tasks"]


def _is_draining(cluster: Mapping[str, Any]) -> bool:
    counts = cluster.get("statistics", ())
    return any(count["name"] in _DRAINING and int(count["value"]) > 0 for count in counts)


def _listed(reader: Reader, cluster: str) -> list[Mapping[str, Any]]:
    return _described(reader, cluster, sorted(reader.pages("ecs", "ListServices", "serviceArns", cluster=cluster)))


def _described(reader: Reader, cluster: str, names: Sequence[str]) -> list[Mapping[str, Any]]:
    answers = reader.together(
        partial(reader.get, "ecs", "DescribeServices", cluster=cluster, services=some, include=["TAGS"])
        for some in _chunks(names, _SERVICES_PER_CALL)
    )
    return [service for answer in answers for service in answer["services"] if service["status"] != "INACTIVE"]


def _names_in_tasks(reader: Reader, cluster: str) -> set[str]:
    """The names of the services that have tasks, those about to stop included."""
    names: set[str] = set()
    for task in tasks(reader, cluster, "RUNNING", "STOPPED"):
        kind, _, name = task.get("group", "").partition(":")
        if kind == "service":
            names.add(name)
    return names


def _chunks(items: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))

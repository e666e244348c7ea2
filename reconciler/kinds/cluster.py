"""Cluster: an ECS cluster, the place where tasks run."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds._kind import Kind
from reconciler.kinds._object import Object
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import SpecModel
from reconciler.model.resource import Resource
from reconciler.model.values import UNSET
from reconciler.resources import cluster

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Cluster
metadata: {name: main}
spec: {}
"""


class ClusterSpec(SpecModel):
    """An ECS cluster, the place where tasks run."""


def compiled(obj: Object[ClusterSpec], scope: Scope) -> Iterator[Resource[cluster.Cluster]]:
    """The ECS cluster. Tasks with a capacity provider strategy need its providers; nothing else is hurt by them."""
    tasks = [other.spec for (kind, _), other in scope.objects.items() if kind == "Task"]
    asked = any(task.cluster == obj.name and task.capacity_provider_strategy for task in tasks)
    providers = cluster.FARGATE_PROVIDERS if asked else UNSET
    yield Resource(f"cluster/{obj.name}", "cluster", cluster.Cluster(capacity_providers=providers), obj.id)


KIND = Kind(
    name="Cluster",
    plural="clusters",
    spec=ClusterSpec,
    example=EXAMPLE,
    compiled=compiled,
    outputs={"name": "Name of the ECS cluster.", "arn": "ARN of the ECS cluster."},
    output_refs={"name": ("cluster", "name"), "arn": ("cluster", "id")},
)

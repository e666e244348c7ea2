"""Cluster: an ECS cluster, the place where tasks run."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds._kind import Kind
from reconciler.kinds._object import Object
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import SpecModel
from reconciler.model.resource import Resource
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
    """The ECS cluster."""
    del scope
    yield Resource(f"cluster/{obj.name}", "cluster", cluster.Cluster(), obj.id)


KIND = Kind(
    name="Cluster",
    plural="clusters",
    spec=ClusterSpec,
    example=EXAMPLE,
    compiled=compiled,
    outputs={"name": "Name of the ECS cluster.", "arn": "ARN of the ECS cluster."},
    output_refs={"name": ("cluster", "name"), "arn": ("cluster", "id")},
)

"""Cluster: an ECS cluster, the place where tasks run."""

from __future__ import annotations

from reconciler.kinds._kind import Kind
from reconciler.kinds._spec import SpecModel

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Cluster
metadata: {name: main}
spec: {}
"""


class ClusterSpec(SpecModel):
    """An ECS cluster, the place where tasks run."""


KIND = Kind(
    name="Cluster",
    plural="clusters",
    spec=ClusterSpec,
    example=EXAMPLE,
    outputs={"name": "Name of the ECS cluster.", "arn": "ARN of the ECS cluster."},
)

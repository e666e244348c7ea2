"""AWS::ECS::Cluster. AWS: ECS CreateCluster; Fargate needs nothing of it but a name."""

from __future__ import annotations

from reconciler.model.fields import Fields
from reconciler.model.resource import Naming
from reconciler.resources._ownership import EcsTags
from reconciler.resources._pending import Pending


class Cluster(Fields):
    """Nothing to choose: services with launch type FARGATE need no capacity of the cluster's."""


class ClusterType(EcsTags, Pending):
    name = "cluster"
    cloudformation = "AWS::ECS::Cluster"
    fields = Cluster
    naming = Naming.STABLE
    name_separator = "_"


TYPE = ClusterType()

"""AWS::ECS::Cluster. AWS: ECS CreateCluster; PutClusterCapacityProviders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.model import tags as own_tags
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import UNSET, FrozenMap, Marker, frozen
from reconciler.resources._ecs import clusters
from reconciler.resources._ownership import EcsTags, lower_tag_list, ownership, tag_map


class Cluster(Fields):
    """Services with launch type FARGATE need no capacity of the cluster's; those with a strategy its providers.

    `default_strategy` is only kept: AWS takes it together with the providers.
    """

    capacity_providers: frozenset[str] | Marker = field(default=UNSET)
    default_strategy: tuple[FrozenMap[str, Any], ...] = field(default=(), compared=False)


FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})
"""AWS makes these two: they are given to a cluster, not made (ECS API reference, PutClusterCapacityProviders)."""


_STATES = {
    "ACTIVE": State.READY,
    "PROVISIONING": State.PENDING,
    "DEPROVISIONING": State.DELETING,
    "FAILED": State.FAILED,
}


class ClusterType(EcsTags, ResourceType[Cluster]):
    name = "cluster"
    cloudformation = "AWS::ECS::Cluster"
    changed_by = (
        "ecs:CreateCluster",
        "ecs:UpdateCluster",
        "ecs:UpdateClusterSettings",
        "ecs:PutClusterCapacityProviders",
        "ecs:DeleteCluster",
    )
    fields = Cluster
    naming = Naming.STABLE
    name_separator = "_"
    absent = frozenset({"ClusterNotFoundException"})

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Cluster]]:
        for cluster in clusters(reader):
            owned = ownership(tag_map(cluster.get("tags")))
            if owned["stack"] not in scope.stacks:
                continue
            arn = cluster["clusterArn"]
            state = _STATES.get(cluster["status"], State.PENDING)
            yield Observed(
                type=self.name,
                id=arn,
                fields=Cluster(
                    capacity_providers=frozenset(cluster.get("capacityProviders") or ()),
                    default_strategy=frozen(cluster.get("defaultCapacityProviderStrategy") or ()),
                ),
                outputs=FrozenMap({"id": arn, "arn": arn, "name": cluster["clusterName"]}),
                state=state,
                detail="" if state is State.READY else cluster["status"],
                **owned,
            )

    def create(self, resource: Resource[Cluster], context: Context) -> Sequence[Call]:
        params: dict[str, Any] = {"clusterName": context.name, "tags": lower_tag_list(context.tags)}
        if not isinstance(resource.fields.capacity_providers, Marker):
            params["capacityProviders"] = sorted(resource.fields.capacity_providers)
        save = {"id": "cluster.clusterArn", "arn": "cluster.clusterArn", "name": "cluster.clusterName"}
        mine = f"cluster.tags[?key=='{own_tags.ADDRESS}' && value=='{resource.address}'] | [0]"
        return [Call("ecs", "CreateCluster", params, save=FrozenMap(save), mine=mine)]

    def update(
        self, resource: Resource[Cluster], observed: Observed[Cluster], changed: frozenset[str], context: Context
    ) -> Sequence[Call]:
        providers = resource.fields.capacity_providers
        if "capacity_providers" not in changed or isinstance(providers, Marker):
            return []
        params = {
            "cluster": observed.id,
            "capacityProviders": sorted(providers),
            "defaultCapacityProviderStrategy": [dict(entry) for entry in observed.fields.default_strategy],
        }
        return [Call("ecs", "PutClusterCapacityProviders", params)]

    def delete(self, observed: Observed[Cluster], context: Context) -> Sequence[Call]:
        return [Call("ecs", "DeleteCluster", {"cluster": observed.id})]


TYPE = ClusterType()

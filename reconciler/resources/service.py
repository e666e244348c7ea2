"""AWS::ECS::Service on Fargate. AWS: ECS CreateService, UpdateService, DescribeServices."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.resource import Naming
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._ownership import EcsTags
from reconciler.resources._pending import Pending


class AwsvpcConfiguration(Fields):
    """Where the network interfaces of the tasks stand. `assign_public_ip` is `ENABLED` or `DISABLED`."""

    subnets: frozenset[Ref | Id] = field()
    security_groups: frozenset[Ref | Id] = field()
    assign_public_ip: str = "DISABLED"


class NetworkConfiguration(Fields):
    """AWS's wrapper around the one network mode that Fargate has."""

    awsvpc_configuration: AwsvpcConfiguration = field()


class ServiceLoadBalancer(Fields):
    """A container's port that is registered in a target group."""

    target_group_arn: Ref | Id
    container_name: str
    container_port: int


class DeploymentCircuitBreaker(Fields):
    """Whether a deployment that starts no healthy tasks is given up, and rolled back."""

    enable: bool
    rollback: bool


class DeploymentConfiguration(Fields):
    """How tasks are replaced by a rolling update; percentages of the desired count."""

    deployment_circuit_breaker: DeploymentCircuitBreaker | Marker = field(default=UNSET)
    maximum_percent: int | Marker = field(default=UNSET)
    minimum_healthy_percent: int | Marker = field(default=UNSET)


class Service(Fields):
    """How many tasks of what run where, and behind what."""

    cluster: Ref | Id = field(immutable=True)
    launch_type: str | Marker | None = field(immutable=True, default="FARGATE")
    task_definition: Ref | Id = field()
    desired_count: int | Marker = field()
    network_configuration: NetworkConfiguration | Marker | None = field()
    load_balancers: frozenset[ServiceLoadBalancer] = field(default=frozenset())
    deployment_configuration: DeploymentConfiguration | Marker = field(default=UNSET)
    health_check_grace_period_seconds: int | Marker | None = field(default=UNSET)


class ServiceType(EcsTags, Pending):
    name = "service"
    cloudformation = "AWS::ECS::Service"
    fields = Service
    needs = ("cluster",)
    after = FrozenMap(
        {
            "listener-rules": "target-group",
            "listener": "target-group",
            "route-table-association": "subnet",
            "vpc-endpoint": "vpc",
            "security-group-rules": "security-group",
        }
    )
    naming = Naming.DIGEST
    settles = True


TYPE = ServiceType()

"""AWS::ECS::TaskDefinition. AWS: ECS RegisterTaskDefinition; a revision never changes, only its tags do."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.resource import Naming
from reconciler.model.values import EMPTY, FrozenMap, Id, Ref, Template
from reconciler.resources._ownership import EcsTags
from reconciler.resources._pending import Pending


class PortMapping(Fields):
    """A port that a container opens on the task's network interface."""

    container_port: int
    protocol: str = "tcp"
    name: str | None = None


class LogConfiguration(Fields):
    """Where a container's output goes. The option `awslogs-group` is a reference to a log group's `name`."""

    log_driver: str
    options: FrozenMap[str, str | Template | Ref | Id] = EMPTY


class Container(Fields):
    """One container. What is not set is AWS's nothing, and compared: a revision is ours as a whole."""

    image: str
    essential: bool = True
    command: tuple[str, ...] = field(default=(), whole=True)
    entry_point: tuple[str, ...] = field(default=(), whole=True)
    environment: FrozenMap[str, str | Template] = EMPTY
    port_mappings: frozenset[PortMapping] = field(default=frozenset())
    depends_on: FrozenMap[str, str] = EMPTY
    """The condition (`START`, `COMPLETE`, `SUCCESS`, `HEALTHY`) to wait for, by container."""
    log_configuration: LogConfiguration | None = None


class TaskDefinition(Fields):
    """What a task runs. `cpu` in units (1024 are one vCPU), `memory` in MiB."""

    cpu: int = field(immutable=True)
    memory: int = field(immutable=True)
    network_mode: str = field(immutable=True, default="awsvpc")
    requires_compatibilities: frozenset[str] = field(immutable=True, default=frozenset({"FARGATE"}))
    execution_role_arn: Ref | Id | None = field(immutable=True, default=None)
    task_role_arn: Ref | Id | None = field(immutable=True, default=None)
    container_definitions: FrozenMap[str, Container] = field(immutable=True)


class TaskDefinitionType(EcsTags, Pending):
    name = "task-definition"
    cloudformation = "AWS::ECS::TaskDefinition"
    fields = TaskDefinition
    needs = ("service",)
    naming = Naming.STABLE
    name_separator = "_"


TYPE = TaskDefinitionType()

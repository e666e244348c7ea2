"""Task: containers that run together on Fargate, kept at a number of replicas by an ECS service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._object import Object
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import ClusterName, Format, HttpPath, NetworkName, PeerText, PortName, PortNumber, SpecModel
from reconciler.kinds.network import subnet_refs
from reconciler.model.resource import Resource
from reconciler.model.values import FrozenMap, Id, Ref, Template
from reconciler.resources import service as ecs_service
from reconciler.resources import task_definition as ecs
from reconciler.resources._policy import policy_document
from reconciler.resources.log_group import LogGroup
from reconciler.resources.role import Policy, Role

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web}
spec:
  cluster: main
  network: main
  placement: Private
  replicas: 2
  cpu: 512
  memory: 1024
  containers:
    - name: app
      image: public.ecr.aws/nginx/nginx:1.27
      ports: [{name: http, containerPort: 80, healthCheck: {path: /healthz}}]
      env: {SELF: "http://${loadBalancer/public.dnsName}"}
      dependsOn: [{container: cache, condition: Start}]
    - name: cache
      image: public.ecr.aws/docker/library/redis:7
      ports: [{name: redis, containerPort: 6379}]
  loopback:
    - {from: app, to: cache, port: 6379}
"""

MEMORY_OF_CPU: Mapping[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""Memory in MiB that Fargate has for each number of CPU units (ECS API reference, RegisterTaskDefinition)."""

ContainerName = Annotated[
    str,
    Format(r"^[A-Za-z0-9_-]+$", "write letters, digits, '-' and '_', at most 255 characters", max_length=255),
]
Image = Annotated[str, Format(r"^[!-~]+$", "write an image such as public.ecr.aws/nginx/nginx:1.27", max_length=1024)]


class HealthCheck(SpecModel):
    """How a load balancer asks whether a port is well."""

    path: HttpPath = Field(default="/", description="Path that is asked for with HTTP.")


class Port(SpecModel):
    """A port that a container opens."""

    name: PortName = Field(description="Name of the port, unique in the task.")
    container_port: PortNumber = Field(description="Port number on the task's network interface.")
    protocol: Literal["tcp", "udp"] = Field(default="tcp", description="Transport protocol.")
    health_check: HealthCheck | None = Field(
        default=None, description="Check by the load balancers that forward to this port."
    )


class DependsOn(SpecModel):
    """What another container must have done before this one starts."""

    container: str = Field(description="Name of the other container of the task.")
    condition: Literal["Start", "Complete", "Success", "Healthy"] = Field(
        description="Start: it was started. Complete: it ended. Success: it ended with 0. Healthy: its check passed."
    )


class Container(SpecModel):
    """One container of a task."""

    name: ContainerName = Field(description="Name of the container, unique in the task.")
    image: Image = Field(description="Image to run.")
    command: tuple[str, ...] = Field(default=(), description="Command, instead of the image's own.")
    entry_point: tuple[str, ...] = Field(default=(), description="Entry point, instead of the image's own.")
    env: Mapping[str, str] = Field(
        default={},
        description="Environment variables. ${kind/name.output} is an output of another object, $${ a plain ${.",
    )
    ports: tuple[Port, ...] = Field(default=(), description="Ports that the container opens.")
    depends_on: tuple[DependsOn, ...] = Field(default=(), description="Containers of the task that this one waits for.")
    essential: bool = Field(default=True, description="Whether the whole task stops when this container stops.")


class Loopback(SpecModel):
    """Traffic between two containers of the task, over 127.0.0.1."""

    from_: str = Field(alias="from", description="Name of the container that connects.")
    to: str = Field(description="Name of the container that opens the port.")
    port: PortNumber = Field(description="Number of a port that the container opens.")


class TaskSpec(SpecModel):
    """Containers that run together on Fargate, kept at a number of replicas by an ECS service."""

    cluster: ClusterName = Field(description="Name of the Cluster that it runs in.")
    network: NetworkName = Field(description="Name of the Network that it lives in.")
    placement: Literal["Public", "Private"] = Field(
        default="Private",
        description="Public: public subnets and a public address too. Private: private subnets, private address only.",
    )
    replicas: int = Field(default=1, ge=0, le=5000, description="Number of copies of the task that are kept running.")
    cpu: int = Field(
        default=256,
        description="CPU units of each copy; 1024 are one vCPU.",
        json_schema_extra={"enum": list(MEMORY_OF_CPU)},
    )
    memory: int = Field(default=512, description="Memory of each copy in MiB; each cpu has its own values.")
    containers: tuple[Container, ...] = Field(
        min_length=1, max_length=10, description="Containers of the task. They share one network interface."
    )
    loopback: tuple[Loopback, ...] = Field(
        default=(), description="Which containers of the task talk to each other over 127.0.0.1."
    )
    allow_from: tuple[PeerText, ...] = Field(
        default=(),
        description="Who may connect directly to the ports of the containers: internet, an IPv4 block, task/NAME or "
        "loadBalancer/NAME. Load balancers that forward to the task need no entry.",
    )


LOG_RETENTION_DAYS = 30

_PRIVATE_IMAGE = re.compile(
    r"^(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<repository>[^:@]+)"
)
_TRUST = policy_document(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def compiled(obj: Object[TaskSpec], scope: Scope) -> Iterator[Resource[Any]]:
    """The ECS service with its task definition, its log group and its execution role."""
    log_group = Ref(f"log-group/{obj.name}")
    role = Ref(f"role/{obj.name}/execution", "arn")
    definition = Ref(f"task-definition/{obj.name}")
    yield Resource(log_group.address, "log-group", LogGroup(retention_in_days=LOG_RETENTION_DAYS), obj.id)
    yield Resource(role.address, "role", _execution_role(obj.spec, log_group), obj.id)
    containers = {c.name: _container(c, obj.name, log_group, scope) for c in obj.spec.containers}
    yield Resource(
        definition.address,
        "task-definition",
        ecs.TaskDefinition(
            cpu=obj.spec.cpu,
            memory=obj.spec.memory,
            execution_role_arn=role,
            container_definitions=FrozenMap(containers),
        ),
        obj.id,
    )
    yield Resource(f"service/{obj.name}", "service", _service(obj, scope, definition), obj.id)


def _execution_role(spec: TaskSpec, log_group: Ref) -> Role:
    """What ECS itself does for the task, and no more: write its logs, pull its private images."""
    streams = Template((Ref(log_group.address, "arn"), ":*"))
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": streams}
    ]
    images = [match for c in spec.containers if (match := _PRIVATE_IMAGE.match(c.image))]
    if images:
        repositories = {f"arn:aws:ecr:{m['region']}:{m['account']}:repository/{m['repository']}" for m in images}
        pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        statements += [
            {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
            {"Effect": "Allow", "Action": pull, "Resource": sorted(repositories)},
        ]
    document = policy_document({"Version": "2012-10-17", "Statement": statements})
    return Role(
        assume_role_policy_document=_TRUST,
        policies=FrozenMap({"execution": Policy(policy_document=document)}),
        managed_policy_arns=frozenset(),
    )


def _container(container: Container, task: str, log_group: Ref, scope: Scope) -> ecs.Container:
    return ecs.Container(
        image=container.image,
        essential=container.essential,
        command=container.command,
        entry_point=container.entry_point,
        environment=FrozenMap({name: scope.text(value) for name, value in container.env.items()}),
        port_mappings=frozenset(
            ecs.PortMapping(container_port=p.container_port, protocol=p.protocol, name=p.name) for p in container.ports
        ),
        depends_on=FrozenMap({d.container: d.condition.upper() for d in container.depends_on}),
        log_configuration=ecs.LogConfiguration(
            log_driver="awslogs",
            options=_log_options(log_group, scope.region, task),
        ),
    )


def _log_options(log_group: Ref, region: str, task: str) -> FrozenMap[str, str | Template | Ref | Id]:
    """The three options without which ECS refuses the awslogs driver on Fargate."""
    options: dict[str, str | Template | Ref | Id] = {
        "awslogs-group": log_group,
        "awslogs-region": region,
        "awslogs-stream-prefix": task,
    }
    return FrozenMap(options)


def _service(obj: Object[TaskSpec], scope: Scope, definition: Ref) -> ecs_service.Service:
    spec = obj.spec
    public = spec.placement == "Public"
    network = scope.spec("Network", spec.network)
    return ecs_service.Service(
        cluster=Ref(f"cluster/{spec.cluster}"),
        task_definition=definition,
        desired_count=spec.replicas,
        network_configuration=ecs_service.NetworkConfiguration(
            awsvpc_configuration=ecs_service.AwsvpcConfiguration(
                subnets=subnet_refs(spec.network, network, public=public),
                security_groups=frozenset({Ref(f"security-group/task/{obj.name}")}),
                assign_public_ip="ENABLED" if public else "DISABLED",
            )
        ),
        load_balancers=frozenset(
            ecs_service.ServiceLoadBalancer(
                target_group_arn=Ref(target.address),
                container_name=target.container,
                container_port=target.container_port,
            )
            for target in scope.targets.get(obj.name, ())
        ),
        deployment_configuration=ecs_service.DeploymentConfiguration(
            deployment_circuit_breaker=ecs_service.DeploymentCircuitBreaker(enable=True, rollback=True)
        ),
    )


KIND = Kind(
    name="Task",
    plural="tasks",
    spec=TaskSpec,
    example=EXAMPLE,
    compiled=compiled,
    columns=(
        Column("Replicas", ".spec.replicas", type="integer"),
        Column("Placement", ".spec.placement"),
        Column("Cluster", ".spec.cluster"),
        Column("CPU", ".spec.cpu", type="integer", wide=True),
        Column("Memory", ".spec.memory", type="integer", wide=True),
        Column("Images", ".spec.containers[*].image", wide=True),
    ),
    outputs={"serviceArn": "ARN of the ECS service.", "logGroup": "Name of the task's log group."},
    output_refs={"serviceArn": ("service", "id"), "logGroup": ("log-group", "id")},
    late_outputs=frozenset({"serviceArn"}),
)

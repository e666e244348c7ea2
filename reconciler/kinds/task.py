"""Task: containers that run together on Fargate, kept at a number of replicas by an ECS service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.kinds import _duration
from reconciler.kinds._container import Container, compiled_container
from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._logs import KeyArn, Logs, to_log_group
from reconciler.kinds._object import Object
from reconciler.kinds._roles import execution_role, task_role
from reconciler.kinds._scope import Scope, Target
from reconciler.kinds._spec import DURATION, PEERS, AllowedText, ClusterName, Format, NetworkName, PortNumber, SpecModel
from reconciler.kinds._volume import Volume, compiled_volumes
from reconciler.kinds.network import subnet_refs
from reconciler.kinds.stack import RoleArn
from reconciler.model.resource import Resource
from reconciler.model.values import UNSET, FrozenMap, Id, Ref, Template
from reconciler.resources import service as ecs_service
from reconciler.resources import task_definition as ecs
from reconciler.resources._containers import LogConfiguration, log_configuration
from reconciler.resources.log_group import LogGroup
from reconciler.resources.role import Role
from reconciler.resources.scalable_target import ScalableTarget, TargetTracking

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

SecurityGroupId = Annotated[
    str, Format(r"^sg-[0-9a-f]{8,17}$", "write the id of a security group such as sg-0123456789abcdef0")
]

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


class Loopback(SpecModel):
    """Traffic between two containers of the task, over 127.0.0.1."""

    from_: str = Field(alias="from", description="Name of the container that connects.")
    to: str = Field(description="Name of the container that opens the port.")
    port: PortNumber = Field(description="Number of a port that the container opens.")


class CapacityProvider(SpecModel):
    """A share of the replicas, and the kind of capacity that they run on."""

    capacity_provider: Literal["FARGATE", "FARGATE_SPOT"] = Field(
        description="FARGATE_SPOT costs less and is taken away with two minutes' notice."
    )
    weight: int = Field(default=1, ge=0, le=1000, description="Share of the replicas beyond every base.")
    base: int = Field(default=0, ge=0, le=100000, description="Fewest replicas on it; one entry may have that.")


class CircuitBreaker(SpecModel):
    """What happens to a deployment whose tasks do not become healthy."""

    enable: bool = Field(default=True, description="Whether it is given up after some failures.")
    rollback: bool = Field(default=True, description="Whether the service then goes back to what it ran before.")


class Deployment(SpecModel):
    """How running tasks are replaced by others."""

    minimum_healthy_percent: int = Field(
        default=100, ge=0, le=100, description="Share of the replicas that stays healthy meanwhile, rounded up."
    )
    maximum_percent: int = Field(
        default=200, ge=100, le=200, description="Share of the replicas that may run meanwhile, rounded down."
    )
    circuit_breaker: CircuitBreaker = Field(
        default=CircuitBreaker(), description="What happens when tasks do not become healthy."
    )


class Autoscaling(SpecModel):
    """How many replicas there are, by how busy they are."""

    min: int = Field(ge=0, le=5000, description="Fewest replicas.")
    max: int = Field(ge=1, le=5000, description="Most replicas.")
    cpu: int | None = Field(default=None, ge=1, le=100, description="Average use of CPU in percent that is aimed at.")
    memory: int | None = Field(
        default=None, ge=1, le=100, description="Average use of memory in percent that is aimed at."
    )
    requests_per_target: int | None = Field(
        default=None,
        ge=1,
        le=1000000000,
        description="Requests per minute that each replica is to get, of the one Application load balancer that "
        "forwards to the task.",
    )
    scale_in_cooldown: Annotated[str, DURATION] = Field(
        default="5m", description="Time after replicas were taken away in which no more are."
    )
    scale_out_cooldown: Annotated[str, DURATION] = Field(
        default="5m", description="Time after replicas were added in which no more are."
    )


class Egress(SpecModel):
    """Connections that the task may make."""

    to: AllowedText = Field(description=f"Where to: {PEERS}.")
    ports: tuple[PortNumber, ...] = Field(default=(), description="Ports there; without them every port and protocol.")
    protocol: Literal["tcp", "udp"] = Field(default="tcp", description="Transport protocol to the ports.")


class TaskSpec(SpecModel):
    """Containers that run together on Fargate, kept at a number of replicas by an ECS service."""

    cluster: ClusterName = Field(description="Name of the Cluster that it runs in.")
    network: NetworkName = Field(description="Name of the Network that it lives in.")
    placement: Literal["Public", "Private"] = Field(
        default="Private",
        description="Public: public subnets and a public address too. Private: private subnets, private address only.",
    )
    replicas: int = Field(default=1, ge=0, le=5000, description="Number of copies of the task that are kept running.")
    autoscaling: Autoscaling | None = Field(
        default=None,
        description="Lets AWS choose the number of replicas. Then replicas is only how many there are at first.",
    )
    cpu: int = Field(
        default=256,
        description="CPU units of each copy; 1024 are one vCPU.",
        json_schema_extra={"enum": list(MEMORY_OF_CPU)},
    )
    memory: int = Field(default=512, description="Memory of each copy in MiB; each cpu has its own values.")
    cpu_architecture: Literal["X86_64", "ARM64"] = Field(
        default="X86_64", description="Processor that the images are built for."
    )
    ephemeral_storage: int = Field(
        default=20, ge=20, le=200, description="Disk of each copy in GiB, images included; gone with the task."
    )
    capacity_provider_strategy: tuple[CapacityProvider, ...] = Field(
        default=(), max_length=2, description="What the replicas run on. Default: all on FARGATE."
    )
    containers: tuple[Container, ...] = Field(
        min_length=1, max_length=10, description="Containers of the task. They share one network interface."
    )
    loopback: tuple[Loopback, ...] = Field(
        default=(), description="Which containers of the task talk to each other over 127.0.0.1."
    )
    allow_from: tuple[AllowedText, ...] = Field(
        default=(),
        description="Who may connect directly to the ports of the containers: internet, an IPv4 block, task/NAME or "
        "loadBalancer/NAME. Load balancers that forward to the task need no entry.",
    )
    egress: tuple[Egress, ...] | None = Field(
        default=None,
        description="The only connections that the task may make, image pulls and logs included; an empty list is "
        "none. Without it: everywhere.",
    )
    security_groups: tuple[SecurityGroupId, ...] = Field(
        default=(), max_length=4, description="Security groups by id, beside the task's own; AWS has five in all."
    )
    volumes: tuple[Volume, ...] = Field(default=(), description="Directories that containers of the task share.")
    logs: Logs = Field(default=Logs(), description="Where what the containers print goes.")
    secrets_kms_keys: tuple[KeyArn, ...] = Field(
        default=(),
        description="ARNs of the KMS keys that secrets and parameters of the containers are encrypted with, where "
        "these are keys of your own. The execution role may decrypt with them.",
    )
    task_role_arn: RoleArn | None = Field(
        default=None,
        description="Role of the containers' own calls to AWS. Default: one with what executeCommand needs, or none.",
    )
    execution_role_arn: RoleArn | None = Field(
        default=None,
        description="Role that ECS starts the containers with. Default: one with exactly what they need.",
    )
    deployment: Deployment = Field(default=Deployment(), description="How running tasks make way for others.")
    health_check_grace_period: Annotated[str, DURATION] = Field(
        default="0s",
        description="Time after a task's start in which checks of load balancers and containers do not end it.",
    )
    execute_command: bool = Field(
        default=False, description="Whether commands can be run in its containers with ECS Exec."
    )
    platform_version: Literal["LATEST", "1.4.0", "1.3.0"] = Field(
        default="LATEST", description="Version of Fargate that it runs on."
    )

    @property
    def first_replicas(self) -> int:
        """How many replicas a new service begins with."""
        scaling = self.autoscaling
        return max(scaling.min, min(scaling.max, self.replicas)) if scaling else self.replicas


def roles_of(obj: Object[TaskSpec], region: str) -> Mapping[str, Role | None]:
    """What its roles must hold, `execution` and `task`, be they given or made; None where nothing is needed."""
    spec, log_group = obj.spec, Ref(f"log-group/{obj.name}")
    return {
        "execution": execution_role(
            spec.containers,
            log_group if _has_group(_logs(obj, log_group, region)) else None,
            region,
            more_secrets=spec.logs.secret_options.values(),
            keys=spec.secrets_kms_keys,
        ),
        "task": task_role(spec.containers, spec.volumes, region, execute_command=spec.execute_command),
    }


def _has_group(logs: Mapping[str, LogConfiguration]) -> bool:
    return any(one.log_driver == "awslogs" for one in logs.values())


def compiled(obj: Object[TaskSpec], scope: Scope) -> Iterator[Resource[Any]]:
    """The ECS service with its task definition, its log group and its roles."""
    spec = obj.spec
    log_group = Ref(f"log-group/{obj.name}")
    definition = Ref(f"task-definition/{obj.name}")
    logs = _logs(obj, log_group, scope.region)
    if _has_group(logs):
        group = LogGroup(retention_in_days=spec.logs.retention_days, kms_key_id=spec.logs.kms_key)
        yield Resource(log_group.address, "log-group", group, obj.id)
    roles = roles_of(obj, scope.region)
    given = {"execution": spec.execution_role_arn, "task": spec.task_role_arn}
    used: dict[str, Ref | Id | None] = {}
    for name, role in roles.items():
        ref = Ref(f"role/{obj.name}/{name}", "arn")
        arn = given[name]
        used[name] = Id(arn, "arn") if arn else ref if role else None
        if role and not arn:
            yield Resource(ref.address, "role", role, obj.id)
    yield Resource(
        definition.address,
        "task-definition",
        ecs.TaskDefinition(
            cpu=spec.cpu,
            memory=spec.memory,
            execution_role_arn=used["execution"],
            task_role_arn=used["task"],
            runtime_platform=ecs.RuntimePlatform(cpu_architecture=spec.cpu_architecture),
            ephemeral_storage=spec.ephemeral_storage,
            volumes=compiled_volumes(spec.volumes),
            container_definitions=FrozenMap(
                {c.name: compiled_container(c, scope, logs[c.name]) for c in spec.containers}
            ),
        ),
        obj.id,
    )
    yield Resource(f"service/{obj.name}", "service", _service(obj, scope, definition), obj.id)
    if spec.autoscaling:
        target = _scalable_target(obj.name, spec.cluster, spec.autoscaling, scope)
        yield Resource(f"scalable-target/{obj.name}", "scalable-target", target, obj.id)


def _scalable_target(task: str, cluster: str, scaling: Autoscaling, scope: Scope) -> ScalableTarget:
    metrics = {
        "cpu": ("ECSServiceAverageCPUUtilization", scaling.cpu),
        "memory": ("ECSServiceAverageMemoryUtilization", scaling.memory),
        "requests": ("ALBRequestCountPerTarget", scaling.requests_per_target),
    }
    label = next((_label(target) for target in counted_targets(scope, task)), None)
    return ScalableTarget(
        cluster=Ref(f"cluster/{cluster}"),
        service=Ref(f"service/{task}"),
        min_capacity=scaling.min,
        max_capacity=scaling.max,
        policies=FrozenMap(
            {
                name: TargetTracking(
                    predefined_metric_type=metric,
                    resource_label=label if name == "requests" else None,
                    target_value=float(aim),
                    scale_in_cooldown=_duration.seconds(scaling.scale_in_cooldown),
                    scale_out_cooldown=_duration.seconds(scaling.scale_out_cooldown),
                )
                for name, (metric, aim) in metrics.items()
                if aim is not None
            }
        ),
    )


def counted_targets(scope: Scope, task: str) -> list[Target]:
    """The target groups of a task whose requests AWS counts: those of Application load balancers."""
    targets = scope.targets.get(task, ())
    return [t for t in targets if scope.spec("LoadBalancer", t.load_balancer).type == "Application"]


def _label(target: Target) -> Template:
    """How Application Auto Scaling names a target group (its API reference, PredefinedMetricSpecification)."""
    balancer = Ref(f"load-balancer/{target.load_balancer}", "fullName")
    return Template((balancer, "/", Ref(target.address, "fullName")))


def _logs(obj: Object[TaskSpec], log_group: Ref, region: str) -> dict[str, LogConfiguration]:
    """Where the output of each container goes: that of a container that routes logs to the log group."""
    logs = obj.spec.logs
    own = to_log_group(log_group, region, obj.name, logs.options if logs.driver == "awslogs" else {})
    others = own
    if logs.driver != "awslogs":
        others = log_configuration(logs.driver, logs.options, logs.secret_options)
    return {container.name: own if container.firelens else others for container in obj.spec.containers}


def _service(obj: Object[TaskSpec], scope: Scope, definition: Ref) -> ecs_service.Service:
    spec = obj.spec
    public = spec.placement == "Public"
    deployment = spec.deployment
    targets = scope.targets.get(obj.name, ())
    network = scope.spec("Network", spec.network)
    strategy = spec.capacity_provider_strategy
    return ecs_service.Service(
        cluster=Ref(f"cluster/{spec.cluster}"),
        launch_type=UNSET if strategy else "FARGATE",
        capacity_provider_strategy=FrozenMap(
            (str(one.capacity_provider), ecs_service.CapacityProvider(weight=one.weight, base=one.base))
            for one in strategy
        ),
        task_definition=definition,
        desired_count=spec.first_replicas,
        network_configuration=ecs_service.NetworkConfiguration(
            awsvpc_configuration=ecs_service.AwsvpcConfiguration(
                subnets=subnet_refs(spec.network, network, public=public),
                security_groups=frozenset({Ref(f"security-group/task/{obj.name}"), *map(Id, spec.security_groups)}),
                assign_public_ip="ENABLED" if public else "DISABLED",
            )
        ),
        load_balancers=frozenset(
            ecs_service.ServiceLoadBalancer(
                target_group_arn=Ref(target.address),
                container_name=target.container,
                container_port=target.container_port,
            )
            for target in targets
        ),
        deployment_configuration=ecs_service.DeploymentConfiguration(
            deployment_circuit_breaker=ecs_service.DeploymentCircuitBreaker(
                enable=deployment.circuit_breaker.enable, rollback=deployment.circuit_breaker.rollback
            ),
            maximum_percent=deployment.maximum_percent,
            minimum_healthy_percent=deployment.minimum_healthy_percent,
        ),
        health_check_grace_period_seconds=_duration.seconds(spec.health_check_grace_period) if targets else UNSET,
        enable_execute_command=spec.execute_command,
        platform_version=spec.platform_version,
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

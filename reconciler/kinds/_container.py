"""One container of a Task: what users may write of it, and the container of a task definition that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds import _duration
from reconciler.kinds._logs import Firelens, SecretArn
from reconciler.kinds._scope import Scope
from reconciler.kinds._spec import (
    DURATION,
    PEERS,
    AllowedText,
    Digits,
    DigitsOrText,
    Format,
    PortName,
    PortNumber,
    SpecModel,
)
from reconciler.kinds._target_group import HealthCheck, TargetGroupOptions
from reconciler.kinds._volume import AbsolutePath, Mount, compiled_mounts
from reconciler.model.values import FrozenMap
from reconciler.resources import _containers as ecs

ContainerName = Annotated[
    str,
    Format(r"^[A-Za-z0-9_-]+$", "write letters, digits, '-' and '_', at most 255 characters", max_length=255),
]
Image = Annotated[
    str,
    Format(r"^[A-Za-z0-9._:/@#+-]+$", "write an image such as public.ecr.aws/nginx/nginx:1.27", max_length=1024),
]
User = Annotated[
    str,
    Digits(),
    Format(r"^[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?$", "write a user, or a user and a group such as 1000:1000"),
]
EnvFileArn = Annotated[
    str,
    Format(
        r"^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+\.env$",
        "write the ARN of an object in S3 that ends in .env, such as arn:aws:s3:::shop-config/web.env",
        max_length=1024,
    ),
]


class Port(SpecModel):
    """A port that a container opens."""

    name: PortName = Field(description="Name of the port, unique in the task.")
    container_port: PortNumber = Field(description="Port number on the task's network interface.")
    protocol: Literal["tcp", "udp"] = Field(default="tcp", description="Transport protocol.")
    health_check: HealthCheck | None = Field(
        default=None, description="Check by the load balancers that forward to this port."
    )
    allow_from: tuple[AllowedText, ...] = Field(
        default=(),
        description=f"Who may connect directly to this port, beside those in the task's own allowFrom: {PEERS}.",
    )
    target_group: TargetGroupOptions | None = Field(
        default=None, description="How load balancers pass requests on to this port."
    )


class DependsOn(SpecModel):
    """What another container must have done before this one starts."""

    container: str = Field(description="Name of the other container of the task.")
    condition: Literal["Start", "Complete", "Success", "Healthy"] = Field(
        description="Start: it was started. Complete: it ended. Success: it ended with 0. Healthy: its check passed."
    )


class ContainerHealthCheck(SpecModel):
    """A command that is run inside the container; the container is well while it ends with 0."""

    command: tuple[DigitsOrText, ...] = Field(
        min_length=2,
        description="CMD and the command with its arguments, or CMD-SHELL and one line for the container's shell.",
    )
    interval: Annotated[str, DURATION] = Field(default="30s", description="Time between two checks, 5s to 300s.")
    timeout: Annotated[str, DURATION] = Field(default="5s", description="Time that a check may take, 2s to 60s.")
    retries: int = Field(default=3, ge=1, le=10, description="Failures in a row after which the container is ill.")
    start_period: Annotated[str, DURATION] | None = Field(
        default=None, description="Time after the start in which failures do not count, up to 300s."
    )


class Ulimit(SpecModel):
    """A limit of the operating system."""

    soft: int = Field(ge=0, le=1048576, description="Limit that holds, and that the program may raise up to hard.")
    hard: int = Field(ge=0, le=1048576, description="Greatest limit.")


class Container(SpecModel):
    """One container of a task."""

    name: ContainerName = Field(description="Name of the container, unique in the task.")
    image: Image = Field(description="Image to run.")
    command: tuple[DigitsOrText, ...] = Field(default=(), description="Command, instead of the image's own.")
    entry_point: tuple[DigitsOrText, ...] = Field(default=(), description="Entry point, instead of the image's own.")
    user: User | None = Field(default=None, description="User, or user:group, instead of the image's own.")
    working_directory: AbsolutePath | None = Field(
        default=None, description="Directory that the command runs in, instead of the image's own."
    )
    readonly_root_filesystem: bool = Field(
        default=False, description="Whether the container can write to its volumes only."
    )
    env: Mapping[str, DigitsOrText] = Field(
        default={},
        description="Environment variables. ${kind/name.output} is an output of another object, $${ a plain ${.",
    )
    env_files: tuple[EnvFileArn, ...] = Field(
        default=(), max_length=10, description="Files of environment variables in S3 by ARN; env wins over them."
    )
    secrets: Mapping[str, SecretArn] = Field(
        default={},
        description="Environment variables whose values ECS takes from secrets of Secrets Manager or parameters of "
        "SSM, by ARN.",
    )
    ports: tuple[Port, ...] = Field(default=(), description="Ports that the container opens.")
    health_check: ContainerHealthCheck | None = Field(
        default=None, description="Check of the container by ECS, beside those of load balancers."
    )
    depends_on: tuple[DependsOn, ...] = Field(default=(), description="Containers of the task that this one waits for.")
    essential: bool = Field(default=True, description="Whether the whole task stops when this container stops.")
    ulimits: Mapping[str, Ulimit] = Field(default={}, description="Limits by name; Fargate knows nofile (open files).")
    mounts: tuple[Mount, ...] = Field(default=(), description="Volumes of the task that the container sees.")
    firelens: Firelens | None = Field(
        default=None, description="Makes it the one that takes the logs of the others, which have driver awsfirelens."
    )
    stop_timeout: Annotated[str, DURATION] | None = Field(
        default=None, description="Time between being asked to stop and being killed, 2s to 120s; AWS takes 30s."
    )


def compiled_container(container: Container, scope: Scope, logs: ecs.LogConfiguration) -> ecs.Container:
    """The container of a task definition. A container that routes logs runs as root unless it says otherwise: ECS fills
    that in."""
    check = container.health_check
    return ecs.Container(
        image=container.image,
        essential=container.essential,
        command=container.command,
        entry_point=container.entry_point,
        user=None if container.firelens and container.user == "0" else container.user,
        working_directory=container.working_directory,
        readonly_root_filesystem=container.readonly_root_filesystem,
        environment=FrozenMap({name: scope.text(value) for name, value in container.env.items()}),
        environment_files=container.env_files,
        secrets=FrozenMap(container.secrets),
        port_mappings=frozenset(
            ecs.PortMapping(container_port=p.container_port, protocol=p.protocol, name=p.name) for p in container.ports
        ),
        depends_on=FrozenMap({d.container: d.condition.upper() for d in container.depends_on}),
        health_check=ecs.HealthCheck(
            command=check.command,
            interval=_duration.seconds(check.interval),
            timeout=_duration.seconds(check.timeout),
            retries=check.retries,
            start_period=_seconds(check.start_period),
        )
        if check
        else None,
        ulimits=FrozenMap(
            {
                name: ecs.Ulimit(soft_limit=limit.soft, hard_limit=limit.hard)
                for name, limit in container.ulimits.items()
            }
        ),
        stop_timeout=_seconds(container.stop_timeout),
        mount_points=compiled_mounts(container.mounts),
        firelens_configuration=ecs.FirelensConfiguration(
            type=container.firelens.type, options=FrozenMap(container.firelens.options)
        )
        if container.firelens
        else None,
        log_configuration=logs,
    )


def _seconds(text: str | None) -> int | None:
    return None if text is None else _duration.seconds(text)

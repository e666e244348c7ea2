"""Containers of a task definition, and the two ways between ours and AWS's. AWS: ECS ContainerDefinition.

AWS fills in what it was not given and answers with empty lists or none at all; reading brings both to one form
(aws-semantics, normalisation table).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.fields import Fields, field
from reconciler.model.values import EMPTY, FrozenMap, Id, Ref, Template
from reconciler.resources._volumes import MountPoint, mount_params, read_mount


class PortMapping(Fields):
    """A port that a container opens on the task's network interface."""

    container_port: int
    protocol: str = "tcp"
    name: str | None = None


class LogConfiguration(Fields):
    """Where a container's output goes. The option `awslogs-group` is a reference to a log group.

    `secret_options` holds by option where ECS takes the value from, `hidden_options` those of AWS's `options` whose
    names say that they are secrets and that were written out all the same.
    """

    log_driver: str
    options: FrozenMap[str, str | Template | Ref | Id] = EMPTY
    hidden_options: FrozenMap[str, str] = field(default=EMPTY, secret=True)
    secret_options: FrozenMap[str, str] = EMPTY


class FirelensConfiguration(Fields):
    """That a container routes the logs of the others."""

    type: str
    options: FrozenMap[str, str] = EMPTY


class HealthCheck(Fields):
    """A command that ECS runs inside the container. Seconds; AWS's defaults are those of HealthCheck."""

    command: tuple[str, ...] = field(whole=True)
    interval: int = 30
    timeout: int = 5
    retries: int = 3
    start_period: int | None = None


class Ulimit(Fields):
    """A limit of the operating system."""

    soft_limit: int
    hard_limit: int


class Container(Fields):
    """One container. What is not set is AWS's nothing, and compared: a revision is ours as a whole.

    `secrets` holds by variable where ECS takes the value from, never the value; `environment_files` are ARNs in S3.
    `stop_timeout` is in seconds.
    """

    image: str
    essential: bool = True
    command: tuple[str, ...] = field(default=(), whole=True)
    entry_point: tuple[str, ...] = field(default=(), whole=True)
    user: str | None = None
    working_directory: str | None = None
    readonly_root_filesystem: bool = False
    environment: FrozenMap[str, str | Template] = EMPTY
    environment_files: tuple[str, ...] = field(default=(), whole=True)
    secrets: FrozenMap[str, str] = EMPTY
    port_mappings: frozenset[PortMapping] = field(default=frozenset())
    depends_on: FrozenMap[str, str] = EMPTY
    """The condition (`START`, `COMPLETE`, `SUCCESS`, `HEALTHY`) to wait for, by container."""
    health_check: HealthCheck | None = None
    ulimits: FrozenMap[str, Ulimit] = EMPTY
    stop_timeout: int | None = None
    mount_points: frozenset[MountPoint] = field(default=frozenset())
    firelens_configuration: FirelensConfiguration | None = None
    log_configuration: LogConfiguration | None = None


_LOG_GROUP = "awslogs-group"
_SECRET_NAME = re.compile(
    r"token|passw|secret|credential|authorization|(api|license|shared|access|private)[_-]?key", re.IGNORECASE
)
_ROOT = "0"
"""The user that ECS fills in for a container that routes logs, and the only one that it takes there.

No page of AWS says so; many who keep task definitions as code have seen both (hashicorp/terraform-provider-aws#41394,
cloudposse/terraform-aws-ecs-container-definition#97).
"""


def read_container(container: Mapping[str, Any]) -> Container:
    """One container as DescribeTaskDefinition gives it."""

    def entries(member: str) -> Iterable[Any]:
        return container.get(member) or ()

    return Container(
        image=container["image"],
        essential=container.get("essential", True),
        command=tuple(entries("command")),
        entry_point=tuple(entries("entryPoint")),
        user=_read_user(container),
        working_directory=container.get("workingDirectory") or None,
        readonly_root_filesystem=container.get("readonlyRootFilesystem") or False,
        environment=FrozenMap((pair["name"], pair.get("value", "")) for pair in entries("environment")),
        environment_files=tuple(one["value"] for one in entries("environmentFiles")),
        secrets=FrozenMap((one["name"], one["valueFrom"]) for one in entries("secrets")),
        port_mappings=frozenset(
            PortMapping(
                container_port=mapping["containerPort"],
                protocol=mapping.get("protocol") or "tcp",
                name=mapping.get("name") or None,
            )
            for mapping in entries("portMappings")
        ),
        depends_on=FrozenMap((one["containerName"], one["condition"]) for one in entries("dependsOn")),
        health_check=_read_check(container.get("healthCheck")),
        ulimits=FrozenMap(
            (one["name"], Ulimit(soft_limit=one["softLimit"], hard_limit=one["hardLimit"]))
            for one in entries("ulimits")
        ),
        stop_timeout=container.get("stopTimeout"),
        mount_points=frozenset(map(read_mount, entries("mountPoints"))),
        firelens_configuration=_read_firelens(container.get("firelensConfiguration")),
        log_configuration=_read_log(container.get("logConfiguration")),
    )


def container_params(name: str, container: Container) -> dict[str, Any]:
    """One container as RegisterTaskDefinition takes it; what is nothing is left out."""
    params: dict[str, Any] = {
        "name": name,
        "image": container.image,
        "essential": container.essential,
        "command": list(container.command),
        "entryPoint": list(container.entry_point),
        "user": container.user,
        "workingDirectory": container.working_directory,
        "readonlyRootFilesystem": container.readonly_root_filesystem or None,
        "environment": [{"name": key, "value": container.environment[key]} for key in sorted(container.environment)],
        "environmentFiles": [{"value": arn, "type": "s3"} for arn in container.environment_files],
        "secrets": [{"name": key, "valueFrom": container.secrets[key]} for key in sorted(container.secrets)],
        "portMappings": [_port_params(mapping) for mapping in sorted(container.port_mappings, key=_port_order)],
        "dependsOn": [
            {"containerName": other, "condition": container.depends_on[other]} for other in sorted(container.depends_on)
        ],
        "healthCheck": _check_params(container.health_check) if container.health_check else None,
        "ulimits": [
            {"name": key, "softLimit": limit.soft_limit, "hardLimit": limit.hard_limit}
            for key, limit in sorted(container.ulimits.items())
        ],
        "stopTimeout": container.stop_timeout,
        "mountPoints": [mount_params(mount) for mount in sorted(container.mount_points, key=_mount_order)],
    }
    params = {member: value for member, value in params.items() if value is not None and value != []}
    if container.log_configuration is not None:
        params["logConfiguration"] = _log_params(container.log_configuration)
    if container.firelens_configuration is not None:
        firelens = container.firelens_configuration
        options = {"options": dict(firelens.options)} if firelens.options else {}
        params["firelensConfiguration"] = {"type": firelens.type, **options}
    return params


def log_configuration(
    driver: str, options: Mapping[str, str | Template | Ref | Id], secret_options: Mapping[str, str]
) -> LogConfiguration:
    """A log configuration whose options are apart from those that hold secrets."""
    hidden = {name: str(value) for name, value in options.items() if _SECRET_NAME.search(name)}
    return LogConfiguration(
        log_driver=driver,
        options=FrozenMap((name, value) for name, value in options.items() if name not in hidden),
        hidden_options=FrozenMap(hidden),
        secret_options=FrozenMap(secret_options),
    )


def _log_params(log: LogConfiguration) -> dict[str, Any]:
    options = {**log.options, **log.hidden_options}
    params: dict[str, Any] = {"logDriver": log.log_driver, "options": options}
    if log.secret_options:
        secrets = sorted(log.secret_options.items())
        params["secretOptions"] = [{"name": name, "valueFrom": arn} for name, arn in secrets]
    return params


def _read_check(answer: Mapping[str, Any] | None) -> HealthCheck | None:
    if not answer:
        return None
    return HealthCheck(
        command=tuple(answer["command"]),
        interval=answer.get("interval", 30),
        timeout=answer.get("timeout", 5),
        retries=answer.get("retries", 3),
        start_period=answer.get("startPeriod"),
    )


def _check_params(check: HealthCheck) -> dict[str, Any]:
    params = {
        "command": list(check.command),
        "interval": check.interval,
        "timeout": check.timeout,
        "retries": check.retries,
    }
    return params if check.start_period is None else {**params, "startPeriod": check.start_period}


def _read_log(answer: Mapping[str, Any] | None) -> LogConfiguration | None:
    if not answer:
        return None
    options = answer.get("options") or {}
    return log_configuration(
        answer["logDriver"],
        {key: Id(value) if key == _LOG_GROUP else value for key, value in options.items()},
        {one["name"]: one["valueFrom"] for one in answer.get("secretOptions") or ()},
    )


def _read_firelens(answer: Mapping[str, Any] | None) -> FirelensConfiguration | None:
    if not answer:
        return None
    return FirelensConfiguration(type=answer["type"], options=FrozenMap(answer.get("options") or {}))


def _read_user(container: Mapping[str, Any]) -> str | None:
    user = container.get("user") or None
    return None if user == _ROOT and container.get("firelensConfiguration") else user


def _mount_order(mount: MountPoint) -> tuple[str, str]:
    return mount.source_volume, mount.container_path


def _port_order(mapping: PortMapping) -> tuple[int, str]:
    return mapping.container_port, mapping.protocol


def _port_params(mapping: PortMapping) -> dict[str, Any]:
    params = {"containerPort": mapping.container_port, "protocol": mapping.protocol}
    return params if mapping.name is None else {**params, "name": mapping.name}

"""Task definitions: what RegisterTaskDefinition refuses, and all that it fills in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ecs.exceptions import EcsClientException
from moto.ecs.models import EC2ContainerServiceBackend, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse

from .ecs_pages import page
from .ecs_records import Fields, moment
from .engine import engine, state
from .patch import Installer, Patch, patch

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_MOST_CONTAINERS: Final = 10
_GIB: Final = 1024


def _steps(first: int, last: int, step: int) -> tuple[int, ...]:
    return tuple(gib * _GIB for gib in range(first, last + 1, step))


FARGATE_SIZES: Final[Mapping[int, tuple[int, ...]]] = {
    256: (512, *_steps(1, 2, 1)),
    512: _steps(1, 4, 1),
    1024: _steps(2, 8, 1),
    2048: _steps(4, 16, 1),
    4096: _steps(8, 30, 1),
    8192: _steps(16, 60, 4),
    16384: _steps(32, 120, 8),
}
"""CPU units to the memory in MiB that goes with them. Source: ECS API, RegisterTaskDefinition, `cpu`."""

_TASK_DEFINITION: Final[Any] = TaskDefinition
"""moto's class, which leaves methods of its CloudFormation parent abstract."""

_EMPTY_LISTS: Final = ("portMappings", "environment", "mountPoints", "volumesFrom", "systemControls")
_HEALTH_CHECK: Final = {"interval": 30, "timeout": 5, "retries": 3}
_HEALTH_CHECK_BOUNDS: Final = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}
_AWSLOGS: Final = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix")
_FARGATE_DRIVERS: Final = ("awslogs", "splunk", "awsfirelens")
_CONDITIONS: Final = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
_STORAGE: Final = (21, 200)
_LONGEST_STOP: Final = 120
_NOT_ON_FARGATE: Final = (
    "links",
    "extraHosts",
    "dockerSecurityOptions",
    "hostname",
    "dnsServers",
    "dnsSearchDomains",
    "privileged",
    "disableNetworking",
)


def _refuse(message: str) -> EcsClientException:
    return EcsClientException(message)


def size_units(value: str | None, unit: str) -> int | None:
    """A CPU or memory size in units: "1 vCPU" is 1024, "2 GB" is 2048. Raises ClientException."""
    if value is None:
        return None
    found = re.fullmatch(rf"\s*([0-9]+(?:\.[0-9]+)?)\s*({unit})?\s*", value, re.IGNORECASE)
    if found is None:
        raise _refuse(f"Invalid setting for the task: '{value}' is not a number of units or of {unit}")
    number, word = found.groups()
    return int(float(number) * (_GIB if word else 1))


def _check_fargate(asked: Mapping[str, Any]) -> None:
    """What Fargate alone asks of a task. Source: ECS guide, "Fargate task definition considerations"."""
    if asked.get("networkMode") != "awsvpc":
        raise _refuse("Fargate only supports network mode 'awsvpc'.")
    for size in ("cpu", "memory"):
        if not asked.get(size):
            raise _refuse(f"Fargate requires that '{size}' be defined at the task level.")
    cpu, memory = int(asked["cpu"]), int(asked["memory"])
    if memory not in FARGATE_SIZES.get(cpu, ()):
        raise _refuse(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values."
        )
    if asked.get("placementConstraints"):
        raise _refuse("Fargate does not support task placement constraints.")
    if asked.get("ipcMode") or asked.get("pidMode") not in {None, "task"}:
        raise _refuse("Tasks using the Fargate launch type support neither 'ipcMode' nor a 'pidMode' but 'task'.")
    storage = (asked.get("ephemeralStorage") or {}).get("sizeInGiB")
    if storage is not None and not _STORAGE[0] <= storage <= _STORAGE[1]:
        raise _refuse(f"Ephemeral storage '{storage}' must be between {_STORAGE[0]} and {_STORAGE[1]} GiB.")
    for container in asked["containerDefinitions"]:
        _check_fargate_container(container, asked.get("executionRoleArn"))


def _check_fargate_container(container: Fields, execution_role: str | None) -> None:
    for setting in _NOT_ON_FARGATE:
        if container.get(setting):
            raise _refuse(f"Fargate does not support the '{setting}' setting of container '{container['name']}'.")
    if (container.get("stopTimeout") or 0) > _LONGEST_STOP:
        raise _refuse(f"The stopTimeout of a container on Fargate cannot be longer than {_LONGEST_STOP} seconds.")
    logs = container.get("logConfiguration") or {}
    driver = logs.get("logDriver")
    if driver is not None and driver not in _FARGATE_DRIVERS:
        raise _refuse(f"Log driver '{driver}' is not supported on Fargate.")
    if driver == "awslogs":
        missing = [option for option in _AWSLOGS if not (logs.get("options") or {}).get(option)]
        if missing:
            raise _refuse(f"Log driver awslogs requires options: {', '.join(missing)}")
    needs = {
        "log driver awslogs": driver == "awslogs",
        "ECR images": ".dkr.ecr." in container["image"],
        "secrets": bool(container.get("secrets")),
    }
    for need, needed in needs.items():
        if needed and not execution_role:
            raise _refuse(f"Fargate requires task definition to have execution role ARN to support {need}.")


def _check_names(containers: Sequence[Fields]) -> None:
    names: list[str] = []
    for container in containers:
        for member in ("name", "image"):
            if not container.get(member):
                raise _refuse(f"Container.{member} should not be null or empty.")
        if not _NAME.fullmatch(container["name"]):
            raise _refuse("Container.name contains invalid characters.")
        if container["name"] in names:
            raise _refuse(f"Container names must be unique: '{container['name']}' is used more than once.")
        names.append(container["name"])


def _check_sizes(containers: Sequence[Fields], cpu: int | None, memory: int | None) -> None:
    if cpu is not None and sum(container.get("cpu") or 0 for container in containers) > cpu:
        raise _refuse("The sum of the containers' 'cpu' is greater than the task's 'cpu'.")
    for container in containers:
        hard, soft = container.get("memory"), container.get("memoryReservation")
        if memory is None and hard is None and soft is None:
            raise _refuse(
                f"Invalid setting for container '{container['name']}'. At least one of 'memory' or "
                "'memoryReservation' must be specified."
            )
        if hard is not None and soft is not None and soft > hard:
            raise _refuse(
                f"Invalid setting for container '{container['name']}'. 'memory' must be at least 'memoryReservation'."
            )
        if memory is not None and (hard or 0) > memory:
            raise _refuse(f"The 'memory' setting for container '{container['name']}' is greater than for the task.")
    needed = sum(container.get("memoryReservation") or container.get("memory") or 0 for container in containers)
    if memory is not None and needed > memory:
        raise _refuse("The sum of the containers' memory is greater than the task's 'memory'.")


def _check_volumes(asked: Mapping[str, Any]) -> None:
    """Source: ECS API, Volume, EFSVolumeConfiguration, MountPoint; ECS guide, "FireLens"."""
    names = {volume["name"] for volume in asked.get("volumes") or ()}
    for container in asked["containerDefinitions"]:
        for mount in container.get("mountPoints") or ():
            if mount.get("sourceVolume") not in names:
                raise _refuse(f"Unknown volume '{mount.get('sourceVolume')}'.")
    for volume in asked.get("volumes") or ():
        efs = volume.get("efsVolumeConfiguration") or {}
        authorization = efs.get("authorizationConfig") or {}
        encrypted = efs.get("transitEncryption") == "ENABLED"
        if (authorization.get("iam") == "ENABLED" or authorization.get("accessPointId")) and not encrypted:
            raise _refuse("Invalid 'efsVolumeConfiguration': transit encryption must be enabled to use IAM.")
        if authorization.get("accessPointId") and efs.get("rootDirectory") not in {None, "/"}:
            raise _refuse("Invalid 'efsVolumeConfiguration': rootDirectory must be '/' with an access point.")
    routers = [one["name"] for one in asked["containerDefinitions"] if one.get("firelensConfiguration")]
    routed = [
        one["name"]
        for one in asked["containerDefinitions"]
        if (one.get("logConfiguration") or {}).get("logDriver") == "awsfirelens"
    ]
    if len(routers) > 1 or (routed and not routers):
        raise _refuse("When a firelensConfiguration object is specified, there must be exactly one such container.")
    for one in asked["containerDefinitions"]:
        if one.get("firelensConfiguration") and (one.get("user") or "0").partition(":")[0] != "0":
            raise _refuse("If 'user' field is specified on firelens container, then 'UID' has to be '0'.")


def _check_dependencies(containers: Sequence[Fields]) -> None:
    by_name = {container["name"]: container for container in containers}
    for container in containers:
        for dependency in container.get("dependsOn") or ():
            other, condition = by_name.get(dependency["containerName"]), dependency["condition"]
            if other is None:
                raise _refuse(
                    f"Container '{container['name']}' depends on container '{dependency['containerName']}', "
                    "which is not in the task definition."
                )
            if condition not in _CONDITIONS:
                raise _refuse(f"'{condition}' is not a condition of dependsOn: {', '.join(_CONDITIONS)}.")
            if condition == "HEALTHY" and not other.get("healthCheck"):
                raise _refuse(f"Container '{other['name']}' has no health check, and others wait for it to be HEALTHY.")
            if condition in {"COMPLETE", "SUCCESS"} and other.get("essential", True):
                raise _refuse(f"Container '{other['name']}' is essential, and others wait for it to end.")
    _check_cycles({name: _awaited(container) for name, container in by_name.items()})


def _awaited(container: Fields) -> list[str]:
    return [dependency["containerName"] for dependency in container.get("dependsOn") or ()]


def _check_cycles(awaited: Mapping[str, Sequence[str]]) -> None:
    done: set[str] = set()
    while len(done) < len(awaited):
        free = {name for name in awaited if name not in done and done.issuperset(awaited[name])}
        if not free:
            raise _refuse("There is a cycle in the dependsOn of the containers.")
        done |= free


def _check_ports(container: Fields, network_mode: str | None) -> None:
    for mapping in container.get("portMappings") or ():
        port, host = mapping.get("containerPort"), mapping.get("hostPort")
        if port is not None and not 1 <= port <= 65_535:
            raise _refuse(f"Invalid 'containerPort' setting for container '{container['name']}'.")
        if network_mode == "awsvpc" and host not in {None, 0, port}:
            raise _refuse("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
        if mapping.get("protocol", "tcp") not in {"tcp", "udp"}:
            raise _refuse(f"Invalid 'protocol' setting for container '{container['name']}'.")


def _check_health_check(container: Fields) -> None:
    check = container.get("healthCheck")
    if not check:
        return
    if not check.get("command"):
        raise _refuse(f"The health check of container '{container['name']}' has no command.")
    for setting, (low, high) in _HEALTH_CHECK_BOUNDS.items():
        value = check.get(setting)
        if value is not None and not low <= value <= high:
            raise _refuse(f"The health check's {setting} '{value}' must be between {low} and {high}.")


def _check(asked: Mapping[str, Any]) -> None:
    """Raise ClientException for a task definition that ECS would not register."""
    containers = asked["containerDefinitions"]
    if not _NAME.fullmatch(asked["family"]):
        raise _refuse("Family contains invalid characters.")
    if not containers:
        raise _refuse("Container list cannot be empty.")
    if len(containers) > _MOST_CONTAINERS:
        raise _refuse(f"A task definition can have at most {_MOST_CONTAINERS} containers.")
    _check_names(containers)
    if not any(container.get("essential", True) for container in containers):
        raise _refuse("At least one container of the task definition must be essential.")
    for container in containers:
        _check_ports(container, asked.get("networkMode"))
        _check_health_check(container)
    _check_dependencies(containers)
    _check_volumes(asked)
    if "FARGATE" in (asked.get("requiresCompatibilities") or ()):
        _check_fargate(asked)
    _check_sizes(containers, _number(asked.get("cpu")), _number(asked.get("memory")))


def _number(value: str | None) -> int | None:
    return None if value is None else int(value)


def _shuffled(entries: Iterable[Fields]) -> list[Fields]:
    """The entries in an order of their own: AWS does not keep the order of environment variables and secrets."""
    return sorted(entries, key=lambda entry: hashlib.sha256(str(entry.get("name")).encode()).hexdigest())


def _fill_container(container: Fields, network_mode: str | None) -> Fields:
    filled: Fields = {"cpu": 0, "essential": True, **{name: [] for name in _EMPTY_LISTS}, **container}
    filled["portMappings"] = [_fill_port(mapping, network_mode) for mapping in filled["portMappings"]]
    filled["environment"] = _shuffled(filled["environment"])
    if filled.get("firelensConfiguration"):
        filled.setdefault("user", "0")
    if "secrets" in filled:
        filled["secrets"] = _shuffled(filled["secrets"])
    if filled.get("healthCheck"):
        filled["healthCheck"] = _HEALTH_CHECK | filled["healthCheck"]
    if filled.get("logConfiguration"):
        filled["logConfiguration"] = {"options": {}, "secretOptions": []} | filled["logConfiguration"]
    return filled


def _fill_port(mapping: Fields, network_mode: str | None) -> Fields:
    filled: Fields = {"protocol": "tcp"} | mapping
    if "containerPort" in filled:
        filled["hostPort"] = filled["containerPort"] if network_mode == "awsvpc" else filled.get("hostPort", 0)
    return filled


def _role_arn(backend: Any, role: str | None) -> str | None:
    if role is None or role.startswith("arn:"):
        return role
    return f"arn:{backend.partition}:iam::{backend.account_id}:role/{role}"


def _compatibilities(definition: Any) -> list[str]:
    fits = (_number(definition.memory) or 0) in FARGATE_SIZES.get(_number(definition.cpu) or 0, ())
    return ["EC2", "FARGATE"] if definition.network_mode == "awsvpc" and fits else ["EC2"]


class _Revisions(dict[str, int]):
    """The last revision of each family: never used again, not even after its deletion."""


@patch("ecs-register-task-definition", "Amazon ECS API: RegisterTaskDefinition, ContainerDefinition")
def _register(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceResponse, "register_task_definition")
    def register(response: Any) -> ActionResult:
        backend = response.ecs_backend
        asked = dict(response._get_params())
        asked["cpu"] = _text(size_units(asked.get("cpu"), "vCPU"))
        asked["memory"] = _text(size_units(asked.get("memory"), "GB"))
        _check(asked)
        family, mode = asked["family"], asked.get("networkMode")
        revisions = state(backend, _Revisions)
        revisions[family] = revisions.get(family, 0) + 1
        definition = _TASK_DEFINITION(
            family,
            revisions[family],
            [_fill_container(container, mode) for container in asked["containerDefinitions"]],
            backend.account_id,
            backend.region_name,
            volumes=asked.get("volumes"),
            network_mode=mode,
            tags=asked.get("tags"),
            placement_constraints=asked.get("placementConstraints"),
            requires_compatibilities=asked.get("requiresCompatibilities"),
            cpu=asked["cpu"],
            memory=asked["memory"],
            task_role_arn=_role_arn(backend, asked.get("taskRoleArn")),
            execution_role_arn=_role_arn(backend, asked.get("executionRoleArn")),
            proxy_configuration=asked.get("proxyConfiguration"),
            inference_accelerators=asked.get("inferenceAccelerators"),
            runtime_platform=asked.get("runtimePlatform"),
            ipc_mode=asked.get("ipcMode"),
            pid_mode=asked.get("pidMode"),
            ephemeral_storage=asked.get("ephemeralStorage"),
        )
        backend.task_definitions.setdefault(family, {})[definition.revision] = definition
        definition.network_mode = mode or "bridge"
        definition.compatibilities = _compatibilities(definition)
        definition.registered_at = moment(engine().now())
        definition.registered_by = f"arn:{backend.partition}:iam::{backend.account_id}:root"
        definition.requires_attributes = _requires_attributes(definition)
        return ActionResult({"taskDefinition": definition, "tags": definition.tags})

    @into.wrap(EC2ContainerServiceBackend, "deregister_task_definition")
    def deregister(original: Callable[..., Any], backend: Any, task_definition_str: str) -> Any:
        definition = original(backend, task_definition_str)
        definition.deregistered_at = moment(engine().now())
        return definition


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _requires_attributes(definition: Any) -> list[Fields]:
    names = ["com.amazonaws.ecs.capability.docker-remote-api.1.18", "ecs.capability.task-eni"]
    drivers = [(one.get("logConfiguration") or {}).get("logDriver") for one in definition.container_definitions]
    if "awslogs" in drivers:
        names.append("com.amazonaws.ecs.capability.logging-driver.awslogs")
    if getattr(definition, "execution_role_arn", None):
        names.append("ecs.capability.execution-role-awslogs")
    return [{"name": name} for name in names]


@patch("ecs-find-task-definition", "Amazon ECS API: DescribeTaskDefinition, ListTaskDefinitions")
def _find(into: Installer) -> None:
    @into.replace_method(EC2ContainerServiceBackend, "_get_last_task_definition_revision_id")
    def last_active(backend: Any, family: str) -> int | None:
        """A family by its name alone means its latest ACTIVE revision."""
        known = backend.task_definitions.get(family) or {}
        active = [number for number, one in known.items() if one.status == "ACTIVE"]
        return max(active, default=None)

    @into.replace_method(EC2ContainerServiceResponse, "list_task_definitions")
    def listed(response: Any) -> ActionResult:
        family, status = response._get_param("familyPrefix"), response._get_param("status", "ACTIVE")
        found = [
            one
            for name, revisions in sorted(response.ecs_backend.task_definitions.items())
            for one in revisions.values()
            if one.status == status and family in {None, name}
        ]
        found.sort(key=lambda one: (one.family, one.revision), reverse=response._get_param("sort") == "DESC")
        return page(response, "taskDefinitionArns", [one.arn for one in found])


PATCHES: Final[tuple[Patch, ...]] = (_register, _find)

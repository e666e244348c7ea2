"""What the sandbox knows of tasks, deployments and services of ECS, and how each is shown.

moto keeps clusters and task definitions; these stand in its own collections in place of its services and tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from moto.ecs.models import ecs_backends

from .engine import engine, state

PLATFORM_VERSION: Final = "1.4.0"
"""What LATEST means on Linux. Source: ECS guide, "Fargate Linux platform versions"."""

FAIL_PULL: Final = "fail-pull"
FAIL_START: Final = "fail-start"
FAIL_HEALTH: Final = "fail-health"
"""Image tags that make a container fail: at the pull, at the start, or in its health checks."""

_MOST_EVENTS: Final = 100
_BEFORE_RUNNING: Final = ("PROVISIONING", "PENDING", "ACTIVATING")
_AT_WORK: Final = ("RUNNING", "DEACTIVATING")
_DEFAULT_STORAGE: Final = 20

Fields = dict[str, Any]
Tags = list[dict[str, str]]


def moment(seconds: float | None) -> datetime | None:
    """A time of the sandbox's clock as responses show it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def set_fields(fields: Mapping[str, Any]) -> Fields:
    """The members that have a value: AWS leaves the others out."""
    return {name: value for name, value in fields.items() if value is not None}


@dataclass(eq=False)
class Container:
    """One container of a task."""

    definition: Fields
    arn: str
    status: str = "PENDING"
    health: str = "UNKNOWN"
    exit_code: int | None = None
    reason: str | None = None
    runtime_id: str | None = None

    @property
    def name(self) -> str:
        """The name that the task definition gives it."""
        return str(self.definition["name"])

    @property
    def image(self) -> str:
        """The image as the task definition names it."""
        return str(self.definition["image"])

    @property
    def image_tag(self) -> str:
        """The tag of the image: "latest" where none is named."""
        name = self.image.rpartition("/")[2].partition("@")[0]
        return name.partition(":")[2] or "latest"

    @property
    def ports(self) -> Iterator[tuple[int, str]]:
        """The ports that it listens on, with their protocols."""
        for mapping in self.definition["portMappings"]:
            if "containerPort" in mapping:
                yield mapping["containerPort"], mapping.get("protocol", "tcp")


@dataclass(eq=False)
class Task:
    """One task and its network interface. Times are seconds of the sandbox's clock."""

    backend: Any
    cluster: Any
    definition: Any
    """moto's task definition."""
    arn: str
    group: str
    launch_type: str
    containers: list[Container]
    network: Fields
    """The `awsvpcConfiguration` with AWS's defaults."""
    load_balancers: list[Fields] = field(default_factory=list)
    tags: Tags = field(default_factory=list)
    started_by: str | None = None
    capacity_provider: str | None = None
    enable_execute_command: bool = False
    overrides: Fields = field(default_factory=dict)
    service: Service | None = None
    on_change: Callable[[Task], None] | None = None
    """Called when the task comes up, turns healthy or unhealthy, or goes away."""

    status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    created: float = field(default_factory=lambda: engine().now())
    pull_started: float | None = None
    pull_stopped: float | None = None
    started: float | None = None
    stopping: float | None = None
    stopped: float | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    failed_to_start: bool = False
    version: int = 0
    """Grows with each change of the status."""
    subnet: Any = None
    interface_id: str = ""
    attachment_id: str = field(default_factory=lambda: str(uuid4()))
    attachment: Fields = field(default_factory=dict)
    targets: list[tuple[Any, Any]] = field(default_factory=list)
    """Target groups and the targets that this task is registered as."""

    @property
    def task_arn(self) -> str:
        """The ARN under the name by which moto asks for it."""
        return self.arn

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def live(self) -> bool:
        """Whether ECS means it to run."""
        return self.desired_status == "RUNNING"

    @property
    def starting(self) -> bool:
        """Whether it is on its way to RUNNING."""
        return self.status in _BEFORE_RUNNING

    @property
    def at_work(self) -> bool:
        """Whether its containers run, a task that drains included."""
        return self.status in _AT_WORK

    @property
    def address(self) -> str | None:
        """The private address of its network interface."""
        return self.attachment.get("privateIPv4Address")

    def listener(self, port: int) -> Container | None:
        """The container that answers on a port: none does before the task's containers run."""
        if self.status not in {"ACTIVATING", *_AT_WORK}:
            return None
        return next((one for one in self.containers if (port, "tcp") in one.ports), None)

    def changed(self) -> None:
        """Tell whoever watches."""
        if self.on_change is not None:
            self.on_change(self)

    @property
    def checked_containers(self) -> list[Container]:
        """The containers that have a health check of their own."""
        return [one for one in self.containers if one.definition.get("healthCheck")]

    @property
    def health(self) -> str:
        """HEALTHY, UNHEALTHY or UNKNOWN: the worst of the containers that have a health check."""
        found = [one.health for one in self.checked_containers]
        worst = [health for health in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if health in found]
        return worst[0] if worst else "UNKNOWN"

    def show(self, *, tags: bool = False) -> Fields:
        """The task as DescribeTasks returns it."""
        storage = (self.definition.ephemeral_storage or {}).get("sizeInGiB", _DEFAULT_STORAGE)
        fields = {
            "taskArn": self.arn,
            "clusterArn": self.cluster.arn,
            "taskDefinitionArn": self.definition.arn,
            "group": self.group,
            "launchType": self.launch_type,
            "capacityProviderName": self.capacity_provider,
            "platformVersion": PLATFORM_VERSION,
            "platformFamily": "Linux",
            "availabilityZone": self.subnet.availability_zone if self.subnet else None,
            "lastStatus": self.status,
            "desiredStatus": self.desired_status,
            "healthStatus": self.health,
            "cpu": self.definition.cpu,
            "memory": self.definition.memory,
            "startedBy": self.started_by,
            "enableExecuteCommand": self.enable_execute_command,
            "ephemeralStorage": {"sizeInGiB": storage},
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "overrides": {
                "containerOverrides": [{"name": one.name} for one in self.containers],
                "inferenceAcceleratorOverrides": [],
            }
            | self.overrides,
            "attachments": self._attachments(),
            "containers": [self._container(one) for one in self.containers],
            "createdAt": moment(self.created),
            "connectivity": "CONNECTED" if self.pull_started is not None else None,
            "connectivityAt": moment(self.pull_started),
            "pullStartedAt": moment(self.pull_started),
            "pullStoppedAt": moment(self.pull_stopped),
            "startedAt": moment(self.started),
            "stoppingAt": moment(self.stopping),
            "stoppedAt": moment(self.stopped),
            "executionStoppedAt": moment(self.stopping if self.started is not None else None),
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
            "tags": self.tags if tags else None,
            "version": self.version,
        }
        return set_fields(fields)

    def _attachments(self) -> list[Fields]:
        status = "PRECREATED" if not self.attachment else "DELETED" if self.status == "STOPPED" else "ATTACHED"
        details = [{"name": name, "value": value} for name, value in self.attachment.items()]
        return [{"id": self.attachment_id, "type": "ElasticNetworkInterface", "status": status, "details": details}]

    def _container(self, one: Container) -> Fields:
        interfaces = [{"attachmentId": self.attachment_id, "privateIpv4Address": self.address}] if self.address else []
        return set_fields(
            {
                "containerArn": one.arn,
                "taskArn": self.arn,
                "name": one.name,
                "image": one.image,
                "runtimeId": one.runtime_id,
                "lastStatus": one.status,
                "healthStatus": one.health,
                "exitCode": one.exit_code,
                "reason": one.reason,
                "networkBindings": [],
                "networkInterfaces": interfaces,
                "cpu": str(one.definition.get("cpu", 0)),
                "memory": _as_text(one.definition.get("memory")),
                "memoryReservation": _as_text(one.definition.get("memoryReservation")),
            }
        )


def _as_text(value: int | None) -> str | None:
    return None if value is None else str(value)


@dataclass(eq=False)
class Deployment:
    """One deployment of a service: what it was to run, and how far it has come."""

    id: str
    definition: Any
    """moto's task definition."""
    settings: Fields
    """The settings of the service that were in force: those that a new deployment takes up."""
    status: str = "PRIMARY"
    created: float = field(default_factory=lambda: engine().now())
    updated: float = field(default_factory=lambda: engine().now())
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    ran: bool = False
    """One of its tasks has been RUNNING: from then on only failed health checks count as failed tasks."""
    waves: int = 0
    """How often in a row all of its tasks failed: the more, the longer ECS waits before it tries again."""
    retry_at: float = 0.0
    stuck: bool = False
    """Its percentages leave nothing to stop and nothing to start, and an event has said so."""

    def set_rollout(self, rollout: str, reason: str) -> None:
        """Note how far it has come."""
        self.rollout, self.reason, self.updated = rollout, reason, engine().now()


@dataclass(eq=False)
class Service:
    """One service, its deployments (the PRIMARY one first) and its tasks."""

    backend: Any
    cluster: Any
    name: str
    arn: str
    desired_count: int
    settings: Fields
    """What CreateService and UpdateService set, with AWS's defaults, under the names of the API."""
    deployments: list[Deployment]
    tags: Tags
    request: Fields = field(default_factory=dict)
    """The CreateService that made it."""
    role_arn: str | None = None
    status: str = "ACTIVE"
    created: float = field(default_factory=lambda: engine().now())
    tasks: list[Task] = field(default_factory=list)
    """Those that have not stopped yet, or stopped not long ago."""
    events: list[Fields] = field(default_factory=list)
    steady: bool = False
    pass_due: bool = False
    """A look at the service is arranged already."""
    rollback: Deployment | None = None
    """The last deployment that was completed."""

    @property
    def physical_resource_id(self) -> str:
        """The ARN under the name by which moto asks for it."""
        return self.arn

    @property
    def cluster_name(self) -> str:
        """The name of its cluster, by which moto finds a service."""
        return str(self.cluster.name)

    @property
    def launch_type(self) -> str | None:
        """FARGATE or EC2; none where a capacity provider strategy decides."""
        return self.settings.get("launchType")

    @property
    def primary(self) -> Deployment:
        """The deployment that ECS works towards."""
        return self.deployments[0]

    def tasks_of(self, deployment: Deployment) -> list[Task]:
        """The tasks that a deployment started."""
        return [task for task in self.tasks if task.started_by == deployment.id]

    def say(self, message: str) -> None:
        """Add a service event in AWS's words, which begin with the service's name."""
        event = {"id": str(uuid4()), "createdAt": moment(engine().now()), "message": f"(service {self.name}) {message}"}
        self.events.insert(0, event)
        del self.events[_MOST_EVENTS:]

    def show(self, *, tags: bool = False) -> Fields:
        """The service as DescribeServices returns it."""
        fields = {
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster.arn,
            "status": self.status,
            "desiredCount": self.desired_count,
            "runningCount": sum(task.at_work for task in self.tasks),
            "pendingCount": sum(task.starting and task.live for task in self.tasks),
            "platformFamily": "Linux" if self.launch_type != "EC2" else None,
            "taskDefinition": self.primary.definition.arn,
            "deployments": [self._deployment(one) for one in self.deployments] if self.status != "INACTIVE" else [],
            "roleArn": self.role_arn,
            "events": self.events,
            "createdAt": moment(self.created),
            "createdBy": f"arn:{self.backend.partition}:iam::{self.backend.account_id}:root",
            "tags": self.tags if tags else None,
        }
        hidden = {"serviceConnectConfiguration", "volumeConfigurations"}
        if not self.settings["loadBalancers"]:
            hidden.add("healthCheckGracePeriodSeconds")
        shown = {name: value for name, value in self.settings.items() if name not in hidden}
        return set_fields(shown | fields)

    def _deployment(self, one: Deployment) -> Fields:
        tasks = self.tasks_of(one)
        primary = one.status == "PRIMARY"
        fargate = one.settings.get("launchType") != "EC2"
        fields = {
            "id": one.id,
            "status": one.status,
            "taskDefinition": one.definition.arn,
            "desiredCount": self.desired_count if primary else sum(task.live for task in tasks),
            "runningCount": sum(task.at_work for task in tasks),
            "pendingCount": sum(task.starting and task.live for task in tasks),
            "failedTasks": one.failed_tasks,
            "createdAt": moment(one.created),
            "updatedAt": moment(one.updated),
            "launchType": one.settings.get("launchType"),
            "capacityProviderStrategy": one.settings.get("capacityProviderStrategy"),
            "platformVersion": PLATFORM_VERSION if fargate else None,
            "platformFamily": "Linux" if fargate else None,
            "networkConfiguration": one.settings.get("networkConfiguration"),
            "serviceConnectConfiguration": one.settings.get("serviceConnectConfiguration"),
            "volumeConfigurations": one.settings.get("volumeConfigurations"),
            "rolloutState": one.rollout,
            "rolloutStateReason": one.reason,
        }
        return set_fields(fields)


@dataclass
class TasksByAddress:
    """The tasks of one account and region by VPC and private address."""

    found: dict[tuple[str, str], Task] = field(default_factory=dict)


def task_at(account: str, region: str, vpc_id: str, address: str) -> Task | None:
    """The task that has a private address, or None."""
    return state(ecs_backends[account][region], TasksByAddress).found.get((vpc_id, address))

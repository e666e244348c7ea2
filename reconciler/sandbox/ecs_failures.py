"""Why a task does not start: the network it stands in, its roles, its images and its log groups, in AWS's words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from .ecs_network import Place, reaches_internet, reaches_service
from .ecs_records import FAIL_PULL, FAIL_START, Container, Fields, Task
from .engine import engine
from .iam_roles import propagated

_PRIVATE_ECR: Final = re.compile(r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
_PRINCIPAL: Final = "ecs-tasks.amazonaws.com"
_TIMED_OUT: Final = "dial tcp 52.94.0.1:443: i/o timeout"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task stops before it runs, or as soon as it does."""

    reason: str
    code: str = "TaskFailedToStart"
    container: str | None = None
    """The container that is to blame, and gets the reason too."""
    exit_code: int | None = None


def why_not_started(task: Task) -> Failure | None:
    """What keeps a task from running, or None: looked at in the order in which Fargate comes across it."""
    return next(_failures(task), None)


def _failures(task: Task) -> Iterator[Failure]:
    place = _place(task)
    yield from _roles(task)
    yield from _secrets(task, place)
    for container in task.containers:
        yield from _image(container, place)
    for container in task.containers:
        yield from _logs(task, container, place)
    for container in task.containers:
        if container.image_tag == FAIL_START:
            reason = (
                "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime "
                "task: failed to create shim task: OCI runtime create failed: unable to start container process: "
                'exec: "/app": stat /app: no such file or directory: unknown'
            )
            yield Failure(reason, container=container.name)
    yield from _ports(task)


def _place(task: Task) -> Place:
    backend = ec2_backends[task.backend.account_id][task.backend.region_name]
    return Place.of(backend, backend.get_network_interface(task.interface_id))


def _roles(task: Task) -> Iterator[Failure]:
    """A role that ECS cannot assume. Without a propagation delay a role that IAM does not know is let pass."""
    for member in ("execution_role_arn", "task_role_arn"):
        arn = getattr(task.definition, member, None)
        if arn and not _assumable(task, arn):
            yield Failure(
                f"ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the "
                "role being passed has the proper trust relationship and permissions and that your IAM user has "
                "permissions to pass this role."
            )


def _assumable(task: Task, arn: str) -> bool:
    account = task.backend.account_id
    try:
        role = iam_backends[account][task.backend.partition].get_role_by_arn(arn)
    except NotFoundException:
        return engine().timings.role_propagation == 0
    document = role.assume_role_policy_document
    trust = json.loads(document) if isinstance(document, str) else document
    return _PRINCIPAL in json.dumps(trust) and propagated(account, arn)


def _needed_service(source: str) -> str:
    """The service that keeps a secret: Secrets Manager by its ARN, else Parameter Store."""
    return "secretsmanager" if ":secretsmanager:" in source else "ssm"


def _secrets(task: Task, place: Place) -> Iterator[Failure]:
    for container in task.containers:
        for secret in container.definition.get("secrets") or ():
            service = _needed_service(secret["valueFrom"])
            if not reaches_service(place, service):
                yield Failure(
                    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
                    "retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): "
                    "RequestError: send request failed caused by: Post "
                    f'"https://{service}.{task.backend.region_name}.amazonaws.com/": {_TIMED_OUT}. '
                    "Please check your task network configuration."
                )


def _image(container: Container, place: Place) -> Iterator[Failure]:
    image = container.image
    registry = _PRIVATE_ECR.match(image)
    if registry:
        if not reaches_service(place, "ecr.api"):
            yield Failure(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
                "failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: "
                f'send request failed caused by: Post "https://api.ecr.{registry["region"]}.amazonaws.com/": '
                f"{_TIMED_OUT}. Please check your task network configuration."
            )
        reached = reaches_service(place, "ecr.dkr") and reaches_service(place, "s3")
    else:
        reached = reaches_internet(place)
    if not reached:
        yield Failure(
            f"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}: "
            f"failed to do request: Head: {_TIMED_OUT}",
            container=container.name,
        )
    if container.image_tag == FAIL_PULL:
        yield Failure(
            f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: "
            f"{image}: not found",
            container=container.name,
        )


def _logs(task: Task, container: Container, place: Place) -> Iterator[Failure]:
    logs: Fields = container.definition.get("logConfiguration") or {}
    if logs.get("logDriver") != "awslogs":
        return
    options = logs["options"]
    if not reaches_service(place, "logs"):
        yield Failure(
            "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch "
            "log group defined in the task definition. There is a connection issue between the task and Amazon "
            "CloudWatch. Check your network configuration. : signal: killed"
        )
    backend: Any = logs_backends[task.backend.account_id][options["awslogs-region"]]
    if options["awslogs-group"] in backend.groups:
        return
    if options.get("awslogs-create-group") == "true":
        backend.create_log_group(options["awslogs-group"], {})
    else:
        yield Failure(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
            "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
            "exist. : exit status 1"
        )


def _ports(task: Task) -> Iterator[Failure]:
    """Two containers of a task share one network: the second to bind a port exits."""
    taken: set[tuple[int, str]] = set()
    for container in task.containers:
        for port in container.ports:
            if port in taken:
                yield Failure("Essential container in task exited", "EssentialContainerExited", container.name, 1)
            taken.add(port)

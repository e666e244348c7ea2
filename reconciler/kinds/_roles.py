"""The roles of a task with exactly what its containers need: ECS's own for starting them, and the containers'."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.kinds._container import Container
from reconciler.kinds._volume import Volume
from reconciler.model.values import FrozenMap, Ref, Template
from reconciler.resources._policy import policy_document
from reconciler.resources.role import Policy, Role

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
_Statement = dict[str, Any]


def execution_role(
    containers: Iterable[Container],
    log_group: Ref | None,
    region: str,
    *,
    more_secrets: Iterable[str] = (),
    keys: Iterable[str] = (),
) -> Role | None:
    """What ECS itself does for the task, and no more: write its logs, pull its images, fetch its secrets and files.

    None where it does nothing of that.
    """
    known = tuple(containers)
    secrets = [*more_secrets, *(arn for container in known for arn in container.secrets.values())]
    statements = [*_images(known, region), *_secrets(secrets), *_env_files(known)]
    if log_group is not None:
        statements.insert(0, _logs(log_group))
    if keys := sorted(keys):
        statements.append(_allow(["kms:Decrypt"], keys))
    return _role("execution", statements) if statements else None


def task_role(
    containers: Iterable[Container], volumes: Iterable[Volume], region: str, *, execute_command: bool
) -> Role | None:
    """What the containers' own calls need; none where they need nothing.

    AWS: ECS developer guide, "Using Amazon ECS Exec", IAM permissions.
    """
    statements = list(_file_systems(tuple(containers), volumes, region))
    if execute_command:
        channels = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
        statements.append(_allow([f"ssmmessages:{channel}" for channel in channels], "*"))
    return _role("task", statements) if statements else None


def _file_systems(containers: tuple[Container, ...], volumes: Iterable[Volume], region: str) -> Iterator[_Statement]:
    """AWS: EFS user guide, "Using IAM to control file system data access". An id is one of its kind, whatever the
    account."""
    written = {mount.volume for container in containers for mount in container.mounts if not mount.read_only}
    arn = f"arn:{_partition(region)}:elasticfilesystem:{region}:*"
    for volume in volumes:
        if volume.efs is None or not volume.efs.iam:
            continue
        actions = ["elasticfilesystem:ClientMount"]
        if volume.name in written:
            actions.append("elasticfilesystem:ClientWrite")
        statement = _allow(actions, f"{arn}:file-system/{volume.efs.file_system_id}")
        if volume.efs.access_point_id:
            point = f"{arn}:access-point/{volume.efs.access_point_id}"
            statement["Condition"] = {"StringLike": {"elasticfilesystem:AccessPointArn": point}}
        yield statement


def _partition(region: str) -> str:
    """AWS: IAM user guide, "Amazon Resource Names", partitions."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _role(name: str, statements: Iterable[_Statement]) -> Role:
    document = policy_document({"Version": "2012-10-17", "Statement": list(statements)})
    return Role(
        assume_role_policy_document=_TRUST,
        policies=FrozenMap({name: Policy(policy_document=document)}),
        managed_policy_arns=frozenset(),
    )


def _allow(actions: list[str], resource: Any) -> _Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def _logs(log_group: Ref) -> _Statement:
    streams = Template((Ref(log_group.address, "arn"), ":*"))
    return _allow(["logs:CreateLogStream", "logs:PutLogEvents"], streams)


def _images(containers: Iterable[Container], region: str) -> Iterator[_Statement]:
    images = [match for c in containers if (match := _PRIVATE_IMAGE.match(c.image))]
    if images:
        repositories = {
            f"arn:{_partition(region)}:ecr:{m['region']}:{m['account']}:repository/{m['repository']}" for m in images
        }
        yield _allow(["ecr:GetAuthorizationToken"], "*")
        pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        yield _allow(pull, sorted(repositories))


def _secrets(named: Iterable[str]) -> Iterator[_Statement]:
    """The ARN of a secret may go on with a key, a stage and a version, of which permissions know nothing."""
    arns = {":".join(arn.split(":")[:7]) for arn in named}
    secrets = sorted(arn for arn in arns if arn.split(":")[2] == "secretsmanager")
    parameters = sorted(arns.difference(secrets))
    if secrets:
        yield _allow(["secretsmanager:GetSecretValue"], secrets)
    if parameters:
        yield _allow(["ssm:GetParameters"], parameters)


def _env_files(containers: Iterable[Container]) -> Iterator[_Statement]:
    """AWS: ECS developer guide, "Required IAM permissions for environment files"."""
    files = sorted({arn for container in containers for arn in container.env_files})
    if files:
        yield _allow(["s3:GetObject"], files)
        yield _allow(["s3:GetBucketLocation"], sorted({arn.partition("/")[0] for arn in files}))

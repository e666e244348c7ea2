"""The roles of a task with exactly what its containers need: ECS's own for starting them, and the containers'."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.kinds._container import Container
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


def execution_role(containers: Iterable[Container], log_group: Ref) -> Role:
    """What ECS itself does for the task, and no more: write its logs, pull its images, fetch its secrets and files."""
    known = tuple(containers)
    statements = [_logs(log_group), *_images(known), *_secrets(known), *_env_files(known)]
    return _role("execution", statements)


def task_role(*, execute_command: bool) -> Role | None:
    """What the containers' own calls need; none where they need nothing.

    AWS: ECS developer guide, "Using Amazon ECS Exec", IAM permissions.
    """
    if not execute_command:
        return None
    channels = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
    actions = [f"ssmmessages:{channel}" for channel in channels]
    return _role("task", [_allow(actions, "*")])


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


def _images(containers: Iterable[Container]) -> Iterator[_Statement]:
    images = [match for c in containers if (match := _PRIVATE_IMAGE.match(c.image))]
    if images:
        repositories = {f"arn:aws:ecr:{m['region']}:{m['account']}:repository/{m['repository']}" for m in images}
        yield _allow(["ecr:GetAuthorizationToken"], "*")
        pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        yield _allow(pull, sorted(repositories))


def _secrets(containers: Iterable[Container]) -> Iterator[_Statement]:
    """The ARN of a secret may go on with a key, a stage and a version, of which permissions know nothing."""
    arns = {":".join(arn.split(":")[:7]) for container in containers for arn in container.secrets.values()}
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

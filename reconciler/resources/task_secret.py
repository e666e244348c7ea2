"""AWS::SecretsManager::Secret or AWS::SSM::Parameter that a task names, only read: that it is there, and its key.

AWS: Secrets Manager DescribeSecret, Systems Manager DescribeParameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope


class TaskSecret(Fields):
    """`secret` is the ARN without key, stage and version; `key_id` the id, ARN or alias of the key of somebody's own
    that encrypts it, empty where that is AWS's or nobody's, or where AWS does not say."""

    secret: str = field(immutable=True)
    key_id: str = ""


class TaskSecretType(Readable[TaskSecret]):
    name = "task-secret"
    cloudformation = "AWS::SecretsManager::Secret"
    fields = TaskSecret

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[TaskSecret]]:
        """A request for each secret of the region. One that is about to be deleted is not there any more; one that may
        not be described may well be."""
        tasks = [one.fields for one in scope.expected.get("task-definition", ())]
        for arn in sorted({whole(arn) for task in tasks for arn in named(task)}):
            if arn.split(":")[3] != scope.region:
                continue
            try:
                key = _key_of(reader, arn)
            except AwsError as error:
                key = None if error.error_class is ErrorClass.NOT_FOUND else ""
            if key is not None:
                own = key if key and not key.startswith("alias/aws/") else ""
                yield Observed(type=self.name, id=arn, fields=TaskSecret(secret=arn, key_id=own), evidence=True)


def named(task: Any) -> Iterator[str]:
    """The ARNs of secrets and parameters that a task definition names."""
    for container in task.container_definitions.values():
        yield from container.secrets.values()
        if container.log_configuration is not None:
            yield from container.log_configuration.secret_options.values()


def whole(arn: str) -> str:
    """The ARN of a secret without the key, stage and version that may follow it."""
    return ":".join(arn.split(":")[:7])


def _key_of(reader: Reader, arn: str) -> str | None:
    """The key as AWS names it, empty where nothing is encrypted; `None` where there is no such secret."""
    if ":secretsmanager:" in arn:
        secret = reader.get("secretsmanager", "DescribeSecret", SecretId=arn)
        return None if "DeletedDate" in secret else str(secret.get("KmsKeyId") or "")
    name = arn.partition(":parameter")[2]
    filters = [{"Key": "Name", "Option": "Equals", "Values": [name, name.removeprefix("/")]}]
    found = reader.pages("ssm", "DescribeParameters", "Parameters", ParameterFilters=filters)
    return str(found[0].get("KeyId") or "") if found else None


TYPE = TaskSecretType()

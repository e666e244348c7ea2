"""AWS::KMS::Key of somebody's own that a secret or a parameter of a task is encrypted with, only read.

AWS: Secrets Manager DescribeSecret, Systems Manager DescribeParameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.model.errors import AwsError
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope


class SecretKey(Fields):
    """`secret` is the ARN without key, stage and version; `key_id` the id, ARN or alias of its key."""

    secret: str = field(immutable=True)
    key_id: str


class SecretKeyType(Readable[SecretKey]):
    name = "secret-key"
    cloudformation = "AWS::KMS::Key"
    fields = SecretKey

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[SecretKey]]:
        """A request for each secret of the region. One that may not be described, or that a key of AWS's own encrypts,
        has no object."""
        tasks = [one.fields for one in scope.expected.get("task-definition", ())]
        for arn in sorted({whole(arn) for task in tasks for arn in named(task)}):
            key = _key_of(reader, arn) if arn.split(":")[3] == scope.region else ""
            if key and not key.startswith("alias/aws/"):
                fields = SecretKey(secret=arn, key_id=key)
                yield Observed(type=self.name, id=arn, fields=fields, evidence=True)


def named(task: Any) -> Iterator[str]:
    """The ARNs of secrets and parameters that a task definition names."""
    for container in task.container_definitions.values():
        yield from container.secrets.values()
        if container.log_configuration is not None:
            yield from container.log_configuration.secret_options.values()


def whole(arn: str) -> str:
    """The ARN of a secret without the key, stage and version that may follow it."""
    return ":".join(arn.split(":")[:7])


def _key_of(reader: Reader, arn: str) -> str:
    """The key as AWS names it; nothing where it does not say, or where nothing is encrypted."""
    try:
        if ":secretsmanager:" in arn:
            return str(reader.get("secretsmanager", "DescribeSecret", SecretId=arn).get("KmsKeyId") or "")
        name = arn.partition(":parameter")[2]
        filters = [{"Key": "Name", "Option": "Equals", "Values": [name, name.removeprefix("/")]}]
        found = reader.pages("ssm", "DescribeParameters", "Parameters", ParameterFilters=filters)
        return str(found[0].get("KeyId") or "") if found else ""
    except AwsError:
        return ""


TYPE = SecretKeyType()

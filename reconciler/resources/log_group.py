"""AWS::Logs::LogGroup. AWS: CloudWatch Logs CreateLogGroup, PutRetentionPolicy, AssociateKmsKey, DescribeLogGroups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.errors import AwsError
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope
from reconciler.model.values import FrozenMap, Ref
from reconciler.resources._ownership import ownership
from reconciler.resources._tag_index import indexed_tags


class LogGroup(Fields):
    """How many days it keeps what it is told, `None` for ever, and the KMS key that it is encrypted with, if any."""

    retention_in_days: int | None = field()
    kms_key_id: str | None = field(default=None)


_NOT_FOUND = "ResourceNotFoundException"


class LogGroupType(ResourceType[LogGroup]):
    name = "log-group"
    cloudformation = "AWS::Logs::LogGroup"
    changed_by = (
        "logs:CreateLogGroup",
        "logs:PutRetentionPolicy",
        "logs:DeleteRetentionPolicy",
        "logs:AssociateKmsKey",
        "logs:DisassociateKmsKey",
        "logs:DeleteLogGroup",
    )
    fields = LogGroup
    naming = Naming.STABLE
    name_limit = 512
    name_separator = "/"
    name_prefix = "/reconciler/"
    tagged_by = "arn"
    absent = frozenset({_NOT_FOUND})

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[LogGroup]]:
        starts = tuple(f"{self.name_prefix}{stack}/" for stack in scope.stacks)
        groups = reader.pages("logs", "DescribeLogGroups", "logGroups", logGroupNamePrefix=self.name_prefix)
        ours = {g["arn"].removesuffix(":*"): g for g in groups if g["logGroupName"].startswith(starts)}
        indexed = indexed_tags(reader, scope)
        answers = reader.together(partial(_tags, reader, indexed, arn) for arn in ours)
        for (arn, group), tags in zip(ours.items(), answers, strict=True):
            name = group["logGroupName"]
            if tags is not None:
                yield Observed(
                    type=self.name,
                    id=name,
                    fields=LogGroup(
                        retention_in_days=group.get("retentionInDays"), kms_key_id=group.get("kmsKeyId") or None
                    ),
                    outputs=FrozenMap({"id": name, "arn": arn, "name": name}),
                    created=str(group.get("creationTime", "")),
                    by_index=arn in indexed,
                    **ownership(tags),
                )

    def create(self, resource: Resource[LogGroup], context: Context) -> Sequence[Call]:
        params: dict[str, Any] = {"logGroupName": context.name, "tags": dict(context.tags)}
        if resource.fields.kms_key_id is not None:
            params["kmsKeyId"] = resource.fields.kms_key_id
        create = Call("logs", "CreateLogGroup", params, known=FrozenMap(self.outputs_of_name(context)))
        days = resource.fields.retention_in_days
        return [create] if days is None else [create, _retention(context.name, days)]

    def outputs_of_name(self, context: Context) -> Mapping[str, str]:
        return {"id": context.name, "name": context.name, "arn": context.arn("logs", f"log-group:{context.name}")}

    def update(
        self, resource: Resource[LogGroup], observed: Observed[LogGroup], changed: frozenset[str], context: Context
    ) -> Sequence[Call]:
        calls = []
        if "retention_in_days" in changed:
            calls.append(_retention(observed.id, resource.fields.retention_in_days))
        if "kms_key_id" in changed:
            calls.append(_encryption(observed.id, resource.fields.kms_key_id))
        return calls

    def delete(self, observed: Observed[LogGroup], context: Context) -> Sequence[Call]:
        return [Call("logs", "DeleteLogGroup", {"logGroupName": observed.id})]

    def tag(self, target: str | Ref, put: Mapping[str, str], remove: Iterable[str]) -> Sequence[Call]:
        """`TagResource` and `UntagResource`: by the ARN without its final `:*`."""
        calls = []
        if put:
            calls.append(Call("logs", "TagResource", {"resourceArn": target, "tags": dict(put)}))
        gone = sorted(remove)
        if gone:
            calls.append(Call("logs", "UntagResource", {"resourceArn": target, "tagKeys": gone}))
        return calls


def _tags(reader: Reader, indexed: Mapping[str, Mapping[str, str]], arn: str) -> Mapping[str, str] | None:
    """One request per group, but where the index knows: Logs gives no tags with a description. `None` where the group
    has just gone."""
    if arn in indexed:
        return indexed[arn]
    try:
        tags: Mapping[str, str] = reader.get("logs", "ListTagsForResource", resourceArn=arn)["tags"]
    except AwsError as error:
        if error.code != _NOT_FOUND:
            raise
        return None
    return tags


def _retention(name: str, days: int | None) -> Call:
    if days is None:
        return Call("logs", "DeleteRetentionPolicy", {"logGroupName": name})
    return Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days})


def _encryption(name: str, key: str | None) -> Call:
    if key is None:
        return Call("logs", "DisassociateKmsKey", {"logGroupName": name})
    return Call("logs", "AssociateKmsKey", {"logGroupName": name, "kmsKeyId": key})


TYPE = LogGroupType()

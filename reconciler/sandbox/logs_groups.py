"""CloudWatch Logs: names, retention, and finding groups by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from .patch import Installer, patch

_NAME: Final = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
RETENTION_DAYS: Final = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""Source: CloudWatch Logs API Reference, PutRetentionPolicy."""
_MOST_IDENTIFIERS: Final = 50
_TAG_LIMIT: Final = 50


@patch("logs-names", "CloudWatch Logs API Reference, CreateLogGroup: logGroupName pattern; not starting with aws/")
def names(into: Installer) -> None:
    @into.wrap(LogsBackend, "create_log_group")
    def create(original: Callable[..., Any], backend: Any, log_group_name: str, tags: Any, **kwargs: Any) -> Any:
        if not _NAME.fullmatch(log_group_name):
            raise InvalidParameterException(
                constraint="Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
                parameter="logGroupName",
                value=log_group_name,
            )
        if log_group_name.startswith("aws/"):
            raise InvalidParameterException("Log groups starting with AWS/ are reserved for AWS.")
        if len(tags or {}) > _TAG_LIMIT:
            raise InvalidParameterException(
                constraint="Member must have length less than or equal to 50", parameter="tags", value=len(tags)
            )
        return original(backend, log_group_name, tags, **kwargs)


@patch("logs-retention", "CloudWatch Logs API Reference, PutRetentionPolicy: possible values of retentionInDays")
def retention(into: Installer) -> None:
    @into.wrap(LogsBackend, "put_retention_policy")
    def put(original: Callable[..., Any], backend: Any, log_group_name: str, retention_in_days: Any) -> Any:
        if retention_in_days not in RETENTION_DAYS:
            raise InvalidParameterException("Invalid retention value. Valid values are: " + str(sorted(RETENTION_DAYS)))
        return original(backend, log_group_name, retention_in_days)


@patch(
    "logs-describe", "CloudWatch Logs API Reference, DescribeLogGroups: logGroupIdentifiers; LogGroup: logGroupClass"
)
def describe(into: Installer) -> None:
    @into.wrap(LogsResponse, "describe_log_groups")
    def by_identifiers(original: Callable[..., Any], response: Any) -> Any:
        wanted = response._get_param("logGroupIdentifiers")
        if not wanted:
            return original(response)
        if len(wanted) > _MOST_IDENTIFIERS:
            raise InvalidParameterException(
                constraint="Member must have length less than or equal to 50",
                parameter="logGroupIdentifiers",
                value=len(wanted),
            )
        names = {each.partition(":log-group:")[2] or each for each in wanted}
        groups = [group for name, group in sorted(response.logs_backend.groups.items()) if name in names]
        return json.dumps({"logGroups": [group.to_describe_dict() for group in groups]})

    @into.wrap(LogGroup, "to_describe_dict")
    def with_class(original: Callable[..., Any], group: Any) -> dict[str, Any]:
        return {**original(group), "logGroupClass": "STANDARD"}


@patch("logs-tags", "CloudWatch Logs API Reference, DeleteLogGroup: deletes the log group for ever, its tags with it")
def tags_go_with_the_group(into: Installer) -> None:
    @into.wrap(LogsBackend, "delete_log_group")
    def delete(original: Callable[..., Any], backend: Any, log_group_name: str) -> Any:
        group = backend.groups.get(log_group_name)
        answer = original(backend, log_group_name)
        backend.tagger.delete_all_tags_for_resource(group.arn)
        return answer


@patch("logs-kms", "CloudWatch Logs API Reference, AssociateKmsKey, DisassociateKmsKey")
def kms(into: Installer) -> None:
    def group_of(response: Any) -> Any:
        name = response._get_param("logGroupName")
        if name not in response.logs_backend.groups:
            raise ResourceNotFoundException
        return response.logs_backend.groups[name]

    def associate_kms_key(response: Any) -> str:
        group_of(response).kms_key_id = response._get_param("kmsKeyId")
        return ""

    def disassociate_kms_key(response: Any) -> str:
        group_of(response).kms_key_id = None
        return ""

    into.replace(LogsResponse, "associate_kms_key", associate_kms_key)
    into.replace(LogsResponse, "disassociate_kms_key", disassociate_kms_key)


PATCHES = (names, retention, describe, tags_go_with_the_group, kms)

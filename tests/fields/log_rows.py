"""Every field of the logs of a Task, and of what else its secrets need."""

from __future__ import annotations

from typing import Final

from row_parts import BACK, EXECUTION, definition
from rows import Row

_FIRELENS_LOGS: Final = (
    ("Task/web logs", {"driver": "awsfirelens", "options": {"Name": "stdout"}, "retentionDays": 7}),
    ("Task/web containers[side].firelens", {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}}),
)
_SPLUNK: Final = {
    "driver": "splunk",
    "options": {"splunk-url": "https://splunk.example.com:8088"},
    "secretOptions": {"splunk-token": "arn:aws:ssm:us-east-1:123456789012:parameter/shop/splunk"},
    "retentionDays": 7,
}
_WRITTEN_OUT: Final = {
    "driver": "splunk",
    "options": {"splunk-url": "https://splunk.example.com:8088", "splunk-token": "one"},
    "retentionDays": 7,
}
_KEY: Final = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def _both(*paths: str) -> tuple[str, ...]:
    """A change of both containers of the task `web`."""
    return definition("web", *(f"containerDefinitions[{one}].{path}" for one in ("app", "side") for path in paths))


ROWS: Final = (
    Row(
        "Task/web containers[side].firelens",
        {"type": "fluentd"},
        definition("web", "containerDefinitions[side].firelensConfiguration.*"),
        given=_FIRELENS_LOGS,
        needed="no container routes the logs",
    ),
    Row(
        "Task/web containers[side].firelens.type",
        "fluentd",
        definition("web", "containerDefinitions[side].firelensConfiguration.type"),
        given=_FIRELENS_LOGS,
    ),
    Row(
        "Task/web containers[side].firelens.options",
        {"enable-ecs-log-metadata": "false"},
        definition("web", "containerDefinitions[side].firelensConfiguration.options*"),
        given=_FIRELENS_LOGS,
    ),
    Row(
        "Task/web logs.driver",
        "splunk",
        (*_both("logConfiguration.*"), "- log-group/web", EXECUTION),
        also=(("Task/web logs", _SPLUNK),),
        removed=(*BACK, "+ log-group/web", EXECUTION),
    ),
    Row(
        "Task/web logs.options",
        {"mode": "non-blocking", "max-buffer-size": "4m"},
        _both("logConfiguration.options[m*"),
        removed=BACK,
    ),
    Row(
        "Task/web logs.secretOptions",
        {"splunk-token": "arn:aws:ssm:us-east-1:123456789012:parameter/shop/other"},
        (*_both("logConfiguration.secretOptions*"), EXECUTION),
        given=(("Task/web logs", _SPLUNK),),
        needed="needs splunk-token",
    ),
    Row(
        "Task/web logs.options",
        {"splunk-url": "https://splunk.example.com:8088", "splunk-token": "another"},
        _both("logConfiguration.hiddenOptions[splunk-token]"),
        given=(("Task/web logs", _WRITTEN_OUT),),
        needed="needs splunk-url, splunk-token",
    ),
    Row("Task/web logs.kmsKey", _KEY, ("log-group/web kmsKeyId",)),
    Row("Task/web secretsKmsKeys", [_KEY], (EXECUTION,)),
    Row("Task/web logs", {"retentionDays": 14}, ("log-group/web retentionInDays",)),
    *(Row("Task/web logs.retentionDays", days, ("log-group/web retentionInDays",)) for days in (1, 90, 3653)),
)

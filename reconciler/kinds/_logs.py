"""Where what containers print goes: what users may write of it, and the log configuration that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds._spec import DigitsOrText, Format, SpecModel
from reconciler.model.values import FrozenMap, Id, Ref, Template
from reconciler.resources import _containers as ecs

SecretArn = Annotated[
    str,
    Format(
        r"^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+(:[^:]*:[^:]*:[^:]*)?"
        r"|ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+)$",
        "write the ARN of a secret of Secrets Manager or of a parameter of SSM, such as "
        "arn:aws:ssm:us-east-1:123456789012:parameter/shop/password",
        max_length=2048,
    ),
]
KeyArn = Annotated[
    str,
    Format(
        r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        "write a key's ARN such as arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
OptionName = Annotated[
    str, Format(r"^[A-Za-z0-9_.-]+$", "write the name of an option of the log driver", max_length=255)
]


class Logs(SpecModel):
    """Where what the containers print goes: by default to a log group of the task's own."""

    driver: Literal["awslogs", "splunk", "awsfirelens"] = Field(
        default="awslogs",
        description="Log driver. awslogs: the task's log group. awsfirelens: the container that has firelens.",
    )
    options: Mapping[OptionName, DigitsOrText] = Field(
        default={}, description="Options of the driver, beside those that follow from the task (awslogs-group, ...)."
    )
    secret_options: Mapping[OptionName, SecretArn] = Field(
        default={},
        description="Options of the driver whose values ECS takes from secrets of Secrets Manager or parameters of "
        "SSM, by ARN.",
    )
    retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    ] = Field(default=30, description="Days after which the log group forgets.")
    kms_key: KeyArn | None = Field(
        default=None,
        description="ARN of the KMS key of the log group, whose policy lets CloudWatch Logs use it. Default: its own.",
    )


class Firelens(SpecModel):
    """That a container takes the logs of the others and routes them (Fluent Bit or Fluentd)."""

    type: Literal["fluentbit", "fluentd"] = Field(description="What runs in it.")
    options: Mapping[OptionName, DigitsOrText] = Field(
        default={},
        description="enable-ecs-log-metadata (true, false), config-file-type (file) and config-file-value, a path.",
    )


def to_log_group(log_group: Ref, region: str, task: str, options: Mapping[str, str]) -> ecs.LogConfiguration:
    """The driver awslogs, with the three options without which ECS refuses it on Fargate."""
    given: dict[str, str | Template | Ref | Id] = {
        **options,
        "awslogs-group": log_group,
        "awslogs-region": region,
        "awslogs-stream-prefix": task,
    }
    return ecs.LogConfiguration(log_driver="awslogs", options=FrozenMap(given))

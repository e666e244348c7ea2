"""Alert: who is told what of a stack, and how."""

from __future__ import annotations

import string
from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import DURATION, LABEL, Format, Hidden, SpecModel

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {name: on-call}
spec:
  severity: warning
  objects: ["Task/*", "Route/*"]
  repeatInterval: 4h
  sinks:
    - name: chat
      apprise: {url: {env: CHAT_URL}}
    - name: hook
      webhook:
        url: {value: "https://alerts.example.com/reconciler"}
        secret: {file: /run/secrets/alert-signing-key}
    - name: topic
      sns: {topicArn: "arn:aws:sns:us-east-1:123456789012:reconciler"}
"""

Duration = Annotated[str, DURATION]
TopicArn = Annotated[
    str,
    Format(
        r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$",
        "write a topic's ARN such as arn:aws:sns:us-east-1:123456789012:reconciler",
    ),
]
ObjectPattern = Annotated[
    str,
    Format(r"^[A-Z*?][A-Za-z*?]*/[a-z0-9*?-]+$", "write KIND/NAME such as Task/web or Task/*", max_length=130),
]
EventType = Literal[
    "ApplyFailed",
    "ApplyRefused",
    "ApplyStarted",
    "ApplySucceeded",
    "CredentialsFailing",
    "DeploymentFailed",
    "DriftContested",
    "DriftFound",
    "FlowBroken",
    "InternalError",
    "LeaseLost",
    "NonConverging",
    "PassFailed",
    "Refused",
    "SpecInvalid",
    "StoreFailing",
    "TargetUnhealthy",
    "Throttled",
    "Warning",
]
PLACEHOLDERS = ("event", "severity", "phase", "stack", "object", "address", "message", "who", "key", "time")
"""What a template may name."""


def _known_placeholders(text: str) -> None:
    template = string.Template(text)
    if not template.is_valid() or not set(template.get_identifiers()) <= set(PLACEHOLDERS):
        raise ValueError(text)


TemplateText = Annotated[
    str,
    Format(
        r"^[^\x00]+$",
        f"write text with placeholders out of {', '.join('$' + name for name in PLACEHOLDERS)}, and $$ for a dollar",
        _known_placeholders,
        max_length=4000,
    ),
]


class Secret(SpecModel):
    """Where a value comes from that may be secret; it is read when it is used and never printed."""

    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="An environment variable.")
    file: str | None = Field(default=None, pattern=r"^/[^\x00]+$", description="A file, by its full path.")
    value: Annotated[str | None, Hidden()] = Field(
        default=None, min_length=1, description="The value itself, where it is no secret."
    )


class Webhook(SpecModel):
    """An HTTP POST with one JSON document."""

    url: Secret = Field(description="URL to post to.")
    secret: Secret | None = Field(
        default=None, description="Key of the HMAC-SHA256 signature in the header X-Reconciler-Signature."
    )


class Sns(SpecModel):
    """An SNS topic in the stack's account, or one that its credentials may publish to."""

    topic_arn: TopicArn = Field(
        description="ARN of the topic; a FIFO topic keeps the messages of an incident in order."
    )


class Apprise(SpecModel):
    """Everything that the Apprise library reaches: Slack, Microsoft Teams, PagerDuty, e-mail and a hundred others."""

    url: Secret = Field(description="Apprise URL of the service; see the list of services in Apprise's documentation.")


class Sink(SpecModel):
    """One place that is told: exactly one of webhook, sns and apprise."""

    name: Annotated[str, LABEL] = Field(description="Name of the sink, unique in its Alert.")
    webhook: Webhook | None = Field(default=None, description="An HTTP POST with one JSON document.")
    sns: Sns | None = Field(default=None, description="An SNS topic.")
    apprise: Apprise | None = Field(default=None, description="A service that the Apprise library reaches.")


class Template(SpecModel):
    """The words of a message to people."""

    title: TemplateText = Field(
        default="[$phase] $event: $object in $stack", description="First line, or the subject of a mail."
    )
    text: TemplateText = Field(default="$message", description="The rest.")


class AlertSpec(SpecModel):
    """Who is told what of a stack, and how: once when an incident begins, changes, and is over."""

    sinks: tuple[Sink, ...] = Field(min_length=1, description="Who is told.")
    severity: Literal["info", "warning", "error"] = Field(
        default="warning", description="The least severity that is told."
    )
    events: tuple[EventType, ...] = Field(
        default=(), description="The events that are told. Default: everything that lasts until it is over."
    )
    objects: tuple[ObjectPattern, ...] = Field(
        default=(), description="The objects that are told of, by KIND/NAME with * and ?. Default: all, and the stack."
    )
    group_wait: Duration = Field(
        default="1s", description="How long to wait for more before the first of a burst is sent."
    )
    repeat_interval: Duration | None = Field(
        default=None, description="When to remind of what goes on. Default: never."
    )
    template: Template = Field(default=Template(), description="What messages to people say.")


KIND = Kind(
    name="Alert",
    plural="alerts",
    spec=AlertSpec,
    example=EXAMPLE,
    columns=(
        Column("Severity", ".spec.severity"),
        Column("Sinks", ".spec.sinks[*].name"),
        Column("Repeat", ".spec.repeatInterval", wide=True),
    ),
)

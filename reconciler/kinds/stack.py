"""Stack: a set of objects that live and die together in one account and region."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from reconciler.kinds import _duration
from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import DURATION, Digits, DigitsOrText, Format, SpecModel
from reconciler.model.frozen import Frozen
from reconciler.model.policy import Window

EXAMPLE = """\
apiVersion: reconciler.dev/v1
kind: Stack
metadata: {name: shop}
spec:
  region: us-east-1
  account: "123456789012"
  tags: {team: storefront}
  drift: {policy: Heal, interval: 60s}
"""

Region = Annotated[str, Format(r"^[a-z]{2}(-[a-z]+)+-[0-9]$", "write a region such as us-east-1")]
Account = Annotated[str, Digits(), Format(r"^[0-9]{12}$", "write the 12 digits of an account")]
RoleArn = Annotated[
    str,
    Format(
        r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+$",
        "write a role's ARN such as arn:aws:iam::123456789012:role/reconciler",
    ),
]
Owner = Annotated[
    str,
    Format(
        r"^[A-Za-z0-9][A-Za-z0-9._:/@+=-]*$",
        "write letters, digits and . _ : / @ + = -, at most 128",
        max_length=128,
    ),
]
QueueUrl = Annotated[
    str,
    Format(
        r"^https?://[!-~]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}$",
        "write the URL of an SQS standard queue such as https://sqs.us-east-1.amazonaws.com/123456789012/reconciler",
    ),
]
SessionName = Annotated[
    str,
    Format(r"^[A-Za-z0-9_+=,.@-]{2,64}$", "write 2 to 64 letters, digits and _ + = , . @ -", max_length=64),
]
"""AWS: STS API reference, AssumeRole, RoleSessionName."""
ExternalId = Annotated[
    str,
    Digits(),
    Format(
        r"^[A-Za-z0-9_+=,.@:/-]{2,}$",
        "write 2 to 1224 letters, digits and _ + = , . @ : / -",
        max_length=1224,
    ),
]
"""AWS: STS API reference, AssumeRole, ExternalId."""
VARIABLE_NAME = Format(
    r"^[A-Za-z_][A-Za-z0-9_]*$",
    "write letters, digits and '_', beginning with a letter, at most 64",
    max_length=64,
)
Duration = Annotated[str, DURATION]


class AnyValue(Frozen):
    """Text, a number, true or false, or a list of texts; a CustomResourceDefinition has no type for that."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"x-kubernetes-preserve-unknown-fields": True}


class Variable(SpecModel):
    """A value that `${var.NAME}` stands for in the objects of the stack and in the Stack itself."""

    type: Literal["String", "Integer", "Boolean", "List"] = Field(
        default="String", description="What its value is; List is a list of texts."
    )
    default: Annotated[Any, AnyValue()] = Field(
        default=None, description="Its value where nothing else gives it one. Without it, something else must."
    )
    description: str | None = Field(default=None, description="What it is for.")


class AssumeRole(SpecModel):
    """The role that a stack's calls are made with."""

    arn: RoleArn = Field(description="ARN of the role.")
    external_id: ExternalId | None = Field(
        default=None, description="External id that the role's trust policy asks for."
    )
    session_name: SessionName = Field(
        default="reconciler", description="Name of the role's session, by which CloudTrail tells who it was."
    )


class Drift(SpecModel):
    """What the daemon does about drift, and how often it looks."""

    policy: Literal["Heal", "Alert", "Ignore"] = Field(
        default="Heal", description="Heal puts drift right, Alert only reports it, Ignore only counts it."
    )
    interval: Duration = Field(default="60s", description="Time between two looks at AWS, such as 60s or 15m.")


def _cron(text: str) -> object:
    try:
        return CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(text) from error


def _zone(text: str) -> object:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(text) from error


Cron = Annotated[
    str,
    Format(r"^\S+( +\S+){4}$", "write a cron expression of five fields such as 0 2 * * 6 (Saturdays at 2:00)", _cron),
]
TimeZone = Annotated[
    str, Format(r"^[A-Za-z][A-Za-z0-9_+/-]*$", "write a time zone such as Europe/Berlin or UTC", _zone)
]


class MaintenanceWindow(SpecModel):
    """A recurring time in which the daemon may change things."""

    schedule: Cron = Field(description="When it opens, as a cron expression.")
    duration: Duration = Field(description="How long it stays open, such as 2h.")
    time_zone: TimeZone = Field(default="UTC", description="Time zone of the schedule.")
    allows: tuple[Literal["Heal", "Promote"], ...] = Field(
        default=("Heal", "Promote"),
        min_length=1,
        description="What is done in such windows and not outside of them: putting drift right, rolling out specs.",
    )

    def compiled(self) -> Window:
        """As the daemon reads it."""
        seconds = float(_duration.seconds(self.duration))
        return Window(self.schedule, seconds, self.time_zone, frozenset(self.allows))


class Events(SpecModel):
    """Where the daemon hears of changes at once, instead of at the next interval."""

    queue_url: QueueUrl = Field(
        description="URL of the SQS queue that EventBridge feeds; `reconciler events setup` makes one."
    )


class StackSpec(SpecModel):
    """A set of objects that live and die together in one account and region."""

    region: Region = Field(description="AWS region of everything in the stack.")
    account: Account | None = Field(
        default=None, description="The only account that may be changed: any other is refused before the first change."
    )
    assume_role: AssumeRole | None = Field(default=None, description="Role to assume for every call.")
    owner: Owner = Field(
        default="default", description="Who the stack belongs to: a stack of another owner is never changed."
    )
    variables: Mapping[Annotated[str, VARIABLE_NAME], Variable] = Field(
        default={}, description="What ${var.NAME} stands for, by name."
    )
    tags: Mapping[str, DigitsOrText] = Field(
        default={}, description="Tags on everything of the stack that AWS can tag."
    )
    drift: Drift = Field(default=Drift(), description="What the daemon does about drift.")
    heal: bool = Field(default=True, description="Whether the daemon may put drift right at all.")
    promote: bool = Field(default=True, description="Whether the daemon may roll out what is new in the files.")
    max_disruption: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=1, description="Resources that one pass of the daemon may replace to put drift right, unless approved."
    )
    maintenance_windows: tuple[MaintenanceWindow, ...] = Field(
        default=(), description="Times outside of which the daemon does not do what they allow. None: at any time."
    )
    events: Events | None = Field(default=None, description="Where the daemon hears of changes at once.")
    prune: bool = Field(default=True, description="Whether what is no longer in the files is deleted.")


KIND = Kind(
    name="Stack",
    plural="stacks",
    spec=StackSpec,
    example=EXAMPLE,
    columns=(
        Column("Region", ".spec.region"),
        Column("Owner", ".spec.owner"),
        Column("Drift", ".spec.drift.policy"),
        Column("Account", ".spec.account", wide=True),
    ),
)

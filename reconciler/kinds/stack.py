"""Stack: a set of objects that live and die together in one account and region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._spec import DURATION, Format, SpecModel

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
Account = Annotated[str, Format(r"^[0-9]{12}$", "write the 12 digits of an account, in quotes")]
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
Duration = Annotated[str, DURATION]


class AssumeRole(SpecModel):
    """The role that a stack's calls are made with."""

    arn: RoleArn = Field(description="ARN of the role.")
    external_id: str | None = Field(
        default=None, min_length=2, max_length=1224, description="External id that the role's trust policy asks for."
    )


class Drift(SpecModel):
    """What the daemon does about drift, and how often it looks."""

    policy: Literal["Heal", "Alert", "Ignore"] = Field(
        default="Heal", description="Heal puts drift right, Alert only reports it, Ignore only counts it."
    )
    interval: Duration = Field(default="60s", description="Time between two looks at AWS, such as 60s or 15m.")


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
    tags: Mapping[str, str] = Field(default={}, description="Tags on everything of the stack that AWS can tag.")
    drift: Drift = Field(default=Drift(), description="What the daemon does about drift.")
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

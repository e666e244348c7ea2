"""Who sends a request, by its access key. Source: CloudTrail User Guide, "CloudTrail userIdentity element"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from . import wire
from .environment import CONSOLE

_CONSOLE_ADDRESS: Final = "203.0.113.17"
"""An address of the block that RFC 5737 keeps for documentation."""


@dataclass(frozen=True)
class Identity:
    """A principal. `address` is where it always sits; empty where the connection tells."""

    name: str
    document: dict[str, Any]
    address: str = ""
    console: bool = False


def identity_of(request: wire.Request) -> Identity:
    """The principal behind a request: a role's session, a user, or for an unknown key the user that STS names."""
    account, key = request.account, request.access_key
    partition = get_partition(request.region)
    common = {"accountId": account, "accessKeyId": key}
    if key == CONSOLE.access_key:
        name = CONSOLE.user
        arn = f"arn:{partition}:iam::{account}:user/{name}"
        document: dict[str, Any] = {
            "type": "IAMUser",
            "principalId": "AIDASANDBOXCONSOLE00",
            "arn": arn,
            **common,
            "userName": name,
        }
        return Identity(name, document, _CONSOLE_ADDRESS, console=True)
    backend = sts_backends[account][partition]
    user_id, arn, _ = backend.get_caller_identity(key, request.region)
    role = backend.get_assumed_role_from_access_key(key)
    if role is None:
        name = arn.rpartition("/")[2]
        return Identity(name, {"type": "IAMUser", "principalId": user_id, "arn": arn, **common, "userName": name})
    issuer = {
        "type": "Role",
        "principalId": user_id.partition(":")[0],
        "arn": role.role_arn,
        "accountId": account,
        "userName": role.role_arn.rpartition("/")[2],
    }
    context = {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}}
    session = {"type": "AssumedRole", "principalId": user_id, "arn": arn, **common, "sessionContext": context}
    return Identity(role.session_name, session)

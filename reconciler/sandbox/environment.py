"""What the clients of a sandbox run with: never the user's own credentials or settings."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Final, NamedTuple

DUMMY: Final = {
    "AWS_ACCESS_KEY_ID": "AKIASANDBOXEXAMPLE00",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Credentials that open nothing, and files that hold none."""


class Person(NamedTuple):
    """Somebody else with access to the account, and the program that they use."""

    user: str
    access_key: str
    user_agent: str


CONSOLE: Final = Person(
    "console-user",
    "AKIASANDBOXCONSOLE00",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
)
"""Who changes things behind the reconciler's back: an IAM user in the AWS console."""

_KEPT: Final = frozenset({"AWS_DEFAULT_REGION", "AWS_REGION", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"})
"""The user's own choices that are safe with any endpoint."""

_NEVER_PROXIED: Final = "127.0.0.1"


def point_at(url: str, environ: MutableMapping[str, str]) -> None:
    """Make AWS clients that read `environ` talk to the sandbox at `url`, with dummy credentials only.

    Every other AWS variable is removed: a profile, a role or a session token would be sent along.
    """
    for name in [name for name in environ if name.startswith("AWS_") and name not in _KEPT]:
        del environ[name]
    environ.update(DUMMY)
    environ["AWS_ENDPOINT_URL"] = url
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in environ.get(name, "").split(",") if host]
        environ[name] = ",".join(dict.fromkeys([*hosts, _NEVER_PROXIED]))

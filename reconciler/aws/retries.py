"""What is tried again, for how long, and what never is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from tenacity import RetryCallState, Retrying, retry_if_exception

from reconciler.aws.calls import is_read
from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.frozen import Frozen
from reconciler.model.ports import Clock


class Patience(Frozen):
    """How long one request is tried again, in seconds from its first failure, and how long between tries.

    `unreached` holds until AWS has answered anything at all: what fails then is a wrong endpoint or a missing network
    most of the time, and nobody should wait a minute to hear of it.
    """

    throttled: float = 300.0
    transient: float = 60.0
    unreached: float = 10.0
    first: float = 0.2
    longest: float = 20.0
    silent: float = 5.0
    """After these a person hears of it."""


NEVER_REPLAYED: Final = frozenset(
    {
        "ec2:AllocateAddress",
        "ec2:AssociateVpcCidrBlock",
        "ec2:CreateInternetGateway",
        "ec2:CreateVpc",
        "ecs:RegisterTaskDefinition",
    }
)
"""A second request makes a second object, and AWS takes no token that would prevent it (API references)."""

REPLAYED_CREATES: Final = frozenset(
    {
        "application-autoscaling:RegisterScalableTarget",
        "ec2:CreateRoute",
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateTags",
        "ecs:CreateCluster",
        "elbv2:CreateListener",
        "elbv2:CreateLoadBalancer",
        "elbv2:CreateRule",
        "elbv2:CreateTargetGroup",
        "elbv2:RegisterTargets",
        "iam:CreateRole",
        "logs:CreateLogGroup",
    }
)
"""A second request is refused or changes nothing, for a name, address or priority can exist only once."""

_REPLAYED_VERBS: Final = (
    "Add",
    "Associate",
    "Attach",
    "Authorize",
    "Delete",
    "Deregister",
    "Detach",
    "Disable",
    "Disassociate",
    "Enable",
    "Modify",
    "Put",
    "Release",
    "Remove",
    "Replace",
    "Reset",
    "Revoke",
    "Set",
    "Stop",
    "Tag",
    "Untag",
    "Update",
)
_TOKENS: Final = ("ClientToken", "clientToken", "CreatorRequestId")


def replayed(service: str, operation: str, params: Mapping[str, Any]) -> bool:
    """Whether a request whose answer never came may be sent again without making anything twice.

    A token counts only where the caller gave it: botocore fills in a new random one at every call.
    """
    name = f"{service}:{operation}"
    if name in NEVER_REPLAYED:
        return False
    if is_read(operation) or name in REPLAYED_CREATES or operation.startswith(_REPLAYED_VERBS):
        return True
    return any(params.get(token) for token in _TOKENS)


def worth_trying(error: AwsError, *, replay: bool) -> bool:
    """Whether the same request may now be sent again.

    Throttled: yes, for nothing was done. Transient: yes, unless it may have been done and must not be done twice.
    Everything else is for whoever sees the whole graph.
    """
    if error.error_class is ErrorClass.THROTTLED:
        return True
    return error.error_class is ErrorClass.TRANSIENT and (replay or not error.lost)


def policy(
    clock: Clock,
    dice: random.Random,
    patience: Patience,
    retry: Callable[[AwsError], bool],
    reached: Callable[[], bool],
    held_up: Callable[[AwsError], None],
) -> Retrying:
    """Exponential backoff with full jitter on `clock`, until the last error's patience has run out.

    `reached` says whether AWS has answered anything yet, to whichever request; `held_up` hears of each failure that is
    not the end of it, once that has gone on for a while.
    """
    failed_at: float | None = None

    def wait(state: RetryCallState) -> float:
        return dice.uniform(0, min(patience.longest, patience.first * 2.0 ** (state.attempt_number - 1)))

    def stop(state: RetryCallState) -> bool:
        nonlocal failed_at
        now = clock.now()
        if failed_at is None:
            failed_at = now
        error = state.outcome.exception() if state.outcome else None
        return now + state.upcoming_sleep > failed_at + seconds(error)

    def seconds(error: BaseException | None) -> float:
        if isinstance(error, AwsError) and error.error_class is ErrorClass.THROTTLED:
            return patience.throttled
        return patience.transient if reached() else min(patience.transient, patience.unreached)

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, AwsError) and failed_at is not None and clock.now() >= failed_at + patience.silent:
            held_up(error)

    return Retrying(
        sleep=clock.sleep,
        before_sleep=before_sleep,
        stop=stop,
        wait=wait,
        retry=retry_if_exception(lambda error: isinstance(error, AwsError) and retry(error)),
        reraise=True,
    )

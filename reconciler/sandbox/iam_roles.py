"""IAM roles: names, trust policies, and how long a new role takes to be known everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import (
    EntityAlreadyExists,
    InvalidInput,
    MalformedPolicyDocument,
    ValidationError,
)
from moto.iam.models import AWSManagedPolicy, IAMBackend, iam_backends

from .engine import engine, state
from .patch import Installer, patch

_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_AWS_POLICY: Final = re.compile(r"arn:aws[\w-]*:iam::aws:policy/([\w+=,.@/-]+)")


class _Born(dict[str, float]):
    """When each role was made, by ARN, in seconds of the sandbox's clock."""


def propagated(account_id: str, role_arn: str) -> bool:
    """Whether a role is known to the other services by now. Source: IAM User Guide, eventual consistency.

    A role of another account, or one made without the patch `iam-propagation`, is.
    """
    born = state(iam_backends[account_id]["aws"], _Born).get(role_arn)
    return born is None or engine().now() - born >= engine().timings.role_propagation


@patch("iam-propagation", "IAM User Guide, Troubleshoot IAM: changes that I make are not always immediately visible")
def propagation(into: Installer) -> None:
    @into.wrap(IAMBackend, "create_role")
    def create(original: Callable[..., Any], backend: Any, *args: Any, **kwargs: Any) -> Any:
        role = original(backend, *args, **kwargs)
        state(backend, _Born)[role.arn] = engine().now()
        return role


@patch("iam-role-names", "IAM API Reference, CreateRole: RoleName pattern; names are not distinguished by case")
def role_names(into: Installer) -> None:
    @into.wrap(IAMBackend, "create_role")
    def create(original: Callable[..., Any], backend: Any, role_name: str, *args: Any, **kwargs: Any) -> Any:
        if not _NAME.fullmatch(role_name):
            raise ValidationError(
                f"1 validation error detected: Value '{role_name}' at 'roleName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [\\w+=,.@-]{1,64}"
            )
        if any(role.name.lower() == role_name.lower() for role in backend.get_roles()):
            raise EntityAlreadyExists(f"Role with name {role_name} already exists.")
        return original(backend, role_name, *args, **kwargs)


def _check_trust_policy(document: str) -> None:
    try:
        statements = json.loads(document)["Statement"]
        statements = statements if isinstance(statements, list) else [statements]
        for statement in statements:
            if not statement["Action"] or statement["Effect"] not in ("Allow", "Deny"):
                raise ValueError
    except (ValueError, KeyError, TypeError):
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    for statement in statements:
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise MalformedPolicyDocument("Missing required field Principal")
        if "Resource" in statement:
            raise MalformedPolicyDocument("Has prohibited field Resource")


@patch("iam-trust-policies", "IAM API Reference, CreateRole: MalformedPolicyDocument")
def trust_policies(into: Installer) -> None:
    @into.wrap(IAMBackend, "create_role")
    def create(
        original: Callable[..., Any], backend: Any, role_name: str, document: str, *args: Any, **kwargs: Any
    ) -> Any:
        _check_trust_policy(document)
        return original(backend, role_name, document, *args, **kwargs)

    @into.wrap(IAMBackend, "update_assume_role_policy")
    def update(original: Callable[..., Any], backend: Any, role_name: str, policy_document: str) -> Any:
        _check_trust_policy(policy_document)
        return original(backend, role_name, policy_document)


def _check_tags(tags: list[dict[str, str]] | None) -> None:
    if any(tag["Key"].lower().startswith("aws:") for tag in tags or ()):
        raise InvalidInput("Tag keys beginning with aws: are reserved for AWS internal use")


@patch("iam-role-tags", "IAM User Guide, Tags for IAM resources: the prefix aws: is reserved, whatever its case")
def role_tags(into: Installer) -> None:
    @into.wrap(IAMBackend, "create_role")
    def create(original: Callable[..., Any], backend: Any, *args: Any, **kwargs: Any) -> Any:
        _check_tags(kwargs["tags"] if "tags" in kwargs else args[5])
        return original(backend, *args, **kwargs)

    @into.wrap(IAMBackend, "tag_role")
    def tag(original: Callable[..., Any], backend: Any, role_name: str, tags: list[dict[str, str]]) -> None:
        _check_tags(tags)
        original(backend, role_name, tags)


@cache
def _aws_policies() -> dict[str, Any]:
    """moto's copy of AWS's managed policies by name: 5 MB of JSON, read when one is first attached."""
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


@patch("iam-aws-policies", "IAM User Guide, AWS managed policies: they are there in every account")
def aws_policies(into: Installer) -> None:
    @into.wrap(IAMBackend, "attach_role_policy")
    def attach(original: Callable[..., Any], backend: Any, policy_arn: str, role_name: str) -> None:
        known = _AWS_POLICY.fullmatch(policy_arn)
        data = _aws_policies().get(known[1].rpartition("/")[2]) if known else None
        if data is not None and policy_arn not in backend.managed_policies:
            name = policy_arn.rpartition("/")[2]
            policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
            backend.managed_policies[policy.arn] = policy
        original(backend, policy_arn, role_name)


PATCHES = (propagation, role_names, trust_policies, role_tags, aws_policies)

"""AWS::IAM::Role with its inline and attached policies. AWS: IAM CreateRole."""

from __future__ import annotations

from reconciler.model.fields import Fields, field
from reconciler.model.resource import Naming
from reconciler.model.values import FrozenMap
from reconciler.resources._pending import Pending
from reconciler.resources._policy import Document


class Policy(Fields):
    """An inline policy: what the role may do."""

    policy_document: Document = field(whole=True)


class Role(Fields):
    """Who may assume it, and what it allows: documents in the form that `policy_document` makes."""

    assume_role_policy_document: Document = field(whole=True)
    policies: FrozenMap[str, Policy] = field()
    managed_policy_arns: frozenset[str] = field()


class RoleType(Pending):
    name = "role"
    cloudformation = "AWS::IAM::Role"
    fields = Role
    naming = Naming.STABLE
    name_limit = 64
    name_separator = "_"


TYPE = RoleType()

"""AWS::IAM::Role that a task is given by ARN, only read: what it allows.

AWS: IAM GetAccountAuthorizationDetails, GetPolicy, GetPolicyVersion.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.errors import AwsError
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed, Readable, Scope
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._policy import Document, read_document


class GivenRole(Fields):
    """Who may assume it, and all its policies, inline and attached; `whole`: each of them could be read. `boundary` is
    the policy beyond which nothing is allowed, `None` where there is none or it could not be read."""

    arn: Id = field(immutable=True)
    assume_role_policy_document: Document
    policies: FrozenMap[str, Document]
    whole: bool
    boundary: Document | None = None


class GivenRoleType(Readable[GivenRole]):
    name = "given-role"
    cloudformation = "AWS::IAM::Role"
    fields = GivenRole

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[GivenRole]]:
        """The list of roles is the one that finds our own: it costs no call of its own."""
        tasks = [one.fields for one in scope.expected.get("task-definition", ())]
        arns = {
            arn.value for task in tasks for arn in (task.execution_role_arn, task.task_role_arn) if isinstance(arn, Id)
        }
        for role in reader.pages("iam", "GetAccountAuthorizationDetails", "RoleDetailList", Filter=["Role"]):
            if role["Arn"] not in arns:
                continue
            inline = role.get("RolePolicyList", ())
            policies = {one["PolicyName"]: read_document(one["PolicyDocument"]) for one in inline}
            attached = [one["PolicyArn"] for one in role.get("AttachedManagedPolicies", ())]
            read = {arn: _managed(reader, arn) for arn in attached}
            policies |= {arn: document for arn, document in read.items() if document is not None}
            limit = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
            fields = GivenRole(
                arn=Id(role["Arn"]),
                assume_role_policy_document=read_document(role["AssumeRolePolicyDocument"]),
                policies=FrozenMap(policies),
                whole=None not in read.values(),
                boundary=_managed(reader, limit) if limit else None,
            )
            yield Observed(type=self.name, id=role["Arn"], fields=fields, evidence=True)


def _managed(reader: Reader, arn: str) -> Document | None:
    """The version in force of a managed policy; `None` where we may not read it."""
    try:
        version = reader.get("iam", "GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        answer = reader.get("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)
        return read_document(answer["PolicyVersion"]["Document"])
    except AwsError:
        return None


TYPE = GivenRoleType()

"""AWS::IAM::Role with its inline and attached policies. AWS: IAM CreateRole, GetAccountAuthorizationDetails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope
from reconciler.model.values import FrozenMap, Ref
from reconciler.resources._ownership import ownership, tag_list, tag_map
from reconciler.resources._policy import Document, document_text, read_document, respelled


class Policy(Fields):
    """An inline policy: what the role may do."""

    policy_document: Document = field(whole=True)


class Role(Fields):
    """Who may assume it, and what it allows: documents in the form that `policy_document` makes."""

    assume_role_policy_document: Document = field(whole=True)
    policies: FrozenMap[str, Policy] = field()
    managed_policy_arns: frozenset[str] = field()


_PATH = "/reconciler/"


class RoleType(ResourceType[Role]):
    name = "role"
    cloudformation = "AWS::IAM::Role"
    changed_by = (
        "iam:CreateRole",
        "iam:UpdateRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteRole",
    )
    fields = Role
    mentions = frozenset({"log-group"})  # IAM does not ask whether what a policy names is there
    naming = Naming.STABLE
    name_limit = 64
    name_separator = "_"
    name_with_region = True
    absent = frozenset({"NoSuchEntity"})
    not_yet = (("MalformedPolicyDocument", "Invalid principal"),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Role]]:
        """IAM is global: a role of a stack of that name in another region has another path."""
        for role in reader.pages("iam", "GetAccountAuthorizationDetails", "RoleDetailList", Filter=["Role"]):
            owned = ownership(tag_map(role.get("Tags")))
            path = role.get("Path", "/")
            elsewhere = path.startswith(_PATH) and path != _path(scope.region)
            if owned["stack"] not in scope.stacks or elsewhere:
                continue
            name = role["RoleName"]
            yield Observed(
                type=self.name,
                id=name,
                fields=Role(
                    assume_role_policy_document=read_document(role["AssumeRolePolicyDocument"]),
                    policies=FrozenMap(
                        (policy["PolicyName"], Policy(policy_document=read_document(policy["PolicyDocument"])))
                        for policy in role.get("RolePolicyList", ())
                    ),
                    managed_policy_arns=frozenset(p["PolicyArn"] for p in role.get("AttachedManagedPolicies", ())),
                ),
                outputs=FrozenMap({"id": name, "arn": role["Arn"], "name": name}),
                created=str(role.get("CreateDate", "")),
                **owned,
            )

    def create(self, resource: Resource[Role], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        create = Call(
            "iam",
            "CreateRole",
            {
                "RoleName": context.name,
                "Path": _path(context.region),
                "AssumeRolePolicyDocument": document_text(wanted.assume_role_policy_document),
                "Tags": tag_list(context.tags),
            },
            save=FrozenMap({"id": "Role.RoleName", "arn": "Role.Arn", "name": "Role.RoleName"}),
        )
        empty = Role(
            assume_role_policy_document=wanted.assume_role_policy_document,
            policies=FrozenMap(),
            managed_policy_arns=frozenset(),
        )
        return [create, *_policy_calls(Ref(resource.address), wanted, empty)]

    def outputs_of_name(self, context: Context) -> Mapping[str, str]:
        arn = f"arn:{context.partition}:iam::{context.account}:role{_path(context.region)}{context.name}"
        return {"id": context.name, "name": context.name, "arn": arn}

    def update(
        self, resource: Resource[Role], observed: Observed[Role], changed: frozenset[str], context: Context
    ) -> Sequence[Call]:
        wanted = resource.fields
        calls = []
        if "assume_role_policy_document" in changed:
            text = document_text(wanted.assume_role_policy_document)
            params = {"RoleName": observed.id, "PolicyDocument": text}
            calls.append(Call("iam", "UpdateAssumeRolePolicy", params))
        if changed & {"policies", "managed_policy_arns"}:
            calls += _policy_calls(observed.id, wanted, observed.fields)
        return calls

    def delete(self, observed: Observed[Role], context: Context) -> Sequence[Call]:
        """IAM deletes no role that has policies (IAM API reference, DeleteRole)."""
        nothing = Role(
            assume_role_policy_document=observed.fields.assume_role_policy_document,
            policies=FrozenMap(),
            managed_policy_arns=frozenset(),
        )
        emptied = _policy_calls(observed.id, nothing, observed.fields)
        return [*emptied, Call("iam", "DeleteRole", {"RoleName": observed.id})]

    def tag(self, target: str | Ref, put: Mapping[str, str], remove: Iterable[str]) -> Sequence[Call]:
        """`TagRole` and `UntagRole`: by name."""
        calls = []
        if put:
            calls.append(Call("iam", "TagRole", {"RoleName": target, "Tags": tag_list(put)}))
        gone = sorted(remove)
        if gone:
            calls.append(Call("iam", "UntagRole", {"RoleName": target, "TagKeys": gone}))
        return calls

    def align(self, desired: Role, observed: Role) -> Role:
        """The observed documents with their actions spelled as in the desired ones."""
        return Role(
            assume_role_policy_document=respelled(
                observed.assume_role_policy_document, desired.assume_role_policy_document
            ),
            policies=FrozenMap(
                (name, _respelled(policy, desired.policies.get(name))) for name, policy in observed.policies.items()
            ),
            managed_policy_arns=observed.managed_policy_arns,
        )


def _path(region: str) -> str:
    return f"{_PATH}{region}/"


def _respelled(policy: Policy, like: Policy | None) -> Policy:
    if like is None:
        return policy
    return Policy(policy_document=respelled(policy.policy_document, like.policy_document))


def _policy_calls(role: str | Ref, wanted: Role, present: Role) -> list[Call]:
    """Gives before it takes, so that nothing that stays allowed is denied in between."""
    put = [name for name in sorted(wanted.policies) if wanted.policies[name] != present.policies.get(name)]
    calls = [
        Call(
            "iam",
            "PutRolePolicy",
            {
                "RoleName": role,
                "PolicyName": name,
                "PolicyDocument": document_text(wanted.policies[name].policy_document),
            },
        )
        for name in put
    ]
    for operation, arns in (
        ("AttachRolePolicy", wanted.managed_policy_arns - present.managed_policy_arns),
        ("DetachRolePolicy", present.managed_policy_arns - wanted.managed_policy_arns),
    ):
        calls += [Call("iam", operation, {"RoleName": role, "PolicyArn": arn}) for arn in sorted(arns)]
    gone = sorted(present.policies.keys() - wanted.policies.keys())
    calls += [Call("iam", "DeleteRolePolicy", {"RoleName": role, "PolicyName": name}) for name in gone]
    return calls


TYPE = RoleType()

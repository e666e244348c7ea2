"""AWS::EC2::SecurityGroup without its rules. AWS: EC2 CreateSecurityGroup; name and description never change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Holder, Naming, Observed, Resource, ResourceType, Scope
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._ec2 import in_vpcs
from reconciler.resources._holders import groups_naming, interfaces
from reconciler.resources._ownership import Ec2Tags, ownership, specifications, tag_map


class SecurityGroup(Fields):
    """A group of network interfaces; its rules are a collection of their own."""

    vpc_id: Ref | Id = field(immutable=True)
    description: str = field(immutable=True)


class SecurityGroupType(Ec2Tags, ResourceType[SecurityGroup]):
    name = "security-group"
    cloudformation = "AWS::EC2::SecurityGroup"
    changed_by = (
        "ec2:CreateSecurityGroup",
        "ec2:DeleteSecurityGroup",
    )
    fields = SecurityGroup
    needs = ("vpc",)
    naming = Naming.DIGEST
    absent = frozenset({"InvalidGroup.NotFound"})

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[SecurityGroup]]:
        for group in in_vpcs(reader, scope, "DescribeSecurityGroups", "SecurityGroups"):
            yield Observed(
                type=self.name,
                id=group["GroupId"],
                fields=SecurityGroup(vpc_id=Id(group["VpcId"]), description=group["Description"]),
                outputs=FrozenMap({"id": group["GroupId"]}),
                evidence=group["GroupName"] == "default",
                **ownership(tag_map(group.get("Tags"))),
            )

    def holders(self, reader: Reader, identity: str) -> Sequence[Holder]:
        return [*interfaces(reader, "group-id", identity), *groups_naming(reader, identity)]

    def create(self, resource: Resource[SecurityGroup], context: Context) -> Sequence[Call]:
        return [
            Call(
                "ec2",
                "CreateSecurityGroup",
                {
                    "GroupName": context.name,
                    "Description": resource.fields.description,
                    "VpcId": resource.fields.vpc_id,
                    "TagSpecifications": specifications("security-group", context.tags),
                },
                save=FrozenMap({"id": "GroupId"}),
            )
        ]

    def update(
        self,
        resource: Resource[SecurityGroup],
        observed: Observed[SecurityGroup],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return []

    def delete(self, observed: Observed[SecurityGroup], context: Context) -> Sequence[Call]:
        return [Call("ec2", "DeleteSecurityGroup", {"GroupId": observed.id})]


TYPE = SecurityGroupType()

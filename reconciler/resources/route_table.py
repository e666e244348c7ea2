"""AWS::EC2::RouteTable without its routes. AWS: EC2 CreateRouteTable.

The main table that AWS makes with each VPC carries no tags of ours, cannot be deleted and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.facts import Fact, Link, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.values import UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._ec2 import in_vpcs
from reconciler.resources._ownership import Ec2Tags, ownership, specifications, tag_map


class RouteTable(Fields):
    """A table of a VPC; its routes are a collection of their own. `main` says whether subnets that have no table of
    their own follow it."""

    vpc_id: Ref | Id = field(immutable=True)
    main: bool | Marker = field(default=UNSET, compared=False)


class RouteTableType(Ec2Tags, ResourceType[RouteTable]):
    name = "route-table"
    cloudformation = "AWS::EC2::RouteTable"
    changed_by = (
        "ec2:CreateRouteTable",
        "ec2:DeleteRouteTable",
    )
    fields = RouteTable
    needs = ("vpc",)
    absent = frozenset({"InvalidRouteTableID.NotFound"})

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[RouteTable]]:
        for table in in_vpcs(reader, scope, "DescribeRouteTables", "RouteTables"):
            tags = ownership(tag_map(table.get("Tags")))
            is_main = any(association.get("Main") for association in table.get("Associations", ()))
            yield Observed(
                type=self.name,
                id=table["RouteTableId"],
                fields=RouteTable(vpc_id=Id(table["VpcId"]), main=is_main),
                outputs=FrozenMap({"id": table["RouteTableId"]}),
                evidence=is_main,
                **tags,
            )

    def facts(self, name: Name, fields: RouteTable, identity: str | None) -> Iterable[Fact]:
        if fields.main is True:
            yield Link(fields.vpc_id, name, "main-table")

    def create(self, resource: Resource[RouteTable], context: Context) -> Sequence[Call]:
        return [
            Call(
                "ec2",
                "CreateRouteTable",
                {
                    "VpcId": resource.fields.vpc_id,
                    "ClientToken": context.token,
                    "TagSpecifications": specifications("route-table", context.tags),
                },
                save=FrozenMap({"id": "RouteTable.RouteTableId"}),
            )
        ]

    def update(
        self,
        resource: Resource[RouteTable],
        observed: Observed[RouteTable],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return []

    def delete(self, observed: Observed[RouteTable], context: Context) -> Sequence[Call]:
        return [Call("ec2", "DeleteRouteTable", {"RouteTableId": observed.id})]


TYPE = RouteTableType()

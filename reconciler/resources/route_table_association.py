"""AWS::EC2::SubnetRouteTableAssociation. AWS: EC2 AssociateRouteTable, ReplaceRouteTableAssociation.

A subnet has at most one; without it the main table of the VPC holds and nothing is listed. It cannot carry tags: whose
it is and what it is called follow from its subnet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.facts import Fact, Link, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._ec2 import in_vpcs
from reconciler.resources._ownership import inherited


class RouteTableAssociation(Fields):
    """Which table routes for a subnet."""

    subnet_id: Ref | Id = field(immutable=True)
    route_table_id: Ref | Id = field()


_STATES = {
    "associating": State.PENDING,
    "associated": State.READY,
    "disassociating": State.DELETING,
}
"""A `failed` association is not in force: it counts as absent."""


class RouteTableAssociationType(ResourceType[RouteTableAssociation]):
    name = "route-table-association"
    cloudformation = "AWS::EC2::SubnetRouteTableAssociation"
    changed_by = (
        "ec2:AssociateRouteTable",
        "ec2:ReplaceRouteTableAssociation",
        "ec2:DisassociateRouteTable",
    )
    fields = RouteTableAssociation
    needs = ("vpc", "subnet")
    after = FrozenMap({"routes": "route-table"})
    parent = "subnet_id"
    taggable = False
    absent = frozenset({"InvalidAssociationID.NotFound"})

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[RouteTableAssociation]]:
        subnets = {subnet.id: subnet for subnet in scope.found.get("subnet", ())}
        for table in in_vpcs(reader, scope, "DescribeRouteTables", "RouteTables"):
            for association in table.get("Associations", ()):
                status = association.get("AssociationState", {})
                state = _STATES.get(status.get("State", "associated"))
                if "SubnetId" not in association or state is None:
                    continue
                yield Observed(
                    type=self.name,
                    id=association["RouteTableAssociationId"],
                    fields=RouteTableAssociation(
                        subnet_id=Id(association["SubnetId"]), route_table_id=Id(table["RouteTableId"])
                    ),
                    outputs=FrozenMap({"id": association["RouteTableAssociationId"]}),
                    state=state,
                    **inherited(subnets.get(association["SubnetId"]), self.name),
                )

    def facts(self, name: Name, fields: RouteTableAssociation, identity: str | None) -> Iterable[Fact]:
        yield Link(fields.subnet_id, fields.route_table_id, "table")

    def create(self, resource: Resource[RouteTableAssociation], context: Context) -> Sequence[Call]:
        return [
            Call(
                "ec2",
                "AssociateRouteTable",
                {"RouteTableId": resource.fields.route_table_id, "SubnetId": resource.fields.subnet_id},
                save=FrozenMap({"id": "AssociationId"}),
            )
        ]

    def update(
        self,
        resource: Resource[RouteTableAssociation],
        observed: Observed[RouteTableAssociation],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        """One request, so that the subnet is at no moment on the main table; the association gets a new id."""
        return [
            Call(
                "ec2",
                "ReplaceRouteTableAssociation",
                {"AssociationId": observed.id, "RouteTableId": resource.fields.route_table_id},
                save=FrozenMap({"id": "NewAssociationId"}),
            )
        ]

    def delete(self, observed: Observed[RouteTableAssociation], context: Context) -> Sequence[Call]:
        return [Call("ec2", "DisassociateRouteTable", {"AssociationId": observed.id})]


TYPE = RouteTableAssociationType()

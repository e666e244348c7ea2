"""AWS::EC2::InternetGateway and its attachment. AWS: EC2 CreateInternetGateway, AttachInternetGateway.

One VPC has one internet gateway and one internet gateway one VPC. AWS detaches none while a public address is mapped
in its VPC, so a gateway never moves from one VPC to another: the other VPC gets a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import Fact, Name, Translate
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Holder, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, FrozenMap, Id, Marker, Ref
from reconciler.resources._holders import interfaces
from reconciler.resources._ownership import Ec2Tags, ownership, specifications, tag_map


class InternetGateway(Fields):
    """Its VPC, and whether it is attached to it: a run cut between create and attach leaves one attached to nothing,
    which then has no VPC to report."""

    vpc_id: Ref | Id | Marker = field(immutable=True)
    attached: bool = field(default=True)


class InternetGatewayType(Ec2Tags, ResourceType[InternetGateway]):
    name = "internet-gateway"
    cloudformation = "AWS::EC2::InternetGateway"
    changed_by = (
        "ec2:CreateInternetGateway",
        "ec2:AttachInternetGateway",
        "ec2:DetachInternetGateway",
        "ec2:DeleteInternetGateway",
    )
    fields = InternetGateway
    needs = ("vpc",)
    absent = frozenset({"InvalidInternetGatewayID.NotFound", "Gateway.NotAttached"})

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        return (partial(reader.pages, "ec2", "DescribeInternetGateways", "InternetGateways"),)

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[InternetGateway]]:
        """One look at all gateways of the region, no more than it has VPCs: no filter finds both the unattached ones
        of a stack and foreign ones attached to its VPCs."""
        vpcs = set(scope.networks)
        for gateway in reader.pages("ec2", "DescribeInternetGateways", "InternetGateways"):
            tags = ownership(tag_map(gateway.get("Tags")))
            attachment = _attachment(gateway)
            vpc = attachment.get("VpcId")
            if vpc not in vpcs and tags["stack"] not in scope.stacks:
                continue
            yield Observed(
                type=self.name,
                id=gateway["InternetGatewayId"],
                fields=InternetGateway(vpc_id=Id(vpc) if vpc else NOT_REPORTED, attached=vpc is not None),
                outputs=FrozenMap({"id": gateway["InternetGatewayId"]}),
                state=State.PENDING if attachment.get("State") == "attaching" else State.READY,
                **tags,
            )

    def facts(self, name: Name, fields: InternetGateway, identity: str | None) -> Iterable[Fact]:
        at = fields.vpc_id if fields.attached and not isinstance(fields.vpc_id, Marker) else None
        yield Translate(name, "one-to-one", at)

    def holders(self, reader: Reader, identity: str) -> Sequence[Holder]:
        """A gateway cannot be detached while something in the VPC has a public address (EC2 DetachInternetGateway)."""
        gateways = reader.pages("ec2", "DescribeInternetGateways", "InternetGateways", InternetGatewayIds=[identity])
        vpcs = [vpc for gateway in gateways if (vpc := _attachment(gateway).get("VpcId"))]
        return [held for vpc in vpcs for held in interfaces(reader, "vpc-id", vpc, public=True)]

    def create(self, resource: Resource[InternetGateway], context: Context) -> Sequence[Call]:
        create = Call(
            "ec2",
            "CreateInternetGateway",
            {"TagSpecifications": specifications("internet-gateway", context.tags)},
            save=FrozenMap({"id": "InternetGateway.InternetGatewayId"}),
        )
        return [create, *_attach("AttachInternetGateway", Ref(resource.address), resource.fields)]

    def update(
        self,
        resource: Resource[InternetGateway],
        observed: Observed[InternetGateway],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return [
            *_attach("DetachInternetGateway", observed.id, observed.fields),
            *_attach("AttachInternetGateway", observed.id, resource.fields),
        ]

    def delete(self, observed: Observed[InternetGateway], context: Context) -> Sequence[Call]:
        return [
            *_attach("DetachInternetGateway", observed.id, observed.fields),
            Call("ec2", "DeleteInternetGateway", {"InternetGatewayId": observed.id}),
        ]


def _attachment(gateway: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one attachment that counts; AWS says `available` of an attached gateway, whatever its enumeration says."""
    live = (a for a in gateway.get("Attachments", ()) if a.get("State") not in ("detaching", "detached"))
    return next(live, {})


def _attach(operation: str, gateway: str | Ref, fields: InternetGateway) -> list[Call]:
    """The request that attaches it to its VPC or detaches it from there; none where it is to be, or is, unattached."""
    return [Call("ec2", operation, {"InternetGatewayId": gateway, "VpcId": fields.vpc_id})] if fields.attached else []


TYPE = InternetGatewayType()

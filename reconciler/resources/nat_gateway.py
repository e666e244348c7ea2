"""AWS::EC2::NatGateway. AWS: EC2 CreateNatGateway; what is wrong with it shows minutes later, as state `failed`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.facts import Fact, Name, Translate
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, FrozenMap, Id, Marker, Ref
from reconciler.resources._ec2 import in_vpcs
from reconciler.resources._ownership import Ec2Tags, ownership, specifications, tag_map


class NatGateway(Fields):
    """Where it stands and the Elastic IP it speaks from.

    `allocation_id` is `None` where `connectivity_type` is `private`, `subnet_id` for a regional gateway, which only
    others make.
    """

    subnet_id: Ref | Id | None = field(immutable=True)
    allocation_id: Ref | Id | None = field(immutable=True, exclusive=True)
    connectivity_type: str | Marker = field(default="public", immutable=True)


_STATES = {
    "pending": State.PENDING,
    "available": State.READY,
    "deleting": State.DELETING,
    "failed": State.FAILED,
}
"""A deleted gateway stays listed, tags and all, for about an hour (NAT gateways, VPC user guide): it is none."""


class NatGatewayType(Ec2Tags, ResourceType[NatGateway]):
    name = "nat-gateway"
    cloudformation = "AWS::EC2::NatGateway"
    changed_by = (
        "ec2:CreateNatGateway",
        "ec2:AssociateNatGatewayAddress",
        "ec2:DisassociateNatGatewayAddress",
        "ec2:DeleteNatGateway",
    )
    fields = NatGateway
    needs = ("vpc",)
    after = FrozenMap({"internet-gateway": "vpc"})
    guarded = "NAT gateway"
    readdressed = FrozenMap({"allocation_id": "public address"})
    awaited = True
    settles = True
    absent = frozenset({"NatGatewayNotFound", "InvalidNatGatewayID.NotFound"})
    not_yet = (("InvalidSubnet", ""),)
    dead_when_failed = True
    fades_when_failed = True

    def conflicts(self, desired: NatGateway, observed: NatGateway) -> str | None:
        """An Elastic IP is of one gateway (CreateNatGateway)."""
        if desired.allocation_id is None or desired.allocation_id != observed.allocation_id:
            return None
        return f"{desired.allocation_id} is in use by the gateway that is there: name another Elastic IP"

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[NatGateway]]:
        for gateway in in_vpcs(reader, scope, "DescribeNatGateways", "NatGateways", parameter="Filter"):
            state = _STATES.get(gateway["State"])
            if state is None:
                continue
            address = _primary(gateway)
            held = state is not State.FAILED and "AllocationId" in address  # a failed one has let go of its address
            outputs = {"id": gateway["NatGatewayId"]}
            if "PublicIp" in address:
                outputs["publicIp"] = address["PublicIp"]
            yield Observed(
                type=self.name,
                id=gateway["NatGatewayId"],
                fields=NatGateway(
                    subnet_id=Id(gateway["SubnetId"]) if "SubnetId" in gateway else None,
                    allocation_id=Id(address["AllocationId"]) if held else None,
                    connectivity_type=gateway.get("ConnectivityType", NOT_REPORTED),
                ),
                outputs=FrozenMap(outputs),
                state=state,
                detail=": ".join(gateway[key] for key in ("FailureCode", "FailureMessage") if gateway.get(key)),
                created=str(gateway.get("CreateTime", "")),
                **ownership(tag_map(gateway.get("Tags"))),
            )

    def facts(self, name: Name, fields: NatGateway, identity: str | None) -> Iterable[Fact]:
        yield Translate(
            name,
            "many-to-one",
            fields.subnet_id,
            public=fields.connectivity_type != "private",
            known_as=f"Interface for NAT Gateway {identity}" if identity else "",
        )

    def create(self, resource: Resource[NatGateway], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        params: dict[str, Any] = {
            "SubnetId": wanted.subnet_id,
            "ConnectivityType": wanted.connectivity_type,
            "ClientToken": context.token,
            "TagSpecifications": specifications("natgateway", context.tags),
        }
        if wanted.allocation_id is not None:
            params["AllocationId"] = wanted.allocation_id
        return [Call("ec2", "CreateNatGateway", params, save=FrozenMap({"id": "NatGateway.NatGatewayId"}))]

    def update(
        self,
        resource: Resource[NatGateway],
        observed: Observed[NatGateway],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return []

    def delete(self, observed: Observed[NatGateway], context: Context) -> Sequence[Call]:
        return [Call("ec2", "DeleteNatGateway", {"NatGatewayId": observed.id})]


def _primary(gateway: Mapping[str, Any]) -> Mapping[str, Any]:
    """The address it was made with; others can come and go."""
    addresses = gateway.get("NatGatewayAddresses", ())
    return next((a for a in addresses if a.get("IsPrimary", True)), {})


TYPE = NatGatewayType()

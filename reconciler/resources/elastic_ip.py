"""AWS::EC2::EIP. AWS: EC2 AllocateAddress, which takes no token and costs money whether the address is used or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.values import FrozenMap
from reconciler.resources._ownership import Ec2Tags, in_stacks, ownership, specifications, tag_map


class ElasticIp(Fields):
    """A public address; AWS chooses it, so all there is to say is where it may be used: `vpc`."""

    domain: str = field(default="vpc", immutable=True)


class ElasticIpType(Ec2Tags, ResourceType[ElasticIp]):
    name = "elastic-ip"
    cloudformation = "AWS::EC2::EIP"
    published = FrozenMap({"publicIp": "public address"})
    changed_by = (
        "ec2:AllocateAddress",
        "ec2:ReleaseAddress",
    )
    fields = ElasticIp
    absent = frozenset({"InvalidAllocationID.NotFound"})
    not_yet = (("AuthFailure", "permission to access the specified resource"),)
    """What ReleaseAddress may say for minutes after the NAT gateway that held the address is gone."""

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[ElasticIp]]:
        answer = reader.get("ec2", "DescribeAddresses", Filters=[in_stacks(scope.stacks)])
        for address in answer["Addresses"]:
            if address.get("ServiceManaged"):
                continue
            yield Observed(
                type=self.name,
                id=address["AllocationId"],
                fields=ElasticIp(domain=address["Domain"]),
                outputs=FrozenMap({"id": address["AllocationId"], "publicIp": address["PublicIp"]}),
                in_use="AssociationId" in address,
                **ownership(tag_map(address.get("Tags"))),
            )

    def create(self, resource: Resource[ElasticIp], context: Context) -> Sequence[Call]:
        return [
            Call(
                "ec2",
                "AllocateAddress",
                {
                    "Domain": resource.fields.domain,
                    "TagSpecifications": specifications("elastic-ip", context.tags),
                },
                save=FrozenMap({"id": "AllocationId", "publicIp": "PublicIp"}),
            )
        ]

    def update(
        self,
        resource: Resource[ElasticIp],
        observed: Observed[ElasticIp],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        return []

    def delete(self, observed: Observed[ElasticIp], context: Context) -> Sequence[Call]:
        return [Call("ec2", "ReleaseAddress", {"AllocationId": observed.id})]


TYPE = ElasticIpType()

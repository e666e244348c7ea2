"""AWS::EC2::VPCEndpoint. AWS: EC2 CreateVpcEndpoint, ModifyVpcEndpoint, DeleteVpcEndpoints.

A gateway endpoint (s3, dynamodb) hangs in route tables, an interface endpoint has interfaces in subnets; fields of
the other type are left unset.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.facts import Fact, Name, Serve, Stand
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._ec2 import in_vpcs
from reconciler.resources._ownership import Ec2Tags, ownership, specifications, tag_map
from reconciler.resources._policy import Document, document_text, policy_document, read_document, respelled

Targets = frozenset[Ref | Id] | Marker


class VpcEndpoint(Fields):
    """Which service is reached from where; `vpc_endpoint_type` is `Gateway` or `Interface`."""

    vpc_id: Ref | Id = field(immutable=True)
    service_name: str = field(immutable=True)
    vpc_endpoint_type: str = field(immutable=True)
    route_table_ids: Targets = field(default=UNSET)
    subnet_ids: Targets = field(default=UNSET)
    security_group_ids: Targets = field(default=UNSET)
    private_dns_enabled: bool | Marker = field(default=UNSET)
    policy_document: Document | Marker | None = field(default=UNSET, whole=True)
    """What may be done through it; `None` is everything, as AWS fills it in."""


_SETS = {
    "route_table_ids": "RouteTableIds",
    "subnet_ids": "SubnetIds",
    "security_group_ids": "SecurityGroupIds",
}
_EVERYTHING = policy_document({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}})


def endpoint_policy(document: Document) -> Document | None:
    """A policy as a field has it, whatever version of the language says that everything is allowed."""
    return None if document["Statement"] == _EVERYTHING["Statement"] else document


_STATES = {
    "pendingacceptance": State.PENDING,
    "pending": State.PENDING,
    "available": State.READY,
    "partial": State.READY,
    "deleting": State.DELETING,
    "rejected": State.FAILED,
    "failed": State.FAILED,
    "expired": State.FAILED,
}


class VpcEndpointType(Ec2Tags, ResourceType[VpcEndpoint]):
    name = "vpc-endpoint"
    cloudformation = "AWS::EC2::VPCEndpoint"
    changed_by = (
        "ec2:CreateVpcEndpoint",
        "ec2:ModifyVpcEndpoint",
        "ec2:DeleteVpcEndpoints",
    )
    fields = VpcEndpoint
    needs = ("vpc",)
    readdressed = FrozenMap({"subnet_ids": "addresses"})
    awaited = True
    settles = True
    absent = frozenset({"InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"})
    not_yet = (("InvalidSecurityGroup", ""), ("InvalidParameter", "does not exist"))
    dead_when_failed = True

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[VpcEndpoint]]:
        for endpoint in in_vpcs(reader, scope, "DescribeVpcEndpoints", "VpcEndpoints"):
            state = _STATES.get(endpoint["State"].lower())
            if state is None:
                continue  # deleted ones stay listed for a while
            yield Observed(
                type=self.name,
                id=endpoint["VpcEndpointId"],
                fields=VpcEndpoint(
                    vpc_id=Id(endpoint["VpcId"]),
                    service_name=endpoint["ServiceName"],
                    vpc_endpoint_type=endpoint["VpcEndpointType"],
                    route_table_ids=frozenset(map(Id, endpoint.get("RouteTableIds", ()))),
                    subnet_ids=frozenset(map(Id, endpoint.get("SubnetIds", ()))),
                    security_group_ids=frozenset(Id(group["GroupId"]) for group in endpoint.get("Groups", ())),
                    private_dns_enabled=endpoint.get("PrivateDnsEnabled", False),
                    policy_document=_policy(endpoint.get("PolicyDocument")),
                ),
                outputs=FrozenMap({"id": endpoint["VpcEndpointId"]}),
                state=state,
                detail=_failure(endpoint),
                created=str(endpoint.get("CreationTimestamp", "")),
                **ownership(tag_map(endpoint.get("Tags"))),
            )

    def facts(self, name: Name, fields: VpcEndpoint, identity: str | None) -> Iterable[Fact]:
        if fields.vpc_endpoint_type == "Gateway":
            yield Serve(name, fields.service_name, _targets(fields.route_table_ids))
        elif fields.vpc_endpoint_type == "Interface":
            yield Serve(name, fields.service_name, named=fields.private_dns_enabled is True)
            yield Stand(
                name,
                segments=_targets(fields.subnet_ids),
                filters=_targets(fields.security_group_ids),
                kind="endpoint",
                known_as=f"VPC Endpoint Interface {identity}" if identity else "",
            )

    def create(self, resource: Resource[VpcEndpoint], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        params: dict[str, Any] = {
            "VpcId": wanted.vpc_id,
            "ServiceName": wanted.service_name,
            "VpcEndpointType": wanted.vpc_endpoint_type,
            "ClientToken": context.token,
            "TagSpecifications": specifications("vpc-endpoint", context.tags),
        }
        for name, member in _SETS.items():
            targets = getattr(wanted, name)
            if targets:
                params[member] = _listed(targets)
        if not isinstance(wanted.private_dns_enabled, Marker):
            params["PrivateDnsEnabled"] = wanted.private_dns_enabled
        if isinstance(wanted.policy_document, FrozenMap):
            params["PolicyDocument"] = document_text(wanted.policy_document)
        return [Call("ec2", "CreateVpcEndpoint", params, save=FrozenMap({"id": "VpcEndpoint.VpcEndpointId"}))]

    def update(
        self,
        resource: Resource[VpcEndpoint],
        observed: Observed[VpcEndpoint],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        params: dict[str, Any] = {"VpcEndpointId": observed.id}
        for name, member in _SETS.items():
            if name in changed:
                wanted, present = getattr(resource.fields, name), getattr(observed.fields, name)
                params |= {
                    action + member: _listed(targets)
                    for action, targets in (("Add", wanted - present), ("Remove", present - wanted))
                    if targets
                }
        if "private_dns_enabled" in changed:
            params["PrivateDnsEnabled"] = resource.fields.private_dns_enabled
        if "policy_document" in changed:
            policy = resource.fields.policy_document
            params |= (
                {"PolicyDocument": document_text(policy)} if isinstance(policy, FrozenMap) else {"ResetPolicy": True}
            )
        return [Call("ec2", "ModifyVpcEndpoint", params)]

    def align(self, desired: VpcEndpoint, observed: VpcEndpoint) -> VpcEndpoint:
        """The observed endpoint with the actions of its policy in the upper and lower case of the desired one."""
        wanted, present = desired.policy_document, observed.policy_document
        if not (isinstance(wanted, FrozenMap) and isinstance(present, FrozenMap)):
            return observed
        return dataclasses.replace(observed, policy_document=respelled(present, wanted))

    def delete(self, observed: Observed[VpcEndpoint], context: Context) -> Sequence[Call]:
        return [Call("ec2", "DeleteVpcEndpoints", {"VpcEndpointIds": [observed.id]})]


def _policy(answer: str | None) -> Document | Marker | None:
    return endpoint_policy(read_document(answer)) if answer else NOT_REPORTED


def _targets(targets: Targets) -> frozenset[Ref | Id]:
    return frozenset() if isinstance(targets, Marker) else targets


def _listed(targets: frozenset[Ref | Id]) -> list[Ref | Id]:
    return sorted(targets, key=str)


def _failure(endpoint: Mapping[str, Any]) -> str:
    error = endpoint.get("LastError", {})
    said = (error.get("Code"), error.get("Message"), endpoint.get("FailureReason"))
    return ": ".join(text for text in said if text)


TYPE = VpcEndpointType()

"""AWS::ElasticLoadBalancingV2::LoadBalancer, application and network. AWS: ELBv2 CreateLoadBalancer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import Fact, Name, Stand
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, FrozenMap, Id, Marker, Ref
from reconciler.resources._elb import lists, load_balancing
from reconciler.resources._ownership import ElbTags, ownership, tag_list
from reconciler.resources._tag_index import indexed_tags


class LoadBalancer(Fields):
    """Where it stands and who may reach it.

    `type` is `application` or `network`, `scheme` `internet-facing` or `internal`. `vpc_id` is no parameter of AWS's
    (it follows from the subnets) but never changes.
    """

    vpc_id: Ref | Id = field(immutable=True)
    type: str = field(immutable=True)
    scheme: str | Marker = field(immutable=True)
    subnets: frozenset[Ref | Id] = field()
    security_groups: frozenset[Ref | Id] = field()


_STATES = {
    "provisioning": State.PENDING,
    "active": State.READY,
    "active_impaired": State.READY,
    "failed": State.FAILED,
}


class LoadBalancerType(ElbTags, ResourceType[LoadBalancer]):
    name = "load-balancer"
    cloudformation = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    changed_by = (
        "elbv2:CreateLoadBalancer",
        "elbv2:SetSubnets",
        "elbv2:SetSecurityGroups",
        "elbv2:SetIpAddressType",
        "elbv2:ModifyLoadBalancerAttributes",
        "elbv2:DeleteLoadBalancer",
    )
    fields = LoadBalancer
    needs = ("vpc",)
    after = FrozenMap({"internet-gateway": "vpc"})
    naming = Naming.DIGEST
    name_limit = 32
    guarded = "load balancer"
    published = FrozenMap({"dnsName": "DNS name"})
    settles = True
    dead_when_failed = True
    absent = frozenset({"LoadBalancerNotFound"})
    not_yet = (
        ("SubnetNotFound", ""),
        ("InvalidSubnet", "internet gateway"),
        ("InvalidSecurityGroup", ""),
    )

    def ahead(self, reader: Reader, scope: Scope) -> Iterable[Callable[[], object]]:
        return (*lists(reader), partial(indexed_tags, reader, scope))

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[LoadBalancer]]:
        seen = load_balancing(reader, scope)
        for balancer in seen.load_balancers:
            arn = balancer["LoadBalancerArn"]
            if not seen.concerns(arn, balancer.get("VpcId")):
                continue
            state = balancer["State"]
            yield Observed(
                type=self.name,
                id=arn,
                fields=LoadBalancer(
                    vpc_id=Id(balancer["VpcId"]),
                    type=balancer["Type"],
                    scheme=balancer.get("Scheme", NOT_REPORTED),
                    subnets=frozenset(Id(zone["SubnetId"]) for zone in balancer.get("AvailabilityZones", ())),
                    security_groups=frozenset(map(Id, balancer.get("SecurityGroups", ()))),
                ),
                outputs=FrozenMap(
                    {
                        "id": arn,
                        "arn": arn,
                        "name": balancer["LoadBalancerName"],
                        "dnsName": balancer.get("DNSName", "").lower(),
                        "canonicalHostedZoneId": balancer.get("CanonicalHostedZoneId", ""),
                    }
                ),
                state=_STATES.get(state["Code"], State.PENDING),
                detail="" if state["Code"] == "active" else state.get("Reason") or state["Code"],
                created=str(balancer.get("CreatedTime", "")),
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn]),
            )

    def facts(self, name: Name, fields: LoadBalancer, identity: str | None) -> Iterable[Fact]:
        """A network load balancer without groups lets everything in, and by default its nodes keep to their zone."""
        network = fields.type == "network"
        yield Stand(
            name,
            segments=fields.subnets,
            filters=fields.security_groups,
            kind="proxy",
            label=f"loadBalancer/{name.address.split('/', 1)[1]}" if isinstance(name, Ref) else "",
            public=fields.scheme == "internet-facing",
            filtered=bool(fields.security_groups) or not network,
            known_as=f"ELB {identity.split(':loadbalancer/')[-1]}" if identity else "",
            zonal=network,
        )

    def create(self, resource: Resource[LoadBalancer], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        params: dict[str, Any] = {
            "Name": context.name,
            "Type": wanted.type,
            "Scheme": wanted.scheme,
            "Subnets": sorted(wanted.subnets, key=str),
            "Tags": tag_list(context.tags),
        }
        if wanted.security_groups:
            params["SecurityGroups"] = sorted(wanted.security_groups, key=str)
        made = "LoadBalancers[0]."
        save = {
            "id": made + "LoadBalancerArn",
            "arn": made + "LoadBalancerArn",
            "name": made + "LoadBalancerName",
            "dnsName": made + "DNSName",
            "canonicalHostedZoneId": made + "CanonicalHostedZoneId",
        }
        return [Call("elbv2", "CreateLoadBalancer", params, save=FrozenMap(save))]

    def update(
        self,
        resource: Resource[LoadBalancer],
        observed: Observed[LoadBalancer],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        wanted = resource.fields
        target = {"LoadBalancerArn": observed.id}
        calls = []
        if "subnets" in changed:
            calls.append(Call("elbv2", "SetSubnets", {**target, "Subnets": sorted(wanted.subnets, key=str)}))
        if "security_groups" in changed:
            groups = sorted(wanted.security_groups, key=str)
            calls.append(Call("elbv2", "SetSecurityGroups", {**target, "SecurityGroups": groups}))
        return calls

    def delete(self, observed: Observed[LoadBalancer], context: Context) -> Sequence[Call]:
        return [Call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": observed.id})]

    def fits(self, desired: LoadBalancer, observed: LoadBalancer) -> bool:
        """A network load balancer made without security groups never gets one, nor loses the last of them (ELBv2
        API reference, SetSecurityGroups)."""
        return desired.type != "network" or bool(desired.security_groups) == bool(observed.security_groups)


TYPE = LoadBalancerType()

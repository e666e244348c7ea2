"""AWS::ElasticLoadBalancingV2::LoadBalancer, application and network. AWS: ELBv2 CreateLoadBalancer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import Cross, Fact, Name, Stand
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Naming, Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, UNSET, FrozenMap, Id, Marker, Ref
from reconciler.resources._elb import full_name, lists, load_balancing
from reconciler.resources._elb_attributes import CROSS_ZONE, Attributes, modify_attributes, read_attributes
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
    attributes: Attributes | Marker = field(default=UNSET)
    """Those that are not as AWS fills them in."""


ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "application": {
        "client_keep_alive.seconds": "3600",
        "connection_logs.s3.bucket": "",
        "connection_logs.s3.enabled": "false",
        "connection_logs.s3.prefix": "",
        "health_check_logs.s3.bucket": "",
        "health_check_logs.s3.enabled": "false",
        "health_check_logs.s3.prefix": "",
        "idle_timeout.timeout_seconds": "60",
        CROSS_ZONE: "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        "routing.http.xff_client_port.enabled": "false",
        "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true",
        "waf.fail_open.enabled": "false",
    },
    "network": {
        "dns_record.client_routing_policy": "any_availability_zone",
        CROSS_ZONE: "false",
        "secondary_ips.auto_assigned.per_subnet": "0",
    },
}
"""What AWS fills in, by type (ELBv2 API reference, LoadBalancerAttribute)."""
_EVERY = {
    "access_logs.s3.bucket": "",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
_LOGS = ("access_logs", "connection_logs", "health_check_logs")


def filled_in(type_: str, scheme: object) -> dict[str, str]:
    """What AWS fills in for load balancers of a type and scheme."""
    closed = "true" if scheme == "internal" else "false"
    return {**_EVERY, **ATTRIBUTES.get(type_, {}), "ipv6.deny_all_igw_traffic": closed}


def unlike_aws(attributes: Mapping[str, str], filled: Mapping[str, str]) -> Attributes:
    """The attributes that mean something and are not as AWS fills them in: places of logs mean nothing while there
    are none."""
    idle = [f"{log}.s3." for log in _LOGS if attributes.get(f"{log}.s3.enabled") != "true"]
    return FrozenMap({k: v for k, v in attributes.items() if v != filled.get(k) and not k.startswith(tuple(idle))})


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
    readdressed = FrozenMap({"subnets": "addresses"})
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
        balancers = [one for one in seen.load_balancers if seen.concerns(one["LoadBalancerArn"], one.get("VpcId"))]
        arns = [one["LoadBalancerArn"] for one in balancers]
        attributes = read_attributes(reader, scope, seen, arns, self.name, "LoadBalancer")
        for balancer in balancers:
            arn = balancer["LoadBalancerArn"]
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
                    attributes=_known(balancer, *attributes[arn]) if arn in attributes else NOT_REPORTED,
                ),
                outputs=FrozenMap(
                    {
                        "id": arn,
                        "arn": arn,
                        "name": balancer["LoadBalancerName"],
                        "fullName": full_name(arn),
                        "dnsName": balancer.get("DNSName", "").lower(),
                        "canonicalHostedZoneId": balancer.get("CanonicalHostedZoneId", ""),
                    }
                ),
                state=_STATES.get(state["Code"], State.PENDING),
                detail="" if state["Code"] == "active" else state.get("Reason") or state["Code"],
                created=str(balancer.get("CreatedTime", "")),
                evidence=arn in seen.used,
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn]),
            )

    def facts(self, name: Name, fields: LoadBalancer, identity: str | None) -> Iterable[Fact]:
        """A network load balancer without groups lets everything in; its nodes keep to their zone unless told else,
        those of an application load balancer never do by themselves (ELB guides, "Cross-zone load balancing")."""
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
        )
        attributes = fields.attributes if isinstance(fields.attributes, FrozenMap) else Attributes()
        yield Cross(name, not network or attributes.get(CROSS_ZONE) == "true")

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
            "fullName": f"after({made}LoadBalancerArn, ':loadbalancer/')",
            "dnsName": made + "DNSName",
            "canonicalHostedZoneId": made + "CanonicalHostedZoneId",
        }
        create = Call("elbv2", "CreateLoadBalancer", params, save=FrozenMap(save))
        return [create, *_modified(Ref(resource.address), wanted, UNSET)]

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
        if "attributes" in changed:
            calls += _modified(observed.id, wanted, observed.fields.attributes)
        return calls

    def protected(self, observed: Observed[LoadBalancer]) -> tuple[str, str] | None:
        attributes = observed.fields.attributes
        if isinstance(attributes, Marker) or attributes.get("deletion_protection.enabled") != "true":
            return None
        what = f"AWS refuses to delete {observed.outputs.get('name', observed.id)}: its deletion protection is on"
        return what, "apply it without deletionProtection, or switch that off in AWS, and do this again"

    def delete(self, observed: Observed[LoadBalancer], context: Context) -> Sequence[Call]:
        return [Call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": observed.id})]

    def fits(self, desired: LoadBalancer, observed: LoadBalancer) -> bool:
        """A network load balancer made without security groups never gets one, nor loses the last of them (ELBv2
        API reference, SetSecurityGroups)."""
        return desired.type != "network" or bool(desired.security_groups) == bool(observed.security_groups)


def _known(balancer: Mapping[str, Any], attributes: Mapping[str, str], wanted: Attributes) -> Attributes:
    """Keys that this program does not know are compared where somebody wants them; it cannot tell what AWS fills in."""
    filled = filled_in(balancer["Type"], balancer.get("Scheme"))
    return unlike_aws({k: v for k, v in attributes.items() if k in filled or k in wanted}, filled)


def _modified(target: str | Ref, wanted: LoadBalancer, present: Attributes | Marker) -> list[Call]:
    return modify_attributes(target, wanted.attributes, present, filled_in(wanted.type, wanted.scheme), "LoadBalancer")


TYPE = LoadBalancerType()

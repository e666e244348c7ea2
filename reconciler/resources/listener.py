"""AWS::ElasticLoadBalancingV2::Listener with its default actions. AWS: ELBv2 CreateListener, ModifyListener."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.model.facts import Fact, Listen, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._actions import LAST, Action, action_params, forwarded, read_actions
from reconciler.resources._elb import load_balancing
from reconciler.resources._ownership import ElbTags, ownership, tag_list


class Listener(Fields):
    """One port of a load balancer and what it does with what no rule matches."""

    load_balancer_arn: Ref | Id = field(immutable=True)
    port: int = field()
    protocol: str = field()
    default_actions: tuple[Action, ...] = field(whole=True, exclusive=True)


class ListenerType(ElbTags, ResourceType[Listener]):
    name = "listener"
    cloudformation = "AWS::ElasticLoadBalancingV2::Listener"
    changed_by = (
        "elbv2:CreateListener",
        "elbv2:ModifyListener",
        "elbv2:ModifyListenerAttributes",
        "elbv2:AddListenerCertificates",
        "elbv2:RemoveListenerCertificates",
        "elbv2:DeleteListener",
    )
    fields = Listener
    needs = ("vpc",)
    absent = frozenset({"ListenerNotFound", "LoadBalancerNotFound"})
    not_yet = (("LoadBalancerNotFound", ""), ("TargetGroupNotFound", ""))

    def conflicts(self, desired: Listener, observed: Listener) -> str | None:
        """A port has one listener; a second create of the same settings answers with the first (CreateListener)."""
        if (desired.load_balancer_arn, desired.port) != (observed.load_balancer_arn, observed.port):
            return None
        return f"port {observed.port} has another listener: give the new one another port until that is gone"

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Listener]]:
        seen = load_balancing(reader, scope)
        for listener in seen.listeners:
            arn = listener["ListenerArn"]
            if arn not in seen.tags or not (seen.is_ours(arn) or seen.is_ours(listener["LoadBalancerArn"])):
                continue
            yield Observed(
                type=self.name,
                id=arn,
                fields=Listener(
                    load_balancer_arn=Id(listener["LoadBalancerArn"]),
                    port=listener["Port"],
                    protocol=listener["Protocol"],
                    default_actions=read_actions(listener["DefaultActions"]),
                ),
                outputs=FrozenMap({"id": arn, "arn": arn}),
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn]),
            )

    def facts(self, name: Name, fields: Listener, identity: str | None) -> Iterable[Fact]:
        requests = fields.protocol in ("HTTP", "HTTPS")
        yield Listen(name, fields.load_balancer_arn, fields.port, fields.protocol, requests)
        yield forwarded(name, "default", LAST, FrozenMap(), fields.default_actions)

    def create(self, resource: Resource[Listener], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        params = {
            "LoadBalancerArn": wanted.load_balancer_arn,
            "Protocol": wanted.protocol,
            "Port": wanted.port,
            "DefaultActions": action_params(wanted.default_actions),
            "Tags": tag_list(context.tags),
        }
        made = "Listeners[0].ListenerArn"
        return [Call("elbv2", "CreateListener", params, save=FrozenMap({"id": made, "arn": made}))]

    def update(
        self,
        resource: Resource[Listener],
        observed: Observed[Listener],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        wanted = resource.fields
        params: dict[str, Any] = {}
        if "port" in changed:
            params["Port"] = wanted.port
        if "protocol" in changed:
            params["Protocol"] = wanted.protocol
        if "default_actions" in changed:
            params["DefaultActions"] = action_params(wanted.default_actions)
        return [Call("elbv2", "ModifyListener", {"ListenerArn": observed.id, **params})] if params else []

    def delete(self, observed: Observed[Listener], context: Context) -> Sequence[Call]:
        return [Call("elbv2", "DeleteListener", {"ListenerArn": observed.id})]


TYPE = ListenerType()

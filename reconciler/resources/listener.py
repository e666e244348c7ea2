"""AWS::ElasticLoadBalancingV2::Listener with its default actions. AWS: ELBv2 CreateListener, ModifyListener."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.model.facts import Fact, Listen, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._actions import LAST, Action, action_params, forwarded, read_actions, with_idle
from reconciler.resources._elb import LoadBalancing, load_balancing, unless_gone
from reconciler.resources._ownership import ElbTags, ownership, tag_list


class Listener(Fields):
    """One port of a load balancer and what it does with what no rule matches."""

    load_balancer_arn: Ref | Id = field(immutable=True)
    port: int = field()
    protocol: str = field()
    certificate_arn: str | None = None
    """The certificate that clients get who name no host, or none of the others' hosts. HTTPS and TLS have one."""
    other_certificate_arns: frozenset[str] = frozenset()
    """Chosen by the host that a client names (SNI)."""
    ssl_policy: str | None = None
    """AWS's own choice where none is given is an old one, so one is always given."""
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
    not_yet = (
        ("LoadBalancerNotFound", ""),
        ("ListenerNotFound", ""),
        ("TargetGroupNotFound", ""),
    )

    lasting = frozenset({"CertificateNotFound"})

    def conflicts(self, desired: Listener, observed: Listener) -> str | None:
        """A port has one listener; a second create of the same settings answers with the first (CreateListener)."""
        if (desired.load_balancer_arn, desired.port) != (observed.load_balancer_arn, observed.port):
            return None
        return f"port {observed.port} has another listener: give the new one another port until that is gone"

    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Listener]]:
        seen = load_balancing(reader, scope)
        listeners = [one for one in seen.listeners if _concerns(seen, one)]
        others = _other_certificates(reader, listeners)
        for listener in listeners:
            arn = listener["ListenerArn"]
            default = _default_certificate(listener)
            yield Observed(
                type=self.name,
                id=arn,
                fields=Listener(
                    load_balancer_arn=Id(listener["LoadBalancerArn"]),
                    port=listener["Port"],
                    protocol=listener["Protocol"],
                    certificate_arn=default,
                    other_certificate_arns=others.get(arn, frozenset()) - {default},
                    ssl_policy=listener.get("SslPolicy") or None,
                    default_actions=read_actions(listener["DefaultActions"]),
                ),
                outputs=FrozenMap({"id": arn, "arn": arn}),
                evidence=listener["LoadBalancerArn"] in seen.used,
                by_index=arn in seen.by_index,
                **ownership(seen.tags[arn]),
            )

    def facts(self, name: Name, fields: Listener, identity: str | None) -> Iterable[Fact]:
        transports = _TRANSPORTS.get(fields.protocol, frozenset({"tcp"}))
        yield Listen(name, fields.load_balancer_arn, fields.port, fields.protocol, transports)
        yield forwarded(name, "default", LAST, FrozenMap(), fields.default_actions)

    def create(self, resource: Resource[Listener], context: Context) -> Sequence[Call]:
        wanted = resource.fields
        params = {
            "LoadBalancerArn": wanted.load_balancer_arn,
            "Protocol": wanted.protocol,
            "Port": wanted.port,
            **_tls(wanted, frozenset(_TLS)),
            "DefaultActions": action_params(wanted.default_actions),
            "Tags": tag_list(context.tags),
        }
        made = "Listeners[0].ListenerArn"
        create = Call("elbv2", "CreateListener", params, save=FrozenMap({"id": made, "arn": made}))
        added = _listed("AddListenerCertificates", Ref(resource.address), wanted.other_certificate_arns)
        return [create, *added]

    def update(
        self,
        resource: Resource[Listener],
        observed: Observed[Listener],
        changed: frozenset[str],
        context: Context,
    ) -> Sequence[Call]:
        wanted, present = resource.fields, observed.fields
        params: dict[str, Any] = {}
        if "port" in changed:
            params["Port"] = wanted.port
        if "protocol" in changed:
            params["Protocol"] = wanted.protocol
        params |= _tls(wanted, changed)
        if "default_actions" in changed:
            params["DefaultActions"] = action_params(wanted.default_actions)
        calls = [Call("elbv2", "ModifyListener", {"ListenerArn": observed.id, **params})] if params else []
        if "other_certificate_arns" in changed:
            added = wanted.other_certificate_arns - present.other_certificate_arns
            gone = present.other_certificate_arns - wanted.other_certificate_arns - {wanted.certificate_arn}
            calls += _listed("AddListenerCertificates", observed.id, added)
            if wanted.certificate_arn:
                calls += _listed("RemoveListenerCertificates", observed.id, gone)
        return calls

    def attach(self, observed: Observed[Listener], old: frozenset[str], new: Iterable[Ref]) -> Call | None:
        if observed.fields.protocol not in ("HTTP", "HTTPS"):
            return None
        actions = with_idle(observed.fields.default_actions, old, new)
        if actions is None:
            return None
        return Call("elbv2", "ModifyListener", {"ListenerArn": observed.id, "DefaultActions": action_params(actions)})

    def delete(self, observed: Observed[Listener], context: Context) -> Sequence[Call]:
        return [Call("elbv2", "DeleteListener", {"ListenerArn": observed.id})]


_UDP = frozenset({"udp"})
_TRANSPORTS = {"UDP": _UDP, "QUIC": _UDP, "TCP_UDP": _UDP | {"tcp"}, "TCP_QUIC": _UDP | {"tcp"}}
"""Of protocols that are not TCP alone."""
_TLS = ("certificate_arn", "ssl_policy")


def _concerns(seen: LoadBalancing, listener: Mapping[str, Any]) -> bool:
    arn = listener["ListenerArn"]
    balancer = listener["LoadBalancerArn"]
    return arn in seen.tags and (seen.is_ours(arn) or seen.is_ours(balancer) or balancer in seen.used)


def _default_certificate(listener: Mapping[str, Any]) -> str | None:
    """The one certificate that DescribeListeners gives."""
    return next((one["CertificateArn"] for one in listener.get("Certificates") or ()), None)


def _other_certificates(reader: Reader, listeners: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Certificates beside the default one, by listener: AWS lists them by listener only."""
    secure = [one["ListenerArn"] for one in listeners if _default_certificate(one)]
    answers = reader.together(
        partial(
            unless_gone,
            partial(reader.pages, "elbv2", "DescribeListenerCertificates", "Certificates", ListenerArn=arn),
        )
        for arn in secure
    )
    return {
        arn: frozenset(one["CertificateArn"] for one in certificates if not one.get("IsDefault"))
        for arn, certificates in zip(secure, answers, strict=True)
        if certificates is not None
    }


def _tls(wanted: Listener, changed: frozenset[str]) -> dict[str, Any]:
    """What a listener without TLS had of it goes with its protocol (ELBv2 API reference, ModifyListener)."""
    params: dict[str, Any] = {}
    if "certificate_arn" in changed and wanted.certificate_arn:
        params["Certificates"] = [{"CertificateArn": wanted.certificate_arn}]
    if "ssl_policy" in changed and wanted.ssl_policy:
        params["SslPolicy"] = wanted.ssl_policy
    return params


def _listed(operation: str, listener: str | Ref, arns: Iterable[str]) -> list[Call]:
    certificates = [{"CertificateArn": arn} for arn in sorted(arns)]
    return [Call("elbv2", operation, {"ListenerArn": listener, "Certificates": certificates})] if certificates else []


TYPE = ListenerType()

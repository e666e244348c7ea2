"""Listeners: one per port, certificates where there is TLS, default actions filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from moto.acm.models import acm_backends
from moto.core import errors
from moto.core.responses import ActionResult
from moto.elbv2.exceptions import (
    DuplicateListenerError,
    ELBClientError,
    ListenerNotFoundError,
)
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener
from moto.elbv2.responses import ELBV2Response
from moto.elbv2.ssl_policies import SSL_POLICIES
from moto.moto_api._internal import mock_random

from .elbv2_load_balancers import find
from .elbv2_rules import Action, fill_actions, refresh_load_balancer_arns
from .patch import Installer, Patch, patch

_LAST_PORT: Final = 65_535
_MOST_LISTENERS: Final = 50
_SECURE: Final = ("HTTPS", "TLS")
_UNSUPPORTED: Final = "UnsupportedCertificate"
"""A code that AWS sends and its API model lacks: moto warns of such codes unless it knows them as common ones."""
_DEFAULT_POLICY: Final = "ELBSecurityPolicy-2016-08"
"""What a listener made without a policy through the API has; the console recommends a newer one."""


def _invalid(message: str) -> ELBClientError:
    return ELBClientError("ValidationError", message)


def _check_port(balancer: Any, port: int, changed: Any = None) -> Any:
    """Refuse a port out of range; returns another listener that has it."""
    if not 1 <= int(port) <= _LAST_PORT:
        raise _invalid(f"Port '{port}' must be between '1' and '{_LAST_PORT}' inclusive")
    for listener in balancer.listeners.values():
        if listener is not changed and int(listener.port) == int(port):
            return listener
    return None


def _check_certificate(backend: Any, protocol: str, arn: str | None) -> None:
    """A listener with TLS has one usable certificate. Source: API errors of CreateListener."""
    if protocol not in _SECURE:
        return
    if arn is None:
        raise _invalid(f"A certificate must be specified for {protocol} listeners")
    if not backend._certificate_exists(certificate_arn=arn):
        raise ELBClientError("CertificateNotFound", f"Certificate '{arn}' not found")
    if re.match(r"arn:[^:]+:acm:", arn):
        found = acm_backends[backend.account_id][backend.region_name].get_certificate(arn)
        if found.status != "ISSUED":
            raise ELBClientError(
                _UNSUPPORTED,
                f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a "
                "supported key size.",
            )


def _check_policy(policy: str | None) -> None:
    if policy is not None and policy not in SSL_POLICIES:
        raise ELBClientError("SSLPolicyNotFound", f"SSL policy '{policy}' not found")


def _settle_tls(listener: Any, policy: str | None) -> None:
    """Without TLS a listener has no certificate, no policy and no mutual TLS; with it, it has all three."""
    if listener.protocol in _SECURE:
        listener.ssl_policy = policy or listener.ssl_policy or _DEFAULT_POLICY
    else:
        listener.ssl_policy, listener.certificate, listener.certificates = None, None, []
    if listener.protocol != "TLS":
        listener.alpn_policy = None
    if listener.protocol == "HTTPS":
        listener.mutual_authentication = listener.mutual_authentication or {"Mode": "off"}
    else:
        listener.mutual_authentication = None


def _same(listener: Any, protocol: str, certificate: str | None, actions: list[Action]) -> bool:
    return (
        listener.protocol == protocol
        and listener.certificate == certificate
        and [action.data for action in listener.default_actions] == actions
    )


@patch("elbv2-create-listener", "Elastic Load Balancing API: CreateListener")
def _create(into: Installer) -> None:
    into.replace(errors, "COMMON_ERROR_CODES", [*errors.COMMON_ERROR_CODES, _UNSUPPORTED])

    @into.wrap(ELBv2Backend, "create_listener")
    def create(
        original: Callable[..., Any],
        backend: Any,
        load_balancer_arn: str,
        protocol: str,
        port: int,
        ssl_policy: str,
        certificate: str | None,
        actions: Sequence[Action],
        alpn_policy: list[str] | None = None,
        tags: list[dict[str, str]] | None = None,
    ) -> Any:
        balancer = find(backend, load_balancer_arn)
        if balancer.type != "gateway":
            backend._validate_port_and_protocol(balancer.type, port, protocol)
            existing = _check_port(balancer, port)
            filled = fill_actions(backend, balancer, protocol, actions)
            _check_policy(ssl_policy)
            _check_certificate(backend, protocol, certificate)
            if existing is not None:
                if _same(existing, protocol, certificate, filled):
                    return existing
                raise DuplicateListenerError(
                    f"A listener already exists on this port for this load balancer '{load_balancer_arn}'"
                )
            if len(balancer.listeners) >= _MOST_LISTENERS:
                raise ELBClientError(
                    "TooManyListeners", "You've reached the limit on the number of listeners per load balancer"
                )
            actions = filled
        listener = original(
            backend, load_balancer_arn, protocol, port, ssl_policy, certificate, actions, alpn_policy, tags
        )
        refresh_load_balancer_arns(backend)
        return listener

    @into.wrap(ELBV2Response, "create_listener")
    def respond(original: Callable[..., Any], response: Any) -> Any:
        answer = original(response)
        (listener,) = answer.result["Listeners"]
        if listener.protocol == "HTTPS" and response._get_param("MutualAuthentication"):
            listener.mutual_authentication = response._get_param("MutualAuthentication")
        return answer


@patch("elbv2-listener-tls", "Elastic Load Balancing API: Listener")
def tls(into: Installer) -> None:
    """A listener has what its protocol gives it; the ARN of its default rule is a rule's."""

    @into.wrap(FakeListener, "__init__")
    def build(original: Callable[..., None], listener: Any, *args: Any, **kwargs: Any) -> None:
        original(listener, *args, **kwargs)
        default = listener._default_rule[0]
        default.arn = f"{listener.arn.replace(':listener/', ':listener-rule/')}/{mock_random.get_random_hex(16)}"
        listener.mutual_authentication = None
        _settle_tls(listener, listener.ssl_policy)


@patch("elbv2-modify-listener", "Elastic Load Balancing API: ModifyListener")
def _modify(into: Installer) -> None:
    @into.replace_method(ELBV2Response, "modify_listener")
    def modify(response: Any) -> Any:
        backend = response.elbv2_backend
        listeners = backend.describe_listeners(None, [response._get_param("ListenerArn")])
        if not listeners:
            raise ListenerNotFoundError()
        (listener,) = listeners
        balancer = backend.load_balancers[listener.load_balancer_arn]
        asked: Mapping[str, Any] = response._get_params()
        port = asked.get("Port", listener.port)
        protocol = asked.get("Protocol") or listener.protocol
        backend._validate_port_and_protocol(balancer.type, port, protocol)
        if _check_port(balancer, port, listener) is not None:
            raise DuplicateListenerError(
                f"A listener already exists on this port for this load balancer '{balancer.arn}'"
            )
        _check_policy(asked.get("SslPolicy"))
        certificates = [entry["CertificateArn"] for entry in asked.get("Certificates") or ()]
        certificates = certificates or ([listener.certificate] if listener.certificate else [])
        if len(certificates) > 1:
            raise _invalid("You can specify exactly one default certificate")
        _check_certificate(backend, protocol, certificates[0] if certificates else None)
        before = [action.data for action in listener.default_actions]
        actions = fill_actions(backend, balancer, protocol, asked.get("DefaultActions") or before)
        listener.port, listener.protocol = port, protocol
        listener.default_actions = listener._default_rule[0].actions = [FakeAction(action) for action in actions]
        if certificates:
            others = [arn for arn in listener.certificates[1:] if arn != certificates[0]]
            listener.certificate, listener.certificates = certificates[0], [certificates[0], *others]
        listener.mutual_authentication = asked.get("MutualAuthentication") or listener.mutual_authentication
        _settle_tls(listener, asked.get("SslPolicy"))
        refresh_load_balancer_arns(backend)
        return ActionResult({"Listeners": [listener]})


@patch("elbv2-delete-listener", "Elastic Load Balancing API: DeleteListener")
def _delete(into: Installer) -> None:
    @into.wrap(ELBv2Backend, "delete_listener")
    def delete(original: Callable[..., Any], backend: Any, listener_arn: str) -> Any:
        listener = original(backend, listener_arn)
        for gone in (listener_arn, *listener.rules):
            backend.tagging_service.delete_all_tags_for_resource(gone)
        refresh_load_balancer_arns(backend)
        return listener


PATCHES: Final[tuple[Patch, ...]] = (_create, tls, _modify, _delete)

"""LoadBalancer: subnets that AWS accepts, listeners that do not collide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic.alias_generators import to_camel

from reconciler.checks._cidrs import block, peer_blocks
from reconciler.checks._lookup import foreign_tasks, nearest, network_of, placed, repeated
from reconciler.kinds import Object, Path, Problem, _duration
from reconciler.kinds._annotations import ADOPT
from reconciler.kinds._object import quoted
from reconciler.kinds.load_balancer import KIND, NAMED, SECURE, ExistingBalancer, Listener, LoadBalancerSpec
from reconciler.kinds.network import NetworkSpec
from reconciler.load import StackObjects
from reconciler.resources.load_balancer import ATTRIBUTES

ZONES_OF_AN_ALB: Final = 2
SMALLEST_ALB_SUBNET: Final = 27
""""Subnets for your load balancer", Application Load Balancers user guide."""

LONGEST_IDLE: Final = 4000
"""Seconds."""

OF_EXISTING: Final = ("network", "existing", "type", "listeners")
"""The fields that say which load balancer is meant where it is not a new one."""

PROTOCOLS: Final = {"Application": ("HTTP", "HTTPS"), "Network": ("TCP", "TLS", "UDP", "TCP_UDP")}


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every load balancer with the network that it lives in."""
    for balancer in objects.of(KIND):
        if balancer.spec.existing is not None:
            yield from _existing(balancer, balancer.spec.existing)
            continue
        yield from _listeners(balancer)
        yield from _attributes(balancer)
        peers = placed(("spec", "allowFrom"), balancer.spec.allow_from)
        yield from peer_blocks(balancer, peers)
        yield from foreign_tasks(objects, balancer, balancer.spec.network, peers)
        if network := network_of(objects, balancer.spec.network):
            yield from _subnets(balancer, network)


def _names_and_ports(balancer: Object[LoadBalancerSpec]) -> Iterator[Problem]:
    path: Path = ("spec", "listeners")
    listeners = balancer.spec.listeners
    for again, _ in repeated(((*path, i, "name"), one.name) for i, one in enumerate(listeners)):
        yield balancer.problem(again, "is the name of two listeners", "rename one")
    for again, first in repeated(((*path, i, "port"), one.port) for i, one in enumerate(listeners)):
        other = listeners[int(first[2])].name
        yield balancer.problem(again, f"is the port of listener {other} already", "choose another port")


def _listeners(balancer: Object[LoadBalancerSpec]) -> Iterator[Problem]:
    path: Path = ("spec", "listeners")
    listeners = balancer.spec.listeners
    yield from _names_and_ports(balancer)
    for index, listener in enumerate(listeners):
        right = PROTOCOLS[balancer.spec.type]
        if listener.protocol not in right:
            message = f"{listener.protocol} is not for a load balancer of type {balancer.spec.type}"
            yield balancer.problem((*path, index, "protocol"), message, f"write {', '.join(right[:-1])} or {right[-1]}")
        yield from _certificates(balancer, (*path, index), listener)
        if listener.redirect_to is not None:
            yield from _redirect(balancer, (*path, index, "redirectTo"), listener)


def _existing(balancer: Object[LoadBalancerSpec], existing: ExistingBalancer) -> Iterator[Problem]:
    """Of a load balancer that is there already a spec names the listeners, and nothing that would change it."""
    spec = balancer.spec
    for name, field in LoadBalancerSpec.model_fields.items():
        if name in spec.model_fields_set and name not in OF_EXISTING:
            message = "is of no use with an existing load balancer, of which only the rules are ours"
            yield balancer.problem(("spec", field.alias or name), message, "remove it, or remove spec.existing")
    if ADOPT in balancer.metadata.annotations:
        message = "is not for an existing load balancer, which is only referred to"
        yield balancer.problem(("metadata", "annotations", ADOPT), message, "remove it, or remove spec.existing")
    if spec.type == "Network":
        yield balancer.problem(("spec", "type"), "type Network has no rules", "write Application")
    path: Path = ("spec", "listeners")
    for index, listener in enumerate(spec.listeners):
        for name in sorted(listener.model_fields_set - {"name", "port", "protocol"}):
            message = "is of no use with an existing load balancer, whose listeners are only read"
            yield balancer.problem((*path, index, to_camel(name)), message, "remove it")
        if listener.protocol not in PROTOCOLS["Application"]:
            message = f"{listener.protocol} has no rules"
            yield balancer.problem((*path, index, "protocol"), message, "write HTTP or HTTPS")
    yield from _names_and_ports(balancer)
    if existing.listener_arn and len(spec.listeners) > 1:
        message = "names one listener, but there are more"
        yield balancer.problem(("spec", "existing", "arn"), message, "write the ARN of the load balancer")


def _attributes(balancer: Object[LoadBalancerSpec]) -> Iterator[Problem]:
    """What AWS takes of each type. Source: ELBv2 API reference, LoadBalancerAttribute."""
    spec = balancer.spec
    if spec.idle_timeout and spec.type == "Network":
        yield balancer.problem(("spec", "idleTimeout"), "type Network has none", "remove it")
    elif spec.idle_timeout and not 1 <= _duration.seconds(spec.idle_timeout) <= LONGEST_IDLE:
        message = f"{spec.idle_timeout} is no time that AWS takes"
        yield balancer.problem(("spec", "idleTimeout"), message, f"write 1s to {LONGEST_IDLE}s")
    if spec.cross_zone and spec.type == "Application":
        yield balancer.problem(("spec", "crossZone"), "type Application always does", "remove it")
    others = ATTRIBUTES["network" if spec.type == "Application" else "application"]
    for key in spec.attributes:
        path: Path = ("spec", "attributes", key)
        option = next((name for name, named in NAMED.items() if key == named), None)
        if option or key.startswith("access_logs."):
            yield balancer.problem(path, "has an option of its own", f"write {option or 'accessLogs'}")
        elif key in others and key not in ATTRIBUTES[spec.type.lower()]:
            yield balancer.problem(path, f"type {spec.type} has no such attribute", "remove it")


def _certificates(balancer: Object[LoadBalancerSpec], path: Path, listener: Listener) -> Iterator[Problem]:
    if listener.protocol in SECURE:
        if not listener.certificates:
            yield balancer.problem(path, f"{listener.protocol} needs a certificate", "add certificates")
    else:
        for name, value in (("certificates", listener.certificates), ("sslPolicy", listener.ssl_policy)):
            if value:
                message = f"{listener.protocol} takes no {name}"
                yield balancer.problem((*path, name), message, f"remove it, or listen with {' or '.join(SECURE)}")
    places = [((*path, "certificates", i), arn) for i, arn in enumerate(listener.certificates)]
    for again, _ in repeated(places):
        yield balancer.problem(again, "is written twice", "keep one")


def _redirect(balancer: Object[LoadBalancerSpec], path: Path, listener: Listener) -> Iterator[Problem]:
    if listener.protocol != "HTTP":
        yield balancer.problem(path, f"{listener.protocol} is not redirected", "remove it, or listen with HTTP")
    others = [other.name for other in balancer.spec.listeners if other.protocol == "HTTPS"]
    if listener.redirect_to not in others:
        message = f"{balancer.id} has no HTTPS listener {quoted(listener.redirect_to)}"
        yield balancer.problem(path, message, nearest(listener.redirect_to or "", others, "a listener with HTTPS"))


def _subnets(balancer: Object[LoadBalancerSpec], network: NetworkSpec) -> Iterator[Problem]:
    spec = balancer.spec
    path: Path = ("spec", "network")
    tier = network.public if spec.scheme == "InternetFacing" else network.private or network.public
    if tier is None:
        kind = "public " if spec.scheme == "InternetFacing" else ""
        right = f"add spec.public to Network/{spec.network}" + (", or write Internal" if kind else "")
        where = ("spec", "scheme") if kind else path
        yield balancer.problem(where, f"Network/{spec.network} has no {kind}subnets", right)
        return
    if spec.type != "Application":
        return
    if len(set(network.availability_zones)) < ZONES_OF_AN_ALB:
        message = f"Network/{spec.network} has one zone, a load balancer of type Application needs two"
        yield balancer.problem(path, message, "add a zone with its subnets, or write type: Network")
    for cidr in network.blocks(tier is network.public):
        if block(cidr).prefixlen > SMALLEST_ALB_SUBNET:
            message = f"its subnet {cidr} is too small for a load balancer of type Application"
            right = f"make it {block(cidr).network_address}/{SMALLEST_ALB_SUBNET} or larger"
            yield balancer.problem(path, message, right)

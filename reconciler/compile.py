"""From what users wrote to the graph of AWS resources. Pure.

Each kind compiles its own object; here is what follows from several objects together: which task ports become target
groups, what the listeners' rules are, and who may talk to whom.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler import kinds
from reconciler.kinds import _annotations, _duration
from reconciler.kinds._object import Object
from reconciler.kinds._peer import Peer
from reconciler.kinds._scope import TRANSPORTS, Scope, Target
from reconciler.kinds._target_group import target_group
from reconciler.kinds.load_balancer import LoadBalancerSpec
from reconciler.kinds.route import RouteSpec, actions_for, actions_of, conditions_for
from reconciler.kinds.stack import StackSpec
from reconciler.kinds.task import TaskSpec
from reconciler.model.graph import Graph, StackPolicy
from reconciler.model.policy import ObjectPolicy
from reconciler.model.resource import Reference, Resource
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources import discover
from reconciler.resources._actions import Action
from reconciler.resources._listener_rules import Content, rules_of
from reconciler.resources.security_group import SecurityGroup
from reconciler.resources.security_group_rules import EVERYWHERE, Rule, RuleKey, SecurityGroupRules

Objects = Mapping[tuple[str, str], Object[Any]]


def graph_of(stack: Object[StackSpec], objects: Objects) -> Graph:
    """The desired graph of a stack whose objects passed all checks."""
    scope = _scope(stack, objects)
    return Graph.of(policy_of(stack, objects), _things(scope), discover(), _parts(objects))


def policy_of(stack: Object[StackSpec], objects: Objects) -> StackPolicy:
    """What a Stack says of the whole, and what annotations say of its objects."""
    spec = stack.spec
    said = {obj.id: _annotations.policy_of(obj.metadata.annotations) for obj in (stack, *objects.values())}
    role = spec.assume_role
    return StackPolicy(
        name=stack.name,
        region=spec.region,
        owner=spec.owner,
        account=spec.account,
        role_arn=role.arn if role else None,
        external_id=role.external_id if role else None,
        session_name=role.session_name if role else "reconciler",
        tags=FrozenMap(spec.tags),
        drift=spec.drift.policy,
        interval=float(_duration.seconds(spec.drift.interval)),
        prune=spec.prune,
        heal=spec.heal,
        promote=spec.promote,
        max_disruption=spec.max_disruption,
        windows=tuple(window.compiled() for window in spec.maintenance_windows),
        objects=FrozenMap({owner: policy for owner, policy in said.items() if policy != ObjectPolicy()}),
        queue_url=spec.events.queue_url if spec.events else None,
    )


def _parts(objects: Objects) -> Mapping[str, frozenset[str]]:
    """A Route becomes rules and the default action of a listener, beside those of other Routes."""
    found = {}
    for route in _of_kind(objects, "Route"):
        listener = f"listener/{route.spec.load_balancer}/{route.spec.listener}"
        found[route.id] = frozenset({listener, f"{listener}/rules"})
    return found


def _of_kind(objects: Objects, kind: str) -> list[Object[Any]]:
    return [objects[key] for key in sorted(objects) if key[0] == kind]


def _scope(stack: Object[StackSpec], objects: Objects) -> Scope:
    scope = Scope(stack.name, stack.spec.region, objects, kinds.discover())
    routes = sorted(_of_kind(objects, "Route"), key=lambda r: (r.spec.order, r.name))
    defaults: dict[tuple[str, str], tuple[Action, ...]] = {}
    rules: dict[tuple[str, str], dict[str, Content]] = {}
    targets: dict[str, set[Target]] = {}
    for route in routes:
        spec: RouteSpec = route.spec
        listener = (spec.load_balancer, spec.listener)
        for action in actions_of(spec):
            for forward in action.forward:
                targets.setdefault(forward.task, set()).add(_target(scope, spec, forward.task, forward.port))
        if spec.default:
            defaults.setdefault(listener, actions_for(spec.load_balancer, spec.default))
        table = rules.setdefault(listener, {})
        for rule in spec.rules:
            table[rule.name] = (conditions_for(rule.match), actions_for(spec.load_balancer, rule))
    return dataclasses.replace(
        scope,
        defaults=defaults,
        rules={listener: rules_of(table, _first_priority(scope, listener[0])) for listener, table in rules.items()},
        targets={task: tuple(sorted(found)) for task, found in targets.items()},
    )


def _first_priority(scope: Scope, balancer: str) -> int:
    spec: LoadBalancerSpec = scope.spec("LoadBalancer", balancer)
    return spec.existing.first_priority if spec.existing else 1


def _target(scope: Scope, route: RouteSpec, task: str, port_name: str) -> Target:
    balancer: LoadBalancerSpec = scope.spec("LoadBalancer", route.load_balancer)
    spec: TaskSpec = scope.spec("Task", task)
    container, port = next((c, p) for c in spec.containers for p in c.ports if p.name == port_name)
    return Target(
        load_balancer=route.load_balancer,
        task=task,
        port_name=port_name,
        container=container.name,
        container_port=port.container_port,
        group=target_group(
            Ref(f"vpc/{spec.network}"),
            _passed_on(balancer, route.listener),
            port.container_port,
            port.health_check,
            port.target_group,
        ),
    )


def _passed_on(balancer: LoadBalancerSpec, listener: str) -> str:
    """The protocol of the target groups of a listener: TLS ends at the load balancer."""
    if balancer.type == "Application":
        return "HTTP"
    protocol = next(one.protocol for one in balancer.listeners if one.name == listener)
    return "TCP" if protocol == "TLS" else protocol


def _things(scope: Scope) -> Iterator[Resource[Any] | Reference[Any]]:
    for obj in (scope.objects[key] for key in sorted(scope.objects)):
        compiled = scope.kinds[obj.kind].compiled
        if compiled is not None:
            yield from compiled(obj, scope)
    for task in sorted(scope.targets):
        for target in scope.targets[task]:
            yield Resource(target.address, "target-group", target.group, f"Task/{task}")
    yield from _security_groups(scope)


def _security_groups(scope: Scope) -> Iterator[Resource[Any]]:
    """One group per load balancer and per task; traffic between them by group, so that addresses do not matter."""
    all_targets = [target for found in scope.targets.values() for target in found]
    for balancer in _of_kind(scope.objects, "LoadBalancer"):
        spec: LoadBalancerSpec = balancer.spec
        if spec.existing is not None:
            continue
        ingress = [
            RuleKey(protocol, listener.port, listener.port, peer)
            for listener in spec.listeners
            for protocol in TRANSPORTS.get(listener.protocol, ("tcp",))
            for peer in _peers(spec.allow_from)
        ]
        egress = [
            RuleKey(protocol, port, port, _group_of("task", t.task))
            for t in all_targets
            if t.load_balancer == balancer.name
            for protocol, port in t.ports
        ]
        yield from _group(balancer, "load-balancer", spec.network, ingress, egress)
    for task in _of_kind(scope.objects, "Task"):
        task_spec: TaskSpec = task.spec
        ingress = [
            RuleKey(port.protocol, port.container_port, port.container_port, peer)
            for container in task_spec.containers
            for port in container.ports
            for peer in _peers((*task_spec.allow_from, *port.allow_from))
        ]
        ingress += [
            RuleKey(protocol, port, port, _group_of("load-balancer", t.load_balancer))
            for t in scope.targets.get(task.name, ())
            for protocol, port in t.ports
        ]
        yield from _group(task, "task", task_spec.network, ingress, _egress(task_spec))


def _egress(spec: TaskSpec) -> Iterator[RuleKey]:
    """Where a task may connect to: everywhere, as in AWS, unless its spec says where."""
    if spec.egress is None:
        yield EVERYWHERE
    for entry in spec.egress or ():
        for peer in _peers([entry.to]):
            if not entry.ports:
                yield RuleKey("-1", None, None, peer)
            for port in entry.ports:
                yield RuleKey(entry.protocol, port, port, peer)


def _group(
    obj: Object[Any], word: str, network: str, ingress: Iterable[RuleKey], egress: Iterable[RuleKey]
) -> Iterator[Resource[Any]]:
    group = _group_of(word, obj.name)
    description = f"reconciler: {obj.id}"
    fields = SecurityGroup(vpc_id=Ref(f"vpc/{network}"), description=description)
    yield Resource(group.address, "security-group", fields, obj.id)
    rules = SecurityGroupRules(
        group_id=group,
        ingress=FrozenMap({key: Rule() for key in ingress}),
        egress=FrozenMap({key: Rule() for key in egress}),
    )
    yield Resource(f"{group.address}/rules", "security-group-rules", rules, obj.id)


def _group_of(word: str, name: str) -> Ref:
    return Ref(f"security-group/{word}/{name}")


def _peers(texts: Iterable[str]) -> Iterator[str | Ref | Id]:
    for text in texts:
        peer = Peer.parse(text)
        match peer.type:
            case "internet":
                yield "0.0.0.0/0"
            case "cidr":
                yield peer.value
            case "task":
                yield _group_of("task", peer.value)
            case "loadBalancer":
                yield _group_of("load-balancer", peer.value)
            case "prefixList":
                yield peer.value
            case "securityGroup":
                yield Id(peer.value)

"""Route: rules that the listener can take, and targets that it can reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from reconciler.checks._lookup import apart, nearest, repeated
from reconciler.checks._match import match_problems
from reconciler.checks._target_group import port_for, transport_for
from reconciler.kinds import Object, Path, Problem, _duration
from reconciler.kinds._object import quoted
from reconciler.kinds.load_balancer import KIND as LOAD_BALANCER
from reconciler.kinds.load_balancer import LoadBalancerSpec
from reconciler.kinds.route import KIND, Action, Forward, Redirect, RouteSpec
from reconciler.kinds.task import KIND as TASK
from reconciler.load import StackObjects

STICKIEST: Final = 604_800
"""Seconds. ELBv2 API reference, TargetGroupStickinessConfig."""

RULES_PER_LOAD_BALANCER: Final = 100
TARGET_GROUPS_PER_SERVICE: Final = 5

Placed = tuple[Object[RouteSpec], Path]


def check(objects: StackObjects) -> Iterator[Problem]:
    """Every Route by itself, and the Routes of a load balancer together."""
    together = _Together()
    for route in objects.of(KIND):
        balancer = objects.get(LOAD_BALANCER, route.spec.load_balancer)
        together.add(route)
        yield from _listener(route, balancer)
        if not (route.spec.rules or route.spec.default):
            yield route.problem(("spec",), "has neither rules nor default", "add spec.default")
        for path, action in _actions(route):
            yield from _action(route, path, action)
            yield from _forward(objects, route, path, action)
            if balancer and balancer.spec.type == "Network":
                yield from _network_action(route, path, action)
        for index, rule in enumerate(route.spec.rules):
            yield from match_problems(route, ("spec", "rules", index, "match"), rule.match)
    yield from together.problems()
    yield from _listeners_without_target(objects, together)


def _actions(route: Object[RouteSpec]) -> Iterator[tuple[Path, Action]]:
    for index, rule in enumerate(route.spec.rules):
        yield ("spec", "rules", index), rule
    if route.spec.default:
        yield ("spec", "default"), route.spec.default


def _listener(route: Object[RouteSpec], balancer: Object[LoadBalancerSpec] | None) -> Iterator[Problem]:
    if balancer is None:
        return
    names = [listener.name for listener in balancer.spec.listeners]
    if route.spec.listener not in names:
        message = f"{balancer.id} has no listener {quoted(route.spec.listener)}"
        yield route.problem(("spec", "listener"), message, nearest(route.spec.listener, names))
    for listener in balancer.spec.listeners:
        if listener.name == route.spec.listener and listener.redirect_to and route.spec.default:
            message = f"listener {listener.name} of {balancer.name} redirects to {listener.redirect_to} by default"
            yield route.problem(("spec", "default"), message, "keep one")
        if listener.name == route.spec.listener and listener.protocol == "HTTPS":
            yield from _plain_redirects(route)
    if balancer.spec.existing and route.spec.default:
        message = f"{balancer.id} is there already, and what its listeners do by default is not ours"
        yield route.problem(("spec", "default"), message, "write rules only")
    if balancer.spec.type == "Network" and route.spec.rules:
        message = f"{balancer.id} is of type Network, which has no rules"
        yield route.problem(("spec", "rules"), message, "write spec.default only")


def _plain_redirects(route: Object[RouteSpec]) -> Iterator[Problem]:
    """AWS sends no client from HTTPS to HTTP (ALB user guide, "Redirect actions")."""
    for path, action in _actions(route):
        if action.redirect and action.redirect.protocol == "HTTP":
            where = (*path, "redirect", "protocol")
            yield route.problem(where, "a listener with HTTPS redirects to HTTPS only", "write HTTPS")


def _action(route: Object[RouteSpec], path: Path, action: Action) -> Iterator[Problem]:
    said = {"forward": action.forward, "redirect": action.redirect, "fixedResponse": action.fixed_response}
    chosen = [name for name, value in said.items() if value]
    if not chosen:
        yield route.problem(path, "has no forward, redirect or fixedResponse", "write one of them")
    if len(chosen) > 1:
        yield route.problem(path, f"has both {' and '.join(chosen)}", "keep one")
    if action.fixed_response and action.fixed_response.status_code // 100 not in (2, 4, 5):
        status = action.fixed_response.status_code
        where = (*path, "fixedResponse", "statusCode")
        right = "write redirect" if status in (301, 302) else "write a status of 2XX, 4XX or 5XX"
        yield route.problem(where, f"{status} cannot be a fixed response", right)
    if action.redirect:
        yield from _redirect(route, (*path, "redirect"), action.redirect)
    if action.stickiness is not None:
        yield from _stickiness(route, (*path, "stickiness"), action)


def _redirect(route: Object[RouteSpec], path: Path, redirect: Redirect) -> Iterator[Problem]:
    """AWS takes none that leads back to the same place, whatever its query."""
    kept = redirect.host in (None, "#{host}") and redirect.path in (None, "/#{path}")
    if kept and redirect.protocol is None and redirect.port is None:
        right = "write another protocol, host, port or path"
        yield route.problem(path, "leads to where the request came to", right)


def _stickiness(route: Object[RouteSpec], path: Path, action: Action) -> Iterator[Problem]:
    if not action.forward:
        yield route.problem(path, "nothing is forwarded", "remove it, or write forward")
    if action.stickiness and not 1 <= _duration.seconds(action.stickiness) <= STICKIEST:
        yield route.problem(path, f"{action.stickiness} is no time that AWS takes", "write 1s to 168h")


def _network_action(route: Object[RouteSpec], path: Path, action: Action) -> Iterator[Problem]:
    """A listener of a Network load balancer forwards to one target group ("Listeners", NLB user guide)."""
    for name, answer in (("fixedResponse", action.fixed_response), ("redirect", action.redirect)):
        if answer:
            message = "a load balancer of type Network gives no answers of its own"
            yield route.problem((*path, name), message, "write forward")
    if action.stickiness:
        message = "a load balancer of type Network knows no stickiness of its listeners"
        yield route.problem((*path, "stickiness"), message, "remove it")
    if len(action.forward) > 1:
        message = "a load balancer of type Network forwards to one task"
        yield route.problem((*path, "forward"), message, "keep one")


def _forward(objects: StackObjects, route: Object[RouteSpec], path: Path, action: Action) -> Iterator[Problem]:
    balancer = objects.get(LOAD_BALANCER, route.spec.load_balancer)
    for index, target in enumerate(action.forward):
        yield from _target(objects, route, (*path, "forward", index), target, balancer)
    targets = [((*path, "forward", i), (one.task, one.port)) for i, one in enumerate(action.forward)]
    for again, _ in repeated(targets):
        yield route.problem(again, "forwards to the same port twice", "add the weights up in one entry")
    if action.forward and not any(target.weight for target in action.forward):
        message = "has no target with a weight above 0, so every request is answered with 503"
        yield route.problem((*path, "forward"), message, "give one a weight")


def _target(
    objects: StackObjects,
    route: Object[RouteSpec],
    path: Path,
    target: Forward,
    balancer: Object[LoadBalancerSpec] | None,
) -> Iterator[Problem]:
    task = objects.get(TASK, target.task)
    if task is None:
        return
    ports = {port.name: port for container in task.spec.containers for port in container.ports}
    if target.port not in ports:
        message = f"{task.id} has no port {quoted(target.port)}"
        yield route.problem((*path, "port"), message, nearest(target.port, ports, "the port to one of its containers"))
    elif balancer:
        protocol = next((one.protocol for one in balancer.spec.listeners if one.name == route.spec.listener), "HTTPS")
        yield from transport_for(route, (*path, "port"), task, ports[target.port], protocol)
        yield from port_for(route, (*path, "port"), task, ports[target.port], balancer.spec.type, protocol)
    if balancer and apart(objects, balancer.spec.network, task.spec.network):
        where = f"{task.id} lives in Network/{task.spec.network}"
        yield route.problem(
            (*path, "task"),
            f"{where}, {balancer.id} in Network/{balancer.spec.network}",
            f"name a task in Network/{balancer.spec.network}",
        )


class _Together:
    """What only all Routes of a load balancer can exceed or repeat."""

    def __init__(self) -> None:
        self.rules: defaultdict[str, list[Placed]] = defaultdict(list)
        self.names: defaultdict[tuple[str, str, str], list[Placed]] = defaultdict(list)
        self.defaults: defaultdict[tuple[str, str], list[Placed]] = defaultdict(list)
        self.target_groups: defaultdict[str, dict[tuple[str, str], Placed]] = defaultdict(dict)

    def add(self, route: Object[RouteSpec]) -> None:
        balancer, listener = route.spec.load_balancer, route.spec.listener
        for index, rule in enumerate(route.spec.rules):
            placed: Placed = (route, ("spec", "rules", index, "name"))
            self.rules[balancer].append(placed)
            self.names[balancer, listener, rule.name].append(placed)
        if route.spec.default:
            self.defaults[balancer, listener].append((route, ("spec", "default")))
        for path, action in _actions(route):
            for index, target in enumerate(action.forward):
                placed = (route, (*path, "forward", index))
                self.target_groups[target.task].setdefault((balancer, target.port), placed)

    def problems(self) -> Iterator[Problem]:
        for (balancer, listener, _), placed in self.names.items():
            for route, path in placed[1:]:
                message = f"is the name of a rule of {placed[0][0].id} on listener {listener} of {balancer} already"
                yield route.problem(path, message, "rename one")
        for (balancer, listener), placed in self.defaults.items():
            for route, path in placed[1:]:
                message = f"{placed[0][0].id} has the default of listener {listener} of {balancer} already"
                yield route.problem(path, message, "keep one")
        for balancer, placed in self.rules.items():
            if len(placed) > RULES_PER_LOAD_BALANCER:
                route, path = placed[RULES_PER_LOAD_BALANCER]
                message = f"is rule {RULES_PER_LOAD_BALANCER + 1} of {len(placed)} of LoadBalancer/{balancer}"
                yield route.problem(path, message, f"AWS allows {RULES_PER_LOAD_BALANCER}")
        for task, groups in self.target_groups.items():
            if len(groups) > TARGET_GROUPS_PER_SERVICE:
                route, path = list(groups.values())[TARGET_GROUPS_PER_SERVICE]
                message = f"Task/{task} is the target of {len(groups)} pairs of load balancer and port"
                yield route.problem(path, message, f"AWS allows {TARGET_GROUPS_PER_SERVICE}")


def _listeners_without_target(objects: StackObjects, together: _Together) -> Iterator[Problem]:
    """A Network load balancer cannot answer by itself: every listener needs something behind it."""
    if not objects.complete or any(kind == KIND.name for kind, _ in objects.broken | objects.ambiguous):
        return
    for balancer in objects.of(LOAD_BALANCER):
        if balancer.spec.type != "Network" or objects.get(LOAD_BALANCER, balancer.name) is None:
            continue
        for index, listener in enumerate(balancer.spec.listeners):
            if (balancer.name, listener.name) not in together.defaults:
                yield balancer.problem(
                    ("spec", "listeners", index),
                    f"nothing is behind listener {listener.name}",
                    "add a Route with spec.default.forward to it",
                )

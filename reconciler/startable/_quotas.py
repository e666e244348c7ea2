"""Whether the files keep within AWS's quotas.

One that AWS raises on request may have been raised, so what is beyond it is only doubted; numbers are AWS's defaults
(VPC user guide, "Amazon VPC quotas"; Application and Network Load Balancer guides, "Quotas"; ECS endpoints and quotas).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from reconciler.load import StackObjects
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.resource import Resource
from reconciler.model.values import Marker, Ref
from reconciler.resources._actions import Forward
from reconciler.resources.listener import Listener
from reconciler.resources.listener_rules import ListenerRules
from reconciler.resources.routes import Routes
from reconciler.resources.security_group_rules import SecurityGroupRules
from reconciler.resources.service import Service
from reconciler.startable._doubt import Doubt, doubt

RULES_OF_GROUP = 60
GROUPS_OF_INTERFACE = 5
RULES_OF_INTERFACE = 1000
ROUTES_OF_TABLE = 50
LISTENERS = 50
RULES_OF_BALANCER = 100
CERTIFICATES = 25
GROUPS_OF_BALANCER = 100
GROUPS_OF_SERVICE = 5
ADDRESSES = 5
"""Elastic IPs of an account in a region."""
NETWORKS = 5
"""VPCs of an account in a region."""
BALANCERS = 50
"""Of each type, of an account in a region."""


class _Count(Frozen):
    """How many there are of something, of which AWS has `most`; `fixed`: it raises that for nobody."""

    owner: str
    count: int
    most: int
    what: str
    fixed: bool = False


def doubts(stack: StackObjects, graph: Graph) -> Iterator[Doubt]:
    """Everything that is more than AWS's default."""
    resources = list(graph.resources.values())
    for one in (*_networks(stack, resources), *_balancers(resources), *_tasks(resources)):
        if one.count > one.most:
            again = "AWS has no more" if one.fixed else "AWS has no more unless the quota was raised"
            message = f"has {one.count} {one.what}, and {again}: {one.most}"
            hint = "use fewer" if one.fixed else "use fewer, or have the quota raised (Service Quotas)"
            yield doubt(stack, one.owner, ("spec",), message, hint, possible=not one.fixed)


def _networks(stack: StackObjects, resources: list[Resource[Any]]) -> Iterator[_Count]:
    kinds = Counter(resource.type for resource in resources)
    yield _Count(f"Stack/{stack.stack.name}", kinds["vpc"], NETWORKS, "VPCs")
    yield _Count(f"Stack/{stack.stack.name}", kinds["elastic-ip"], ADDRESSES, "Elastic IP addresses")
    for resource in resources:
        if isinstance(resource.fields, Routes):
            table = resource.address.partition("/")[2].rpartition("/")[0]
            yield _Count(resource.owner, len(resource.fields.routes), ROUTES_OF_TABLE, f"routes in {table}")
        if isinstance(resource.fields, SecurityGroupRules):
            for word in ("ingress", "egress"):
                rules = getattr(resource.fields, word)
                yield _Count(resource.owner, len(rules), RULES_OF_GROUP, f"{word} rules in its security group")


def _balancers(resources: list[Resource[Any]]) -> Iterator[_Count]:
    owners = {resource.address: resource.owner for resource in resources if resource.type == "load-balancer"}
    listeners: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    certificates: Counter[str] = Counter()
    groups: dict[str, set[str]] = defaultdict(set)
    of_listener: dict[str, str] = {}
    for resource in resources:
        fields = resource.fields
        if isinstance(fields, Listener) and isinstance(fields.load_balancer_arn, Ref):
            balancer = of_listener[resource.address] = fields.load_balancer_arn.address
            listeners[balancer] += 1
            certificates[balancer] += len(fields.other_certificate_arns)
            groups[balancer] |= _groups(fields.default_actions)
    for resource in resources:
        fields = resource.fields
        if isinstance(fields, ListenerRules) and isinstance(fields.listener_arn, Ref):
            balancer = of_listener.get(fields.listener_arn.address, "")
            rules[balancer] += len(fields.rules)
            for rule in fields.rules.values():
                groups[balancer] |= _groups(rule.actions)
    for address, owner in sorted(owners.items()):
        yield _Count(owner, listeners[address], LISTENERS, "listeners")
        yield _Count(owner, rules[address], RULES_OF_BALANCER, "rules")
        yield _Count(owner, certificates[address], CERTIFICATES, "certificates beside the default ones")
        yield _Count(owner, len(groups[address]), GROUPS_OF_BALANCER, "target groups", fixed=True)


def _groups(actions: object) -> set[str]:
    assert isinstance(actions, tuple)
    forwards = (action for action in actions if isinstance(action, Forward))
    return {str(group) for action in forwards for group in action.target_groups}


def _tasks(resources: list[Resource[Any]]) -> Iterator[_Count]:
    rules = {
        resource.fields.group_id: max(len(resource.fields.ingress), len(resource.fields.egress))
        for resource in resources
        if isinstance(resource.fields, SecurityGroupRules)
    }
    for resource in resources:
        fields = resource.fields
        if not isinstance(fields, Service):
            continue
        configuration = fields.network_configuration
        if configuration is not None and not isinstance(configuration, Marker):
            groups = configuration.awsvpc_configuration.security_groups
            yield _Count(resource.owner, len(groups), GROUPS_OF_INTERFACE, "security groups")
            total = sum(rules.get(group, 0) for group in groups)
            yield _Count(resource.owner, total, RULES_OF_INTERFACE, "rules in its security groups", fixed=True)
        yield _Count(resource.owner, len(fields.load_balancers), GROUPS_OF_SERVICE, "target groups")

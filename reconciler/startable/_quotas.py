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
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import Marker, Ref
from reconciler.resources._acl_tables import ROOM
from reconciler.resources._actions import Forward
from reconciler.resources.fargate_quota import ON_DEMAND, SPOT, FargateQuota
from reconciler.resources.listener import Listener
from reconciler.resources.listener_rules import ListenerRules
from reconciler.resources.network_acl import NetworkAcl
from reconciler.resources.routes import Routes
from reconciler.resources.scalable_target import ScalableTarget
from reconciler.resources.security_group_rules import SecurityGroupRules
from reconciler.resources.service import Service
from reconciler.resources.task_definition import TaskDefinition
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


def doubts(stack: StackObjects, graph: Graph, snapshot: Snapshot) -> Iterator[Doubt]:
    """Everything that is more than AWS's default, and of vCPUs more than the account may run."""
    resources = list(graph.resources.values())
    yield from _vcpus(stack, resources, snapshot)
    for one in (*_networks(stack, resources), *_balancers(resources), *_tasks(resources)):
        if one.count > one.most:
            again = "AWS has no more" if one.fixed else "AWS has no more unless the quota was raised"
            message = f"has {one.count} {one.what}, and {again}: {one.most}"
            hint = "use fewer" if one.fixed else "use fewer, or have the quota raised (Service Quotas)"
            yield doubt(stack, one.owner, ("spec",), message, hint, possible=not one.fixed)


def _vcpus(stack: StackObjects, resources: list[Resource[Any]], snapshot: Snapshot) -> Iterator[Doubt]:
    """What the account may run at a time, where that may be read. What else runs there is not counted, and of a service
    on both kinds of capacity it is not known how much runs on which."""
    allowed = {
        one.fields.quota_code: one.fields.value for one in snapshot.evidence if isinstance(one.fields, FargateQuota)
    }
    sizes = {one.address: one.fields.cpu / 1024 for one in resources if isinstance(one.fields, TaskDefinition)}
    most = {
        one.fields.service.address: one.fields.max_capacity
        for one in resources
        if isinstance(one.fields, ScalableTarget) and isinstance(one.fields.service, Ref)
    }
    now: defaultdict[str, float] = defaultdict(float)
    later: defaultdict[str, float] = defaultdict(float)
    for one in resources:
        fields = one.fields
        if not isinstance(fields, Service) or not isinstance(fields.desired_count, int):
            continue
        providers = fields.capacity_provider_strategy.keys() or {"FARGATE"}
        if len(providers) > 1 or not isinstance(fields.task_definition, Ref):
            continue
        code = SPOT if "FARGATE_SPOT" in providers else ON_DEMAND
        size = sizes.get(fields.task_definition.address, 0)
        now[code] += size * fields.desired_count
        later[code] += size * max(fields.desired_count, most.get(one.address, 0))
    for code, what in ((ON_DEMAND, "vCPUs on demand"), (SPOT, "vCPUs of Spot capacity")):
        if code not in allowed or later[code] <= allowed[code]:
            continue
        count, when = (now[code], "") if now[code] > allowed[code] else (later[code], " at autoscaling's maximum")
        message = f"its tasks want {count:g} {what}{when}, and the account may run {allowed[code]} in {snapshot.region}"
        hint = f"use fewer, or have the quota {code} of Fargate raised (Service Quotas)"
        yield doubt(stack, f"Stack/{stack.stack.name}", ("spec",), message, hint, possible=True)


def _networks(stack: StackObjects, resources: list[Resource[Any]]) -> Iterator[_Count]:
    kinds = Counter(resource.type for resource in resources)
    yield _Count(f"Stack/{stack.stack.name}", kinds["vpc"], NETWORKS, "VPCs")
    yield _Count(f"Stack/{stack.stack.name}", kinds["elastic-ip"], ADDRESSES, "Elastic IP addresses")
    for resource in resources:
        if isinstance(resource.fields, Routes):
            table = resource.address.partition("/")[2].rpartition("/")[0]
            yield _Count(resource.owner, len(resource.fields.routes), ROUTES_OF_TABLE, f"routes in {table}")
        if isinstance(resource.fields, NetworkAcl):
            tier = resource.address.rpartition("/")[2]
            for word, entries in (("inbound", resource.fields.ingress), ("outbound", resource.fields.egress)):
                what = f"{word} rules in its {tier} network ACL beside AWS's own"
                yield _Count(resource.owner, len(entries), ROOM, what)
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

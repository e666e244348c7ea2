"""Whether health checks get from a load balancer to the tasks behind it: ECS stops what they do not find well.

Our security groups let them through, so what stands in the way is a network ACL, or what somebody changed in AWS.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.flows import World
from reconciler.kinds._object import Path
from reconciler.load import StackObjects
from reconciler.model.graph import Graph
from reconciler.model.values import Ref
from reconciler.resources.service import Service
from reconciler.resources.target_group import TargetGroup
from reconciler.startable._doubt import Doubt, container_path, doubt
from reconciler.startable._paths import Ways

_FILTERS = ("SUBNET_ACL_RESTRICTION", "ENI_SG_RULES_MISMATCH", "SG_HAS_NO_RULES")
"""What is said of filters alone; that something is not there yet, or not wanted now, is no fault."""


def doubts(stack: StackObjects, graph: Graph, wanted: World, present: World | None) -> Iterator[Doubt]:
    """For each task and load balancer the first thing that keeps health checks out, as is wanted or else as AWS is."""
    worlds = [Ways(world) for world in (wanted, present) if world is not None]
    for address, resource in sorted(graph.resources.items()):
        if not isinstance(resource.fields, Service):
            continue
        task = address.partition("/")[2]
        for target in sorted(resource.fields.load_balancers, key=str):
            group = target.target_group_arn
            fields = graph.resources[group.address].fields if isinstance(group, Ref) else None
            if not isinstance(group, Ref) or not isinstance(fields, TargetGroup):
                continue
            balancer = group.address.split("/")[1]
            checked = str(fields.health_check_port)
            port = int(checked) if checked.isdecimal() else target.container_port
            path = container_path(stack, task, target.container_name, "ports")
            found = (_doubt(stack, ways, balancer, task, port, path) for ways in worlds)
            yield from [one for one in found if one is not None][:1]


def _doubt(stack: StackObjects, ways: Ways, balancer: str, task: str, port: int, path: Path) -> Doubt | None:
    stand = ways.world.by_label.get(f"loadBalancer/{balancer}")
    if stand is None or f"task/{task}" not in ways.world.by_label:
        return None
    barriers = [ways.barrier(stand, segment, f"task/{task}", port) for segment in sorted(stand.segments)]
    wrong = [one for one in barriers if one is not None and one[0].code in _FILTERS]
    if not wrong:
        return None
    blocker, fix, _ = wrong[0]
    some = len(wrong) < len(barriers) or any(partial for _, _, partial in wrong)
    now, which = "as AWS is, " if ways.world.observed else "", "some " if some else ""
    message = f"{now}{which}health checks of LoadBalancer/{balancer} do not get to port {port}: "
    reason = f"{blocker.component}: {blocker.detail}"
    return doubt(stack, f"Task/{task}", path, f"{message}{reason}", fix, possible=ways.world.observed or some)

"""What a person would change to open what is blocked, in the user's own YAML where that can be."""

from __future__ import annotations

import dataclasses

from reconciler.flows.ends import NoSuchEndError, named
from reconciler.flows.trace import Verdict, trace
from reconciler.flows.walking import Blocker
from reconciler.flows.world import World


def fixes(world: World, verdict: Verdict) -> list[str]:
    """For each blocker of an answer the change that opens it: an apply where the files want it open already."""
    if not verdict.blockers:
        return []
    left = _blockers_if_applied(world, verdict)
    return [
        f"apply: the files want it open already ({world.owners[blocker.component]})"
        if left is not None and blocker.component in world.owners and (blocker.component, blocker.code) not in left
        else _fix(world, blocker)
        for blocker in verdict.blockers
    ]


def _blockers_if_applied(world: World, verdict: Verdict) -> set[tuple[str, str]] | None:
    """What would block were everything as the files want it; `None` where that cannot be asked."""
    source, target = (_as_wanted(world, text) for text in (verdict.query.source, verdict.query.target))
    if world.wanted is None or source is None or target is None:
        return None
    try:
        wanted = trace(world.wanted, dataclasses.replace(verdict.query, source=source, target=target))
    except NoSuchEndError:
        return None
    return {(blocker.component, blocker.code) for path in wanted.paths for blocker in path.blockers} | {
        (blocker.component, blocker.code) for blocker in wanted.blockers
    }


def _as_wanted(world: World, text: str) -> str | None:
    """What the files call an end; `None` where it is an interface that they know nothing of."""
    end = named(world, text)
    if end.stand is not None:
        return text if end.container else end.stand.label
    return None if any(one.live for one in end.ends) else text


def _fix(world: World, blocker: Blocker) -> str:
    match blocker.code:
        case "ENI_SG_RULES_MISMATCH" | "SG_HAS_NO_RULES":
            return _filter(world, blocker)
        case "SUBNET_ACL_RESTRICTION":
            direction = "inbound" if blocker.about[0] == "in" else "outbound"
            return _outside(world, blocker.component, f"add or change an {direction} entry that allows it")
        case "NO_ROUTE_TO_DESTINATION":
            return _route(world, blocker)
        case "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS" | "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS":
            return _address(world, blocker)
        case "BAD_STATE" | "BAD_STATE_ROUTE" | "BAD_STATE_ATTACHMENT":
            return f"repair {blocker.component}: apply restores what the files say"
        case "NO_POSSIBLE_DESTINATION":
            return _destination(world, blocker)
        case "TARGET_UNHEALTHY":
            return (
                f"make {blocker.about[0]} pass its health check: its port's healthCheck in the files, and its program"
            )
        case _:
            return _proxy(world, blocker)


def _kind_of(label: str) -> str:
    """`task/web` as the object that a user wrote: `Task/web`."""
    word, _, name = label.partition("/")
    kind = {"task": "Task", "loadBalancer": "LoadBalancer"}.get(word)
    return f"{kind}/{name.split('/')[0]}" if kind and name else ""


def _network(world: World, segment: str) -> str:
    network = world.network_of(segment) or segment
    return world.owners.get(network) or f"Network/{network.split('/')[1]}" if "/" in network else network


def _outside(world: World, component: str, what: str) -> str:
    """A change that no file of the user's makes."""
    owner = world.owners.get(component)
    where = owner or f"{component} is in none of your files"
    return f"{where}: {what}" if owner else f"{where}; {what} there, or remove it"


def _filter(world: World, blocker: Blocker) -> str:
    direction, own, other = blocker.about
    wanted = other if other == "internet" or _kind_of(other) or other[0].isdigit() else f"the address of {other}"
    owner = _kind_of(own)
    if direction == "in":
        if owner:
            extra = ", or a Route that forwards to it" if other.startswith("loadBalancer/") else ""
            return f"{owner}: add {wanted} to spec.allowFrom{extra}"
        return _outside(world, blocker.component, f"add an ingress rule for {wanted}")
    if own.startswith("loadBalancer/"):
        return f"a Route on {owner} that forwards to {other}"
    return (
        f"{owner}: add {wanted} to spec.egress" if owner else _outside(world, blocker.component, "add an egress rule")
    )


def _route(world: World, blocker: Blocker) -> str:
    network = _network(world, blocker.component)
    if world.owners and blocker.component in world.segments and blocker.component not in world.owners:
        return "it is in none of your files: its route table there needs a route"
    if "endpoint" in blocker.about:
        return f"{network}: apply restores the endpoint {blocker.about[1]} in its route tables"
    if "in" in blocker.about:
        if blocker.component in world.networks:
            return f"{network}: give it spec.public subnets, which bring an internet gateway"
        return (
            f"stand in the public subnets of {network}: a Task with placement: Public, an InternetFacing LoadBalancer"
        )
    if "nat" in blocker.about:
        return f"{network}: the public subnets need a route to the internet gateway; apply restores it"
    return f"{network}: set spec.nat to Single or PerZone"


def _address(world: World, blocker: Blocker) -> str:
    behind = (name for name, lives in world.live_of.items() if any(one.name == blocker.component for one in lives))
    stand = world.stands.get(blocker.component) or world.stands.get(next(behind, ""))
    owner = _kind_of(stand.label) if stand else ""
    if owner.startswith("Task/"):
        ingress = blocker.code == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
        other = "put an InternetFacing LoadBalancer in front of it" if ingress else "give the Network a spec.nat"
        return f"{owner}: set spec.placement to Public, or {other}"
    if owner:
        return f"{owner}: set spec.scheme to InternetFacing"
    return f"{blocker.component}: give it a public address"


def _destination(world: World, blocker: Blocker) -> str:
    if "replicas" in blocker.about:
        stand = world.stands.get(blocker.component)
        return f"{_kind_of(stand.label) if stand else blocker.component}: set spec.replicas to 1 or more"
    if "container" in blocker.about:
        return f"{_kind_of(blocker.about[1])}: open the port in that container's ports, or ask for the other container"
    return f"{_network(world, blocker.component)}: use an address that lies in one of its subnets"


def _proxy(world: World, blocker: Blocker) -> str:
    proxy = next((p for p, entries in world.listeners.items() for e in entries if e.component == blocker.component), "")
    stand = world.stands.get(proxy or blocker.component)
    owner = _kind_of(stand.label) if stand else blocker.component
    match blocker.code:
        case "ELBV2_LISTENERS_MISMATCH":
            return f"{owner}: add the port to spec.listeners"
        case "ELBV2_LISTENER_RULE_RESTRICTION":
            goal, taker = blocker.about
            before = f" before rule {taker}" if taker and taker != "default" else ""
            return f"a Route on {owner}: a rule{before} that matches and forwards to {goal}"
        case "ELBV2_NO_TARGETS_IN_AZ" | "ELB_INSTALLED_AZ_RESTRICTION":
            return f"{owner}: its Network and that of the Task must have the same spec.availabilityZones"
        case "ELBV2_SOURCE_ADDRESS_PRESERVATION":
            return f"let {blocker.about[0]} reach itself without the load balancer"
        case _:
            return f"look at {blocker.component}: {blocker.detail}"

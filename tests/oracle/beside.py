"""What some networks have beside their two application load balancers, from a dice of its own: a network load balancer
for TCP or UDP, an interface endpoint, a task in another VPC, target groups that keep to their zone.

Gateway endpoints are not among it: which addresses they lead to only AWS knows, so no packet stands for all of them.
"""

from __future__ import annotations

import random

import topology
from topology import ELB, HOSTS, REGION, VPC, Acl, Balancer, Copy, Frozen, Group, Pool, Task, World

from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._acl_tables import AclEntry
from reconciler.resources._actions import Forward
from reconciler.resources.internet_gateway import InternetGateway
from reconciler.resources.network_interface import NetworkInterface
from reconciler.resources.route_table import RouteTable
from reconciler.resources.routes import Route, Routes
from reconciler.resources.security_group_rules import RuleKey
from reconciler.resources.vpc import Vpc
from reconciler.resources.vpc_endpoint import VpcEndpoint

FAR, FAR_BLOCK, FAR_SUBNET = "vpc-2", "10.1.0.0/16", "subnet-far"
ENDPOINT, ENDPOINT_PORT = "vpc-endpoint/main/logs", 443
_CROSS, _KEEP = "load_balancing.cross_zone.enabled", "preserve_client_ip.enabled"
_EVERYONE = "0.0.0.0/0"


def snapshot(seed: int) -> tuple[Snapshot, list[str]]:
    """A snapshot, and what was broken in it."""
    world = topology.network(seed)
    dice = random.Random(f"beside {seed}")
    endpoints: list[str] = []
    if dice.random() < 0.6:
        _stream(world, dice)
    if dice.random() < 0.3:
        endpoints = _endpoint(world, dice)
    if dice.random() < 0.3:
        _far_task(world, dice)
    if dice.random() < 0.3:
        _zonal_pool(world, dice)

    def beside(_: World, made: Frozen) -> None:
        if FAR_SUBNET in world.subnets:
            _freeze_far(world, made)
        if endpoints:
            _freeze_endpoint(endpoints, world, made)

    return topology.frozen(world, beside), world.broken


def _stream(world: World, dice: random.Random) -> None:
    """A network load balancer before a task, as the compiler would make it or not quite."""
    public, private = world.subnets_of("public"), world.subnets_of("private")
    scheme = dice.choice(("internet-facing", "internet-facing", "internal"))
    task, protocol = dice.choice((("web", "TCP"), ("orders", "TCP"), ("orders", "UDP"), ("gate", "UDP")))
    words = protocol.lower()
    port = next(port for port, spoken in world.tasks[task].ports if spoken == words)
    kept = protocol == "UDP" or dice.random() < 0.5
    grouped = dice.random() < 0.75
    pool = f"{ELB}:targetgroup/stream/1"
    attributes = {_CROSS: dice.choice(("true", "false", "use_load_balancer_configuration")), _KEEP: str(kept).lower()}
    states = [dice.choice(("healthy", "healthy", "healthy", "unhealthy")) for _ in world.tasks[task].copies]
    world.pools[pool] = Pool(task, port, states, "stream", protocol, attributes)
    world.balancers["stream"] = Balancer(
        scheme=scheme,
        subnets=list(public if scheme == "internet-facing" else private)[: dice.choice((1, 2, 2))],
        port=82,
        default=Forward(target_groups=FrozenMap({Id(pool): 1})),
        rules={},
        protocol=protocol,
        grouped=grouped,
        attributes={_CROSS: dice.choice(("true", "false"))},
    )
    peers = [_EVERYONE, _EVERYONE, "198.51.100.0/24", "10.0.0.0/16", "192.0.2.0/24"]
    if grouped:
        own = world.groups["sg-lb-stream"] = Group()
        own.ingress = [RuleKey(words, 82, 82, dice.choice(peers))]
        own.egress = [RuleKey(words, port, port, Id(f"sg-task-{task}"))] if dice.random() < 0.9 else []
        peers.append("")
        peers.append("")
    peer = dice.choice(peers)
    key = RuleKey(words, port, port, peer or Id("sg-lb-stream"))
    rules = world.groups[f"sg-task-{task}"].ingress
    if key not in rules and dice.random() < 0.9:
        rules.append(key)
    said = f"{scheme} {protocol} to {task}, {'kept' if kept else 'own'} address, {states}, {attributes[_CROSS]}"
    world.broken.append(f"stream: {said}")


def _zonal_pool(world: World, dice: random.Random) -> None:
    """A target group of an application load balancer whose targets get requests of their own zone alone. What nodes do
    in a zone where none is healthy is not documented: those that have sick targets are left alone."""
    pools = [pool for pool in world.pools.values() if pool.protocol == "HTTP" and set(pool.states) == {"healthy"}]
    if pools:
        pool = dice.choice(pools)
        pool.attributes = {_CROSS: "false"}
        world.broken.append(f"zonal pool: {pool.task}")


def _endpoint(world: World, dice: random.Random) -> list[str]:
    """The subnets of an interface endpoint."""
    subnets = sorted(set(dice.choices(sorted(world.subnets), k=2)))
    group = world.groups["sg-endpoint"] = Group()
    peer = dice.choice(("10.0.0.0/16", _EVERYONE, Id("sg-task-orders"), Id("sg-task-web"), "10.0.32.0/20"))
    group.ingress = [RuleKey("tcp", ENDPOINT_PORT, ENDPOINT_PORT, peer)]
    world.broken.append(f"endpoint: in {', '.join(subnets)} for {peer}")
    return subnets


def _far_task(world: World, dice: random.Random) -> None:
    """A task in a VPC of its own, with a public address or without."""
    world.subnets[FAR_SUBNET] = ("far", "10.1.0.0/24", f"{REGION}a")
    world.far[FAR_SUBNET] = FAR
    world.groups["sg-task-far"] = Group()
    peer = dice.choice((_EVERYONE, "192.0.2.0/24", "10.0.0.0/16", f"{HOSTS[0]}/32"))
    world.groups["sg-task-far"].ingress = [RuleKey("tcp", 70, 70, peer)]
    public = world.address("public") if dice.random() < 0.8 else None
    world.tasks["far"] = Task([(70, "tcp")], [Copy(FAR_SUBNET, world.address(FAR_SUBNET), public)])
    acl = world.acls["acl-far"] = Acl()
    if dice.random() < 0.3:
        block = dice.choice(("192.0.2.0/24", "198.51.100.0/24", "128.0.0.0/1"))
        acl.ingress[50] = AclEntry(rule_action="deny", protocol="-1", cidr_block=block, from_port=None, to_port=None)
    world.acl_of[FAR_SUBNET] = "acl-far"
    world.broken.append(f"far task: {public} for {peer}, {acl.ingress.get(50, 'open')}")


def _freeze_far(world: World, made: Frozen) -> None:
    vpc = Vpc(cidr_block=FAR_BLOCK, enable_dns_support=True, enable_dns_hostnames=True)
    made.ours("vpc/far", "vpc", FAR, vpc)
    gateway = InternetGateway(vpc_id=Id(FAR), attached=True)
    made.ours("internet-gateway/far", "internet-gateway", "igw-2", gateway)
    local = FrozenMap({FAR_BLOCK: Route(gateway_id=Id("local"), origin="CreateRouteTable")})
    out = FrozenMap({_EVERYONE: Route(gateway_id=Id("igw-2"))})
    made.seen("route-table", "rtb-far", RouteTable(vpc_id=Id(FAR), main=True))
    made.seen("routes", "rtb-far", Routes(route_table_id=Id("rtb-far"), routes=out, implied=local))


def _freeze_endpoint(subnets: list[str], world: World, made: Frozen) -> None:
    fields = VpcEndpoint(
        vpc_id=Id(VPC),
        service_name=f"com.amazonaws.{REGION}.logs",
        vpc_endpoint_type="Interface",
        subnet_ids=frozenset(map(Id, subnets)),
        security_group_ids=frozenset({Id("sg-endpoint")}),
    )
    made.ours(ENDPOINT, "vpc-endpoint", "vpce-1", fields)
    for number, subnet in enumerate(subnets):
        made.seen(
            "network-interface",
            f"eni-endpoint-{number}",
            NetworkInterface(
                vpc_id=Id(VPC),
                subnet_id=Id(subnet),
                private_ip_addresses=(world.address(subnet),),
                public_ips=FrozenMap(),
                ipv6_addresses=(),
                groups=frozenset({Id("sg-endpoint")}),
                interface_type="vpc_endpoint",
                description="VPC Endpoint Interface vpce-1",
                instance_owner_id=None,
                requester_id=None,
                status="in-use",
            ),
        )

"""Random networks with random things wrong, by seed: equal seeds give equal snapshots.

Each starts as the compiler would make it (a public load balancer before a task, an internal one before another, tasks
that speak to the internet and are spoken to), and is then broken a few times in ways in which people break networks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from reconciler.model.fields import Fields, set_fields
from reconciler.model.resource import Observed, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._acl_tables import AclEntry
from reconciler.resources._actions import FixedResponse, Forward
from reconciler.resources._balancing import Balancing
from reconciler.resources._conditions import conditions_of
from reconciler.resources._containers import Container, PortMapping
from reconciler.resources._listener_rules import ListenerRule
from reconciler.resources.cluster import Cluster
from reconciler.resources.internet_gateway import InternetGateway
from reconciler.resources.listener import Listener
from reconciler.resources.listener_rules import ListenerRules
from reconciler.resources.load_balancer import LoadBalancer
from reconciler.resources.nat_gateway import NatGateway
from reconciler.resources.network_acl import NetworkAcl
from reconciler.resources.network_interface import NetworkInterface
from reconciler.resources.route_table import RouteTable
from reconciler.resources.route_table_association import RouteTableAssociation
from reconciler.resources.routes import Route, Routes
from reconciler.resources.running_task import RunningTask
from reconciler.resources.security_group import SecurityGroup
from reconciler.resources.security_group_rules import EVERYWHERE, Rule, RuleKey, SecurityGroupRules
from reconciler.resources.service import AwsvpcConfiguration, NetworkConfiguration, Service, ServiceLoadBalancer
from reconciler.resources.subnet import Subnet
from reconciler.resources.target_group import TargetGroup
from reconciler.resources.target_health import Target, TargetHealth
from reconciler.resources.task_definition import TaskDefinition
from reconciler.resources.vpc import Vpc

VPC, BLOCK = "vpc-1", "10.0.0.0/16"
HOSTS = ("198.51.100.7", "203.0.113.9")
"""Two hosts of the internet."""
ACCOUNT, REGION = "123456789012", "us-east-1"
ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
_ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
_ALL = AclEntry(rule_action="allow", protocol="-1", cidr_block="0.0.0.0/0", from_port=None, to_port=None)
_DENY = AclEntry(rule_action="deny", protocol="-1", cidr_block="0.0.0.0/0", from_port=None, to_port=None)


@dataclass
class Way:
    """One route: `target` is the id of a gateway."""

    target: str
    dead: bool = False


@dataclass
class Acl:
    """A network ACL's own entries by number."""

    ingress: dict[int, AclEntry] = field(default_factory=lambda: {100: _ALL})
    egress: dict[int, AclEntry] = field(default_factory=lambda: {100: _ALL})


@dataclass
class Group:
    """The rules of a security group."""

    ingress: list[RuleKey] = field(default_factory=list)
    egress: list[RuleKey] = field(default_factory=lambda: [EVERYWHERE])


@dataclass
class Copy:
    """One running task."""

    subnet: str
    address: str
    public: str | None = None


@dataclass
class Task:
    """A service: `ports` are (port, protocol)."""

    ports: list[tuple[int, str]]
    copies: list[Copy]
    shared: bool = False
    """Its tasks carry the group `sg-shared` too."""


@dataclass
class Pool:
    """A target group of one task and the states of its targets, by copy. `attributes` are those that AWS tells."""

    task: str
    port: int
    states: list[str]
    name: str = ""
    protocol: str = "HTTP"
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Balancer:
    """A load balancer with one listener; `rules` are (priority, conditions, action) by name. One that speaks HTTP is an
    application load balancer, any other a network load balancer."""

    scheme: str
    subnets: list[str]
    port: int
    default: Any
    rules: dict[str, tuple[int, list[tuple[str, list[str]]], Any]]
    listens: bool = True
    state: State = State.READY
    protocol: str = "HTTP"
    grouped: bool = True
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """AWS's short word for its type."""
        return "app" if self.protocol == "HTTP" else "net"


@dataclass
class Nat:
    """A NAT gateway."""

    subnet: str
    address: str
    public: str | None
    state: State = State.READY


@dataclass
class World:
    """Everything that a snapshot is made of, still soft. Keys are ids, but of tasks and load balancers their names."""

    random: random.Random
    subnets: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """(name, block, zone)."""
    tables: dict[str, dict[str, Way]] = field(default_factory=dict)
    associations: dict[str, str] = field(default_factory=dict)
    acls: dict[str, Acl] = field(default_factory=dict)
    acl_of: dict[str, str] = field(default_factory=dict)
    attached: bool = True
    nats: dict[str, Nat] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    balancers: dict[str, Balancer] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    far: dict[str, str] = field(default_factory=dict)
    """The VPC of each subnet that lies in another."""
    _given: dict[str, int] = field(default_factory=dict)

    def address(self, subnet: str) -> str:
        """The next free address of a subnet, or (`public`) of the internet."""
        number = self._given[subnet] = self._given.get(subnet, 9) + 1
        block = "192.0.2.0/24" if subnet == "public" else self.subnets[subnet][1]
        return str(ip_network(block)[number])

    def subnets_of(self, tier: str) -> list[str]:
        """The subnets of a tier in order of zone."""
        return [one for one, (name, _, _) in self.subnets.items() if name == tier]


def network(seed: int) -> World:
    """A network, with what was broken in it."""
    world = _sound(random.Random(seed))
    breakages, weights = zip(*BREAKAGES, strict=True)
    for breakage in world.random.choices(breakages, weights, k=world.random.choice((0, 1, 1, 2, 2, 3, 4, 6))):
        done = breakage(world)
        if done:
            world.broken.append(f"{breakage.__name__}: {done}")
    return world


def _sound(rng: random.Random) -> World:
    """A network with nothing wrong."""
    world = World(rng)
    zones = ["a", "b"][: rng.choice((1, 2, 2))]
    for number, (tier, zone) in enumerate((t, z) for t in ("public", "private") for z in zones):
        world.subnets[f"subnet-{number}"] = (
            tier,
            f"10.0.{number * 16}.0/{rng.choice((20, 24, 24))}",
            f"{REGION}{zone}",
        )
    public, private = world.subnets_of("public"), world.subnets_of("private")
    world.tables = {"rtb-main": {}, "rtb-public": {"0.0.0.0/0": Way("igw-1")}}
    if rng.random() < 0.5:
        world.tables["rtb-main"]["0.0.0.0/0"] = Way("igw-1")
    world.associations = dict.fromkeys(public, "rtb-public")
    for number, subnet in enumerate(public[: rng.choice((1, 2))]):
        world.nats[f"nat-{number}"] = Nat(subnet, world.address(subnet), world.address("public"))
    for number, subnet in enumerate(private):
        table = world.associations[subnet] = f"rtb-private-{number}"
        world.tables[table] = {"0.0.0.0/0": Way(f"nat-{min(number, len(world.nats) - 1)}")}
    world.acls["acl-default"] = Acl()
    world.acl_of = dict.fromkeys(world.subnets, "acl-default")
    _tasks(world, public, private)
    _balancers(world, public, private)
    return world


def _tasks(world: World, public: list[str], private: list[str]) -> None:
    rng = world.random

    def copies(subnets: list[str], count: int, *, addressed: bool) -> list[Copy]:
        chosen = [subnets[n % len(subnets)] for n in range(count)]
        return [Copy(s, world.address(s), world.address("public") if addressed else None) for s in chosen]

    front = public if rng.random() < 0.5 else private
    world.tasks = {
        "web": Task([(80, "tcp")], copies(front, rng.choice((1, 2)), addressed=front is public)),
        "orders": Task([(90, "tcp"), (91, "udp")], copies(private, rng.choice((1, 2)), addressed=False)),
        "gate": Task([(22, "tcp"), (53, "udp")], copies(public, 1, addressed=True)),
    }
    world.groups = {f"sg-task-{name}": Group() for name in world.tasks}
    world.groups["sg-shared"] = Group()
    world.groups["sg-task-gate"].ingress = [RuleKey("tcp", 22, 22, "0.0.0.0/0"), RuleKey("udp", 53, 53, "0.0.0.0/0")]
    world.groups["sg-task-orders"].ingress = [RuleKey("udp", 91, 91, Id("sg-task-web"))]
    if rng.random() < 0.5:
        world.groups["sg-task-orders"].ingress.append(RuleKey("tcp", 90, 90, Id("sg-task-gate")))


def _balancers(world: World, public: list[str], private: list[str]) -> None:
    for name, scheme, task, port, peer in (
        ("public", "internet-facing", "web", 80, "0.0.0.0/0"),
        ("internal", "internal", "orders", 81, Id("sg-task-web")),
    ):
        pool = f"{ELB}:targetgroup/{task}/1"
        target_port = world.tasks[task].ports[0][0]
        world.pools[pool] = Pool(task, target_port, ["healthy"] * len(world.tasks[task].copies))
        forward = Forward(target_groups=FrozenMap({Id(pool): 1}))
        world.balancers[name] = Balancer(
            scheme=scheme,
            subnets=list(public if scheme == "internet-facing" else private),
            port=port,
            default=FixedResponse(status_code="404") if world.random.random() < 0.7 else forward,
            rules={
                "api": (20, [("path-pattern", ["/api/*", "/api"])], forward),
                "host": (30, [("host-header", ["*.example.com"]), ("path-pattern", ["/shop?"])], forward),
            },
        )
        group = world.groups[f"sg-lb-{name}"] = Group()
        group.ingress = [RuleKey("tcp", port, port, peer)]
        group.egress = [RuleKey("tcp", target_port, target_port, Id(f"sg-task-{task}"))]
        world.groups[f"sg-task-{task}"].ingress.append(RuleKey("tcp", target_port, target_port, Id(f"sg-lb-{name}")))


def _table(world: World) -> str:
    return world.random.choice(sorted(world.tables))


def _gateway(world: World) -> str:
    return world.random.choice(["igw-1", *sorted(world.nats)])


def lost_route(world: World) -> str:
    table = _table(world)
    return f"{table}" if world.tables[table].pop("0.0.0.0/0", None) else ""


def blackhole(world: World) -> str:
    table = _table(world)
    for way in world.tables[table].values():
        way.dead = True
    return table if world.tables[table] else ""


def other_gateway(world: World) -> str:
    table, gateway = _table(world), _gateway(world)
    world.tables[table]["0.0.0.0/0"] = Way(gateway)
    return f"{table} 0.0.0.0/0 to {gateway}"


def more_specific_route(world: World) -> str:
    table, gateway, rng = _table(world), _gateway(world), world.random
    block = rng.choice(
        ("198.51.100.0/24", "198.51.100.7/32", "203.0.0.0/8", "192.0.2.0/24", "128.0.0.0/1", "10.0.0.0/8")
    )
    dead = rng.random() < 0.4
    world.tables[table][block] = Way(gateway, dead)
    return f"{table} {block} to {'nowhere' if dead else gateway}"


def lost_association(world: World) -> str:
    subnet = world.random.choice(sorted(world.subnets))
    return subnet if world.associations.pop(subnet, None) else ""


def other_association(world: World) -> str:
    subnet, table = world.random.choice(sorted(world.subnets)), _table(world)
    world.associations[subnet] = table
    return f"{subnet} {table}"


def detached_gateway(world: World) -> str:
    world.attached = False
    return "igw-1"


def broken_nat(world: World) -> str:
    name = world.random.choice(sorted(world.nats))
    world.nats[name].state = world.random.choice((State.PENDING, State.FAILED, State.DELETING))
    return f"{name} {world.nats[name].state.value}"


def moved_nat(world: World) -> str:
    """To a private subnet, whose route leads to itself or nowhere."""
    name, subnets = world.random.choice(sorted(world.nats)), world.subnets_of("private")
    taken = {nat.subnet for nat in world.nats.values()}
    free = [subnet for subnet in subnets if subnet not in taken]
    if not free:
        return ""
    nat = world.nats[name]
    nat.subnet = world.random.choice(free)
    nat.address = world.address(nat.subnet)
    return f"{name} to {nat.subnet}"


def private_nat(world: World) -> str:
    name = world.random.choice(sorted(world.nats))
    world.nats[name].public = None
    return name


def lost_public_address(world: World) -> str:
    copies = [copy for task in world.tasks.values() for copy in task.copies if copy.public]
    if not copies:
        return ""
    copy = world.random.choice(copies)
    copy.public = None
    return copy.address


def new_public_address(world: World) -> str:
    copy = world.random.choice([copy for task in world.tasks.values() for copy in task.copies])
    copy.public = copy.public or world.address("public")
    return copy.address


def _rules(world: World) -> tuple[str, str, list[RuleKey]]:
    group = world.random.choice(sorted(world.groups))
    direction = world.random.choice(("ingress", "ingress", "egress"))
    return group, direction, getattr(world.groups[group], direction)


def lost_rule(world: World) -> str:
    group, direction, rules = _rules(world)
    if not rules:
        return ""
    return f"{group} {direction} {rules.pop(world.random.randrange(len(rules)))}"


def _peer(world: World) -> str | Id:
    blocks = ["0.0.0.0/0", BLOCK, "198.51.100.0/24", "203.0.113.9/32", "128.0.0.0/1", "192.0.2.0/24"]
    blocks += [block for _, block, _ in world.subnets.values()]
    return world.random.choice([*blocks, *map(Id, sorted(world.groups))])


def other_peer(world: World) -> str:
    group, direction, rules = _rules(world)
    if not rules:
        return ""
    at = world.random.randrange(len(rules))
    old = rules[at]
    rules[at] = RuleKey(old.protocol, old.from_port, old.to_port, _peer(world))
    return f"{group} {direction} {old} is {rules[at]}"


def other_ports(world: World) -> str:
    group, direction, rules = _rules(world)
    if not rules:
        return ""
    at = world.random.randrange(len(rules))
    old, rng = rules[at], world.random
    ports = {port for task in world.tasks.values() for port, _ in task.ports} | {80, 81, 443}
    low = rng.choice(sorted(ports)) + rng.choice((-1, 0, 1))
    rules[at] = RuleKey(rng.choice(("tcp", "tcp", "udp")), low, rng.choice((low, low + 1, 65535)), old.peer)
    return f"{group} {direction} {old} is {rules[at]}"


def new_rule(world: World) -> str:
    group, direction, rules = _rules(world)
    rng = world.random
    ports = rng.choice(((0, 65535), (1, 1023), (22, 22), (80, 90)))
    key = rng.choice(
        (RuleKey("-1", None, None, _peer(world)), RuleKey(rng.choice(("tcp", "udp")), *ports, _peer(world)))
    )
    if key not in rules:
        rules.append(key)
    return f"{group} {direction} {key}"


def no_egress(world: World) -> str:
    group = world.random.choice(sorted(world.groups))
    world.groups[group].egress = []
    return group


def shared_group(world: World) -> str:
    name = world.random.choice(sorted(world.tasks))
    world.tasks[name].shared = True
    world.groups["sg-shared"].ingress.append(RuleKey("-1", None, None, _peer(world)))
    return name


def _entry(world: World) -> AclEntry:
    rng = world.random
    ports = rng.choice(
        [(None, None), (0, 65535), (1024, 65535), (1024, 65535), (32768, 60999), (49152, 65535), (1, 1023)]
        + [(port, port) for port in (22, 53, 80, 81, 90, 91, 443)]
    )
    blocks = ["0.0.0.0/0", "0.0.0.0/0", BLOCK, "198.51.100.0/24", "203.0.113.9/32", "128.0.0.0/1"]
    blocks += [block for _, block, _ in world.subnets.values()]
    protocol = "-1" if ports == (None, None) else rng.choice(("tcp", "tcp", "udp"))
    return AclEntry(
        rule_action=rng.choice(("allow", "deny")),
        protocol=protocol,
        cidr_block=rng.choice(blocks),
        from_port=ports[0],
        to_port=ports[1],
    )


def other_acl(world: World) -> str:
    """A list of its own for one subnet or all, open at the end more often than not."""
    rng = world.random
    name = f"acl-{len(world.acls)}"
    acl = world.acls[name] = Acl({}, {})
    for entries in (acl.ingress, acl.egress):
        entries.update({number: _entry(world) for number in rng.sample(range(1, 300), rng.randrange(5))})
        if rng.random() < 0.75:
            entries[400] = _ALL
    subnets = [rng.choice(sorted(world.subnets))] if rng.random() < 0.8 else sorted(world.subnets)
    world.acl_of.update(dict.fromkeys(subnets, name))
    return f"{name} on {', '.join(subnets)}"


def lost_listener(world: World) -> str:
    name = world.random.choice(sorted(world.balancers))
    world.balancers[name].listens = False
    return name


def broken_balancer(world: World) -> str:
    name = world.random.choice(sorted(world.balancers))
    world.balancers[name].state = State.PENDING
    return name


def other_priorities(world: World) -> str:
    name = world.random.choice(sorted(world.balancers))
    rules = world.balancers[name].rules
    numbers = world.random.sample(range(1, 50), len(rules))
    world.balancers[name].rules = {
        rule: (number, conditions, action)
        for number, (rule, (_, conditions, action)) in zip(numbers, rules.items(), strict=True)
    }
    return f"{name} {numbers}"


def another_rule(world: World) -> str:
    rng = world.random
    name = rng.choice(sorted(world.balancers))
    balancer = world.balancers[name]
    conditions = rng.choice(
        (
            [("path-pattern", ["*"])],
            [("path-pattern", ["/api/v?/*"])],
            [("path-pattern", ["/API/*"])],
            [("host-header", ["SHOP.example.com"])],
            [("host-header", ["shop.*"]), ("path-pattern", ["/*/items", "/shop1"])],
            [("http-request-method", ["POST"])],
            [("source-ip", ["198.51.100.0/24", "10.0.0.0/20"])],
            [("http-header X-Version", ["2*"])],
        )
    )
    action = rng.choice((FixedResponse(status_code="403"), Forward(target_groups=FrozenMap({Id(_pool(world)): 1}))))
    used = {priority for priority, _, _ in balancer.rules.values()}
    priority = rng.choice([number for number in range(1, 60) if number not in used])
    balancer.rules[f"rule-{len(balancer.rules)}"] = (priority, conditions, action)
    return f"{name} {priority} {conditions} {type(action).__name__}"


def _pool(world: World) -> str:
    return world.random.choice(sorted(world.pools))


def other_weights(world: World) -> str:
    """A rule forwards to both target groups, by weight."""
    rng = world.random
    name = rng.choice(sorted(world.balancers))
    rule = rng.choice(sorted(world.balancers[name].rules))
    priority, conditions, _ = world.balancers[name].rules[rule]
    weights = {Id(pool): rng.choice((0, 1, 5)) for pool in world.pools}
    if not any(weights.values()):
        weights[Id(_pool(world))] = 1
    world.balancers[name].rules[rule] = (priority, conditions, Forward(target_groups=FrozenMap(weights)))
    return f"{name} {rule} {weights}"


def sick_targets(world: World) -> str:
    pool = world.pools[_pool(world)]
    if not pool.states:
        return ""
    sick = world.random.randrange(1, len(pool.states) + 1)
    pool.states = ["unhealthy"] * sick + pool.states[sick:]
    return f"{sick} of {pool.task}"


def no_targets(world: World) -> str:
    pool = world.pools[_pool(world)]
    pool.states = []
    return pool.task


def fewer_zones(world: World) -> str:
    """A load balancer that stands in one zone only: targets elsewhere are unused."""
    name = world.random.choice(sorted(world.balancers))
    world.balancers[name].subnets = world.balancers[name].subnets[:1]
    return name


BREAKAGES: tuple[tuple[Callable[[World], str], int], ...] = (
    (lost_route, 1),
    (blackhole, 1),
    (other_gateway, 2),
    (more_specific_route, 3),
    (lost_association, 2),
    (other_association, 1),
    (detached_gateway, 2),
    (broken_nat, 1),
    (moved_nat, 1),
    (private_nat, 1),
    (lost_public_address, 1),
    (new_public_address, 1),
    (lost_rule, 2),
    (other_peer, 2),
    (other_ports, 2),
    (new_rule, 2),
    (no_egress, 1),
    (shared_group, 1),
    (other_acl, 5),
    (lost_listener, 1),
    (broken_balancer, 1),
    (other_priorities, 2),
    (another_rule, 10),
    (other_weights, 2),
    (sick_targets, 1),
    (no_targets, 1),
    (fewer_zones, 1),
)
"""With how often each is tried."""


class Frozen:
    """The objects of a snapshot, gathered."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[Observed[Any], ...]] = {}
        self.evidence: list[Observed[Any]] = []

    def ours(
        self, address: str, kind: str, identity: str, fields: Fields, state: State = State.READY, **outputs: str
    ) -> None:
        self.found[address] = (
            Observed(
                type=kind,
                id=identity,
                fields=fields,
                address=address,
                stack="shop",
                owner="default",
                outputs=FrozenMap({"id": identity} | outputs),
                state=state,
            ),
        )

    def seen(self, kind: str, identity: str, fields: Fields) -> None:
        outputs = FrozenMap({"id": identity})
        self.evidence.append(Observed(type=kind, id=identity, fields=fields, outputs=outputs, evidence=True))


def frozen(world: World, beside: Callable[[World, Frozen], None]) -> Snapshot:
    """The snapshot of a network; `beside` adds what else there is."""
    made = Frozen()
    _freeze_network(world, made)
    _freeze_gateways(world, made)
    _freeze_groups(world, made)
    _freeze_tasks(world, made)
    _freeze_balancers(world, made)
    beside(world, made)
    for number, (name, address, public, groups, kind, description) in enumerate(_interfaces(world)):
        made.seen(
            "network-interface",
            f"eni-{number}",
            NetworkInterface(
                vpc_id=Id(world.far.get(name, VPC)),
                subnet_id=Id(name),
                private_ip_addresses=(address,),
                public_ips=FrozenMap({address: public} if public else {}),
                ipv6_addresses=(),
                groups=frozenset(map(Id, groups)),
                interface_type=kind,
                description=description,
                instance_owner_id=ACCOUNT if ":attachment/" in description else "amazon-aws",
                requester_id=ACCOUNT,
                status="in-use",
            ),
        )
        if ":attachment/" in description:
            task = description.rsplit("/", 1)[1].split(".")[0]
            made.seen(
                "running-task",
                f"{_ECS}:task/shop/{description.rsplit('/', 1)[1]}",
                RunningTask(
                    cluster=Id(f"{_ECS}:cluster/shop"),
                    service=f"shop-{task}",
                    task_definition=Id(f"{_ECS}:task-definition/{task}:1"),
                    last_status="RUNNING",
                    health_status="UNKNOWN",
                    network_interface_id=Id(f"eni-{number}"),
                ),
            )
    return Snapshot(
        account=ACCOUNT,
        region=REGION,
        partition="aws",
        stack="shop",
        found={address: made.found[address] for address in sorted(made.found)},
        evidence=tuple(sorted(made.evidence, key=lambda o: (o.type, o.id))),
    )


def _freeze_network(world: World, made: Frozen) -> None:
    vpc = Vpc(cidr_block=BLOCK, enable_dns_support=True, enable_dns_hostnames=True)
    made.ours("vpc/main", "vpc", VPC, vpc)
    for subnet, (tier, block, zone) in world.subnets.items():
        name = f"main/{tier}/{zone}"
        fields = Subnet(vpc_id=Id(world.far.get(subnet, VPC)), cidr_block=block, availability_zone=zone)
        made.ours(f"subnet/{name}", "subnet", subnet, fields)
        if subnet in world.associations:
            table = Id(world.associations[subnet])
            associated = RouteTableAssociation(subnet_id=Id(subnet), route_table_id=table)
            made.ours(f"route-table-association/{name}", "route-table-association", f"assoc-{subnet}", associated)
    local = FrozenMap({BLOCK: Route(gateway_id=Id("local"), origin="CreateRouteTable")})
    for table, ways in world.tables.items():
        routes = Routes(
            route_table_id=Id(table),
            routes=FrozenMap({destination: _route(way) for destination, way in ways.items()}),
            implied=local,
        )
        if table == "rtb-main":
            made.seen("route-table", table, RouteTable(vpc_id=Id(VPC), main=True))
            made.seen("routes", table, routes)
        else:
            address = f"route-table/main/{table.removeprefix('rtb-')}"
            made.ours(address, "route-table", table, RouteTable(vpc_id=Id(VPC), main=False))
            made.ours(f"{address}/routes", "routes", table, routes)
    for name, acl in world.acls.items():
        held = [subnet for subnet, its in world.acl_of.items() if its == name]
        made.seen(
            "network-acl",
            name,
            NetworkAcl(
                vpc_id=Id(next((world.far[subnet] for subnet in held if subnet in world.far), VPC)),
                is_default=name == "acl-default",
                subnet_ids=frozenset(map(Id, held)),
                ingress=FrozenMap(acl.ingress | {32767: _DENY}),
                egress=FrozenMap(acl.egress | {32767: _DENY}),
            ),
        )


def _route(way: Way) -> Route:
    state = "blackhole" if way.dead else None
    target = Id(way.target)
    return (
        Route(nat_gateway_id=target, state=state)
        if way.target.startswith("nat-")
        else Route(gateway_id=target, state=state)
    )


def _freeze_gateways(world: World, made: Frozen) -> None:
    gateway = InternetGateway(vpc_id=Id(VPC), attached=world.attached)
    made.ours("internet-gateway/main", "internet-gateway", "igw-1", gateway)
    for name, nat in world.nats.items():
        fields = NatGateway(
            subnet_id=Id(nat.subnet),
            allocation_id=Id(f"eipalloc-{name}") if nat.public else None,
            connectivity_type="public" if nat.public else "private",
        )
        made.ours(f"nat-gateway/main/{name}", "nat-gateway", name, fields, nat.state)


def _freeze_groups(world: World, made: Frozen) -> None:
    for group, rules in world.groups.items():
        address = (
            f"security-group/{group.removeprefix('sg-').replace('lb-', 'load-balancer/').replace('task-', 'task/')}"
        )
        made.ours(address, "security-group", group, SecurityGroup(vpc_id=Id(VPC), description=group))
        fields = SecurityGroupRules(
            group_id=Id(group),
            ingress=FrozenMap(dict.fromkeys(rules.ingress, Rule(description=None))),
            egress=FrozenMap(dict.fromkeys(rules.egress, Rule(description=None))),
        )
        made.ours(f"{address}/rules", "security-group-rules", group, fields)


def _groups_of(world: World, task: str) -> list[str]:
    return [f"sg-task-{task}", *(["sg-shared"] if world.tasks[task].shared else [])]


def _freeze_tasks(world: World, made: Frozen) -> None:
    cluster = Id(f"{_ECS}:cluster/shop")
    made.ours("cluster/main", "cluster", cluster.value, Cluster())
    for name, task in world.tasks.items():
        definition = f"{_ECS}:task-definition/{name}:1"
        ports = frozenset(PortMapping(container_port=port, protocol=protocol) for port, protocol in task.ports)
        containers = FrozenMap({"app": Container(image="app", port_mappings=ports)})
        fields = TaskDefinition(cpu=256, memory=512, container_definitions=containers)
        made.ours(f"task-definition/{name}", "task-definition", definition, fields)
        awsvpc = AwsvpcConfiguration(
            subnets=frozenset(Id(copy.subnet) for copy in task.copies),
            security_groups=frozenset(map(Id, _groups_of(world, name))),
            assign_public_ip="ENABLED" if any(copy.public for copy in task.copies) else "DISABLED",
        )
        pools = [(arn, pool) for arn, pool in world.pools.items() if pool.task == name]
        service = Service(
            cluster=cluster,
            task_definition=Id(definition),
            desired_count=len(task.copies),
            network_configuration=NetworkConfiguration(awsvpc_configuration=awsvpc),
            load_balancers=frozenset(
                ServiceLoadBalancer(target_group_arn=Id(arn), container_name="app", container_port=pool.port)
                for arn, pool in pools
            ),
        )
        made.ours(f"service/{name}", "service", f"{_ECS}:service/shop/shop-{name}", service, name=f"shop-{name}")


def _freeze_balancers(world: World, made: Frozen) -> None:
    for arn, pool in world.pools.items():
        fields = TargetGroup(vpc_id=Id(VPC), protocol=pool.protocol, port=pool.port, target_type="ip")
        made.ours(f"target-group/{pool.name or pool.task}", "target-group", arn, fields, arn=arn)
        if pool.attributes:
            kind = f"{'application' if pool.protocol == 'HTTP' else 'network'}-balancing"
            attributes = FrozenMap(pool.attributes)
            made.seen(kind, arn, Balancing(of=Id(arn), protocol=pool.protocol, attributes=attributes))
        copies = world.tasks[pool.task].copies[: len(pool.states)]
        targets = tuple(
            Target(
                id=c.address,
                port=pool.port,
                availability_zone=world.subnets[c.subnet][2],
                state=_state(world, arn, c, s),
            )
            for c, s in zip(copies, pool.states, strict=True)
        )
        if targets:
            made.seen("target-health", arn, TargetHealth(target_group_arn=Id(arn), targets=targets))
    for name, balancer in world.balancers.items():
        arn = f"{ELB}:loadbalancer/{balancer.kind}/{name}/1"
        made.ours(
            f"load-balancer/{name}",
            "load-balancer",
            arn,
            LoadBalancer(
                vpc_id=Id(VPC),
                type="application" if balancer.kind == "app" else "network",
                scheme=balancer.scheme,
                subnets=frozenset(map(Id, balancer.subnets)),
                security_groups=frozenset({Id(f"sg-lb-{name}")} if balancer.grouped else ()),
            ),
            balancer.state,
            arn=arn,
        )
        if balancer.attributes:
            attributes = FrozenMap(balancer.attributes)
            made.seen("network-balancing", arn, Balancing(of=Id(arn), protocol=None, attributes=attributes))
        if balancer.listens:
            _freeze_listener(name, balancer, arn, made)


def _freeze_listener(name: str, balancer: Balancer, arn: str, made: Frozen) -> None:
    listener = f"{ELB}:listener/{balancer.kind}/{name}/1/1"
    fields = Listener(
        load_balancer_arn=Id(arn), port=balancer.port, protocol=balancer.protocol, default_actions=(balancer.default,)
    )
    made.ours(f"listener/{name}/http", "listener", listener, fields, arn=listener)
    rules = FrozenMap(
        {
            rule: ListenerRule(priority=priority, conditions=conditions_of(conditions), actions=(action,))
            for rule, (priority, conditions, action) in balancer.rules.items()
        }
    )
    made.ours(
        f"listener/{name}/http/rules", "listener-rules", listener, ListenerRules(listener_arn=Id(listener), rules=rules)
    )


def _state(world: World, pool: str, copy: Copy, state: str) -> str:
    """A target in a zone that no load balancer of its group stands in is unused, one without any too."""
    zones = set()
    for balancer in world.balancers.values():
        actions = [balancer.default, *(action for _, _, action in balancer.rules.values())]
        if balancer.listens and any(isinstance(a, Forward) and Id(pool) in a.target_groups for a in actions):
            zones |= {world.subnets[subnet][2] for subnet in balancer.subnets}
    return state if world.subnets[copy.subnet][2] in zones else "unused"


def _interfaces(world: World) -> Iterator[tuple[str, str, str | None, list[str], str, str]]:
    """(subnet, address, public address, groups, type, description) of each."""
    for name, task in world.tasks.items():
        for number, copy in enumerate(task.copies):
            description = f"{_ECS}:attachment/{name}.{number}"
            yield copy.subnet, copy.address, copy.public, _groups_of(world, name), "interface", description
    for name, balancer in world.balancers.items():
        for subnet in balancer.subnets:
            public = world.address("public") if balancer.scheme == "internet-facing" else None
            kind = "interface" if balancer.kind == "app" else "network_load_balancer"
            groups = [f"sg-lb-{name}"] if balancer.grouped else []
            yield subnet, world.address(subnet), public, groups, kind, f"ELB {balancer.kind}/{name}/1"
    for name, nat in world.nats.items():
        if nat.state is not State.FAILED:
            yield nat.subnet, nat.address, nat.public, [], "nat_gateway", f"Interface for NAT Gateway {name}"


def described(snapshot: Snapshot) -> Iterator[str]:
    """A snapshot as lines for people."""
    for observed in snapshot.everything():
        state = "" if observed.state is State.READY else f" ({observed.state.value})"
        fields = {name: value for name, value, _ in set_fields(observed.fields) if value not in (None, frozenset(), ())}
        yield f"{observed.type} {observed.id}{state} " + "; ".join(f"{n}: {_shown(v)}" for n, v in fields.items())


def _shown(value: Any) -> str:
    """A value without the names of what it is made of."""
    if isinstance(value, Fields):
        return " ".join(_shown(item) for _, item, _ in set_fields(value) if item is not None)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} {_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | frozenset):
        return "[" + ", ".join(sorted(map(_shown, value))) + "]"
    return str(value)

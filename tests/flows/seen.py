"""A stack as AWS would report it after an apply, with things done to it that no file says; plain data, no AWS."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from worlds import SPECS, outputs_of
from worlds import world as applied

from reconciler import flows
from reconciler.compile import graph_of
from reconciler.flows import Judged, Query, Verdict
from reconciler.kinds import Object
from reconciler.load import load
from reconciler.model.facts import Name
from reconciler.model.fields import Fields
from reconciler.model.graph import Graph
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap, Id
from reconciler.resources import discover, evidence
from reconciler.resources._acl_tables import AclEntry
from reconciler.resources.network_acl import NetworkAcl
from reconciler.resources.network_interface import NetworkInterface
from reconciler.resources.routes import Route
from reconciler.resources.security_group_rules import Rule, RuleKey

Edit = Callable[[str], str]
TYPES = {**discover(), **evidence()}
EVERYONE = "0.0.0.0/0"


class Seen:
    """What was seen of one of the reference files, and ways to have seen something else."""

    def __init__(self, name: str = "two-tier.yaml", edit: Edit = lambda text: text) -> None:
        (stack,) = load({name: edit((SPECS / name).read_text()).encode()}).stacks.values()
        self.flows: list[Object[Any]] = [obj for (kind, _), obj in sorted(stack.objects.items()) if kind == "Flow"]
        self.graph: Graph = graph_of(stack.stack, stack.objects)
        self.snapshot: Snapshot = applied(self.graph)

    def id(self, address: str) -> Id:
        """The id that an address has."""
        return Id(outputs_of(self.graph, address)["id"])

    def without(self, *addresses: str) -> Seen:
        """Some addresses are gone."""
        found = {address: one for address, one in self.snapshot.found.items() if address not in addresses}
        self.snapshot = dataclasses.replace(self.snapshot, found=found)
        return self

    def changed(self, address: str, **changes: Any) -> Seen:
        """Fields of one object are otherwise; `observed_*` are what is known of the object itself."""
        (one,) = self.snapshot.found[address]
        own = {key.removeprefix("observed_"): changes.pop(key) for key in list(changes) if key.startswith("observed_")}
        other = dataclasses.replace(one, fields=dataclasses.replace(one.fields, **changes), **own)
        self.snapshot = dataclasses.replace(self.snapshot, found={**self.snapshot.found, address: (other,)})
        return self

    def with_evidence(self, type_name: str, identity: str, fields: Fields) -> Seen:
        """Something is there that is not ours."""
        one: Observed[Any] = Observed(
            type=type_name, id=identity, fields=fields, outputs=FrozenMap({"id": identity}), evidence=True
        )
        self.snapshot = dataclasses.replace(self.snapshot, evidence=(*self.snapshot.evidence, one))
        return self

    def with_acl(self, subnets: list[str], ingress: dict[int, AclEntry], egress: dict[int, AclEntry]) -> Seen:
        """Some subnets have a network ACL of somebody else's."""
        fields = NetworkAcl(
            vpc_id=self.id("vpc/main"),
            is_default=False,
            subnet_ids=frozenset(self.id(f"subnet/main/{subnet}") for subnet in subnets),
            ingress=FrozenMap(ingress),
            egress=FrozenMap(egress),
        )
        return self.with_evidence("network-acl", "acl-foreign", fields)

    def with_route(self, table: str, destination: str, **target: Any) -> Seen:
        """A table has another route, or another target of one."""
        address = f"route-table/main/{table}/routes"
        routes = dict(self.snapshot.found[address][0].fields.routes)
        return self.changed(address, routes=FrozenMap({**routes, destination: Route(**target)}))

    def without_routes(self, table: str) -> Seen:
        """A table has lost its routes."""
        return self.changed(f"route-table/main/{table}/routes", routes=FrozenMap())

    def with_rule(
        self, group: str, direction: str, ports: tuple[int, int], peer: str | Name, protocol: str = "tcp"
    ) -> Seen:
        """A security group has another rule."""
        address = f"security-group/{group}/rules"
        rules = dict(getattr(self.snapshot.found[address][0].fields, direction))
        key = RuleKey("tcp", *ports, peer)
        return self.changed(address, **{direction: FrozenMap({**rules, key: Rule()})})

    def without_rules(self, group: str, direction: str) -> Seen:
        """A security group has lost its rules of one direction."""
        return self.changed(f"security-group/{group}/rules", **{direction: FrozenMap()})

    def with_interface(self, identity: str, service: str, subnet: str, address: str, public: str | None = None) -> Seen:
        """A task of a service runs and has this interface."""
        fields = NetworkInterface(
            vpc_id=self.id("vpc/main"),
            subnet_id=self.id(f"subnet/main/{subnet}"),
            private_ip_addresses=(address,),
            public_ips=FrozenMap({address: public} if public else {}),
            ipv6_addresses=(),
            groups=frozenset({self.id(f"security-group/task/{service}")}),
            interface_type="interface",
            description="arn:aws:ecs:us-east-1:123456789012:attachment/0123",
            instance_owner_id=None,
            requester_id=None,
            status="in-use",
        )
        return self.with_evidence("network-interface", identity, fields)

    @property
    def world(self) -> flows.World:
        read = {one.type for one in self.snapshot.evidence}
        types = {name: kind for name, kind in TYPES.items() if not kind.tells_health or name in read}
        return flows.world_of_snapshot(self.graph, self.snapshot, types)

    def judged(self) -> dict[str, Judged]:
        """The declared flows."""
        return {found.name: found for found in flows.judged(self.world, self.flows)}

    def broken(self) -> list[str]:
        """The declared flows that do not hold."""
        return [name for name, found in self.judged().items() if found.holds is False]

    def trace(self, source: str, target: str, **asked: Any) -> Verdict:
        return flows.trace(self.world, Query(source, target, **asked))


def entry(action: str, protocol: str = "-1", cidr: str = EVERYONE, ports: tuple[int, int] | None = None) -> AclEntry:
    """One entry of a network ACL."""
    low, high = ports or (None, None)
    return AclEntry(rule_action=action, protocol=protocol, cidr_block=cidr, from_port=low, to_port=high)


ALLOW_ALL = {100: entry("allow"), 32767: entry("deny")}


def codes(verdict: Verdict) -> set[tuple[str, str]]:
    """Which component blocks with which code."""
    return {(blocker.component, blocker.code) for blocker in verdict.blockers}

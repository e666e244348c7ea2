"""Taking over what somebody else made: `reconciler.dev/adopt` of an object names it, a look shows it as if it were ours
already, the plan says what would change of it, and the first request of an apply puts our tags on it. Pure.

After that request it is a resource of ours like any other, so nothing of this matters to a run that goes on from there.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from reconciler.diff import Comparison
from reconciler.model import tags as own_tags
from reconciler.model.errors import AwsError
from reconciler.model.frozen import Frozen
from reconciler.model.graph import Graph
from reconciler.model.plan import Blocked
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot
from reconciler.resources._ownership import in_stacks, tag_map

T = TypeVar("T")

_TYPES: Final[tuple[tuple[str, str], ...]] = (
    (r"vpc-[0-9a-f]+", "vpc"),
    (r"subnet-[0-9a-f]+", "subnet"),
    (r"igw-[0-9a-f]+", "internet-gateway"),
    (r"rtb-[0-9a-f]+", "route-table"),
    (r"sg-[0-9a-f]+", "security-group"),
    (r"eipalloc-[0-9a-f]+", "elastic-ip"),
    (r"nat-[0-9a-f]+", "nat-gateway"),
    (r"vpce-[0-9a-f]+", "vpc-endpoint"),
    (r"acl-[0-9a-f]+", "network-acl"),
    (r"arn:[^:]+:elasticloadbalancing:[^:]+:\d+:loadbalancer/.+", "load-balancer"),
    (r"arn:[^:]+:elasticloadbalancing:[^:]+:\d+:targetgroup/.+", "target-group"),
    (r"arn:[^:]+:elasticloadbalancing:[^:]+:\d+:listener/.+", "listener"),
    (r"arn:[^:]+:ecs:[^:]+:\d+:cluster/.+", "cluster"),
    (r"arn:[^:]+:ecs:[^:]+:\d+:service/.+/.+", "service"),
    (r"arn:[^:]+:application-autoscaling:[^:]+:\d+:scalable-target/.+", "scalable-target"),
    (r"arn:[^:]+:iam::\d+:role/.+", "role"),
)
_MEMBERS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("ec2", "DescribeVpcs"): ("Vpcs", "VpcId"),
    ("ec2", "DescribeSubnets"): ("Subnets", "SubnetId"),
    ("ec2", "DescribeInternetGateways"): ("InternetGateways", "InternetGatewayId"),
    ("ec2", "DescribeRouteTables"): ("RouteTables", "RouteTableId"),
    ("ec2", "DescribeSecurityGroups"): ("SecurityGroups", "GroupId"),
    ("ec2", "DescribeAddresses"): ("Addresses", "AllocationId"),
    ("ec2", "DescribeNatGateways"): ("NatGateways", "NatGatewayId"),
    ("ec2", "DescribeVpcEndpoints"): ("VpcEndpoints", "VpcEndpointId"),
    ("ec2", "DescribeNetworkAcls"): ("NetworkAcls", "NetworkAclId"),
    ("elbv2", "DescribeTags"): ("TagDescriptions", "ResourceArn"),
    ("ecs", "DescribeClusters"): ("clusters", "clusterArn"),
    ("ecs", "DescribeServices"): ("services", "serviceArn"),
    ("iam", "GetAccountAuthorizationDetails"): ("RoleDetailList", "Arn"),
}
"""Where answers tell tags: the list, and the member that names what they are of."""
_ONE_BY_ONE: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("application-autoscaling", "ListTagsForResource"): ("Tags", "ResourceARN"),
}
"""Where tags are asked for by themselves: the map of them, and the parameter that names what they are of."""
_BY_TAG: Final[Mapping[str, tuple[str, str]]] = {
    "DescribeVpcs": ("vpc-", "VpcIds"),
    "DescribeAddresses": ("eipalloc-", "AllocationIds"),
}
"""What is found by our tag alone, and so must be asked for by id. All else is listed with what it lives in."""


def type_of(identity: str) -> str | None:
    """The resource type that an id or an ARN is one of; `None` of what cannot be taken over."""
    return next((name for pattern, name in _TYPES if re.fullmatch(pattern, identity)), None)


class Claims(Frozen):
    """What a graph takes over: the id by address. `refused` are annotations that name nothing of their object."""

    wanted: Mapping[str, str]
    refused: tuple[Blocked, ...] = ()


def claims(graph: Graph) -> Claims:
    """What the annotations of a graph's objects name."""
    wanted: dict[str, str] = {}
    refused: list[Blocked] = []
    for owner, policy in sorted(graph.stack.objects.items()):
        for entry in policy.adopt:
            address, _, identity = entry.rpartition("=")
            kind = type_of(identity) or ""
            mine = [a for a, r in graph.resources.items() if r.owner == owner and r.type == kind]
            chosen = [address] if address in mine else mine if not address else []
            if len(chosen) == 1:
                wanted[chosen[0]] = identity
            else:
                refused.append(Blocked(owner, *_misfit(owner, kind, identity, mine)))
    return Claims(wanted, tuple(refused))


def _misfit(owner: str, kind: str, identity: str, mine: list[str]) -> tuple[str, str]:
    """Why an annotation names no resource of its object, and what to write."""
    noun = kind.replace("-", " ")
    if not mine:
        return (
            f"adopt: {identity} is a {noun}, and {owner} has none",
            "name it in the object that has one, or remove it",
        )
    shown = ", ".join(mine[:5]) + (", ..." if len(mine) > 5 else "")
    return f"adopt: {identity} could be each of {shown}", f"write ADDRESS=ID, such as {mine[0]}={identity}"


class Adopting:
    """A `Reader` to whom what is claimed, and nobody's, seems to carry our tags. `met` are its real tags by id."""

    def __init__(self, reader: Reader, tags: Mapping[str, Mapping[str, str]], stacks: Iterable[str]) -> None:
        self._reader = reader
        self._tags = tags
        self._stacks = tuple(stacks)
        self.met: dict[str, Mapping[str, str]] = {}

    @classmethod
    def of(cls, reader: Reader, graphs: Iterable[Graph], stacks: Iterable[str]) -> Adopting | None:
        """One for the claims of some graphs; `None` where there are none."""
        tags = {
            identity: {
                own_tags.STACK: graph.stack.name,
                own_tags.OWNER: graph.stack.owner,
                own_tags.ADDRESS: address,
                own_tags.APPLIED: own_tags.NONE,
            }
            for graph in graphs
            for address, identity in claims(graph).wanted.items()
        }
        return cls(reader, tags, stacks) if tags else None

    @property
    def account(self) -> str:
        return self._reader.account

    @property
    def region(self) -> str:
        return self._reader.region

    @property
    def partition(self) -> str:
        return self._reader.partition

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
        found = self._reader.pages(service, operation, key, **params)
        listed, member = _MEMBERS.get((service, operation), ("", ""))
        if key != listed:
            return found
        return [self._shown(one, member) for one in [*found, *self._asked(operation, key, member, found, params)]]

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        answer = self._reader.get(service, operation, **params)
        listed, parameter = _ONE_BY_ONE.get((service, operation), ("", ""))
        if listed:
            identity = str(params[parameter])
            return {**answer, listed: {**answer[listed], **self._added(identity, answer[listed])}}
        key, member = _MEMBERS.get((service, operation), ("", ""))
        if key not in answer:
            return answer
        found = [*answer[key], *self._asked(operation, key, member, answer[key], params)]
        return {**answer, key: [self._shown(one, member) for one in found]}

    def together(self, questions: Iterable[Callable[[], T]]) -> list[T]:
        return self._reader.together(questions)

    def fresh(self) -> Adopting:
        return Adopting(self._reader.fresh(), self._tags, self._stacks)

    def _asked(
        self, operation: str, key: str, member: str, found: Iterable[Mapping[str, Any]], params: Mapping[str, Any]
    ) -> Iterator[Mapping[str, Any]]:
        """What is claimed and was not found by our tag."""
        prefix, parameter = _BY_TAG.get(operation, ("", ""))
        if not prefix or params.get("Filters") != [in_stacks(self._stacks)]:
            return
        known = {one.get(member) for one in found}
        for identity in sorted(self._tags):
            if identity.startswith(prefix) and identity not in known:
                try:
                    yield from self._reader.pages("ec2", operation, key, **{parameter: [identity]})
                except AwsError as error:
                    if not error.code.endswith((".NotFound", ".Malformed", "InvalidParameterValue")):
                        raise

    def _shown(self, one: Mapping[str, Any], member: str) -> Mapping[str, Any]:
        identity = str(one.get(member))
        if identity not in self._tags:
            return one
        name = "tags" if "tags" in one or member[0].islower() else "Tags"
        case = ("key", "value") if name == "tags" else ("Key", "Value")
        added = self._added(identity, tag_map(one.get(name)))
        ours = [dict(zip(case, pair, strict=True)) for pair in added.items()]
        return {**one, name: [*(one.get(name) or ()), *ours]} if ours else one

    def _added(self, identity: str, real: Mapping[str, str]) -> Mapping[str, str]:
        """The tags that something with these real ones seems to carry besides."""
        if identity not in self._tags:
            return {}
        self.met[identity] = real
        return {} if own_tags.STACK in real else self._tags[identity]


def admitted(graph: Graph, snapshot: Snapshot) -> Snapshot:
    """The snapshot without what is claimed for an address that has a resource of ours already."""
    found = dict(snapshot.found)
    for address, identity in claims(graph).wanted.items():
        live = found.get(address, ())
        others = tuple(one for one in live if not _is(one, identity))
        if others and _is_free(snapshot, identity):
            found[address] = others
    return dataclasses.replace(snapshot, found=found)


def adoptees(comparison: Comparison) -> Mapping[str, str]:
    """The addresses that take over something now, with its id."""
    snapshot, winners = comparison.snapshot, comparison.winners
    return {
        address: identity
        for address, identity in claims(comparison.graph).wanted.items()
        if address in winners and _is(winners[address], identity) and _is_free(snapshot, identity)
    }


def refusals(comparison: Comparison) -> Iterator[Blocked]:
    """What cannot be taken over, why, and what a person can do."""
    found = claims(comparison.graph)
    yield from found.refused
    for address, identity in found.wanted.items():
        said = _refusal(comparison, address, identity)
        if said is not None:
            yield Blocked(address, f"adopt: {said[0]}", said[1])


def _refusal(comparison: Comparison, address: str, identity: str) -> tuple[str, str] | None:
    graph, snapshot = comparison.graph, comparison.snapshot
    remove = "correct the id, or remove the annotation"
    if graph.resources[address].type in snapshot.unknown:
        return None
    tags = snapshot.claimed.get(identity)
    if tags is None:
        place = f"in {snapshot.region} of account {snapshot.account}, or not within what is the stack's"
        return f"there is no {identity} {place}", remove
    if own_tags.STACK in tags:
        if tags[own_tags.STACK] != graph.stack.name:
            return f"{identity} belongs to stack {tags[own_tags.STACK]}", "release it there first, or correct the id"
        there = tags.get(own_tags.ADDRESS)
        return None if there == address else (f"{identity} is {there} of this stack already", remove)
    live = [one.id for one in snapshot.found.get(address, ()) if not _is(one, identity)]
    if live:
        return f"{address} lives as {live[0]} already", f"remove the annotation, or delete {live[0]} first"
    replaced = comparison.replaced.get(address)
    if replaced is not None and _is(replaced.old, identity):
        fixed = [c for c in replaced.changes if c.replaces]
        shown = "; ".join(f"{c.path} is {c.observed!r}, not {c.desired!r}" for c in fixed)
        return f"{identity} cannot become it, for AWS never changes this: {shown}", "make the spec say what is there"
    if not any(_is(one, identity) for one in snapshot.found.get(address, ())):
        return f"{identity} is taken over as something else, or about to go", remove
    return None


def _is(one: Observed[Any], identity: str) -> bool:
    return identity == one.id or identity in one.outputs.values()


def _is_free(snapshot: Snapshot, identity: str) -> bool:
    tags = snapshot.claimed.get(identity)
    return tags is not None and own_tags.STACK not in tags

"""Every field of every kind and of every resource type, found by introspection, through its whole life."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import boto3
import pytest
from exemptions import EXEMPT
from keeper import Keeper
from lifecycle import World, behind, changes_of, converged, in_sync, moved, seen_from
from live_stack import upload_certificates
from others import OTHERS, STRANGE
from platform_network import platform, platform_balancer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rows import ALLOCATION, BALANCERS, BASE, PREFIX_LIST, REAL, STRANGER, SUBNETS, TARGETS, VPCS, Invalid, Row, graph
from samples import SAMPLES
from samples_elb_ecs import NETWORK
from variations import ROWS
from worlds import graph as two_tier
from worlds import world

from reconciler import kinds
from reconciler.diff import compare
from reconciler.kinds._spec import SpecModel
from reconciler.model.errors import Refused
from reconciler.model.fields import Fields, traits_of
from reconciler.model.graph import Graph, StackPolicy
from reconciler.model.plan import Status
from reconciler.model.ports import Clock
from reconciler.model.resource import Resource
from reconciler.model.values import FrozenMap, Ref
from reconciler.plan import make
from reconciler.resources import discover
from reconciler.resources.listener_rules import ListenerRules
from reconciler.resources.routes import Routes
from reconciler.resources.security_group_rules import EVERYWHERE, Rule, SecurityGroupRules
from reconciler.sandbox import Sandbox


def fields_of(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    """Every field of a spec and of its parts, as `Task.containers[].command`."""
    for field in model.model_fields.values():
        here = f"{path}.{field.alias}"
        yield here, field
        for part, suffix in parts_of(field.annotation):
            yield from fields_of(part, here + suffix)


def parts_of(annotation: Any, suffix: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """The models inside an annotation, with `[]` where there may be many."""
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        yield annotation, suffix
    many = get_origin(annotation) in (tuple, Mapping)
    for argument in get_args(annotation):
        yield from parts_of(argument, "[]" if many or suffix else "")


KIND_FIELDS = {path: field for kind in kinds.discover().values() for path, field in fields_of(kind.spec, kind.name)}
TYPES = discover()


def member_paths(cls: type[Fields], path: str) -> Iterator[str]:
    """Every compared field of a resource type and of its parts, as `service.load_balancers[].container_name`."""
    hints = get_type_hints(cls)
    for name, traits in traits_of(cls).items():
        if traits.compared:
            yield f"{path}.{name}"
            for part, suffix in field_sets_of(hints[name]):
                yield from member_paths(part, f"{path}.{name}{suffix}")


def field_sets_of(annotation: Any) -> Iterator[tuple[type[Fields], str]]:
    """The field sets inside an annotation, with `[]` where there may be many."""
    if isinstance(annotation, type) and issubclass(annotation, Fields):
        yield annotation, ""
        return
    many = "[]" if get_origin(annotation) in (tuple, frozenset, FrozenMap) else ""
    for argument in get_args(annotation):
        for part, suffix in field_sets_of(argument):
            yield part, many + suffix


def varied(one: Any, other: Any, path: str) -> Iterator[str]:
    """The fields in which two values differ, as `member_paths` names them."""
    if one == other:
        return
    if isinstance(one, Fields) or isinstance(other, Fields):
        for side in (one, other):
            if isinstance(side, Fields):
                for name in traits_of(type(side)):
                    values = [getattr(s, name, None) if type(s) is type(side) else None for s in (one, other)]
                    if values[0] != values[1]:
                        yield f"{path}.{name}"
                        yield from varied(*values, f"{path}.{name}")
    elif isinstance(one, FrozenMap) or isinstance(other, FrozenMap):
        sides = [side if isinstance(side, FrozenMap) else FrozenMap[Any, Any]() for side in (one, other)]
        for key in {*sides[0], *sides[1]}:
            yield from varied(sides[0].get(key), sides[1].get(key), f"{path}[]")
    elif isinstance(one, tuple | frozenset) and isinstance(other, tuple | frozenset):
        left, right = (sorted(set(a) - set(b), key=str) for a, b in ((one, other), (other, one)))
        for index in range(max(len(left), len(right))):
            pair = [side[index] if index < len(side) else None for side in (left, right)]
            yield from varied(*pair, f"{path}[]")


def row_name(row: Row) -> str:
    return f"{row.field} {next(i for i, r in enumerate(r for r in ROWS if r.field == row.field) if r is row)}"


@dataclasses.dataclass(frozen=True)
class SampleCase:
    """One of the other field sets of a sample of a resource type, in the world of all samples."""

    resource: Resource[Any]
    fields: Fields


APART = ("internet-gateway", "shared-rules")
"""Types that are not in the world of the samples: another gateway needs another VPC, and shared rules a listener of
somebody else, which rows of `LoadBalancer/guest` have."""

SAMPLE_CASES = [
    SampleCase(sample.resource, other)
    for kind in TYPES
    for sample in SAMPLES[kind]
    for other in sample.others
    if kind not in APART
]


def empty_part(parent: str, ref: Ref) -> tuple[str, Fields]:
    """The collection that is a part of a sample, with nothing of ours in it."""
    match parent:
        case "route-table":
            return "routes", Routes(route_table_id=ref, routes=FrozenMap())
        case "listener":
            return "listener-rules", ListenerRules(listener_arn=ref, rules=FrozenMap())
        case _:
            everywhere = FrozenMap({EVERYWHERE: Rule()})
            return "security-group-rules", SecurityGroupRules(group_id=ref, ingress=FrozenMap(), egress=everywhere)


def sample_graph(*instead: Resource[Any]) -> Graph:
    """All samples as one stack, some with other fields; what no sample puts into a table or group is nothing."""
    resources = {r.address: r for r in NETWORK}
    for parent in (*SAMPLES["route-table"], *SAMPLES["security-group"], *SAMPLES["listener"]):
        ref = Ref(parent.resource.address)
        kind, part = empty_part(parent.resource.type, ref)
        if parent.resource.type != "listener" or parent.resource.fields.protocol in ("HTTP", "HTTPS"):
            address = f"{ref.address}/{TYPES[kind].collection}"
            resources[address] = Resource(address, kind, part, parent.resource.owner)
    resources |= {s.resource.address: s.resource for kind in TYPES if kind != "shared-rules" for s in SAMPLES[kind]}
    resources |= {r.address: r for r in instead}
    return Graph.of(StackPolicy("shop", "us-east-1", tags=FrozenMap({"team": "x"})), resources.values(), TYPES)


def certified(sandbox: Sandbox) -> Clock:
    """The clock of a sandbox with the certificates that the tables name."""
    upload_certificates()
    return sandbox.clock


@pytest.fixture(scope="session")
def specs() -> Iterator[Keeper[World]]:
    """The base of the table of variations, converged."""
    keeper = Keeper(built, lambda world, n: live(world, ROWS[n]))
    yield keeper
    keeper.close()


@pytest.fixture(scope="session")
def samples() -> Iterator[Keeper[World]]:
    """The samples of all resource types, converged."""
    keeper = Keeper(
        lambda sandbox: converged(certified(sandbox), sample_graph()),
        lambda world, n: live_sample(world, SAMPLE_CASES[n]),
    )
    yield keeper
    keeper.close()


def built(sandbox: Sandbox) -> World:
    """The base, a security group of somebody else in its network, and two networks of theirs."""
    here = converged(certified(sandbox), graph())
    (vpc,) = here.snapshot.found["vpc/main"]
    made = boto3.client("ec2").create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc.id)
    REAL[STRANGER] = made["GroupId"]
    made = boto3.client("ec2").create_managed_prefix_list(
        PrefixListName="theirs", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": "10.77.0.0/16"}]
    )
    REAL[PREFIX_LIST] = made["PrefixList"]["PrefixListId"]
    one, two = (platform(sandbox.clock, name, block) for name, block in (("one", "10.61"), ("two", "10.62")))
    REAL.update(zip((*VPCS, *SUBNETS), (one.vpc, two.vpc, *one.private, *one.spare), strict=True))
    REAL[ALLOCATION] = boto3.client("ec2").allocate_address(Domain="vpc")["AllocationId"]
    (subnet,) = here.snapshot.found["subnet/main/private/us-east-1a"]
    REAL.update(zip(TARGETS, targets(vpc.id, one.vpc, subnet.id), strict=True))
    REAL.update(zip(BALANCERS, (platform_balancer(one, f"platform-{n}") for n in (1, 2)), strict=True))
    return here


def targets(vpc: str, other: str, subnet: str) -> tuple[str, str, str]:
    """A peering connection, a transit gateway and a network interface of somebody else."""
    ec2 = boto3.client("ec2")
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    return peering["VpcPeeringConnectionId"], gateway, interface


def live(world: World, row: Row) -> None:
    """The whole life of one field of a kind."""
    here = converged(world.clock, row.start()) if row.given else world
    if row.refused:
        with pytest.raises(Refused, match=row.refused):
            in_sync(here.clock, row.changed())
        return
    there = moved(here, row.changed(), row.shows)
    healed = behind(there, here) if row.shows else there
    assert (healed is None) == row.stays, "the table of exemptions says otherwise"
    there = healed or there
    if not KIND_FIELDS[row.id].is_required() and not row.needed:
        moved(there, row.without(), row.shows_when_removed)


def live_sample(world: World, case: SampleCase) -> None:
    """The whole life of the fields in which a resource differs from its sample."""
    address, before = case.resource.address, case.resource.fields
    changed = sample_graph(dataclasses.replace(case.resource, fields=case.fields))
    names = {
        n for n, t in traits_of(type(before)).items() if t.compared and getattr(before, n) != getattr(case.fields, n)
    }
    assert changes_of(seen_from(world.snapshot, changed)) == {(address, name) for name in names}
    there = moved(world, changed, ("*",))
    healed = behind(there, world)
    assert healed
    moved(healed, world.graph, ("*",))


def test_every_field_of_every_kind_has_a_row_and_every_row_a_field() -> None:
    rows = {row.id for row in ROWS}
    assert sorted(KIND_FIELDS.keys() - rows - {field for field, step in EXEMPT if step == "change"}) == []
    assert sorted(rows - KIND_FIELDS.keys()) == []


def test_every_field_of_every_resource_type_is_changed_by_some_row_or_sample() -> None:
    wanted = {path for kind in TYPES.values() for path in member_paths(kind.fields, kind.name)}
    changed: set[str] = set()
    for case in SAMPLE_CASES:
        changed.update(varied(case.resource.fields, case.fields, case.resource.type))
    for row in (r for r in ROWS if not r.refused):
        before, after = row.start().resources, row.changed().resources
        for address in before.keys() & after.keys():
            changed.update(varied(before[address].fields, after[address].fields, before[address].type))
    changed |= OTHERS.keys()
    changed |= {path.replace("listener-rules.rules", "shared-rules.rules") for path in changed}
    exempt = {path for path, step in EXEMPT if step == "change" and path in wanted}
    assert sorted(wanted - changed - exempt) == []
    assert sorted(exempt & changed) == []


@pytest.mark.parametrize("field", OTHERS)
def test_what_only_others_make_is_drift_by_its_name_and_is_taken_away(field: str) -> None:
    address, name, edit = OTHERS[field]
    seen = world(two_tier())
    (found,) = seen.found[address]
    changed = dataclasses.replace(found, fields=edit(found.fields))
    plan = make(compare(two_tier(), dataclasses.replace(seen, found={**seen.found, address: (changed,)})))
    (drift,) = (one for one in plan.drift if one.address == address)
    assert drift.status is Status.MODIFIED
    named = [change for change in drift.changes if change.path.rpartition(".")[2] == name]
    assert named
    assert all(change.observed and change.observed != change.desired for change in named)
    calls = [call for action in plan.visible if action.address == address for call in action.calls]
    assert calls
    assert not any(STRANGE in str(call.params) for call in calls)


IN_AWS = [number for number, row in enumerate(ROWS) if row.shows or row.refused or row.unseen]


@pytest.mark.parametrize("row", [row for row in ROWS if not (row.shows or row.refused or row.unseen)], ids=row_name)
def test_a_field_that_is_nothing_in_aws_changes_nothing_there(row: Row) -> None:
    start, changed = row.start(), row.changed()
    assert changed.resources == start.resources
    assert changed.digest == start.digest
    if not KIND_FIELDS[row.id].is_required() and not row.needed:
        assert row.without().digest == start.digest


@pytest.mark.parametrize("number", IN_AWS, ids=[row_name(ROWS[number]) for number in IN_AWS])
def test_a_field_of_a_kind_is_made_changed_healed_and_removed(specs: Keeper[World], number: int) -> None:
    specs.run(number)


@pytest.mark.parametrize(
    "number", range(len(SAMPLE_CASES)), ids=[f"{c.resource.address} {n}" for n, c in enumerate(SAMPLE_CASES)]
)
def test_a_field_of_a_resource_is_changed_and_healed(samples: Keeper[World], number: int) -> None:
    samples.run(number)


@pytest.mark.parametrize("row", [row for row in ROWS if row.needed], ids=row_name)
def test_a_field_that_cannot_be_left_out_is_asked_for(row: Row) -> None:
    with pytest.raises(Invalid, match=row.needed):
        row.without()


def words_of(annotation: Any) -> Iterator[object]:
    """The words that an option may be, out of its annotation."""
    for argument in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield argument
        else:
            yield from words_of(argument)


def written(value: Any, path: str) -> Iterator[tuple[str, object]]:
    """The values of options in what a row or the base writes."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from written(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from written(item, path if isinstance(item, str) else f"{path}[]")
    elif isinstance(value, str):
        yield path, value


HANDED_ON: Final = ("Route.default.fixedResponse.contentType", "Route.rules[].fixedResponse.contentType")
"""Options of which each word goes to AWS as it is."""


def test_every_word_that_an_option_may_be_is_tried() -> None:
    words = {
        (path, word)
        for path, field in KIND_FIELDS.items()
        for word in words_of(field.annotation)
        if isinstance(word, str) and word != field.default and path not in HANDED_ON
    }
    edits = [edit for row in ROWS for edit in ((row.field, row.to), *row.given, *row.also)]
    tried = {found for one in BASE for found in written(one["spec"], one["kind"])}
    tried |= {found for field, value in edits for found in written(value, Row(field, None).id)}
    in_aws = {(path, word) for path, word in words if path.partition(".")[0] not in ("Alert", "Flow", "Stack")}
    assert sorted(in_aws - tried) == []


def test_what_aws_forbids_is_a_short_list() -> None:
    assert len(EXEMPT) == 46
    members = {path for kind in TYPES.values() for path in member_paths(kind.fields, kind.name)}
    assert {field.partition(":")[0] for field, _ in EXEMPT} <= KIND_FIELDS.keys() | members

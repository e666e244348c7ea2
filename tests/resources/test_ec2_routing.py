"""Route tables, their routes and their associations, in answers as AWS gives them."""

from __future__ import annotations

from typing import Any

import pytest
from canned_answers import CannedAnswers, scope, tags
from samples_ec2 import SAMPLES
from service_models import plain, service_model

from reconciler.model.fields import Fields
from reconciler.model.graph import Graph, StackPolicy
from reconciler.model.resource import Context, Observed, Resource, State
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources import discover, route_table, route_table_association, routes, subnet
from reconciler.resources.routes import TARGETS, Route, Routes
from reconciler.resources.subnet import Subnet

CONTEXT = Context(stack="shop", account="123456789012", region="us-east-1", partition="aws")
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}


def table(**members: Any) -> dict[str, Any]:
    """A route table of ours as DescribeRouteTables gives it."""
    ours = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [LOCAL], "Associations": []}
    return ours | {"Tags": tags("route-table/main/public")} | members


def route(destination: str = "0.0.0.0/0", **members: Any) -> dict[str, Any]:
    """A route that somebody created."""
    return {"DestinationCidrBlock": destination, "Origin": "CreateRoute", "State": "active"} | members


def entries(*answered: dict[str, Any]) -> dict[str, Route]:
    """What is seen of routes beside the local one."""
    reader = CannedAnswers({"DescribeRouteTables": [table(Routes=[LOCAL, *answered])]})
    (found,) = routes.TYPE.observe(reader, scope("vpc-1"))
    return dict(found.fields.routes)


def requests(wanted: dict[str, Route], present: dict[str, Route]) -> list[tuple[str, dict[str, Any]]]:
    """The requests that bring a table from some routes to others, without the table's id."""
    fields = Routes(route_table_id=Ref("route-table/main/public"), routes=FrozenMap(wanted))
    live = Observed("routes", "rtb-1", Routes(route_table_id=Id("rtb-1"), routes=FrozenMap(present)))
    resource = Resource("route-table/main/public/routes", "routes", fields, "Network/main")
    calls = routes.TYPE.update(resource, live, frozenset({"routes"}), CONTEXT)
    assert {call.params["RouteTableId"] for call in calls} <= {"rtb-1"}
    return [(c.operation, {k: plain(v) for k, v in c.params.items() if k != "RouteTableId"}) for c in calls]


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        (LOCAL, "the local route"),
        (route("10.9.0.0/16", GatewayId="vgw-1", Origin="EnableVgwRoutePropagation"), "propagated by a gateway"),
        (route("10.9.0.0/16", GatewayId="vgw-1", Origin="Advertisement"), "advertised by a route server"),
        (
            {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute", "State": "active"},
            "added by a gateway endpoint",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_aws_itself_put_into_a_table_is_no_entry_but_implied(answered: dict[str, Any], reason: str) -> None:
    assert entries(answered) == {}
    reader = CannedAnswers({"DescribeRouteTables": [table(Routes=[answered])]})
    (found,) = routes.TYPE.observe(reader, scope("vpc-1"))
    gateways = [route.gateway_id for route in found.fields.implied.values()]
    assert gateways == [Id(answered["GatewayId"])]


def test_every_target_that_aws_knows_shows_in_an_entry() -> None:
    for name, member in TARGETS.items():
        assert entries(route(**{member: "target-1"})) == {"0.0.0.0/0": Route(**{name: Id("target-1")})}


def test_every_member_of_a_route_is_a_target_or_known_not_to_be_one() -> None:
    others = {"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId", "InstanceOwnerId"}
    others |= {"Origin", "State", "IpAddress"}
    assert set(service_model("ec2").shape_for("Route").members) == others | set(TARGETS.values())
    assert set(TARGETS.values()) <= service_model("ec2").operation_model("CreateRoute").input_shape.members.keys()


def test_a_route_to_an_interface_is_known_by_the_interface_whatever_it_is_attached_to() -> None:
    found = entries(route(NetworkInterfaceId="eni-1", InstanceId="i-1", InstanceOwnerId="123456789012"))
    assert found == {"0.0.0.0/0": Route(network_interface_id=Id("eni-1"))}


def test_a_blackhole_differs_from_a_route_that_works() -> None:
    works = entries(route(NatGatewayId="nat-1"))["0.0.0.0/0"]
    broken = entries(route(NatGatewayId="nat-1", State="blackhole"))["0.0.0.0/0"]
    assert works == Route(nat_gateway_id=Id("nat-1"))
    assert broken == Route(nat_gateway_id=Id("nat-1"), state="blackhole")


def test_destinations_are_canonical() -> None:
    answered = [
        route("10.9.8.7/16", GatewayId="igw-1"),
        {"DestinationIpv6CidrBlock": "2001:DB8:0::/32", "GatewayId": "igw-1"},
        {"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1"},
    ]
    assert set(entries(*answered)) == {"10.9.0.0/16", "2001:db8::/32", "pl-1"}


def test_routes_are_added_and_replaced_before_any_is_removed() -> None:
    to_nat, to_igw = Route(nat_gateway_id=Id("nat-1")), Route(gateway_id=Id("igw-1"))
    wanted = {"0.0.0.0/0": to_nat, "10.1.0.0/16": to_nat, "10.3.0.0/16": to_igw}
    present = {"0.0.0.0/0": to_igw, "10.0.1.0/24": to_igw, "10.3.0.0/16": to_igw, "::/0": to_igw, "pl-1": to_igw}
    assert requests(wanted, present) == [
        ("ReplaceRoute", {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}),
        ("CreateRoute", {"DestinationCidrBlock": "10.1.0.0/16", "NatGatewayId": "nat-1"}),
        ("DeleteRoute", {"DestinationCidrBlock": "10.0.1.0/24"}),
        ("DeleteRoute", {"DestinationIpv6CidrBlock": "::/0"}),
        ("DeleteRoute", {"DestinationPrefixListId": "pl-1"}),
    ]


def test_a_blackhole_is_replaced_though_its_target_is_the_same() -> None:
    wanted = {"0.0.0.0/0": Route(gateway_id=Ref("internet-gateway/main"))}
    present = {"0.0.0.0/0": Route(gateway_id=Ref("internet-gateway/main"), state="blackhole")}
    assert [operation for operation, _ in requests(wanted, present)] == ["ReplaceRoute"]


def test_a_local_route_that_was_pointed_elsewhere_is_set_back_because_aws_deletes_none() -> None:
    moved = entries(route("10.0.0.0/16", NetworkInterfaceId="eni-1", Origin="CreateRouteTable"))
    assert moved == {"10.0.0.0/16": Route(network_interface_id=Id("eni-1"), origin="CreateRouteTable")}
    assert requests({}, moved) == [("ReplaceRoute", {"DestinationCidrBlock": "10.0.0.0/16", "LocalTarget": True})]


def test_the_routes_of_a_table_that_is_not_ours_are_nobodys_entries_but_evidence() -> None:
    reader = CannedAnswers({"DescribeRouteTables": [table(Tags=[], Routes=[LOCAL, route(GatewayId="igw-1")])]})
    (found,) = routes.TYPE.observe(reader, scope("vpc-1"))
    assert (found.id, found.address, found.evidence) == ("rtb-1", None, True)
    assert dict(found.fields.routes) == {"0.0.0.0/0": Route(gateway_id=Id("igw-1"))}


def test_the_main_table_is_evidence_and_the_foreign_one_is_not() -> None:
    main = [{"Main": True, "RouteTableAssociationId": "rtbassoc-1", "RouteTableId": "rtb-1"}]
    answered = [
        table(Associations=main, Tags=[], RouteTableId="rtb-main"),
        table(Associations=main, RouteTableId="rtb-ours"),
        table(Tags=[], RouteTableId="rtb-foreign"),
    ]
    found = list(route_table.TYPE.observe(CannedAnswers({"DescribeRouteTables": answered}), scope("vpc-1")))
    assert [(o.id, o.address, o.evidence, o.fields.main) for o in found] == [
        ("rtb-main", None, True, True),
        ("rtb-ours", "route-table/main/public", True, True),
        ("rtb-foreign", None, False, False),
    ]


def test_objects_of_another_stack_in_the_same_vpc_say_whose_they_are() -> None:
    answered = [table(), table(RouteTableId="rtb-2", Tags=tags("route-table/main/public", stack="shop-2"))]
    found = list(route_table.TYPE.observe(CannedAnswers({"DescribeRouteTables": answered}), scope("vpc-1")))
    assert [(o.id, o.stack) for o in found] == [("rtb-1", "shop"), ("rtb-2", "shop-2")]


def associations(*answered: dict[str, Any]) -> list[Observed[Any]]:
    """What is seen of a table's associations, beside a subnet of ours and a foreign one."""
    fields: Fields = Subnet(vpc_id=Id("vpc-1"), cidr_block="10.0.0.0/24", availability_zone="us-east-1a")
    ours = Observed(subnet.TYPE.name, "subnet-1", fields, "subnet/main/public/us-east-1a", "shop", "default")
    foreign = Observed(subnet.TYPE.name, "subnet-2", fields)
    reader = CannedAnswers({"DescribeRouteTables": [table(Associations=list(answered))]})
    return list(route_table_association.TYPE.observe(reader, scope("vpc-1", subnet=[ours, foreign])))


def association(**members: Any) -> dict[str, Any]:
    """An association in force."""
    return {
        "RouteTableAssociationId": "rtbassoc-1",
        "Main": False,
        "AssociationState": {"State": "associated"},
    } | members


def test_an_association_is_called_and_owned_like_its_subnet() -> None:
    (found,) = associations(association(SubnetId="subnet-1"))
    assert found.address == "route-table-association/main/public/us-east-1a"
    assert (found.stack, found.owner, found.id) == ("shop", "default", "rtbassoc-1")
    assert found.fields.route_table_id == Id("rtb-1")


@pytest.mark.parametrize("subnet_id", ["subnet-2", "subnet-of-which-the-list-knows-nothing-yet"])
def test_the_association_of_a_foreign_subnet_is_foreign(subnet_id: str) -> None:
    (found,) = associations(association(SubnetId=subnet_id))
    assert (found.address, found.stack) == (None, None)


@pytest.mark.parametrize(
    "answered",
    [
        association(Main=True),
        association(GatewayId="igw-1"),
        association(SubnetId="subnet-1", AssociationState={"State": "disassociated"}),
        association(SubnetId="subnet-1", AssociationState={"State": "failed", "StatusMessage": "no"}),
    ],
    ids=["main", "of a gateway", "disassociated", "failed"],
)
def test_what_associates_no_subnet_is_not_seen(answered: dict[str, Any]) -> None:
    assert associations(answered) == []


def test_an_association_under_way_is_pending() -> None:
    (found,) = associations(association(SubnetId="subnet-1", AssociationState={"State": "associating"}))
    assert found.state is State.PENDING


def test_a_subnet_uses_a_table_with_its_routes_and_a_nat_gateway_starts_beside_an_internet_gateway() -> None:
    samples = [sample.resource for found in SAMPLES.values() for sample in found]
    edges = Graph.of(StackPolicy("shop", "us-east-1"), samples, discover()).edges
    needs = edges["route-table-association/main/public/us-east-1a"]
    assert "route-table/main/public/routes" in needs
    assert "internet-gateway/main" in edges["nat-gateway/main/us-east-1a"]


def test_three_types_share_one_look_at_the_tables() -> None:
    reader = CannedAnswers({"DescribeRouteTables": [table()]})
    for kind in (route_table.TYPE, routes.TYPE, route_table_association.TYPE):
        list(kind.observe(reader, scope("vpc-1")))
    assert reader.asked == [reader.asked[0]] * 3

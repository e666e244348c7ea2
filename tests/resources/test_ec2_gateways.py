"""Internet gateways, Elastic IPs, NAT gateways and endpoints, in answers as AWS gives them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from canned_answers import CannedAnswers, scope, tags
from service_models import plain

from reconciler.diff import Comparison, compare
from reconciler.model.graph import Graph, StackPolicy
from reconciler.model.resource import Context, Observed, Resource, State
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import NOT_REPORTED, FrozenMap, Id, Ref
from reconciler.resources import discover, elastic_ip, internet_gateway, nat_gateway, vpc_endpoint
from reconciler.resources._ec2 import in_vpcs
from reconciler.resources._ownership import in_stacks
from reconciler.resources.internet_gateway import InternetGateway
from reconciler.resources.vpc import Vpc
from reconciler.resources.vpc_endpoint import VpcEndpoint

CONTEXT = Context(stack="shop", account="123456789012", region="us-east-1", partition="aws")
IGW = "internet-gateway/main"


def gateways(*answered: dict[str, Any]) -> list[Observed[InternetGateway]]:
    reader = CannedAnswers({"DescribeInternetGateways": list(answered)})
    return list(internet_gateway.TYPE.observe(reader, scope("vpc-1")))


def gateway(name: str = "igw-1", *, attached_to: str | None = None, state: str = "available", **members: Any) -> Any:
    """An internet gateway as DescribeInternetGateways gives it."""
    attachments = [{"VpcId": attached_to, "State": state}] if attached_to else []
    return {"InternetGatewayId": name, "Attachments": attachments, "Tags": tags(IGW)} | members


def test_gateways_of_ours_are_seen_wherever_they_are_and_others_in_our_vpcs_alone() -> None:
    answered = [
        gateway("igw-ours", attached_to="vpc-1"),
        gateway("igw-loose"),
        gateway("igw-elsewhere", attached_to="vpc-9"),
        gateway("igw-foreign", attached_to="vpc-1", Tags=[]),
        gateway("igw-of-others", attached_to="vpc-9", Tags=[]),
        gateway("igw-of-another-stack", attached_to="vpc-9", Tags=tags(IGW, stack="shop-2")),
    ]
    seen = {o.id: (o.address, o.fields.attached) for o in gateways(*answered)}
    assert seen == {
        "igw-ours": (IGW, True),
        "igw-loose": (IGW, False),
        "igw-elsewhere": (IGW, True),
        "igw-foreign": (None, True),
    }


@pytest.mark.parametrize(("state", "attached"), [("attached", True), ("detaching", False), ("detached", False)])
def test_an_attachment_on_its_way_out_is_none(state: str, attached: bool) -> None:
    (found,) = gateways(gateway(attached_to="vpc-1", state=state))
    assert found.fields.attached is attached


def compared(*live: Observed[Any]) -> Comparison:
    """A network's VPC and gateway against what lives."""
    wanted = Vpc(cidr_block="10.0.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)
    graph = Graph.of(
        StackPolicy("shop", "us-east-1"),
        [
            Resource("vpc/main", "vpc", wanted, "Network/main"),
            Resource(IGW, internet_gateway.TYPE.name, InternetGateway(vpc_id=Ref("vpc/main")), "Network/main"),
        ],
        discover(),
    )
    found: dict[str, tuple[Observed[Any], ...]] = {}
    for one in live:
        assert one.address
        found[one.address] = (*found.get(one.address, ()), one)
    return compare(graph, Snapshot("123456789012", "us-east-1", "aws", "shop", found))


def vpc(cidr_block: str = "10.0.0.0/16") -> Observed[Any]:
    fields = Vpc(cidr_block=cidr_block, enable_dns_support=True, enable_dns_hostnames=True)
    return Observed("vpc", "vpc-1", fields, "vpc/main", "shop", "default", FrozenMap({"id": "vpc-1"}))


def test_a_gateway_attached_to_nothing_is_taken_over_and_attached() -> None:
    comparison = compared(vpc(), *gateways(gateway()))
    live = comparison.winners[IGW]
    assert [(c.path, c.observed, c.desired) for c in comparison.changes[IGW] if c.field != "tags"] == [
        ("attached", False, True)
    ]
    resource = comparison.graph.resources[IGW]
    (call,) = internet_gateway.TYPE.update(resource, live, frozenset({"attached"}), CONTEXT)
    assert call.name == "ec2:AttachInternetGateway"
    assert call.params == {"InternetGatewayId": "igw-1", "VpcId": Ref("vpc/main")}


@pytest.mark.parametrize(
    ("live_vpc", "attached_to"),
    [(vpc("10.7.0.0/16"), "vpc-1"), (vpc(), "vpc-9")],
    ids=["its VPC is replaced", "it is attached to the VPC of somebody else"],
)
def test_a_gateway_never_moves_from_one_vpc_to_another(live_vpc: Observed[Any], attached_to: str) -> None:
    comparison = compared(live_vpc, *gateways(gateway(attached_to=attached_to)))
    assert IGW not in comparison.winners
    assert [c.path for c in comparison.replaced[IGW].changes if c.replaces] == ["vpcId"]


@pytest.mark.parametrize("attached_to", [None, "vpc-1"])
def test_deleting_detaches_first_what_is_attached(attached_to: str | None) -> None:
    (live,) = gateways(gateway(attached_to=attached_to))
    operations = [call.operation for call in internet_gateway.TYPE.delete(live, CONTEXT)]
    assert operations == ["DetachInternetGateway"] * bool(attached_to) + ["DeleteInternetGateway"]


def test_addresses_that_a_service_manages_are_not_ours_whatever_their_tags() -> None:
    address = {"AllocationId": "eipalloc-1", "Domain": "vpc", "PublicIp": "198.51.100.7", "Tags": tags("elastic-ip/a")}
    answered = [address, address | {"AllocationId": "eipalloc-2", "ServiceManaged": "alb"}]
    (found,) = elastic_ip.TYPE.observe(CannedAnswers({"DescribeAddresses": answered}), scope())
    assert (found.id, found.outputs["publicIp"], found.in_use) == ("eipalloc-1", "198.51.100.7", False)


def test_an_address_that_is_associated_is_in_use() -> None:
    address = {"AllocationId": "eipalloc-1", "Domain": "vpc", "PublicIp": "198.51.100.7", "AssociationId": "eipassoc-1"}
    (found,) = elastic_ip.TYPE.observe(CannedAnswers({"DescribeAddresses": [address]}), scope())
    assert found.in_use


def nats(**members: Any) -> list[Observed[Any]]:
    """What is seen of one NAT gateway."""
    answered = {
        "NatGatewayId": "nat-1",
        "SubnetId": "subnet-1",
        "VpcId": "vpc-1",
        "State": "available",
        "ConnectivityType": "public",
        "NatGatewayAddresses": [
            {"AllocationId": "eipalloc-2", "PublicIp": "198.51.100.2", "IsPrimary": False},
            {"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.1", "IsPrimary": True},
        ],
        "Tags": tags("nat-gateway/main/us-east-1a"),
    }
    return list(nat_gateway.TYPE.observe(CannedAnswers({"DescribeNatGateways": [answered | members]}), scope("vpc-1")))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", State.PENDING),
        ("available", State.READY),
        ("deleting", State.DELETING),
        ("failed", State.FAILED),
    ],
)
def test_the_states_of_a_nat_gateway(word: str, state: State) -> None:
    assert [o.state for o in nats(State=word)] == [state]


def test_a_deleted_nat_gateway_is_none_though_aws_still_lists_it() -> None:
    assert nats(State="deleted") == []


def test_a_failed_nat_gateway_says_why_and_holds_no_address() -> None:
    (found,) = nats(State="failed", FailureCode="Gateway.NotAttached", FailureMessage="Network vpc-1 has none attached")
    assert found.detail == "Gateway.NotAttached: Network vpc-1 has none attached"
    assert found.fields.allocation_id is None
    assert nat_gateway.TYPE.dead_when_failed


def test_the_address_of_a_nat_gateway_is_the_one_it_was_made_with() -> None:
    (found,) = nats()
    assert found.fields.allocation_id == Id("eipalloc-1")
    assert found.outputs["publicIp"] == "198.51.100.1"


def test_a_regional_nat_gateway_of_others_is_seen() -> None:
    reader = CannedAnswers(
        {"DescribeNatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "State": "available", "Tags": []}]}
    )
    (found,) = nat_gateway.TYPE.observe(reader, scope("vpc-1"))
    assert (found.address, found.fields.subnet_id, found.fields.connectivity_type) == (None, None, NOT_REPORTED)


def endpoints(**members: Any) -> list[Observed[Any]]:
    """What is seen of one endpoint."""
    answered = {
        "VpcEndpointId": "vpce-1",
        "VpcEndpointType": "Interface",
        "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.us-east-1.logs",
        "State": "available",
        "SubnetIds": ["subnet-1"],
        "Groups": [{"GroupId": "sg-1", "GroupName": "web"}],
        "PrivateDnsEnabled": True,
        "Tags": tags("vpc-endpoint/main/logs"),
    }
    reader = CannedAnswers({"DescribeVpcEndpoints": [answered | members]})
    return list(vpc_endpoint.TYPE.observe(reader, scope("vpc-1")))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("available", State.READY),
        ("Available", State.READY),
        ("pending", State.PENDING),
        ("pendingAcceptance", State.PENDING),
        ("deleting", State.DELETING),
        ("failed", State.FAILED),
        ("Rejected", State.FAILED),
        ("expired", State.FAILED),
    ],
)
def test_the_states_of_an_endpoint_in_whatever_case(word: str, state: State) -> None:
    assert [o.state for o in endpoints(State=word)] == [state]


def test_a_deleted_endpoint_is_gone_though_aws_still_lists_it() -> None:
    assert endpoints(State="Deleted") == []


def test_a_failed_endpoint_says_why() -> None:
    (found,) = endpoints(State="failed", LastError={"Code": "SubnetsInSameZone", "Message": "two in us-east-1a"})
    assert found.detail == "SubnetsInSameZone: two in us-east-1a"


def test_an_endpoint_that_others_put_into_our_vpc_is_foreign() -> None:
    tagged = [{"Key": "GuardDutyManaged", "Value": "true"}]
    (found,) = endpoints(ServiceName="com.amazonaws.us-east-1.guardduty-data", Tags=tagged)
    assert (found.address, found.stack) == (None, None)


def test_one_request_adds_to_an_endpoint_and_takes_away() -> None:
    (found,) = endpoints(SubnetIds=["subnet-1", "subnet-2"])
    wanted = VpcEndpoint(
        vpc_id=Ref("vpc/main"),
        service_name="com.amazonaws.us-east-1.logs",
        vpc_endpoint_type="Interface",
        subnet_ids=frozenset({Id("subnet-2"), Ref("subnet/main/private/us-east-1b")}),
        security_group_ids=frozenset({Id("sg-1")}),
        private_dns_enabled=False,
    )
    resource = Resource("vpc-endpoint/main/logs", "vpc-endpoint", wanted, "Network/main")
    changed = frozenset({"subnet_ids", "private_dns_enabled"})
    (call,) = vpc_endpoint.TYPE.update(resource, found, changed, CONTEXT)
    assert plain(call.params) == {
        "VpcEndpointId": "vpce-1",
        "AddSubnetIds": ["id-of-subnet/main/private/us-east-1b"],
        "RemoveSubnetIds": ["subnet-1"],
        "PrivateDnsEnabled": False,
    }


def test_an_endpoint_is_made_with_what_is_set_and_nothing_else() -> None:
    fields = {"vpc_id": Ref("vpc/main"), "service_name": "com.amazonaws.us-east-1.s3", "vpc_endpoint_type": "Gateway"}
    gateway_endpoint = VpcEndpoint(**fields, route_table_ids=frozenset({Id("rtb-2"), Id("rtb-1")}))
    without_dns = VpcEndpoint(**fields | {"vpc_endpoint_type": "Interface"}, private_dns_enabled=False)
    sent = []
    for wanted in (gateway_endpoint, without_dns):
        resource = Resource("vpc-endpoint/main/s3", "vpc-endpoint", wanted, "Network/main")
        (call,) = vpc_endpoint.TYPE.create(resource, CONTEXT)
        always = {"VpcId", "ServiceName", "VpcEndpointType", "ClientToken", "TagSpecifications"}
        sent.append({name: plain(value) for name, value in call.params.items() if name not in always})
    assert sent == [{"RouteTableIds": ["rtb-1", "rtb-2"]}, {"PrivateDnsEnabled": False}]


def test_no_vpc_of_ours_is_no_request() -> None:
    reader = CannedAnswers({})
    for kind in discover().values():
        if kind.cloudformation.startswith("AWS::EC2::") and kind.needs and kind is not internet_gateway.TYPE:
            assert list(kind.observe(reader, scope())) == []
    assert reader.asked == []


def test_more_vpcs_than_one_filter_takes_are_asked_for_in_turn() -> None:
    reader = CannedAnswers({"DescribeSubnets": []})
    list(in_vpcs(reader, scope(*(f"vpc-{n:03}" for n in range(450))), "DescribeSubnets", "Subnets"))
    asked = [params["Filters"][0]["Values"] for _, params in reader.asked]
    assert [len(values) for values in asked] == [200, 200, 50]
    assert sum(asked, []) == sorted(sum(asked, []))  # noqa: RUF017


def test_a_stack_whose_name_is_a_pattern_finds_itself_alone() -> None:
    assert in_stacks(["shop", "a*", "b?", "c\\d"])["Values"] == ["shop", "a\\*", "b\\?", "c\\\\d"]


def test_a_vpc_is_switched_in_the_order_that_aws_takes() -> None:
    live = vpc()
    switches = {"enable_dns_support": False, "enable_dns_hostnames": False}
    for wanted, order in (
        (dataclasses.replace(live.fields, **switches), ["EnableDnsHostnames", "EnableDnsSupport"]),
        (live.fields, ["EnableDnsSupport", "EnableDnsHostnames"]),
    ):
        resource = Resource("vpc/main", "vpc", wanted, "Network/main")
        calls = discover()["vpc"].update(resource, live, frozenset(switches), CONTEXT)
        assert [name for call in calls for name in call.params if name != "VpcId"] == order

"""What is only read to see where traffic can go: in answers as AWS gives them, and of the reference in the sandbox."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from canned_answers import CannedAnswers, scope, tags
from cuts import client
from live_stack import LONG_ENOUGH
from worlds import graph

from reconciler.engine import view
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import FrozenMap, Id
from reconciler.resources import evidence, network_acl, network_interface, security_group, security_group_rules, vpc
from reconciler.resources._acl_tables import AclEntry
from reconciler.sandbox import Sandbox


def entry(number: int, *, egress: bool = False, **members: Any) -> dict[str, Any]:
    return {"RuleNumber": number, "Egress": egress, "Protocol": "-1", "RuleAction": "allow"} | members


def acl(*entries: dict[str, Any], **members: Any) -> Observed[network_acl.NetworkAcl]:
    answer = {"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": False, "Entries": list(entries)} | members
    (found,) = network_acl.TYPE.observe(CannedAnswers({"DescribeNetworkAcls": [answer]}), scope("vpc-1"))
    return found


def interface(**members: Any) -> network_interface.NetworkInterface:
    answer = {"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "Status": "in-use"} | members
    reader = CannedAnswers({"DescribeNetworkInterfaces": [answer]})
    (found,) = network_interface.TYPE.observe(reader, scope("vpc-1"))
    return found.fields


def test_an_entry_is_known_by_direction_and_number() -> None:
    fields = acl(
        entry(100, Protocol="6", CidrBlock="10.0.0.7/8", PortRange={"From": 80, "To": 443}),
        entry(100, egress=True, Protocol="17", CidrBlock="0.0.0.0/0", RuleAction="deny"),
        entry(101, Protocol="47", Ipv6CidrBlock="2001:DB8::/32"),
    ).fields
    tcp = AclEntry(rule_action="allow", protocol="tcp", cidr_block="10.0.0.0/8", from_port=80, to_port=443)
    gre = AclEntry(
        rule_action="allow",
        protocol="47",
        cidr_block=None,
        ipv6_cidr_block="2001:db8::/32",
        from_port=None,
        to_port=None,
    )
    udp = AclEntry(rule_action="deny", protocol="udp", cidr_block="0.0.0.0/0", from_port=None, to_port=None)
    assert fields.ingress == FrozenMap({100: tcp, 101: gre})
    assert fields.egress == FrozenMap({100: udp})


def test_a_list_says_which_subnets_it_holds_for() -> None:
    fields = acl(
        Associations=[{"NetworkAclAssociationId": "a", "SubnetId": s} for s in ("subnet-1", "subnet-2")]
    ).fields
    assert fields.subnet_ids == {Id("subnet-1"), Id("subnet-2")}


def test_the_primary_address_is_first_and_public_addresses_go_with_private_ones() -> None:
    fields = interface(
        PrivateIpAddress="10.0.0.4",
        Association={"PublicIp": "203.0.113.1"},
        PrivateIpAddresses=[
            {"PrivateIpAddress": "10.0.0.9", "Primary": False, "Association": {"PublicIp": "203.0.113.2"}},
            {"PrivateIpAddress": "10.0.0.8", "Primary": False},
            {"PrivateIpAddress": "10.0.0.4", "Primary": True, "Association": {"PublicIp": "203.0.113.1"}},
        ],
    )
    assert fields.private_ip_addresses == ("10.0.0.4", "10.0.0.9", "10.0.0.8")
    assert fields.public_ips == FrozenMap({"10.0.0.4": "203.0.113.1", "10.0.0.9": "203.0.113.2"})


def test_an_interface_without_a_public_address_or_an_attachment_has_none() -> None:
    fields = interface(Status="available", PrivateIpAddresses=[{"PrivateIpAddress": "10.0.0.4", "Primary": True}])
    assert fields.public_ips == FrozenMap()
    assert (fields.instance_owner_id, fields.groups, fields.status) == (None, frozenset(), "available")


@pytest.mark.parametrize("kind", [security_group.TYPE, security_group_rules.TYPE], ids=lambda kind: kind.name)
def test_the_group_that_aws_makes_with_a_vpc_is_evidence(kind: Any) -> None:
    group = {"GroupId": "sg-1", "VpcId": "vpc-1", "GroupName": "default", "Description": "default", "OwnerId": "1"}
    reader = CannedAnswers({"DescribeSecurityGroups": [group | {"IpPermissions": [], "IpPermissionsEgress": []}]})
    (found,) = kind.observe(reader, scope("vpc-1"))
    assert (found.id, found.stack, found.evidence) == ("sg-1", None, True)


def test_blocks_that_a_network_was_given_later_are_read() -> None:
    associated = [
        {"CidrBlock": block, "CidrBlockState": {"State": state}}
        for block, state in (("10.0.0.0/16", "associated"), ("100.64.0.0/16", "associated"), ("10.9.0.0/16", "failed"))
    ]
    answer = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "State": "available", "Tags": tags("vpc/main")}

    class Reader(CannedAnswers):
        def get(self, service: str, operation: str, /, **params: Any) -> Any:
            if operation == "DescribeVpcAttribute":
                return {name: {"Value": True} for name in ("EnableDnsSupport", "EnableDnsHostnames")}
            return super().get(service, operation, **params)

    vpcs = [answer | {"CidrBlockAssociationSet": associated}]
    reader = Reader({"DescribeVpcs": vpcs, "DescribeSecurityGroups": []})
    (found,) = vpc.TYPE.observe(reader, scope())
    assert found.fields.other_cidr_blocks == {"100.64.0.0/16"}
    assert found.fields.cidr_block == "10.0.0.0/16"


@pytest.fixture
def snapshot(sandbox: Sandbox) -> Snapshot:
    """The reference, live, with all evidence."""
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    sandbox.clock.advance(LONG_ENOUGH)
    return view(desired, client(sandbox.clock).reader, evidence=evidence()).snapshot


def test_what_aws_makes_along_with_a_stack_is_seen_and_is_not_foreign(snapshot: Snapshot) -> None:
    assert snapshot.unknown == {}
    assert [(o.type, o.id) for o in snapshot.foreign] == []
    seen = Counter(o.type for o in snapshot.evidence)
    vpcs = sum(o.type == "vpc" for o in snapshot.live())
    for type_name in ("network-acl", "route-table", "routes", "security-group", "security-group-rules"):
        assert seen[type_name] == vpcs, type_name
    subnets = {Id(o.id) for o in snapshot.live() if o.type == "subnet"}
    (default,) = (o for o in snapshot.evidence if o.type == "network-acl")
    assert default.fields.subnet_ids == subnets
    assert {o.fields.subnet_id for o in snapshot.evidence if o.type == "network-interface"} <= subnets


def test_every_interface_that_a_service_made_is_seen(snapshot: Snapshot) -> None:
    interfaces = [o.fields for o in snapshot.evidence if o.type == "network-interface"]
    balancers = [o for o in snapshot.live() if o.type == "load-balancer"]
    for balancer in balancers:
        name = balancer.id.split("loadbalancer/", 1)[1]
        of_it = [i for i in interfaces if i.description == f"ELB {name}"]
        assert {i.subnet_id for i in of_it} == balancer.fields.subnets
        assert all(bool(i.public_ips) == (balancer.fields.scheme == "internet-facing") for i in of_it)
    gateways = {o.id for o in snapshot.live() if o.type == "nat-gateway"}
    assert {i.description for i in interfaces if i.interface_type == "nat_gateway"} == {
        f"Interface for NAT Gateway {gateway}" for gateway in gateways
    }
    groups = {Id(o.id) for o in snapshot.live() if o.address and o.address.startswith("security-group/task/")}
    tasks = [i for i in interfaces if ":attachment/" in i.description]
    assert {group for i in tasks for group in i.groups} == groups


def test_how_target_groups_pass_requests_on_is_read_from_aws(snapshot: Snapshot) -> None:
    read = {o.id: o.fields.attributes for o in snapshot.evidence if o.type == "application-balancing"}
    assert read.keys() == {o.id for o in snapshot.live() if o.type == "target-group"}
    assert {key for found in read.values() for key in found} == {"load_balancing.cross_zone.enabled"}


def test_a_pass_that_says_nothing_of_flows_asks_for_no_evidence(sandbox: Sandbox) -> None:
    desired = graph()
    looking = client(sandbox.clock)
    view(desired, looking.reader)
    read_for_flows = {"ec2:DescribeNetworkInterfaces", "elbv2:DescribeTargetHealth"}
    assert read_for_flows.isdisjoint(looking.calls.by_operation())


def test_a_running_task_leads_to_its_interface_and_its_service(snapshot: Snapshot) -> None:
    interfaces = {o.id: o.fields for o in snapshot.evidence if o.type == "network-interface"}
    services = {o.outputs["name"]: o.fields for o in snapshot.live() if o.type == "service"}
    running = [o.fields for o in snapshot.evidence if o.type == "running-task"]
    assert Counter(t.service for t in running) == {name: s.desired_count for name, s in services.items()}
    for task in running:
        interface = interfaces[task.network_interface_id.value]
        assert interface.groups == services[task.service].network_configuration.awsvpc_configuration.security_groups
        assert task.task_definition == services[task.service].task_definition


def test_targets_are_the_addresses_of_tasks(snapshot: Snapshot) -> None:
    interfaces = [o.fields for o in snapshot.evidence if o.type == "network-interface"]
    addresses = {i.private_ip_addresses[0] for i in interfaces if ":attachment/" in i.description}
    health = {o.id: o.fields for o in snapshot.evidence if o.type == "target-health"}
    assert health.keys() == {o.id for o in snapshot.live() if o.type == "target-group"}
    for found in health.values():
        assert found.targets
        assert {t.id for t in found.targets} <= addresses
        assert {t.state for t in found.targets} == {"healthy"}

"""Network ACLs of a network of ours: put around live subnets, watched, changed a call at a time, taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from cuts import Guillotine, client, explained, inventory
from worlds import graph

from reconciler.disruptions import disruptions
from reconciler.engine import view
from reconciler.model.graph import Graph
from reconciler.model.plan import Reason
from reconciler.sandbox import Quotas, Sandbox

PUBLIC = "network-acl/main/public"


def network(edit: Callable[[str], str] = lambda text: text) -> Graph:
    """The network of the example alone, without NAT."""

    def alone(text: str) -> str:
        return edit("\n---\n".join(text.replace("nat: Single", "nat: None").split("\n---\n")[:2]))

    return graph("network-acls.yaml", alone)


def bare(text: str) -> str:
    return text[: text.index("  networkAcls:")]


def shown(desired: Graph, sandbox: Sandbox) -> dict[str, Reason]:
    """What a fresh look says, by address and path, with the reason of each action."""
    plan = view(desired, client(sandbox.clock).reader).plan
    return {f"{a.address} {c.path}": a.reason for a in plan.visible for c in a.changes}


def acls() -> dict[str, Any]:
    """The network ACLs of our network by name, the default one under an empty name."""
    ec2 = boto3.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:reconciler.dev/stack", "Values": ["walled"]}])["Vpcs"]
    found = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["NetworkAcls"]
    return {next((t["Value"] for t in a["Tags"] if t["Key"] == "reconciler.dev/address"), ""): a for a in found}


def test_acls_come_to_live_subnets_and_leave_them_to_the_default_one(sandbox: Sandbox) -> None:
    mine = client(sandbox.clock, threads=4)
    for desired, ours, default in ((network(bare), 0, 4), (network(), 4, 0), (network(bare), 0, 4)):
        assert mine.apply(desired).converged
        assert shown(desired, sandbox) == {}
        held = {name: len(acl["Associations"]) for name, acl in acls().items()}
        assert held.pop("") == default
        assert sum(held.values()) == ours
    assert list(acls()) == [""]


def test_what_somebody_does_to_an_acl_is_drift_and_healed(sandbox: Sandbox) -> None:
    desired, ec2 = network(), boto3.client("ec2")
    assert client(sandbox.clock, threads=4).apply(desired).converged
    before = inventory()
    acl = acls()[PUBLIC]
    named = {"NetworkAclId": acl["NetworkAclId"], "Egress": False}
    everything = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(**named, **everything, RuleNumber=1)
    ec2.replace_network_acl_entry(**named, **everything, RuleNumber=90)
    everything_else = {"Protocol": "-1", "RuleAction": "allow", "Ipv6CidrBlock": "::/0"}
    ec2.create_network_acl_entry(**named, **everything_else, RuleNumber=101)
    ec2.replace_network_acl_entry(**named, **everything_else, RuleNumber=110)
    ec2.delete_network_acl_entry(**named, RuleNumber=100)
    moved, *_ = acl["Associations"]
    default = acls()[""]["NetworkAclId"]
    ec2.replace_network_acl_association(AssociationId=moved["NetworkAclAssociationId"], NetworkAclId=default)
    found = shown(desired, sandbox)
    assert set(found.values()) == {Reason.DRIFT}
    assert found.keys() >= {
        f"{PUBLIC} ingress[1].protocol",
        f"{PUBLIC} ingress[90].ruleAction",
        f"{PUBLIC} ingress[90].cidrBlock",
        f"{PUBLIC} ingress[100].fromPort",
        f"{PUBLIC} ingress[101].ipv6CidrBlock",
        f"{PUBLIC} ingress[110].cidrBlock",
        f"{PUBLIC} ingress[110].ipv6CidrBlock",
        f"{PUBLIC} subnetIds[{moved['SubnetId']}]",
    }
    assert f"{PUBLIC} ingress[101].cidrBlock" not in found
    assert client(sandbox.clock).apply(desired).converged
    assert (shown(desired, sandbox), inventory()) == ({}, before)


def test_an_acl_of_others_is_foreign_and_stays_on_a_subnet_that_has_none_of_ours(sandbox: Sandbox) -> None:
    desired, ec2 = network(bare), boto3.client("ec2")
    assert client(sandbox.clock, threads=4).apply(desired).converged
    default = acls()[""]
    theirs = ec2.create_network_acl(VpcId=default["VpcId"])["NetworkAcl"]["NetworkAclId"]
    association = default["Associations"][0]["NetworkAclAssociationId"]
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=theirs)
    seen = view(desired, client(sandbox.clock).reader)
    assert seen.plan.visible == ()
    assert [one.id for one in seen.snapshot.foreign] == [theirs]


def small(**acls: str) -> Graph:
    """A network of one zone with these rules for what comes in, by tier."""

    def edit(text: str) -> str:
        text = bare(text).replace(", us-east-1b]", "]").replace(", 10.0.1.0/24]", "]").replace(", 10.0.11.0/24]", "]")
        rules = (f"    {tier}: {{inbound: [{inbound}]}}" for tier, inbound in acls.items())
        return text + "\n".join(["  networkAcls:" if acls else "", *rules])

    return network(edit)


ONE, OTHER = (f"{{ruleNumber: {n}, action: Allow, ports: 80, cidr: 10.0.0.0/{n}}}" for n in (8, 16))


@pytest.mark.parametrize(
    ("start", "desired"),
    [({"public": ONE}, {"public": OTHER, "private": ONE}), ({"public": ONE}, {})],
    ids=["changed and made", "removed"],
)
def test_an_apply_that_was_cut_anywhere_is_finished_by_the_next(
    sandbox: Sandbox, start: dict[str, str], desired: dict[str, str]
) -> None:
    wanted = small(**desired)
    assert client(sandbox.clock, threads=4).apply(small(**start)).converged
    assert client(sandbox.clock).apply(wanted).converged
    expected = inventory()
    sandbox.reset()
    assert client(sandbox.clock, threads=4).apply(small(**start)).converged

    def recover() -> None:
        assert client(sandbox.clock).apply(wanted).converged
        assert inventory() == expected, explained(expected, inventory())
        third = client(sandbox.clock)
        assert third.apply(wanted).converged
        assert third.calls.mutating == 0, third.calls.by_operation()

    def wrap(writer: Any) -> Guillotine:
        blades.append(Guillotine(writer, lambda cut: cut.acted and "NetworkAcl" in cut.operation, recover))
        return blades[0]

    blades: list[Guillotine] = []
    assert client(sandbox.clock, wrap).apply(wanted).converged
    blades[0].finish()
    assert len(blades[0].cuts) == (5 if desired else 2)
    assert not blades[0].failures, "\n".join(f"{c}\n{r}" for c, r in blades[0].failures.items())


@pytest.fixture
def crowded() -> Iterator[Sandbox]:
    """A sandbox that holds AWS's quotas."""
    with Sandbox(quotas=Quotas()) as running:
        yield running


def many(start: int) -> Callable[[str], str]:
    """Sixteen rules in a row from a number on."""
    rules = [
        f"        - {{ruleNumber: {start + n}, action: Allow, ports: {8000 + n}, cidr: 10.0.0.0/16}}" for n in range(16)
    ]

    def edit(text: str) -> str:
        return bare(text) + "\n".join(["  networkAcls:", "    public:", "      inbound:", *rules])

    return edit


def test_a_change_that_the_quota_leaves_no_room_for_is_made_within_it_and_has_to_be_allowed(crowded: Sandbox) -> None:
    assert client(crowded.clock, threads=4).apply(network(many(100))).converged
    desired = network(many(200))
    seen = view(desired, client(crowded.clock).reader)
    (said,) = disruptions(seen.plan.actions, desired.types, seen.snapshot)
    assert "block 10.0.0.0/16, ports 8015, protocol tcp (rule inbound 115)" in said
    assert client(crowded.clock).apply(desired).converged
    assert shown(desired, crowded) == {}

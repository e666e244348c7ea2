"""Taking over what others made: shown before it is done, done once, finished after any cut, refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from cuts import Guillotine, client
from test_retention import OF_TWO, annotated
from worlds import graph

from reconciler.cli._text import plan_text
from reconciler.engine import View, view
from reconciler.load import load
from reconciler.model.graph import Graph
from reconciler.model.plan import verb_shown
from reconciler.model.ports import Writer
from reconciler.sandbox import Sandbox


def small(*edits: Callable[[str], str]) -> Graph:
    """A network, two clusters and a task, with annotations."""

    def edit(_: str) -> str:
        text = OF_TWO.replace("spec: {region: us-east-1}", "spec: {region: us-east-1, tags: {team: shop}}")
        for one in edits:
            text = one(text)
        return text

    return graph("two-tier.yaml", edit)


def look(sandbox: Sandbox, desired: Graph) -> View:
    return view(desired, client(sandbox.clock).reader)


def theirs(cidr: str = "10.0.0.0/16") -> dict[str, str]:
    """A network and a cluster that somebody made by hand, with things of their own in it."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "by hand"}, {"Key": "team", "Value": "old"}])
    block = cidr.replace("0/16", "0/24")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="reconciler: Task/web", VpcId=vpc)["GroupId"]
    port = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[port])
    cluster = boto3.client("ecs").create_cluster(clusterName="by-hand")["cluster"]["clusterArn"]
    return {"vpc": vpc, "subnet": subnet, "group": group, "cluster": cluster}


def adopting(made: dict[str, str]) -> Graph:
    return small(
        annotated("Network/main", "adopt", f"{made['vpc']}; {made['subnet']}"),
        annotated("Cluster/main", "adopt", made["cluster"]),
        annotated("Task/web", "adopt", made["group"]),
    )


ADOPTED = {"vpc/main", "subnet/main/public/us-east-1a", "security-group/task/web", "cluster/main"}


def test_a_plan_shows_what_is_taken_over_with_all_that_changes_and_changes_nothing(sandbox: Sandbox) -> None:
    desired = adopting(theirs())
    before = boto3.client("ec2").describe_tags()["Tags"]
    seen = look(sandbox, desired)
    shown = {action.address: action for action in seen.plan.visible if verb_shown(action) == "adopt"}
    assert shown.keys() == ADOPTED
    assert {(c.path, c.observed, c.desired) for c in shown["vpc/main"].changes} == {
        ("enableDnsHostnames", False, True),
        ("tags[team]", "old", "shop"),
    }
    rules = next(action for action in seen.plan.visible if action.address == "security-group/task/web/rules")
    assert ("ingress[tcp 22 0.0.0.0/0]", "present", None) in {(c.path, c.observed, c.desired) for c in rules.changes}
    assert (seen.plan.summary()["adopt"], seen.plan.drift) == (4, ())
    text = plan_text(seen.plan, (), colour=False)
    assert "  >   vpc/main" in text
    assert "# taken over" in text
    assert "4 to adopt" in text
    assert boto3.client("ec2").describe_tags()["Tags"] == before


def test_what_is_taken_over_keeps_its_id_and_its_name_and_is_ours_from_then_on(sandbox: Sandbox) -> None:
    made = theirs()
    desired = adopting(made)
    assert client(sandbox.clock).apply(desired).converged
    seen = look(sandbox, desired)
    assert not seen.plan.visible
    assert not seen.plan.drift
    winners = seen.comparison.winners
    assert [winners[a].id for a in sorted(ADOPTED)] == [made["cluster"], made["group"], made["subnet"], made["vpc"]]
    assert winners["vpc/main"].tags["Name"] == "by hand"
    again = client(sandbox.clock)
    assert again.apply(desired).converged
    assert again.calls.mutating == 0
    without = look(sandbox, small())
    assert not without.plan.visible
    assert client(sandbox.clock).delete(desired).converged
    ids = [vpc["VpcId"] for vpc in boto3.client("ec2").describe_vpcs()["Vpcs"]]
    assert made["vpc"] not in ids


def test_an_adoption_that_is_cut_anywhere_is_finished_and_makes_nothing_twice(sandbox: Sandbox) -> None:
    made = theirs()
    desired = adopting(made)

    def recover() -> None:
        assert client(sandbox.clock).apply(desired).converged
        winners = look(sandbox, desired).comparison.winners
        assert winners["vpc/main"].id == made["vpc"]
        blocks = [vpc["CidrBlock"] for vpc in boto3.client("ec2").describe_vpcs()["Vpcs"]]
        assert blocks.count("10.0.0.0/16") == 1

    guillotines: list[Guillotine] = []

    def wrap(writer: Writer) -> Writer:
        wanted = ("ec2:CreateTags", "ec2:ModifyVpcAttribute", "ecs:TagResource")
        guillotines.append(Guillotine(writer, lambda cut: cut.operation in wanted and cut.occurrence == 1, recover))
        return guillotines[-1]

    assert client(sandbox.clock, wrap).apply(desired).converged
    (guillotine,) = guillotines
    guillotine.finish()
    assert guillotine.failures == {}
    assert len(guillotine.cuts) == 6


def blocked(sandbox: Sandbox, desired: Graph, address: str) -> tuple[str, str]:
    plan = look(sandbox, desired).plan
    assert address not in {action.address for action in plan.actions}
    return next((one.reason, one.fix) for one in plan.blocked if one.address == address)


def test_what_is_not_there_is_not_made_instead(sandbox: Sandbox) -> None:
    desired = small(annotated("Network/main", "adopt", "vpc-0123456789abcdef0"))
    reason, fix = blocked(sandbox, desired, "vpc/main")
    assert reason.startswith("adopt: there is no vpc-0123456789abcdef0 in us-east-1 of account 123456789012")
    assert fix == "correct the id, or remove the annotation"
    applied = client(sandbox.clock).apply(desired)
    assert not applied.converged
    mine = [{"Name": "tag-key", "Values": ["reconciler.dev/stack"]}]
    assert boto3.client("ec2").describe_vpcs(Filters=mine)["Vpcs"] == []


def test_what_another_stack_has_is_refused(sandbox: Sandbox) -> None:
    made = theirs()
    tags = [{"Key": "reconciler.dev/stack", "Value": "other"}, {"Key": "reconciler.dev/address", "Value": "vpc/x"}]
    boto3.client("ec2").create_tags(Resources=[made["vpc"]], Tags=tags)
    reason, fix = blocked(sandbox, adopting(made), "vpc/main")
    assert reason == f"adopt: {made['vpc']} belongs to stack other"
    assert fix == "release it there first, or correct the id"


def test_what_can_never_be_as_wanted_is_refused_and_not_replaced(sandbox: Sandbox) -> None:
    made = theirs("10.9.0.0/16")
    reason, fix = blocked(sandbox, small(annotated("Network/main", "adopt", made["vpc"])), "vpc/main")
    assert "cannot become it, for AWS never changes this: cidrBlock is '10.9.0.0/16', not '10.0.0.0/16'" in reason
    assert fix == "make the spec say what is there"


def test_what_lives_already_is_not_taken_for_a_double(sandbox: Sandbox) -> None:
    assert client(sandbox.clock).apply(small()).converged
    mine = look(sandbox, small()).comparison.winners["vpc/main"].id
    made = theirs()
    desired = small(annotated("Network/main", "adopt", made["vpc"]))
    reason, fix = blocked(sandbox, desired, "vpc/main")
    assert reason == f"adopt: vpc/main lives as {mine} already"
    assert fix == f"remove the annotation, or delete {mine} first"
    client(sandbox.clock).apply(desired)
    assert made["vpc"] in [vpc["VpcId"] for vpc in boto3.client("ec2").describe_vpcs()["Vpcs"]]


def test_an_id_of_another_type_and_one_that_could_be_several_are_told_what_to_write(sandbox: Sandbox) -> None:
    made = theirs()
    reason, _ = blocked(sandbox, small(annotated("Cluster/main", "adopt", made["vpc"])), "Cluster/main")
    assert reason == f"adopt: {made['vpc']} is a vpc, and Cluster/main has none"
    zones = annotated("Network/main", "adopt", made["subnet"])
    second = (("[us-east-1a]", "[us-east-1a, us-east-1b]"), ("0.0/24]", "0.0/24, 10.0.1.0/24]"))
    two = small(zones, *(lambda text, old=old, new=new: text.replace(old, new) for old, new in second))
    reason, fix = blocked(sandbox, two, "Network/main")
    assert "could be each of subnet/main/public/us-east-1a, subnet/main/public/us-east-1b" in reason
    assert fix == f"write ADDRESS=ID, such as subnet/main/public/us-east-1a={made['subnet']}"
    named = f"vpc/main={made['vpc']}; subnet/main/public/us-east-1a={made['subnet']}"
    plan = look(sandbox, small(annotated("Network/main", "adopt", named))).plan
    assert not plan.blocked
    assert plan.summary()["adopt"] == 2


def test_nothing_is_taken_over_twice_or_made_instead(sandbox: Sandbox) -> None:
    made = theirs()
    both = [annotated(f"Cluster/{name}", "adopt", made["cluster"]) for name in ("main", "other")]
    plan = look(sandbox, small(*both)).plan
    clusters = [action for action in plan.actions if action.type == "cluster"]
    assert [verb_shown(action) for action in clusters] == ["adopt"]
    (refused,) = [one for one in plan.blocked if one.address.startswith("cluster/")]
    assert refused.reason == f"adopt: {made['cluster']} is taken over as something else, or about to go"


def test_a_load_balancer_its_listener_and_a_target_group_are_taken_over_by_their_arns(sandbox: Sandbox) -> None:
    desired = graph("two-tier.yaml")
    assert client(sandbox.clock, threads=4).apply(desired).converged
    winners = look(sandbox, desired).comparison.winners
    chosen = ("load-balancer/public", "listener/public/http", "target-group/public/web/http", "service/web")
    arns: dict[str, Any] = {address: winners[address].id for address in chosen}
    elb, ours = boto3.client("elbv2"), ["reconciler.dev/stack", "reconciler.dev/address", "reconciler.dev/applied"]
    elb.remove_tags(ResourceArns=[arns[a] for a in chosen[:3]], TagKeys=ours)
    boto3.client("ecs").untag_resource(resourceArn=arns["service/web"], tagKeys=ours)

    def edit(text: str) -> str:
        lb = annotated("LoadBalancer/public", "adopt", f"{arns[chosen[0]]}; {arns[chosen[1]]}")
        return annotated("Task/web", "adopt", f"{arns[chosen[2]]}; {arns[chosen[3]]}")(lb(text))

    sandbox.clock.advance(3600)
    again = graph("two-tier.yaml", edit)
    plan = look(sandbox, again).plan
    assert {a.address for a in plan.visible if verb_shown(a) == "adopt"} == set(chosen)
    assert {verb_shown(a) for a in plan.visible} == {"adopt"}
    assert client(sandbox.clock, threads=4).apply(again).converged
    after = look(sandbox, again)
    assert not after.plan.visible
    assert {a: after.comparison.winners[a].id for a in chosen} == arns


def test_a_scalable_target_and_its_policies_are_taken_over(sandbox: Sandbox) -> None:
    def scaled(text: str) -> str:
        return text.replace("  replicas: 2\n", "  autoscaling: {min: 2, max: 4, cpu: 60}\n", 1)

    desired = graph("two-tier.yaml", scaled)
    assert client(sandbox.clock, threads=4).apply(desired).converged
    address = "scalable-target/web"
    arn = look(sandbox, desired).comparison.winners[address].id
    scaling = boto3.client("application-autoscaling")
    tags = scaling.list_tags_for_resource(ResourceARN=arn)["Tags"]
    scaling.untag_resource(ResourceARN=arn, TagKeys=[key for key in tags if key.startswith("reconciler.dev/")])
    what = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    scaling.register_scalable_target(ResourceId=target["ResourceId"], MinCapacity=1, MaxCapacity=9, **what)

    again = graph("two-tier.yaml", lambda text: annotated("Task/web", "adopt", arn)(scaled(text)))
    (action,) = look(sandbox, again).plan.visible
    assert (verb_shown(action), {c.path for c in action.changes}) == ("adopt", {"minCapacity", "maxCapacity"})
    assert client(sandbox.clock, threads=4).apply(again).converged
    after = look(sandbox, again)
    assert not after.plan.visible
    assert after.comparison.winners[address].id == arn


def test_a_network_acl_is_taken_over_and_the_default_one_is_not(sandbox: Sandbox) -> None:
    def walled(text: str) -> str:
        rule = "{ruleNumber: 100, action: Allow, protocol: all, cidr: 0.0.0.0/0}"
        return text.replace("public: {", f"networkAcls: {{public: {{inbound: [{rule}]}}}}, public: {{", 1)

    assert client(sandbox.clock, threads=4).apply(small()).converged
    ec2, (vpc,) = boto3.client("ec2"), look(sandbox, small()).snapshot.found["vpc/main"]
    (default,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["NetworkAcls"]
    made = ec2.create_network_acl(VpcId=vpc.id)["NetworkAcl"]["NetworkAclId"]

    refused = small(walled, annotated("Network/main", "adopt", default["NetworkAclId"]))
    (blocked,) = look(sandbox, refused).plan.blocked
    assert "AWS never changes this: isDefault is True, not False" in blocked.reason

    desired = small(walled, annotated("Network/main", "adopt", made))
    (action,) = look(sandbox, desired).plan.visible
    assert verb_shown(action) == "adopt"
    assert client(sandbox.clock, threads=4).apply(desired).converged
    after = look(sandbox, desired)
    assert (after.plan.visible, after.comparison.winners["network-acl/main/public"].id) == ((), made)


NO_IDS = ("", "vpc", "pl-0123456789abcdef0", "arn:aws:s3:::bucket", "vpc/main=", "vpc-0123456789abcdef0 sg-1")


@pytest.mark.parametrize("value", NO_IDS)
def test_what_can_be_no_id_is_a_problem_of_the_file(value: str) -> None:
    text = annotated("Network/main", "adopt", value)(OF_TWO)
    (problem,) = load({"f": text.encode()}).problems
    assert problem.field == 'metadata.annotations["reconciler.dev/adopt"]'
    assert problem.hint.startswith("write the id of something of EC2 such as vpc-0123456789abcdef0")

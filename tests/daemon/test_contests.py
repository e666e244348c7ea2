"""What somebody else sets too: counted, told with who it is, and no longer fought over, however quick they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cuts import client
from holding import REFERENCE, Daemon
from listening import hearing_of
from meddling import console
from worlds import graph

from reconciler.daemon.loop import Options
from reconciler.model.events import Phase
from reconciler.model.ports import Guard, Writer
from reconciler.model.resource import Call
from reconciler.model.tags import ADDRESS, OWNER, STACK
from reconciler.sandbox import Faults, Sandbox
from reconciler.sandbox.environment import CONSOLE

GROUP = "target-group/public/web/http"
ENDPOINT = "vpc-endpoint/main/s3"
OLD = "security-group/task/old"


class Hasty:
    """Somebody else acts as soon as AWS has answered one of our requests: before we can look at what became of it."""

    def __init__(self, writer: Writer, after: str, act: Callable[[], object]) -> None:
        self._writer = writer
        self._after = after
        self._act = act

    def guarded(self, guard: Guard) -> Hasty:
        return Hasty(self._writer.guarded(guard), self._after, self._act)

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._writer.perform(call, params)
        if call.name == self._after:
            self._act()
        return answer


def public_group() -> dict[str, Any]:
    return next(group for group in console().target_groups() if "public" in group["TargetGroupName"])


def check_by_hand() -> None:
    """A person changes the health check of the public target group."""
    console().elbv2.modify_target_group(TargetGroupArn=public_group()["TargetGroupArn"], HealthCheckPath="/by-hand")


def daemon_of(
    applied: Sandbox, folder: Path, after: str = "", act: Callable[[], object] = bool, text: str = REFERENCE
) -> Daemon:
    """The reference held, with somebody who acts after each of a request of ours."""
    options = Options(hearing=hearing_of(applied))
    daemon = Daemon(applied, folder / "store.db", options, lambda writer: Hasty(writer, after, act))
    daemon.hold(text)
    daemon.loop.turn()
    return daemon


def of(daemon: Daemon, address: str) -> list[tuple[str, str]]:
    """What began and ended of an address."""
    phases = (Phase.OPENED, Phase.RESOLVED)
    return [
        (event.type, event.incident) for event in daemon.events if event.address == address and event.phase in phases
    ]


def contested(daemon: Daemon, address: str) -> str:
    """What is said of the contest."""
    (found,) = [event.message for event in daemon.events if (event.type, event.address) == ("DriftContested", address)]
    return found


def test_who_sets_a_field_again_before_we_look_is_told_as_drift_again_and_soon_as_contested(
    applied: Sandbox, tmp_path: Path
) -> None:
    daemon = daemon_of(applied, tmp_path, "elbv2:ModifyTargetGroup", check_by_hand)
    check_by_hand()
    daemon.interval()
    assert [kind for kind, _ in of(daemon, GROUP)] == ["DriftFound", "DriftHealed", "DriftFound"], "and not only healed"
    for _ in range(4):
        daemon.interval()
    told = of(daemon, GROUP)
    assert [kind for kind, _ in told] == ["DriftFound", "DriftHealed"] * 2 + ["DriftFound", "DriftContested"]
    assert len({incident for _, incident in told}) == 4, "three drifts, each opened and resolved, and the contest"
    assert not {"NonConverging", "ApplyFailed"} & set(daemon.named())
    assert f"so {CONSOLE.user} sets it too; change the spec" in contested(daemon, GROUP)
    calls = [event.data["attribution"] for event in daemon.events if event.type == "DriftFound"]
    assert len({call["eventId"] for call in calls if call}) == 3, "each by its own call"
    assert daemon.calls.by_operation()["elbv2:ModifyTargetGroup"] == 2
    assert public_group()["HealthCheckPath"] == "/by-hand"


def test_the_other_party_is_named_later_where_the_trail_tells_late(applied: Sandbox, tmp_path: Path) -> None:
    daemon = daemon_of(applied, tmp_path)
    applied.faults = Faults(errors_5xx=1, only=frozenset({"cloudtrail:LookupEvents"}))
    for _ in range(3):
        check_by_hand()
        daemon.interval()
    assert "so somebody else sets it too; find out who it is" in contested(daemon, GROUP)
    applied.faults = Faults()
    daemon.interval()
    opened, named = (event for event in daemon.events if event.type == "DriftContested")
    assert f"so {CONSOLE.user} sets it too; change the spec" in named.message
    assert (named.phase, named.incident) == (Phase.UPDATED, opened.incident)
    daemon.interval()
    assert daemon.events[-1] is named, "and that is all"


def test_who_changes_another_field_each_time_before_we_look_is_contested_too(applied: Sandbox, tmp_path: Path) -> None:
    """What is seen in the verifying look is left to the next pass, which tells it before it heals it."""
    thresholds = itertools.cycle([3, 4])

    def change_the_other() -> None:
        group = public_group()
        other = (
            {"HealthCheckPath": "/by-hand"}
            if group["HealthyThresholdCount"] != 5
            else {"HealthyThresholdCount": next(thresholds)}
        )
        console().elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], **other)

    daemon = daemon_of(applied, tmp_path, "elbv2:ModifyTargetGroup", change_the_other)
    check_by_hand()
    for _ in range(5):
        daemon.interval()
    assert [kind for kind, _ in of(daemon, GROUP)].count("DriftFound") == 3
    assert contested(daemon, GROUP)
    assert daemon.calls.by_operation()["elbv2:ModifyTargetGroup"] == 2


def delete_endpoint() -> None:
    """A person deletes the gateway endpoint of the network."""
    found = console().ec2_resources("describe_vpc_endpoints", "VpcEndpoints")
    console().ec2.delete_vpc_endpoints(VpcEndpointIds=[one["VpcEndpointId"] for one in found])


def test_what_is_gone_before_we_look_is_not_made_twice_until_somebody_makes_it(
    applied: Sandbox, tmp_path: Path
) -> None:
    """AWS may only be late to show it, and then there would be two."""
    daemon = daemon_of(applied, tmp_path, "ec2:CreateVpcEndpoint", delete_endpoint)
    delete_endpoint()
    for _ in range(2):
        daemon.interval()
    assert daemon.calls.by_operation()["ec2:CreateVpcEndpoint"] == 1
    assert [kind for kind, _ in of(daemon, ENDPOINT)] == ["DriftFound", "NonConverging"]
    drift = [event for event in daemon.events if (event.type, event.address) == ("DriftFound", ENDPOINT)]
    assert len({event.data["attribution"]["eventId"] for event in drift}) == 2, "who deleted it the second time as well"
    assert client(applied.clock).apply(graph()).converged
    daemon.interval()
    assert {kind for kind, _ in of(daemon, ENDPOINT)[2:]} == {"DriftResolved", "ApplySucceeded"}
    delete_endpoint()
    daemon.interval()
    assert daemon.calls.by_operation()["ec2:CreateVpcEndpoint"] == 2, "and then it is made again as ever"


def make_orphan(number: int) -> None:
    """A security group with the tags of a task that no file wants."""
    (vpc,) = console().ec2_resources("describe_vpcs", "Vpcs")
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in vpc["Tags"] if tag["Key"] in (STACK, OWNER)]
    console().ec2.create_security_group(
        GroupName=f"old-{number}",
        Description="of a task that is no more",
        VpcId=vpc["VpcId"],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": [*tags, {"Key": ADDRESS, "Value": OLD}]}],
    )


def orphans() -> list[str]:
    filters = [{"Name": f"tag:{ADDRESS}", "Values": [OLD]}]
    return [group["GroupId"] for group in console().ec2.describe_security_groups(Filters=filters)["SecurityGroups"]]


def test_an_orphan_that_is_made_again_and_again_is_contested_and_stays(applied: Sandbox, tmp_path: Path) -> None:
    daemon = daemon_of(applied, tmp_path)
    for number in range(3):
        assert orphans() == []
        make_orphan(number)
        daemon.interval()
    assert f"so {CONSOLE.user} sets it too" in contested(daemon, OLD)
    before = daemon.calls.mutating
    daemon.interval()
    assert (daemon.calls.mutating, len(orphans())) == (before, 1), "it is no longer removed"
    console().ec2.delete_security_group(GroupId=orphans()[0])
    daemon.interval()
    assert "ContestResolved" in daemon.named()
    assert daemon.loop.stacks["shop"].in_sync


def test_orphans_that_nobody_removes_are_no_contest(applied: Sandbox, tmp_path: Path) -> None:
    daemon = daemon_of(applied, tmp_path, text=REFERENCE.replace("prune: true", "prune: false"))
    for number in range(3):
        make_orphan(number)
        daemon.interval()
    assert len(orphans()) == daemon.named().count("DriftFound") / 2 == 3, "each group and its rules"
    assert "DriftContested" not in daemon.named()


def test_a_rule_that_is_added_again_and_again_is_contested_though_it_is_another_one_each_time(
    applied: Sandbox, tmp_path: Path
) -> None:
    daemon = daemon_of(applied, tmp_path)
    (group,) = [
        g
        for g in console().ec2_resources("describe_security_groups", "SecurityGroups")
        if {"Key": ADDRESS, "Value": "security-group/task/web"} in g["Tags"]
    ]
    for port in (22, 23, 24):
        console().ec2.authorize_security_group_ingress(
            GroupId=group["GroupId"], IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0"
        )
        daemon.interval()
    assert contested(daemon, "security-group/task/web/rules")

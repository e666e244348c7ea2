"""What a run does when AWS refuses, lies, or belongs to somebody else in the meantime."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from cuts import Client, client, inventory
from patience import PATIENCE
from worlds import graph

from reconciler.engine import apply, delete, view
from reconciler.execute import Limits, Progress, Step
from reconciler.model.errors import AwsError, ErrorClass, LeaseLost
from reconciler.model.plan import Outcome, Result
from reconciler.model.ports import Writer
from reconciler.model.resource import Call, Holder
from reconciler.sandbox import Sandbox


class Spoiled:
    """A writer that answers some requests itself."""

    def __init__(self, writer: Writer, answer: Callable[[Call, Mapping[str, Any]], Mapping[str, Any] | None]) -> None:
        self._writer = writer
        self._answer = answer

    def perform(self, call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._answer(call, params)
        return self._writer.perform(call, params) if answer is None else answer


def spoiled(sandbox: Sandbox, answer: Callable[[Call, Mapping[str, Any]], Mapping[str, Any] | None]) -> Client:
    return client(sandbox.clock, lambda writer: Spoiled(writer, answer), threads=16)


def denied(operation: str, about: str) -> Callable[[Call, Mapping[str, Any]], None]:
    def answer(call: Call, params: Mapping[str, Any]) -> None:
        if call.operation == operation and about in str(params):
            raise AwsError(
                operation=call.name,
                code="AccessDenied",
                message="You are not authorized to perform this operation.",
                error_class=ErrorClass.DENIED,
                next_step="allow it",
            )

    return answer


def by_result(outcomes: tuple[Outcome, ...], result: Result) -> dict[str, Outcome]:
    return {o.action.address: o for o in outcomes if o.result is result}


def test_a_closing_tag_whose_answer_got_lost_and_that_is_then_not_yet_there_is_put_again(sandbox: Sandbox) -> None:
    refused: list[str] = []

    def not_yet(call: Call, params: Mapping[str, Any]) -> None:
        if call.operation == "CreateTags" and not refused:
            refused.append(str(params))
            raise AwsError(
                operation=call.name,
                code="InvalidVpcID.NotFound",
                message="The vpc ID does not exist",
                error_class=ErrorClass.NOT_YET,
                lost=True,
            )

    assert spoiled(sandbox, not_yet).apply(graph()).converged
    assert refused


def test_a_change_that_aws_takes_and_forgets_is_not_converging_and_is_written_once(sandbox: Sandbox) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    changed = graph(edit=lambda text: text.replace("{path: /healthz}", "{path: /alive}"))
    forgotten: list[str] = []

    def forget(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if call.operation != "ModifyTargetGroup":
            return None
        forgotten.append(call.operation)
        return {"TargetGroups": []}

    applied = spoiled(sandbox, forget).apply(changed)
    assert not applied.converged
    (failed,) = by_result(applied.outcomes, Result.FAILED).values()
    assert failed.action.address == "target-group/public/web/http"
    assert failed.failure is not None
    assert failed.failure.code == "NonConverging"
    assert failed.failure.operation == "elbv2:ModifyTargetGroup"
    assert "healthCheckPath is '/healthz', not '/alive'" in failed.failure.message
    assert forgotten == ["ModifyTargetGroup"]


def test_what_was_right_before_and_is_not_after_it_was_put_right_is_somebodys_doing(sandbox: Sandbox) -> None:
    """AWS has kept what the spec says, so it is not AWS that makes something else of it."""
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    (arn,) = [g["TargetGroupArn"] for g in elb().describe_target_groups()["TargetGroups"] if "public" in str(g)]

    def set_by_hand() -> None:
        elb().modify_target_group(TargetGroupArn=arn, HealthCheckPath="/by-hand")

    def undone(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return {"TargetGroups": []} if call.operation == "ModifyTargetGroup" else None

    set_by_hand()
    applied = spoiled(sandbox, undone).apply(graph())
    (failed,) = by_result(applied.outcomes, Result.FAILED).values()
    assert failed.failure is not None
    assert failed.failure.code == "SetAgain"
    assert "set again by somebody at once: healthCheckPath is '/by-hand', not '/healthz'" in failed.failure.message
    assert "drift --who" in failed.failure.next
    assert applied.set_again == {failed.action.address}


def test_a_create_that_aws_takes_and_forgets_is_not_converging_and_is_asked_once(sandbox: Sandbox) -> None:
    forgotten: list[str] = []

    def forget(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if call.operation in ("CreateLogGroup", "PutRetentionPolicy", "TagResource") and "orders" in str(params):
            forgotten.append(call.operation)
            return {}
        return None

    applied = spoiled(sandbox, forget).apply(graph())
    failed = by_result(applied.outcomes, Result.FAILED)["log-group/orders"].failure
    assert failed is not None
    assert failed.code == "NonConverging"
    assert forgotten.count("CreateLogGroup") == 1


def test_what_does_not_depend_on_a_failure_goes_on_and_the_next_run_takes_it_from_there(sandbox: Sandbox) -> None:
    desired = graph()
    applied = spoiled(sandbox, denied("CreateService", "orders")).apply(desired)
    assert not applied.converged
    (failed,) = by_result(applied.outcomes, Result.FAILED).items()
    assert failed[0] == "service/orders"
    assert failed[1].failure is not None
    assert (failed[1].failure.operation, failed[1].failure.code) == ("ecs:CreateService", "AccessDenied")
    done = by_result(applied.outcomes, Result.DONE)
    assert "service/web" in done
    assert set(done) == desired.resources.keys() - {"service/orders"}
    again = client(sandbox.clock, threads=16)
    assert again.apply(desired).converged
    assert again.calls.by_operation()["ecs:CreateService"] == 1
    assert "ec2:CreateVpc" not in again.calls.by_operation()


@pytest.mark.parametrize("via", ["pcx-0123456789abcdef0", "tgw-0123456789abcdef0", "eni-0123456789abcdef0"])
def test_a_way_out_of_somebody_else_that_is_not_there_is_asked_for_once(sandbox: Sandbox, via: str) -> None:
    """What this run made may not be seen yet; what others made is there or it is not."""
    asked: list[str] = []

    def counted(call: Call, params: Mapping[str, Any]) -> None:
        if via in params.values():
            asked.append(params["RouteTableId"])

    routed = graph(edit=lambda text: text.replace("  nat:", f"  routes: [{{to: 10.70.0.0/16, via: {via}}}]\n  nat:"))
    failed = by_result(spoiled(sandbox, counted).apply(routed).outcomes, Result.FAILED)
    assert {o.action.type for o in failed.values()} == {"routes"}
    assert all(o.failure and via in o.failure.message for o in failed.values())
    assert len(asked) == len(set(asked)) == len(failed)


def test_an_outcome_has_the_id_of_what_was_made_put_in_the_place_of_another_or_removed(sandbox: Sandbox) -> None:
    desired = graph()
    made = by_result(client(sandbox.clock, threads=16).apply(desired).outcomes, Result.DONE)
    live = {one.address: one for one in view(desired, client(sandbox.clock).reader).snapshot.live()}
    assert {address: made[address].id for address in live} == {address: one.id for address, one in live.items()}
    elsewhere = graph(edit=lambda text: text.replace("scheme: Internal\n", "scheme: InternetFacing\n"))
    replaced = client(sandbox.clock, threads=16).apply(elsewhere).outcomes
    balancer = [o for o in replaced if o.action.address == "load-balancer/internal"]
    now = {one.address: one for one in view(elsewhere, client(sandbox.clock).reader).snapshot.live()}
    assert {o.id for o in balancer} == {live["load-balancer/internal"].id, now["load-balancer/internal"].id}


def test_what_depends_on_a_failure_is_skipped_and_names_it(sandbox: Sandbox) -> None:
    applied = spoiled(sandbox, denied("CreateNatGateway", "")).apply(graph())
    skipped = by_result(applied.outcomes, Result.SKIPPED)
    assert skipped["service/orders"].because == "nat-gateway/main/us-east-1a"
    assert skipped["route-table/main/private/us-east-1a/routes"].because == "nat-gateway/main/us-east-1a"
    assert "service/web" in by_result(applied.outcomes, Result.DONE)


def test_something_of_another_that_has_our_name_is_left_as_it_is(sandbox: Sandbox) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    logs = boto3.client("logs")
    mine = next(g["logGroupName"] for g in logs.describe_log_groups()["logGroups"] if "orders" in g["logGroupName"])
    assert client(sandbox.clock, threads=16).delete(desired).converged
    logs.create_log_group(logGroupName=mine, tags={"team": "other"})
    applied = client(sandbox.clock, threads=16).apply(desired)
    (failed,) = by_result(applied.outcomes, Result.FAILED).values()
    assert failed.action.address == "log-group/orders"
    assert failed.failure is not None
    assert failed.failure.code == "ResourceAlreadyExistsException"
    assert "not of this stack" in failed.failure.next
    arn = logs.describe_log_groups(logGroupNamePrefix=mine)["logGroups"][0]["logGroupArn"]
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "other"}


@pytest.mark.parametrize("tags", [[], [{"key": "team", "value": "other"}]])
def test_a_cluster_of_another_that_has_our_name_gets_no_services_of_ours(
    sandbox: Sandbox, tags: list[dict[str, str]]
) -> None:
    """CreateCluster is answered with the cluster that has the name, and no error (Amazon ECS API Reference)."""
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="shop_main", tags=tags)
    applied = client(sandbox.clock, threads=16).apply(graph())
    (failed,) = by_result(applied.outcomes, Result.FAILED).values()
    assert failed.action.address == "cluster/main"
    assert failed.failure is not None
    assert failed.failure.code == "AlreadyExists"
    assert "not of this stack" in failed.failure.next
    assert by_result(applied.outcomes, Result.SKIPPED)["service/orders"].because == "cluster/main"
    assert ecs.list_services(cluster="shop_main")["serviceArns"] == []


class Lease:
    """A lease that is lost after so many checks."""

    def __init__(self, checks: int) -> None:
        self._left = checks

    def check(self) -> None:
        if self._left <= 0:
            raise LeaseLost("another process took the stack")
        self._left -= 1


@pytest.mark.parametrize("held", [0, 1, 17])
def test_a_lost_lease_stops_every_further_write(sandbox: Sandbox, held: int) -> None:
    desired = graph()
    one = client(sandbox.clock, threads=8)
    doing = dataclasses.replace(one.doing, writer=one.doing.writer.guarded(Lease(held)))
    with pytest.raises(LeaseLost, match="another process"):
        apply(desired, view(desired, one.reader), one.reader.fresh(), doing)
    assert one.calls.mutating == held
    assert client(sandbox.clock, threads=16).apply(desired).converged


def test_a_delete_that_something_foreign_blocks_names_it(sandbox: Sandbox) -> None:
    desired = graph()
    before = inventory()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    ec2 = boto3.client("ec2")
    subnet = ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.0.0.0/24"]}])["Subnets"][0]
    eni = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Description="a printer")["NetworkInterface"]
    one = client(sandbox.clock, threads=16)
    doing = dataclasses.replace(one.doing, limits=Limits(settle=1200.0))
    applied = delete(desired.stack, desired.types, one.reader, doing)
    failed = by_result(applied.outcomes, Result.FAILED)["subnet/main/public/us-east-1a"]
    assert failed.failure is not None
    assert (failed.failure.operation, failed.failure.code) == ("ec2:DeleteSubnet", "DependencyViolation")
    assert f"{eni['NetworkInterfaceId']} (a printer)" in failed.failure.next
    assert by_result(applied.outcomes, Result.SKIPPED)["vpc/main"].because == "subnet/main/public/us-east-1a"
    ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    assert client(sandbox.clock, threads=16).delete(desired).converged
    assert inventory() == before


def test_a_delete_names_the_groups_of_others_whose_rules_hold_it_and_what_else_is_in_the_network(
    sandbox: Sandbox,
) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    ec2 = boto3.client("ec2")
    ours = [{"Name": "tag:reconciler.dev/address", "Values": ["security-group/task/orders"]}]
    (held,) = ec2.describe_security_groups(Filters=ours)["SecurityGroups"]
    other = ec2.create_security_group(GroupName="bastion", Description="jumps", VpcId=held["VpcId"])["GroupId"]
    pairs = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": held["GroupId"]}]}]
    ec2.authorize_security_group_egress(GroupId=other, IpPermissions=pairs)
    one = client(sandbox.clock, threads=16)
    told: list[Progress] = []
    doing = dataclasses.replace(one.doing, limits=Limits(settle=1200.0), progress=told.append)
    applied = delete(desired.stack, desired.types, one.reader, doing)
    failed = by_result(applied.outcomes, Result.FAILED)["security-group/task/orders"]
    assert failed.failure is not None
    named = f"a rule of {other} (bastion) that lets out to it"
    assert named in failed.failure.next
    assert [p for p in told if p.step is Step.WAITING and named in p.detail], "it is said while one waits, too"
    ec2.revoke_security_group_egress(GroupId=other, IpPermissions=pairs)
    again = client(sandbox.clock, threads=16)
    again_doing = dataclasses.replace(again.doing, limits=Limits(settle=1200.0))
    applied = delete(desired.stack, desired.types, again.reader, again_doing)
    failed = by_result(applied.outcomes, Result.FAILED)["vpc/main"]
    assert failed.failure is not None
    assert failed.failure.next.startswith(f"in the way: security group {other} (bastion); ")


def test_what_the_credentials_may_not_read_is_neither_made_nor_removed(sandbox: Sandbox) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    before = inventory()

    class Blind:
        def __init__(self, reader: Any) -> None:
            self._reader = reader

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reader, name)

        def fresh(self) -> Blind:
            return Blind(self._reader.fresh())

        def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
            if operation == "DescribeTargetGroups":
                raise AwsError(
                    operation="elbv2:DescribeTargetGroups",
                    code="AccessDenied",
                    message="not authorized",
                    error_class=ErrorClass.DENIED,
                )
            found: list[Any] = self._reader.pages(service, operation, key, **params)
            return found

    one = client(sandbox.clock, threads=16)
    reader: Any = Blind(one.reader)
    other_port = graph(edit=lambda text: text.replace("containerPort: 8080", "containerPort: 8081"))
    applied = apply(other_port, view(other_port, reader), reader.fresh(), one.doing)
    assert not applied.converged
    assert {"target-group/internal/orders/http", "service/orders"} <= {b.address for b in applied.left.blocked}
    assert {k: v for k, v in inventory().items() if k in ("TargetGroups", "Services", "Rules")} == {
        k: v for k, v in before.items() if k in ("TargetGroups", "Services", "Rules")
    }


def test_a_change_that_aws_shows_late_is_looked_for_again_and_not_written_twice(sandbox: Sandbox) -> None:
    assert client(sandbox.clock, threads=16).apply(graph()).converged
    changed = graph(edit=lambda text: text.replace("{path: /healthz}", "{path: /alive}"))
    one = client(sandbox.clock, threads=16)
    written_at: list[float] = []

    def note(call: Call, params: Mapping[str, Any]) -> None:
        if call.operation == "ModifyTargetGroup":
            written_at.append(sandbox.clock.now())

    class Late:
        """AWS answers for five seconds as before the change."""

        def __init__(self, reader: Any) -> None:
            self._reader = reader

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reader, name)

        def fresh(self) -> Late:
            return Late(self._reader.fresh())

        def pages(self, service: str, operation: str, key: str, /, **params: Any) -> list[Any]:
            found: list[Any] = self._reader.pages(service, operation, key, **params)
            if operation == "DescribeTargetGroups" and written_at and sandbox.clock.now() < written_at[0] + 5:
                return [{**g, "HealthCheckPath": g["HealthCheckPath"].replace("/alive", "/healthz")} for g in found]
            return found

    writing = spoiled(sandbox, note)
    reader: Any = Late(one.reader)
    assert apply(changed, view(changed, reader), reader.fresh(), writing.doing).converged
    assert len(written_at) == 1


def test_what_the_most_requests_wait_for_is_begun_first(sandbox: Sandbox) -> None:
    begun: list[str] = []
    alone = client(sandbox.clock, threads=1)
    doing = dataclasses.replace(
        alone.doing, progress=lambda step: begun.append(step.action.type) if step.step is Step.STARTED else None
    )
    assert apply(graph(), view(graph(), alone.reader), alone.reader.fresh(), doing).converged
    assert begun[0] == "vpc"
    assert begun.index("internet-gateway") < begun.index("target-group")
    assert begun.index("nat-gateway") < begun.index("load-balancer") < begun.index("vpc-endpoint")


def test_rules_that_no_request_meets_both_of_are_under_way_at_the_same_time(sandbox: Sandbox) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def wait_for_the_other(call: Call, params: Mapping[str, Any]) -> None:
        if call.operation == "CreateRule" and "orders" not in str(params["Conditions"]):
            both.wait()

    assert spoiled(sandbox, wait_for_the_other).apply(graph()).converged


def test_a_rule_that_fails_keeps_those_beside_it_from_nothing(sandbox: Sandbox) -> None:
    applied = spoiled(sandbox, denied("CreateRule", "/admin")).apply(graph())
    failed = by_result(applied.outcomes, Result.FAILED)
    assert failed.keys() == {"listener/public/http/rules"}
    (arn,) = [b["LoadBalancerArn"] for b in elb().describe_load_balancers()["LoadBalancers"] if "public" in str(b)]
    (listener,) = elb().describe_listeners(LoadBalancerArn=arn)["Listeners"]
    rules = elb().describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    assert [rule["Conditions"][0]["Values"] for rule in rules if rule["Conditions"]] == [["/api/*"]]
    again = client(sandbox.clock, threads=16)
    assert again.apply(graph()).converged
    assert again.calls.by_operation()["elbv2:CreateRule"] == 1


def elb() -> Any:
    return boto3.client("elbv2", region_name="us-east-1")


def test_what_goes_by_itself_is_waited_for_before_it_is_something_to_do_something_about(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desired = graph()
    assert client(sandbox.clock, threads=16).apply(desired).converged
    task = Holder("eni-1 (a task of service web)", passing=True)
    monkeypatch.setattr(type(desired.types["subnet"]), "holders", lambda *_: [task])
    refusals = 0

    def refuse(call: Call, params: Mapping[str, Any]) -> None:
        nonlocal refusals
        if call.operation == "DeleteSubnet" and refusals < 12:
            refusals += 1
            raise AwsError(
                operation=call.name,
                code="DependencyViolation",
                message="The subnet has dependencies and cannot be deleted.",
                error_class=ErrorClass.DEPENDENCY,
            )

    one = client(sandbox.clock, lambda writer: Spoiled(writer, refuse))
    told: list[Progress] = []
    doing = dataclasses.replace(one.doing, limits=Limits(settle=1200.0, threads=1), progress=told.append)
    assert delete(desired.stack, desired.types, one.reader, doing).converged
    waited = [step.detail for step in told if step.step is Step.WAITING and step.action.type == "subnet"]
    assert waited == [
        "The subnet has dependencies and cannot be deleted.",
        "waiting until AWS has removed eni-1 (a task of service web)",
        "in the way: eni-1 (a task of service web); this goes on when what owns them is removed",
    ]

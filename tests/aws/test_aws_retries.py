"""Which requests may be sent twice: no create is, unless AWS keeps it from being done twice."""

import threading

import pytest
from botocore.session import Session

from reconciler.aws import Calls
from reconciler.aws.retries import NEVER_REPLAYED, REPLAYED_CREATES, replayed

SERVICES = ("ec2", "elbv2", "ecs", "logs", "iam", "application-autoscaling", "resourcegroupstaggingapi")


@pytest.mark.parametrize("service", SERVICES)
def test_no_create_is_sent_twice_unless_it_is_declared(service: str) -> None:
    making = ("Create", "Allocate", "Run", "Request", "Import", "Copy", "Start", "Purchase", "Provision")
    operations = [o for o in Session().get_service_model(service).operation_names if o.startswith(making)]
    twice = [o for o in operations if replayed(service, o, {}) and f"{service}:{o}" not in REPLAYED_CREATES]
    assert twice == []


@pytest.mark.parametrize("name", sorted(NEVER_REPLAYED))
def test_a_token_does_not_make_safe_what_takes_none(name: str) -> None:
    service, operation = name.split(":")
    assert not replayed(service, operation, {"ClientToken": "ours"})


@pytest.mark.parametrize("name", sorted(NEVER_REPLAYED | REPLAYED_CREATES))
def test_what_is_declared_is_an_operation_of_aws(name: str) -> None:
    service, operation = name.split(":")
    assert operation in Session().get_service_model(service).operation_names


@pytest.mark.parametrize(
    ("service", "operation", "params", "safe"),
    [
        ("ec2", "DescribeVpcs", {}, True),
        ("ec2", "DeleteVpc", {}, True),
        ("ec2", "CreateNatGateway", {}, False),
        ("ec2", "CreateNatGateway", {"ClientToken": "ours"}, True),
        ("ecs", "CreateService", {"clientToken": "ours"}, True),
        ("ecs", "CreateService", {}, False),
        ("ecs", "RegisterTaskDefinition", {}, False),
        ("application-autoscaling", "RegisterScalableTarget", {}, True),
        ("application-autoscaling", "PutScalingPolicy", {}, True),
        ("elbv2", "CreateTargetGroup", {}, True),
    ],
)
def test_what_may_be_sent_twice(service: str, operation: str, params: dict[str, str], safe: bool) -> None:
    assert replayed(service, operation, params) is safe


def test_threads_lose_no_count() -> None:
    calls = Calls()

    def send() -> None:
        for _ in range(500):
            calls.count("ec2", "CreateVpc")
            calls.count("ec2", "DescribeVpcs")

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (calls.total, calls.mutating) == (8000, 4000)
    assert calls.by_operation() == {"ec2:CreateVpc": 4000, "ec2:DescribeVpcs": 4000}

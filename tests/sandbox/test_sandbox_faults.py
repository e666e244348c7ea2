"""What goes wrong on purpose, and that it repeats."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from patience import PATIENCE

from reconciler.sandbox import ClientDied, Clock, Faults, Sandbox, wire

ONCE = Config(retries={"total_max_attempts": 1})
VPC = {"CidrBlock": "10.0.0.0/16"}


def once(service: str) -> Any:
    return boto3.client(service, config=ONCE)


def vpcs(sandbox: Sandbox) -> int:
    """How many VPCs there are besides the default one."""
    sandbox.faults = Faults()
    return len(boto3.client("ec2").describe_vpcs()["Vpcs"]) - 1


THROTTLED = {
    "ec2": ("describe_vpcs", "RequestLimitExceeded", 503),
    "elbv2": ("describe_load_balancers", "Throttling", 400),
    "ecs": ("list_clusters", "ThrottlingException", 400),
    "logs": ("describe_log_groups", "ThrottlingException", 400),
    "iam": ("list_roles", "Throttling", 400),
    "resourcegroupstaggingapi": ("get_resources", "ThrottledException", 400),
}


@pytest.mark.parametrize("service", THROTTLED)
def test_a_throttled_request_has_the_code_of_its_service(sandbox: Sandbox, service: str) -> None:
    sandbox.faults = Faults(throttle=1)
    operation, code, status = THROTTLED[service]
    with pytest.raises(ClientError) as raised:
        getattr(once(service), operation)()
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(("service", "operation"), [("ec2", "describe_vpcs"), ("ecs", "list_clusters")])
def test_an_error_of_the_server_is_a_5xx(sandbox: Sandbox, service: str, operation: str) -> None:
    sandbox.faults = Faults(errors_5xx=1)
    with pytest.raises(ClientError) as raised:
        getattr(once(service), operation)()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500


def test_a_connection_lost_before_the_work_leaves_nothing(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(lost_before=1)
    with pytest.raises(ConnectionClosedError):
        once("ec2").create_vpc(**VPC)
    assert vpcs(sandbox) == 0


def test_a_connection_lost_after_the_work_leaves_its_fruit(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(lost_after=1)
    with pytest.raises(ConnectionClosedError):
        once("ec2").create_vpc(**VPC)
    assert vpcs(sandbox) == 1


def test_a_retry_after_a_lost_answer_makes_a_second_object(sandbox: Sandbox) -> None:
    """The trap that the reconciler must not fall into: CreateVpc has no client token."""
    sandbox.faults = Faults(lost_after=1, times=1)
    boto3.client("ec2").create_vpc(**VPC)
    assert vpcs(sandbox) == 2


@pytest.mark.parametrize(("phase", "made"), [("before", 1), ("after", 2)])
def test_the_client_dies_at_its_nth_mutation(sandbox: Sandbox, phase: Any, made: int) -> None:
    sandbox.faults = Faults(die_at=(2, phase))
    ec2 = boto3.client("ec2")
    ec2.create_vpc(**VPC)
    ec2.describe_vpcs()
    with pytest.raises(ClientDied):
        ec2.create_vpc(**VPC)
    with pytest.raises(ClientDied):
        ec2.describe_vpcs()
    assert vpcs(sandbox) == made


def test_what_catches_exceptions_does_not_catch_death(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(die_at=(1, "before"))
    assert not issubclass(ClientDied, Exception)
    with pytest.raises(ClientDied):
        boto3.client("ec2").create_vpc(**VPC)


def outcomes(sandbox: Sandbox, faults: Faults, call: Callable[[], Any], times: int = 20) -> list[bool]:
    """Which of a number of equal requests were spoiled."""
    sandbox.faults = faults
    spoiled = []
    for _ in range(times):
        try:
            call()
            spoiled.append(False)
        except ClientError:
            spoiled.append(True)
    return spoiled


def test_a_seed_repeats_what_goes_wrong(sandbox: Sandbox) -> None:
    call = once("ec2").describe_vpcs
    first = outcomes(sandbox, Faults(throttle=0.5, seed=7), call)
    assert outcomes(sandbox, Faults(throttle=0.5, seed=7), call) == first
    assert outcomes(sandbox, Faults(throttle=0.5, seed=8), call) != first
    assert 0 < sum(first) < len(first)


def test_what_one_operation_meets_does_not_depend_on_others(sandbox: Sandbox) -> None:
    ec2 = once("ec2")
    alone = outcomes(sandbox, Faults(throttle=0.5, seed=7), ec2.describe_vpcs)
    sandbox.faults = Faults(throttle=0.5, seed=7)
    mixed = []
    for _ in alone:
        for call, into in ((ec2.describe_subnets, []), (ec2.describe_vpcs, mixed)):
            try:
                call()
                into.append(False)
            except ClientError:
                into.append(True)
    assert mixed == alone


def test_faults_keep_to_the_operations_they_name(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(throttle=1, only=frozenset({"ec2:CreateVpc"}))
    ec2 = once("ec2")
    ec2.describe_vpcs()
    with pytest.raises(ClientError):
        ec2.create_vpc(**VPC)


def test_faults_end_after_the_number_asked_for(sandbox: Sandbox) -> None:
    assert outcomes(sandbox, Faults(throttle=1, times=3), once("ec2").describe_vpcs, 5) == [True] * 3 + [False] * 2


def test_latency_passes_on_the_clock(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(latency=lambda operation: 30.0 if operation == "ec2:CreateVpc" else 0.0)
    before = sandbox.clock.now()
    ec2 = boto3.client("ec2")
    ec2.describe_vpcs()
    assert sandbox.clock.now() == before
    ec2.create_vpc(**VPC)
    assert sandbox.clock.now() == before + 30


def test_requests_wait_side_by_side(plain_moto: bool) -> None:
    """Latency is not waited for under the lock: what waits does not make others wait."""

    class Meeting(Clock):
        """A clock whose sleepers wake only when all of them sleep."""

        barrier = threading.Barrier(4)

        def sleep(self, seconds: float) -> None:
            if seconds > 0:
                self.barrier.wait(PATIENCE)

    with Sandbox(clock=Meeting(0.0, 0.0), faults=Faults(latency=1.0)) as sandbox:
        ec2 = boto3.client("ec2")
        threads = [threading.Thread(target=ec2.describe_vpcs) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sandbox.calls["ec2:DescribeVpcs"] == 4


def test_retries_sleep_on_the_clock(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(throttle=1)
    before = sandbox.clock.now()
    patient = Config(retries={"mode": "standard", "total_max_attempts": 8})
    with pytest.raises(ClientError):
        boto3.client("ec2", config=patient).describe_vpcs()
    assert sandbox.clock.now() > before
    assert sandbox.calls["ec2:DescribeVpcs"] == 8


def test_mutations_can_be_watched(sandbox: Sandbox) -> None:
    seen: list[tuple[str, str]] = []
    sandbox.watch(lambda request, phase: seen.append((request.name, phase)))
    ec2 = boto3.client("ec2")
    ec2.describe_vpcs()
    ec2.create_vpc(**VPC)
    assert seen == [("ec2:CreateVpc", "before"), ("ec2:CreateVpc", "after")]


def test_every_request_is_counted(sandbox: Sandbox) -> None:
    sandbox.faults = Faults(throttle=1, times=2)
    boto3.client("ec2").describe_vpcs()
    boto3.client("elbv2").describe_load_balancers()
    boto3.client("ecs").list_clusters()
    assert dict(sandbox.calls) == {
        "ec2:DescribeVpcs": 3,
        "elbv2:DescribeLoadBalancers": 1,
        "ecs:ListClusters": 1,
    }


def test_what_moto_lacks_is_said_plainly(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match=r"NotImplemented.*cloudtrail:ListChannels"):
        boto3.client("cloudtrail").list_channels()


def test_requests_are_served_one_at_a_time(sandbox: Sandbox) -> None:
    """moto's dictionaries do not bear two writers (moto-notes, 16 threads)."""
    with ThreadPoolExecutor(1) as other:

        def work() -> tuple[int, dict[str, str], str]:
            assert not other.submit(sandbox.engine.lock.acquire, False).result()
            return 200, {}, ""

        sandbox.gate.serve(wire.Request("ec2", "DescribeVpcs", "us-east-1", "123456789012", "ec2", ""), work)

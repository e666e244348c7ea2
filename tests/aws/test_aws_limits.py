"""Below AWS's published limits, and no slower than that."""

import random

import pytest
from loopback_aws import SteppedClock

from reconciler.aws.limits import Pacer, buckets


@pytest.fixture
def pacer() -> Pacer:
    return Pacer(random.Random(1))


def seconds_for(pacer: Pacer, clock: SteppedClock, requests: int, service: str, *operations: str) -> float:
    started = clock.now()
    for n in range(requests):
        pacer.wait(service, operations[n % len(operations)], clock)
    return clock.now() - started


@pytest.mark.parametrize(
    ("requests", "service", "operation"),
    [
        (90, "ec2", "DescribeSubnets"),
        (45, "ec2", "CreateSubnet"),
        (9, "ec2", "CreateNatGateway"),
        (3, "ec2", "CreateVpcEndpoint"),
        (18, "elbv2", "CreateRule"),
        (9, "elbv2", "CreateLoadBalancer"),
        (18, "ecs", "RegisterTaskDefinition"),
        (1000, "iam", "CreateRole"),
    ],
)
def test_a_burst_that_aws_allows_is_not_held_back(
    pacer: Pacer, clock: SteppedClock, requests: int, service: str, operation: str
) -> None:
    assert seconds_for(pacer, clock, requests, service, operation) == 0


@pytest.mark.parametrize(
    ("service", "operations", "burst", "refill"),
    [
        ("ec2", ["DescribeSubnets"], 100, 20),
        ("ec2", ["AuthorizeSecurityGroupIngress"], 50, 5),
        ("ec2", ["CreateVpcEndpoint"], 4, 0.3),
        ("elbv2", ["CreateLoadBalancer"], 10, 0.2),
        ("elbv2", ["CreateLoadBalancer", "SetSubnets"], 10, 0.2),
        ("elbv2", ["CreateRule", "DeleteRule", "AddTags"], 20, 3),
        # Both kinds together meet the bucket of the whole account.
        ("elbv2", ["DescribeRules", "RegisterTargets", "DescribeTags"], 40, 10),
        ("ecs", ["RegisterTaskDefinition", "DeregisterTaskDefinition"], 20, 1),
        ("ecs", ["CreateService", "UpdateService"], 50, 5),
        ("cloudtrail", ["LookupEvents"], 2, 2),
    ],
)
def test_aws_would_never_throttle_a_long_run(
    pacer: Pacer, clock: SteppedClock, service: str, operations: list[str], burst: float, refill: float
) -> None:
    requests = 200
    tokens, started = float(burst), clock.now()
    for n in range(requests):
        before = clock.now()
        pacer.wait(service, operations[n % len(operations)], clock)
        tokens = min(burst, tokens + (clock.now() - before) * refill) - 1
        assert tokens >= 0, f"throttled at request {n}"
    fastest = (requests - burst) / refill
    assert clock.now() - started < fastest * 1.3


def test_actions_of_ec2_do_not_share_a_bucket(pacer: Pacer, clock: SteppedClock) -> None:
    assert seconds_for(pacer, clock, 90, "ec2", "CreateSubnet", "CreateRouteTable") == 0


def test_a_bucket_fills_again(pacer: Pacer, clock: SteppedClock) -> None:
    seconds_for(pacer, clock, 45, "ec2", "CreateSubnet")
    clock.sleep(60)
    assert seconds_for(pacer, clock, 45, "ec2", "CreateSubnet") == 0


def test_pacing_can_be_left_out(clock: SteppedClock) -> None:
    assert seconds_for(Pacer(random.Random(1), paced=False), clock, 1000, "ec2", "CreateVpcEndpoint") == 0


def test_a_pause_doubles_only_when_throttling_goes_on(pacer: Pacer, clock: SteppedClock) -> None:
    for _ in range(16):
        pacer.throttled("iam", clock)
    first = seconds_for(pacer, clock, 1, "iam", "GetRole")
    pacer.throttled("iam", clock)
    second = seconds_for(pacer, clock, 1, "iam", "GetRole")
    assert 0.25 <= first < 0.5 <= second < 1


def test_a_pause_is_forgotten_when_aws_answers_again(pacer: Pacer, clock: SteppedClock) -> None:
    pacer.throttled("iam", clock)
    pacer.wait("iam", "GetRole", clock)
    pacer.answered("iam", clock)
    pacer.throttled("iam", clock)
    assert seconds_for(pacer, clock, 1, "iam", "GetRole") < 0.5


def test_what_comes_back_after_a_pause_does_not_come_all_at_once(pacer: Pacer, clock: SteppedClock) -> None:
    waits = set()
    for _ in range(8):
        pacer.throttled("iam", clock)
        other = SteppedClock()
        pacer.wait("iam", "GetRole", other)
        waits.update(other.slept)
    assert len(waits) == 8


def test_aws_publishes_nothing_for_the_others() -> None:
    assert [service for service in ("iam", "logs", "sts", "application-autoscaling") if buckets(service, "Get")] == []

"""Reading CloudTrail: few questions, within its rate, each record once."""

from __future__ import annotations

import boto3
import pytest

from reconciler.aws import Access, AwsSource, Calls, TrailReader
from reconciler.aws.trail import MOST_PAGES
from reconciler.model.errors import AwsError
from reconciler.sandbox import Faults, Sandbox


@pytest.fixture
def trail(sandbox: Sandbox) -> TrailReader:
    return TrailReader(Access("us-east-1"), sandbox.clock, Calls())


def make_vpcs(count: int) -> None:
    ec2 = boto3.client("ec2")
    for _ in range(count):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")


def test_a_question_is_asked_for_each_name_and_not_for_each_object(sandbox: Sandbox, trail: TrailReader) -> None:
    make_vpcs(5)
    assert len(trail.records(["CreateVpc", "DeleteVpc"])) == 5
    assert sandbox.calls["cloudtrail:LookupEvents"] == 2


def test_it_stays_within_the_rate(sandbox: Sandbox, trail: TrailReader) -> None:
    sandbox.faults = Faults(buckets=True)
    trail.records([f"Create{letter}" for letter in "abcdefghij"])
    assert sandbox.calls["cloudtrail:LookupEvents"] == 10


def test_what_was_read_is_remembered_and_only_news_asked_for(sandbox: Sandbox, trail: TrailReader) -> None:
    make_vpcs(60)
    sandbox.clock.advance(10_000)
    first = trail.records(["CreateVpc"])
    sandbox.clock.advance(10_000)
    make_vpcs(1)
    before = sandbox.calls["cloudtrail:LookupEvents"]
    second = trail.records(["CreateVpc"])
    assert (len(first), len(second)) == (60, 61)
    assert sandbox.calls["cloudtrail:LookupEvents"] == before + 1
    trail.records(["CreateVpc"], fresh=30)
    assert sandbox.calls["cloudtrail:LookupEvents"] == before + 1


def test_an_endless_history_is_not_read_to_its_end(sandbox: Sandbox, trail: TrailReader) -> None:
    sandbox.faults = Faults()
    make_vpcs(50 * MOST_PAGES + 1)
    assert len(trail.records(["CreateVpc"])) == 50 * MOST_PAGES
    assert sandbox.calls["cloudtrail:LookupEvents"] == MOST_PAGES


def test_a_trail_that_cannot_be_read_says_so(sandbox: Sandbox, trail: TrailReader) -> None:
    sandbox.faults = Faults(errors_5xx=1, only=frozenset({"cloudtrail:LookupEvents"}))
    with pytest.raises(AwsError):
        trail.records(["CreateVpc"])
    sandbox.faults = Faults()
    assert trail.records(["CreateVpc"]) == []


def test_calls_of_iam_are_looked_up_where_cloudtrail_keeps_them(sandbox: Sandbox) -> None:
    """IAM has no regions: its calls are in us-east-1 alone (CloudTrail User Guide, "Global service events")."""
    boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    boto3.client("ec2", "eu-west-1").create_vpc(CidrBlock="10.0.0.0/16")
    source = AwsSource(Access("eu-west-1"), sandbox.clock, Calls())
    found = source.records(["iam:CreateRole", "ec2:CreateVpc"])
    assert {(one["eventName"], one["awsRegion"]) for one in found} == {
        ("CreateRole", "us-east-1"),
        ("CreateVpc", "eu-west-1"),
    }

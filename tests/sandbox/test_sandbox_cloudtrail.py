"""Who called what: CloudTrail's record of each call, and how LookupEvents finds it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.sandbox import Faults, Sandbox, Timings

ONCE = Config(retries={"total_max_attempts": 1})
pytestmark = pytest.mark.stricter_than_moto


@pytest.fixture
def trail(sandbox: Sandbox) -> Any:
    return boto3.client("cloudtrail", config=ONCE)


def looked_up(trail: Any, key: str, value: str) -> list[dict[str, Any]]:
    """The events with an attribute, newest first, each with its record."""
    rows = trail.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])["Events"]
    return [row | {"record": json.loads(row["CloudTrailEvent"])} for row in rows]


def test_a_call_is_told_in_the_words_of_a_cloudtrail_record(network: Any, trail: Any, sandbox: Sandbox) -> None:
    """Source: CloudTrail User Guide, "CloudTrail record contents for management events"."""
    ec2 = boto3.client("ec2", config=Config(user_agent_extra="reconciler/9"))
    ec2.delete_tags(Resources=[network.vpc], Tags=[{"Key": "team"}])
    (row,) = looked_up(trail, "EventName", "DeleteTags")
    record = row["record"]
    assert row["EventTime"] == datetime.fromtimestamp(sandbox.clock.now(), UTC)
    assert row["ReadOnly"] == "false"
    assert row["Resources"] == [{"ResourceType": "AWS::EC2::VPC", "ResourceName": network.vpc}]
    assert record["userAgent"].endswith("reconciler/9")
    assert {key: record[key] for key in record.keys() - {"userAgent", "requestID", "eventID", "userIdentity"}} == {
        "eventVersion": "1.11",
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DeleteTags",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": {
            "resourcesSet": {"items": [{"resourceId": network.vpc}]},
            "tagSet": {"items": [{"key": "team"}]},
        },
        "responseElements": {"requestId": record["requestID"], "_return": True},
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
    }
    assert row["EventId"] == record["eventID"]


def test_the_principal_is_the_one_that_sts_names(sandbox: Sandbox, trail: Any) -> None:
    """CloudTrail User Guide, userIdentity element, arn; STS API Reference, GetCallerIdentity, Arn."""
    role = "arn:aws:iam::123456789012:role/operator"
    session = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="ann")["Credentials"]
    keys = {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }
    boto3.client("ec2", **keys).create_vpc(CidrBlock="10.0.0.0/16")
    (row,) = looked_up(trail, "Username", "ann")
    identity = row["record"]["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == boto3.client("sts", **keys).get_caller_identity()["Arn"]
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role


def test_json_services_keep_their_names_and_hide_values_of_the_environment(sandbox: Sandbox, trail: Any) -> None:
    """CloudTrail User Guide, Record contents, requestParameters: secrets are HIDDEN_DUE_TO_SECURITY_REASONS."""
    container = {"name": "app", "image": "app", "environment": [{"name": "PASSWORD", "value": "hunter2"}]}
    boto3.client("ecs").register_task_definition(
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    (row,) = looked_up(trail, "EventName", "RegisterTaskDefinition")
    record = row["record"]
    assert record["eventSource"] == "ecs.amazonaws.com"
    assert record["requestParameters"]["family"] == "web"
    assert record["responseElements"]["taskDefinition"]["taskDefinitionArn"].endswith("task-definition/web:1")
    assert "hunter2" not in row["CloudTrailEvent"]


def test_query_services_have_lists_without_items(network: Any, trail: Any) -> None:
    """Elastic Load Balancing guide, Logging API calls with CloudTrail: example entries."""
    elb = boto3.client("elbv2")
    arn = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=network.vpc)["TargetGroups"][0][
        "TargetGroupArn"
    ]
    elb.remove_tags(ResourceArns=[arn], TagKeys=["a", "b"])
    (row,) = looked_up(trail, "ResourceName", arn)[:1]
    assert row["EventSource"] == "elasticloadbalancing.amazonaws.com"
    assert row["record"]["requestParameters"] == {"resourceArns": [arn], "tagKeys": ["a", "b"]}
    assert row["record"]["responseElements"] is None


def test_a_refused_call_is_kept_with_its_error(network: Any, trail: Any) -> None:
    """CloudTrail User Guide, Record contents, errorCode and errorMessage."""
    with pytest.raises(ClientError):
        network.ec2.delete_vpc(VpcId="vpc-00000000000000000")
    (row,) = looked_up(trail, "EventName", "DeleteVpc")
    assert row["record"]["errorCode"] == "Client.InvalidVpcID.NotFound"
    assert row["record"]["responseElements"] is None


def test_a_throttled_call_is_kept_with_its_error(sandbox: Sandbox, trail: Any) -> None:
    """CloudTrail User Guide, Record contents, errorCode."""
    sandbox.faults = Faults(throttle=1, only=frozenset({"ec2:CreateVpc"}))
    with pytest.raises(ClientError):
        boto3.client("ec2", config=ONCE).create_vpc(CidrBlock="10.0.0.0/16")
    (row,) = looked_up(trail, "EventName", "CreateVpc")
    assert row["record"]["errorCode"] == "Server.RequestLimitExceeded"


def test_reads_and_messages_are_not_kept(sandbox: Sandbox, trail: Any) -> None:
    """EventBridge User Guide, Events delivered via CloudTrail: none of List, Get and Describe; CloudTrail User Guide,
    Data events: messages are none of the management events."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    boto3.client("ec2").describe_vpcs()
    assert [event["EventName"] for event in trail.lookup_events()["Events"]] == ["CreateQueue"]


def test_pages_are_newest_first_and_do_not_move(network: Any, trail: Any) -> None:
    """CloudTrail API Reference, LookupEvents: the most recent events first; NextToken."""
    for name in "abcde":
        network.group(name)
    wanted = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateSecurityGroup"}]}
    first = trail.lookup_events(MaxResults=2, **wanted)
    network.group("late")
    second = trail.lookup_events(MaxResults=2, NextToken=first["NextToken"], **wanted)
    third = trail.lookup_events(MaxResults=2, NextToken=second["NextToken"], **wanted)
    rows = [*first["Events"], *second["Events"], *third["Events"]]
    assert [json.loads(row["CloudTrailEvent"])["requestParameters"]["groupName"] for row in rows] == list("edcba")
    assert "NextToken" not in third


def test_times_narrow_a_lookup(network: Any, trail: Any, sandbox: Sandbox) -> None:
    """CloudTrail API Reference, LookupEvents, StartTime and EndTime."""
    network.group("early")
    sandbox.clock.advance(60)
    noon = datetime.fromtimestamp(sandbox.clock.now(), UTC)
    network.group("late")
    assert len(trail.lookup_events(StartTime=noon)["Events"]) == 1
    assert "CreateVpc" in [row["EventName"] for row in trail.lookup_events(EndTime=noon)["Events"]]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"MaxResults": 50, "NextToken": "?"}, "InvalidNextTokenException"),
        ({"StartTime": 100, "EndTime": 50}, "InvalidTimeRangeException"),
        (
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "CreateVpc"},
                    {"AttributeKey": "Username", "AttributeValue": "moto"},
                ]
            },
            "InvalidLookupAttributesException",
        ),
    ],
)
def test_a_wrong_lookup_is_refused(sandbox: Sandbox, asked: dict[str, Any], code: str) -> None:
    """CloudTrail API Reference, LookupEvents, Errors."""
    lenient = boto3.client("cloudtrail", config=Config(parameter_validation=False))
    with pytest.raises(ClientError) as raised:
        lenient.lookup_events(**asked)
    assert raised.value.response["Error"]["Code"] == code


def test_lookups_have_a_bucket_of_two_a_second(sandbox: Sandbox, trail: Any) -> None:
    """Source: CloudTrail API Reference, LookupEvents: two requests per second, account and region."""
    sandbox.faults = Faults(buckets=True)
    trail.lookup_events()
    trail.lookup_events()
    with pytest.raises(ClientError) as raised:
        trail.lookup_events()
    assert raised.value.response["Error"]["Code"] == "ThrottlingException"
    sandbox.clock.advance(0.5)
    trail.lookup_events()


def test_a_call_is_listed_minutes_later(plain_moto: bool) -> None:
    """CloudTrail User Guide, How CloudTrail works: within about five minutes of a call, on average."""
    with Sandbox(strict=not plain_moto, timings=Timings(trail_lookup=300)) as sandbox:
        trail = boto3.client("cloudtrail")
        boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
        sandbox.clock.advance(299)
        assert trail.lookup_events()["Events"] == []
        sandbox.clock.advance(1)
        assert len(trail.lookup_events()["Events"]) == 1


def test_events_of_iam_are_kept_in_us_east_1(sandbox: Sandbox) -> None:
    """CloudTrail User Guide, Global service events: recorded in US East (N. Virginia)."""
    iam = boto3.client("iam", region_name="eu-west-1")
    iam.create_user(UserName="ann")
    there, home = (boto3.client("cloudtrail", region_name=name).lookup_events() for name in ("eu-west-1", "us-east-1"))
    assert (len(there["Events"]), len(home["Events"])) == (0, 1)

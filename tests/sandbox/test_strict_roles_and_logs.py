"""IAM roles and log groups as AWS has them."""

import json
from typing import Any

import boto3
import pytest

pytestmark = pytest.mark.stricter_than_moto

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@pytest.fixture
def iam(sandbox: Any) -> Any:
    return boto3.client("iam")


@pytest.fixture
def logs(sandbox: Any) -> Any:
    return boto3.client("logs")


@pytest.mark.parametrize("name", ["a b", "a/b", "é"])
def test_a_bad_role_name_is_refused(iam: Any, code_of: Any, name: str) -> None:
    """IAM API Reference, CreateRole, RoleName: [\\w+=,.@-]+."""
    assert code_of(iam.create_role, RoleName=name, AssumeRolePolicyDocument=TRUST) == "ValidationError"


def test_role_names_are_unique_whatever_their_case(iam: Any, code_of: Any) -> None:
    """IAM API Reference, CreateRole, RoleName: names are not distinguished by case."""
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=TRUST)
    assert code_of(iam.create_role, RoleName="WEB", AssumeRolePolicyDocument=TRUST) == "EntityAlreadyExists"


@pytest.mark.parametrize(
    "document",
    ["{}", "not json", TRUST.replace('"Principal"', '"Nobody"'), TRUST.replace('"Allow"', '"Allow", "Resource": "*"')],
    ids=["empty", "text", "no-principal", "resource"],
)
def test_a_bad_trust_policy_is_refused(iam: Any, code_of: Any, document: str) -> None:
    """IAM API Reference, CreateRole: MalformedPolicyDocument."""
    code = code_of(iam.create_role, RoleName="web", AssumeRolePolicyDocument=document)
    assert code == "MalformedPolicyDocument"


def test_the_policies_of_aws_are_there(iam: Any) -> None:
    """IAM User Guide, AWS managed policies: standalone policies in every account."""
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="web", PolicyArn=arn)
    (attached,) = iam.list_attached_role_policies(RoleName="web")["AttachedPolicies"]
    assert attached["PolicyArn"] == arn


@pytest.mark.parametrize("name", ["a b", "aws/ecs", "a:b"])
def test_a_bad_log_group_name_is_refused(logs: Any, code_of: Any, name: str) -> None:
    """CloudWatch Logs API Reference, CreateLogGroup, logGroupName; names that start with aws/ are reserved."""
    assert code_of(logs.create_log_group, logGroupName=name) == "InvalidParameterException"


def test_only_some_numbers_of_days_are_kept(logs: Any, code_of: Any) -> None:
    """CloudWatch Logs API Reference, PutRetentionPolicy, retentionInDays: possible values."""
    logs.create_log_group(logGroupName="web")
    code = code_of(logs.put_retention_policy, logGroupName="web", retentionInDays=31)
    assert code == "InvalidParameterException"


def test_log_groups_are_found_by_their_names(logs: Any) -> None:
    """CloudWatch Logs API Reference, DescribeLogGroups, logGroupIdentifiers: names or ARNs; LogGroup."""
    for name in ("web", "web/orders", "other"):
        logs.create_log_group(logGroupName=name)
    (found,) = logs.describe_log_groups(logGroupIdentifiers=["web"])["logGroups"]
    assert (found["logGroupName"], found["logGroupClass"]) == ("web", "STANDARD")


def test_a_log_group_made_again_has_none_of_the_tags_of_the_old_one(logs: Any) -> None:
    """CloudWatch Logs API Reference, DeleteLogGroup: the group is deleted for ever, and its tags with it."""
    logs.create_log_group(logGroupName="/app/web", tags={"team": "a"})
    logs.delete_log_group(logGroupName="/app/web")
    logs.create_log_group(logGroupName="/app/web")
    arn = logs.describe_log_groups(logGroupNamePrefix="/app/web")["logGroups"][0]["logGroupArn"]
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}


@pytest.mark.parametrize("key", ["aws:team", "AWS:team"])
def test_a_tag_of_a_role_that_only_aws_may_set_is_refused(iam: Any, code_of: Any, key: str) -> None:
    """IAM User Guide, Tags for IAM resources: the prefix aws: is reserved, in any combination of case."""
    tags = [{"Key": key, "Value": "v"}]
    assert code_of(iam.create_role, RoleName="web", AssumeRolePolicyDocument=TRUST, Tags=tags) == "InvalidInput"

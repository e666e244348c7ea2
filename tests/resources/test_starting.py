"""What is read to tell whether tasks can start, of things that are others'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from canned_answers import CannedAnswers
from cuts import client
from service_models import operation_model
from worlds import graph

from reconciler.model.graph import Readables
from reconciler.model.resource import Observed
from reconciler.observe import look, scope_of
from reconciler.resources import fargate_quota, mount_target, starting, task_secret
from reconciler.resources.fargate_quota import ON_DEMAND, SPOT
from reconciler.sandbox import Sandbox

FILE_SYSTEM = "fs-0123456789abcdef0"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"
OURS = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def seen(sandbox: Sandbox, kind: str, **instead: str) -> list[Observed[Any]]:
    """What is found of a type for the example, some of its texts being others."""

    def edit(text: str) -> str:
        for old, new in instead.items():
            text = text.replace({"system": FILE_SYSTEM, "secret": SECRET}[old], new)
        return text

    types: Readables = {kind: starting()[kind]}
    found = look(types, client(sandbox.clock).reader, ["production"], [graph("production.yaml", edit)])
    assert found.unknown == {}
    return list(found.found[kind])


@pytest.mark.parametrize("kind", ["mount-target", "fargate-quota", "task-secret"])
def test_where_others_made_nothing_there_is_nothing(sandbox: Sandbox, kind: str) -> None:
    assert seen(sandbox, kind) == []


def test_mount_targets_and_who_stands_before_them(sandbox: Sandbox) -> None:
    efs, ec2 = boto3.client("efs"), boto3.client("ec2")
    system = efs.create_file_system(CreationToken="shared")["FileSystemId"]
    subnet = ec2.describe_subnets()["Subnets"][0]
    made = ec2.create_security_group(GroupName="files", Description="files", VpcId=subnet["VpcId"])
    group = made["GroupId"]
    target = efs.create_mount_target(FileSystemId=system, SubnetId=subnet["SubnetId"], SecurityGroups=[group])
    (found,) = seen(sandbox, "mount-target", system=system)
    assert (found.id, found.fields.file_system_id) == (target["MountTargetId"], system)
    assert (found.fields.subnet_id.value, found.fields.vpc_id.value) == (subnet["SubnetId"], subnet["VpcId"])
    assert found.fields.availability_zone == subnet["AvailabilityZone"]
    assert {one.value for one in found.fields.security_groups} == {group}
    (fact,) = mount_target.TYPE.facts(found.fields.subnet_id, found.fields, found.id)
    assert fact.segments == {found.fields.subnet_id}


def test_keys_of_somebody_s_own_that_encrypt_secrets_and_parameters(sandbox: Sandbox) -> None:
    secrets, parameters = boto3.client("secretsmanager"), boto3.client("ssm")
    secret = secrets.create_secret(Name="shop", SecretString="-", KmsKeyId=OURS)["ARN"]
    parameters.put_parameter(Name="/shop/datadog", Value="-", Type="SecureString", KeyId="alias/ours")
    found = {one.id: one.fields.key_id for one in seen(sandbox, "task-secret", secret=secret)}
    assert found == {secret: OURS, "arn:aws:ssm:us-east-1:123456789012:parameter/shop/datadog": "alias/ours"}


def test_a_key_of_aws_s_own_is_nobody_s_business(sandbox: Sandbox) -> None:
    secret = boto3.client("secretsmanager").create_secret(Name="shop", SecretString="-")["ARN"]
    boto3.client("ssm").put_parameter(Name="/shop/datadog", Value="-", Type="SecureString")
    assert [one.fields.key_id for one in seen(sandbox, "task-secret", secret=secret)] == ["", ""]


def test_a_secret_or_parameter_is_not_there_where_aws_knows_none_or_is_about_to_delete_it(sandbox: Sandbox) -> None:
    secrets = boto3.client("secretsmanager")
    secret = secrets.create_secret(Name="shop", SecretString="-")["ARN"]
    secrets.delete_secret(SecretId=secret, RecoveryWindowInDays=7)
    assert seen(sandbox, "task-secret", secret=secret) == []
    assert seen(sandbox, "task-secret") == []


class Quotas(CannedAnswers):
    """An account with a quota of its own for each code."""

    def get(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        shape = operation_model(service, operation).output_shape
        assert shape is not None
        assert shape.members["Quota"].members["Value"].type_name == "double"
        return {"Quota": {"Value": {ON_DEMAND: 6.0, SPOT: 4000.0}[params["QuotaCode"]]}}


def test_fargate_s_quotas_are_read_for_the_capacity_that_is_used() -> None:
    for name, codes in (("two-tier.yaml", {ON_DEMAND: 6}), ("production.yaml", {ON_DEMAND: 6, SPOT: 4000})):
        reader = Quotas({})
        scope = scope_of(reader, ["shop"], [graph(name)])
        found = fargate_quota.TYPE.observe(reader, scope)
        assert {one.fields.quota_code: one.fields.value for one in found} == codes


def test_a_secret_is_known_without_what_follows_its_arn() -> None:
    (definition,) = (r.fields for a, r in graph("production.yaml").resources.items() if a == "task-definition/web")
    assert SECRET in {task_secret.whole(arn) for arn in task_secret.named(definition)}


def test_a_role_that_is_given_has_a_boundary_where_somebody_set_one(sandbox: Sandbox) -> None:
    iam = boto3.client("iam")
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}'
    trust = policy.replace('"Resource": "*"', '"Principal": {"Service": "ecs-tasks.amazonaws.com"}').replace(
        "logs:*", "sts:AssumeRole"
    )
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy)["Policy"]["Arn"]
    iam.create_role(RoleName="shop-execution", AssumeRolePolicyDocument=trust, PermissionsBoundary=limit)
    iam.create_role(RoleName="shop-reports", AssumeRolePolicyDocument=trust)
    kind = starting()["given-role"]
    found = look({kind.name: kind}, client(sandbox.clock).reader, ["production"], [graph("production.yaml")])
    limits = {one.id.rpartition("/")[2]: one.fields.boundary for one in found.found[kind.name]}
    assert limits.keys() == {"shop-execution", "shop-reports"}
    assert limits["shop-reports"] is None
    assert [set(one["Action"]) for one in limits["shop-execution"]["Statement"]] == [{"logs:*"}]

"""IAM roles with their policies, and log groups: one policy written many ways is one policy."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_reader import ScriptedReader, refused

from reconciler.model.errors import AwsError
from reconciler.model.resource import Context, Observed, Resource, Scope
from reconciler.model.values import FrozenMap, Ref, Template
from reconciler.resources._policy import document_text, policy_document, read_document, respelled
from reconciler.resources.log_group import TYPE as LOG_GROUP
from reconciler.resources.log_group import LogGroup
from reconciler.resources.role import TYPE as ROLE
from reconciler.resources.role import Policy, Role

CONTEXT = Context("shop", "123456789012", "us-east-1", "aws", name="chosen-name", tags=FrozenMap({"team": "shop"}))
SCOPE = Scope("us-east-1", ("shop",))
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
TRUST = policy_document({"Statement": {**READ, "Action": "sts:AssumeRole"}})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"Statement": READ}, {"Statement": [READ]}, id="a statement and a list of one"),
        pytest.param({"Statement": [READ, LIST]}, {"Statement": [LIST, READ]}, id="statements in any order"),
        pytest.param({"Statement": READ}, {"Statement": {**READ, "Sid": ""}}, id="no id and an empty one"),
        pytest.param(
            {"Statement": {**READ, "Action": ["s3:GetObject", "s3:PutObject"]}},
            {"Statement": {**READ, "Action": ["s3:PutObject", "s3:GetObject"]}},
            id="actions in any order",
        ),
        pytest.param(
            {"Statement": {"Effect": "Deny", "Principal": "*"}},
            {"Statement": {"Effect": "Deny", "Principal": {"AWS": ["*"]}}},
            id="everybody",
        ),
        pytest.param(
            {"Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}}},
            {"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws-cn:iam::123456789012:root"}}},
            id="an account by number and by its root",
        ),
        pytest.param(
            {"Statement": {**READ, "Condition": {"Bool": {"aws:SecureTransport": True}}}},
            {"Statement": {**READ, "Condition": {"Bool": {"aws:SecureTransport": ["true"]}}}},
            id="a condition's value as JSON and as text",
        ),
    ],
)
def test_one_policy_written_two_ways_is_one_policy(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert policy_document(one) == policy_document(other)


@pytest.mark.parametrize(
    "changes",
    [
        {"Effect": "Deny"},
        {"Action": "s3:PutObject"},
        {"Resource": "arn:aws:s3:::bucket"},
        {"Principal": "*"},
        {"Sid": "Named"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_policies_that_say_something_else_differ(changes: dict[str, Any]) -> None:
    assert policy_document({"Statement": READ}) != policy_document({"Statement": {**READ, **changes}})


def test_a_policy_without_a_version_is_new_where_we_write_it_and_old_where_aws_has_it() -> None:
    assert policy_document({"Statement": READ})["Version"] == "2012-10-17"
    assert read_document({"Statement": READ})["Version"] == "2008-10-17"


def test_a_policy_may_come_encoded_or_decoded() -> None:
    data = {"Version": "2012-10-17", "Statement": READ}
    assert read_document(quote(json.dumps(data))) == read_document(data) == policy_document(data)


_texts = st.text('aZ*:/"\\é ', min_size=1, max_size=6)
_statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": st.lists(_texts, min_size=1, max_size=3)},
    optional={
        "Resource": _texts | st.lists(_texts, min_size=1, max_size=2),
        "Principal": st.dictionaries(st.sampled_from(["AWS", "Service"]), _texts, min_size=1),
        "Condition": st.dictionaries(_texts, st.dictionaries(_texts, st.booleans() | _texts, max_size=2), max_size=2),
    },
)


@given(st.lists(_statements, max_size=3))
def test_a_policy_is_read_as_it_is_written(statements: list[dict[str, Any]]) -> None:
    wanted = policy_document({"Statement": statements})
    text = document_text(wanted)
    assert isinstance(text, str)
    assert read_document(json.loads(text)) == wanted
    assert document_text(policy_document({"Statement": statements[::-1]})) == text


def test_the_text_of_a_policy_keeps_references_open() -> None:
    group = Ref("log-group/web", "arn")
    statement = {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": [Template((group, ':*"')), group]}
    text = document_text(policy_document({"Statement": statement}))
    assert isinstance(text, Template)
    filled = "".join("arn:of:group" if isinstance(part, Ref) else part for part in text.parts)
    assert set(json.loads(filled)["Statement"][0]["Resource"]) == {'arn:of:group:*"', "arn:of:group"}


def test_the_case_of_an_action_means_nothing_and_is_kept_as_we_write_it() -> None:
    ours = policy_document({"Statement": [READ, LIST]})
    theirs = policy_document({"Statement": [{**READ, "Action": "S3:getobject"}, LIST]})
    assert respelled(theirs, ours) == ours
    assert respelled(theirs, policy_document({"Statement": LIST})) == theirs


def detail(**changes: Any) -> dict[str, Any]:
    return {
        "RoleName": "shop_web_execution_us-east-1",
        "Arn": "arn:aws:iam::123456789012:role/reconciler/us-east-1/shop_web_execution_us-east-1",
        "Path": "/reconciler/us-east-1/",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": {**READ, "Action": "sts:AssumeRole"}},
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": READ}}],
        "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicyName": "x"}],
        "Tags": [{"Key": "reconciler.dev/stack", "Value": "shop"}],
        **changes,
    }


def roles(*details: Mapping[str, Any]) -> list[Observed[Role]]:
    account = ScriptedReader(GetAccountAuthorizationDetails={"RoleDetailList": list(details)})
    return list(ROLE.observe(account, SCOPE))


def test_a_role_with_all_its_policies_is_one_request() -> None:
    (seen,) = roles(detail())
    assert seen.fields == Role(
        assume_role_policy_document=TRUST,
        policies=FrozenMap({"own": Policy(policy_document=policy_document({"Statement": READ}))}),
        managed_policy_arns=frozenset({"arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    )
    assert seen.id == seen.outputs["name"] == "shop_web_execution_us-east-1"


@pytest.mark.parametrize(
    ("changes", "is_seen"),
    [
        ({"Path": "/reconciler/eu-west-1/"}, False),
        ({"Path": "/theirs/"}, True),
        ({"Tags": [{"Key": "reconciler.dev/stack", "Value": "shop-2"}]}, False),
        ({"Tags": []}, False),
    ],
)
def test_whose_a_role_is_and_of_which_region(changes: dict[str, Any], is_seen: bool) -> None:
    assert len(roles(detail(**changes))) == is_seen


def role(policies: dict[str, dict[str, Any]], *managed: str) -> Role:
    return Role(
        assume_role_policy_document=TRUST,
        policies=FrozenMap({n: Policy(policy_document=policy_document({"Statement": s})) for n, s in policies.items()}),
        managed_policy_arns=frozenset(managed),
    )


def operations(wanted: Role, present: Role, *changed: str) -> list[str]:
    resource = Resource("role/web/execution", "role", wanted, "Task/web")
    live = Observed(type="role", id="web", fields=present)
    return [call.operation for call in ROLE.update(resource, live, frozenset(changed), CONTEXT)]


def test_a_role_gets_what_it_needs_before_it_loses_what_it_does_not() -> None:
    wanted, present = role({"new": READ, "kept": LIST}, "arn:new"), role({"old": READ, "kept": LIST}, "arn:old")
    assert operations(wanted, present, "policies", "managed_policy_arns") == [
        "PutRolePolicy",
        "AttachRolePolicy",
        "DetachRolePolicy",
        "DeleteRolePolicy",
    ]


def test_a_changed_trust_touches_no_policy() -> None:
    wanted = dataclasses.replace(role({"own": READ}), assume_role_policy_document=policy_document({"Statement": READ}))
    assert operations(wanted, role({}), "assume_role_policy_document") == ["UpdateAssumeRolePolicy"]


def test_a_role_is_emptied_before_it_is_deleted() -> None:
    live = Observed(type="role", id="web", fields=role({"own": READ}, "arn:one"))
    deleted = [call.operation for call in ROLE.delete(live, CONTEXT)]
    assert deleted == ["DetachRolePolicy", "DeleteRolePolicy", "DeleteRole"]


def test_what_others_spell_otherwise_is_aligned_and_what_they_add_stays() -> None:
    wanted = role({"own": READ})
    present = role({"own": {**READ, "Action": "S3:GETOBJECT"}, "theirs": LIST})
    aligned = ROLE.align(wanted, present)
    assert aligned.policies["own"] == wanted.policies["own"]
    assert aligned.policies["theirs"] == present.policies["theirs"]


def log_groups(*names: str, gone: str = "", code: str = "ResourceNotFoundException") -> ScriptedReader:
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:"

    def tags(resourceArn: str) -> dict[str, Any]:  # noqa: N803
        if gone and resourceArn.endswith(gone):
            raise refused("logs:ListTagsForResource", code)
        assert not resourceArn.endswith("*")
        return {"tags": {"reconciler.dev/stack": "shop"}}

    return ScriptedReader(
        DescribeLogGroups={"logGroups": [{"logGroupName": name, "arn": f"{arn}{name}:*"} for name in names]},
        ListTagsForResource=tags,
    )


def test_log_groups_are_those_of_the_stack_and_of_no_other_whose_name_begins_alike() -> None:
    account = log_groups("/reconciler/shop/web", "/reconciler/shop-2/web", "/reconciler/shop")
    (seen,) = LOG_GROUP.observe(account, SCOPE)
    assert seen.outputs["arn"] == "arn:aws:logs:us-east-1:123456789012:log-group:/reconciler/shop/web"
    assert seen.fields == LogGroup(retention_in_days=None)
    assert account.asked == ["DescribeLogGroups", "ListTagsForResource"]


def test_a_log_group_that_has_just_gone_hides_no_other() -> None:
    account = log_groups("/reconciler/shop/gone", "/reconciler/shop/web", gone="gone")
    assert [o.id for o in LOG_GROUP.observe(account, SCOPE)] == ["/reconciler/shop/web"]


def test_any_other_failure_is_not_taken_for_an_absent_log_group() -> None:
    account = log_groups("/reconciler/shop/web", gone="web", code="AccessDeniedException")
    with pytest.raises(AwsError, match="AccessDenied"):
        list(LOG_GROUP.observe(account, SCOPE))


@pytest.mark.parametrize(
    ("days", "expected"), [(30, ["CreateLogGroup", "PutRetentionPolicy"]), (None, ["CreateLogGroup"])]
)
def test_a_log_group_that_is_kept_for_ever_has_no_retention_policy(days: int | None, expected: list[str]) -> None:
    resource = Resource("log-group/web", "log-group", LogGroup(retention_in_days=days), "Task/web")
    calls = LOG_GROUP.create(resource, CONTEXT)
    assert [call.operation for call in calls] == expected
    assert dict(calls[0].known) == {
        "id": "chosen-name",
        "name": "chosen-name",
        "arn": "arn:aws:logs:us-east-1:123456789012:log-group:chosen-name",
    }


def test_retention_is_taken_away_where_none_is_wanted() -> None:
    resource = Resource("log-group/web", "log-group", LogGroup(retention_in_days=None), "Task/web")
    live = Observed(type="log-group", id="/reconciler/shop/web", fields=LogGroup(retention_in_days=7))
    (call,) = LOG_GROUP.update(resource, live, frozenset({"retention_in_days"}), CONTEXT)
    assert call.operation == "DeleteRetentionPolicy"

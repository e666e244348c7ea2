"""The rules of security groups, in answers as AWS gives them."""

from __future__ import annotations

from typing import Any

import pytest
from canned_answers import CannedAnswers, scope, tags
from service_models import plain

from reconciler.model.resource import Context, Observed, Resource
from reconciler.model.values import FrozenMap, Id
from reconciler.resources.security_group_rules import TYPE, Rule, RuleKey, SecurityGroupRules

CONTEXT = Context(stack="shop", account="123456789012", region="us-east-1", partition="aws")
PEERS: dict[str, list[Any]] = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}


def permission(protocol: str, **members: Any) -> dict[str, Any]:
    return {"IpProtocol": protocol, **PEERS, **members}


def observed(*ingress: dict[str, Any]) -> Observed[SecurityGroupRules]:
    """A group of ours with some rules, as DescribeSecurityGroups gives it."""
    group = {
        "GroupId": "sg-1",
        "OwnerId": "123456789012",
        "IpPermissions": list(ingress),
        "IpPermissionsEgress": [],
        "Tags": tags("security-group/task/web"),
    }
    (found,) = TYPE.observe(CannedAnswers({"DescribeSecurityGroups": [group]}), scope("vpc-1"))
    return found


def test_peers_that_aws_merged_are_rules_of_their_own() -> None:
    found = observed(
        permission(
            "tcp",
            FromPort=80,
            ToPort=80,
            IpRanges=[{"CidrIp": "10.1.2.3/16"}, {"CidrIp": "192.0.2.0/24", "Description": "office"}],
            Ipv6Ranges=[{"CidrIpv6": "2001:DB8::/32"}],
            PrefixListIds=[{"PrefixListId": "pl-1"}],
            UserIdGroupPairs=[{"GroupId": "sg-2", "UserId": "123456789012"}],
        )
    )
    assert found.address == "security-group/task/web/rules"
    assert {str(key): rule.description for key, rule in found.fields.ingress.items()} == {
        "tcp 80 10.1.0.0/16": None,
        "tcp 80 192.0.2.0/24": "office",
        "tcp 80 2001:db8::/32": None,
        "tcp 80 pl-1": None,
        "tcp 80 sg-2": None,
    }


@pytest.mark.parametrize(
    ("protocol", "ports"),
    [("-1", (None, None)), ("50", (None, None)), ("tcp", (0, 0)), ("icmp", (0, 0)), ("icmpv6", (0, 0))],
)
def test_only_protocols_that_have_ports_keep_them(protocol: str, ports: tuple[int | None, int | None]) -> None:
    found = observed(permission(protocol, FromPort=0, ToPort=0, IpRanges=[{"CidrIp": "0.0.0.0/0"}]))
    assert list(found.fields.ingress) == [RuleKey(protocol, *ports, "0.0.0.0/0")]


def test_a_group_of_another_account_is_revoked_by_account_and_group() -> None:
    peer = {"GroupId": "sg-9", "UserId": "999999999999", "VpcPeeringConnectionId": "pcx-1"}
    live = observed(permission("tcp", FromPort=22, ToPort=22, UserIdGroupPairs=[peer]))
    assert [str(key) for key in live.fields.ingress] == ["tcp 22 999999999999/sg-9"]
    none = SecurityGroupRules(group_id=Id("sg-1"), ingress=FrozenMap(), egress=FrozenMap())
    resource = Resource("security-group/task/web/rules", TYPE.name, none, "Task/web")
    (call,) = TYPE.update(resource, live, frozenset({"ingress"}), CONTEXT)
    assert call.operation == "RevokeSecurityGroupIngress"
    assert plain(call.params)["IpPermissions"] == [
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "UserIdGroupPairs": [{"UserId": "999999999999", "GroupId": "sg-9"}],
        }
    ]


def test_a_rule_is_allowed_before_another_is_revoked() -> None:
    live = observed(permission("tcp", FromPort=80, ToPort=80, IpRanges=[{"CidrIp": "0.0.0.0/0"}]))
    wanted = {RuleKey("tcp", 80, 80, Id("sg-2")): Rule()}
    fields = SecurityGroupRules(group_id=Id("sg-1"), ingress=FrozenMap(wanted), egress=FrozenMap())
    resource = Resource("security-group/task/web/rules", TYPE.name, fields, "Task/web")
    operations = [call.operation for call in TYPE.update(resource, live, frozenset({"ingress"}), CONTEXT)]
    assert operations == ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]


def test_deleting_revokes_what_names_other_groups_and_nothing_else() -> None:
    live = observed(
        permission("tcp", FromPort=80, ToPort=80, IpRanges=[{"CidrIp": "0.0.0.0/0"}]),
        permission("tcp", FromPort=81, ToPort=81, UserIdGroupPairs=[{"GroupId": "sg-2", "UserId": "123456789012"}]),
    )
    (call,) = TYPE.delete(live, CONTEXT)
    assert [p["FromPort"] for p in call.params["IpPermissions"]] == [81]

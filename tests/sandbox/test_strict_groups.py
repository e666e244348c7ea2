"""Security groups and their rules as AWS has them."""

from typing import Any

import pytest

pytestmark = pytest.mark.stricter_than_moto


def tcp(low: int, high: int | None = None, **peers: Any) -> dict[str, Any]:
    peers = peers or {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return {"IpProtocol": "tcp", "FromPort": low, "ToPort": low if high is None else high, **peers}


def rules(network: Any, group: str, *, egress: bool = False) -> list[dict[str, Any]]:
    found = network.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return [rule for rule in found["SecurityGroupRules"] if rule["IsEgress"] is egress]


@pytest.mark.parametrize("name", ["sg-web", "wéb", "w\tb", "a" * 256])
def test_a_bad_name_is_refused(network: Any, code_of: Any, name: str) -> None:
    """EC2 API Reference, CreateSecurityGroup, GroupName: constraints."""
    code = code_of(network.ec2.create_security_group, GroupName=name, Description="d", VpcId=network.vpc)
    assert code == "InvalidParameterValue"


def test_a_bad_description_is_refused(network: Any, code_of: Any) -> None:
    """EC2 API Reference, CreateSecurityGroup, Description: constraints."""
    code = code_of(network.ec2.create_security_group, GroupName="web", Description="été", VpcId=network.vpc)
    assert code == "InvalidParameterValue"


def test_names_are_unique_whatever_their_case(network: Any, code_of: Any) -> None:
    """EC2 User Guide, Security groups: names are not case-sensitive; InvalidGroup.Duplicate."""
    network.group("web")
    code = code_of(network.ec2.create_security_group, GroupName="WEB", Description="d", VpcId=network.vpc)
    assert code == "InvalidGroup.Duplicate"


def test_a_new_group_answers_with_its_tags(network: Any) -> None:
    """EC2 API Reference, CreateSecurityGroup, response: tagSet."""
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}]}]
    answer = network.ec2.create_security_group(
        GroupName="web", Description="d", VpcId=network.vpc, TagSpecifications=tags
    )
    assert answer["Tags"] == [{"Key": "a", "Value": "b"}]


def test_ranges_are_made_canonical(network: Any) -> None:
    """EC2 API Reference, IpRange and Ipv6Range: EC2 converts CIDR blocks to their canonical form."""
    group = network.group()
    permission = tcp(80, IpRanges=[{"CidrIp": "10.9.9.9/24"}], Ipv6Ranges=[{"CidrIpv6": "2001:DB8:0:0::1/64"}])
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    found = {rule.get("CidrIpv4") or rule["CidrIpv6"] for rule in rules(network, group)}
    assert found == {"10.9.9.0/24", "2001:db8::/64"}


@pytest.mark.parametrize(("low", "high"), [(443, 80), (80, 70000), (-1, 80)])
def test_a_bad_port_range_is_refused(network: Any, code_of: Any, low: int, high: int) -> None:
    """EC2 API Reference, IpPermission: FromPort and ToPort; InvalidParameterValue."""
    code = code_of(
        network.ec2.authorize_security_group_ingress, GroupId=network.group(), IpPermissions=[tcp(low, high)]
    )
    assert code == "InvalidParameterValue"


def test_an_unknown_protocol_is_refused(network: Any, code_of: Any) -> None:
    """EC2 API Reference, IpPermission, IpProtocol: a name or a number."""
    permission = {**tcp(80), "IpProtocol": "carrier-pigeon"}
    code = code_of(network.ec2.authorize_security_group_ingress, GroupId=network.group(), IpPermissions=[permission])
    assert code == "InvalidParameterValue"


def test_a_call_is_refused_as_a_whole(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidPermission.Duplicate; nothing of the call is done."""
    group = network.group()
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(443)])
    code = code_of(network.ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[tcp(80), tcp(443)])
    assert code == "InvalidPermission.Duplicate"
    assert [rule["FromPort"] for rule in rules(network, group)] == [443]


def test_a_description_does_not_make_another_rule(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidPermission.Duplicate."""
    group, peer = network.group(), network.group("peer")

    def permission(text: str) -> dict[str, Any]:
        return tcp(80, UserIdGroupPairs=[{"GroupId": peer, "Description": text}])

    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("one")])
    code = code_of(network.ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission("other")])
    assert code == "InvalidPermission.Duplicate"


def test_all_new_rules_are_answered(network: Any) -> None:
    """EC2 API Reference, AuthorizeSecurityGroupIngress: securityGroupRuleSet lists the rules that were added."""
    answer = network.ec2.authorize_security_group_ingress(GroupId=network.group(), IpPermissions=[tcp(80), tcp(443)])
    assert [rule["FromPort"] for rule in answer["SecurityGroupRules"]] == [80, 443]


def test_a_rule_says_all_that_it_is(network: Any) -> None:
    """EC2 API Reference, SecurityGroupRule: groupOwnerId, securityGroupRuleArn, description of any peer."""
    group, peer = network.group(), network.group("peer")
    permission = tcp(80, UserIdGroupPairs=[{"GroupId": peer, "Description": "from peer"}])
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    (rule,) = rules(network, group)
    assert rule["GroupOwnerId"] == "123456789012"
    assert rule["SecurityGroupRuleArn"].endswith(f":security-group-rule/{rule['SecurityGroupRuleId']}")
    assert rule["Description"] == "from peer"


def test_a_peer_is_of_the_same_vpc(network: Any, code_of: Any) -> None:
    """EC2 API Reference, UserIdGroupPair: a group in the same VPC or a peer VPC; InvalidGroup.NotFound."""
    vpc = network.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = network.ec2.create_security_group(GroupName="x", Description="d", VpcId=vpc)["GroupId"]
    permission = tcp(80, UserIdGroupPairs=[{"GroupId": foreign}])
    code = code_of(network.ec2.authorize_security_group_ingress, GroupId=network.group(), IpPermissions=[permission])
    assert code == "InvalidGroup.NotFound"


def test_revoking_an_unknown_rule_id(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: InvalidSecurityGroupRuleId.NotFound."""
    code = code_of(
        network.ec2.revoke_security_group_ingress,
        GroupId=network.group(),
        SecurityGroupRuleIds=["sgr-0123456789abcdef0"],
    )
    assert code == "InvalidSecurityGroupRuleId.NotFound"


def modify(network: Any, group: str, rule: dict[str, Any], **changed: Any) -> dict[str, Any]:
    wanted = {"IpProtocol": rule["IpProtocol"], "FromPort": rule["FromPort"], "ToPort": rule["ToPort"], **changed}
    update = {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": wanted}
    return {"GroupId": group, "SecurityGroupRules": [update]}


def test_a_rule_about_a_group_can_be_modified(network: Any) -> None:
    """EC2 API Reference, ModifySecurityGroupRules, ReferencedGroupId; SecurityGroupRuleRequest."""
    group, one, other = network.group(), network.group("one"), network.group("other")
    permission = tcp(80, UserIdGroupPairs=[{"GroupId": one}])
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    (rule,) = rules(network, group)
    network.ec2.modify_security_group_rules(**modify(network, group, rule, ReferencedGroupId=other, ToPort=90))
    (after,) = rules(network, group)
    assert after["SecurityGroupRuleId"] == rule["SecurityGroupRuleId"]
    assert (after["ReferencedGroupInfo"]["GroupId"], after["ToPort"]) == (other, 90)


def test_the_kind_of_peer_of_a_rule_stays(network: Any, code_of: Any) -> None:
    """EC2 API Reference, ModifySecurityGroupRules: InvalidParameterValue for another kind of peer."""
    group, peer = network.group(), network.group("peer")
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(80)])
    (rule,) = rules(network, group)
    code = code_of(network.ec2.modify_security_group_rules, **modify(network, group, rule, ReferencedGroupId=peer))
    assert code == "InvalidParameterValue"


def test_the_default_group_stays(network: Any, code_of: Any) -> None:
    """EC2 API Reference, Error codes: CannotDelete."""
    filters = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    group = network.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    assert code_of(network.ec2.delete_security_group, GroupId=group) == "CannotDelete"


def test_a_group_that_another_names_stays(network: Any, code_of: Any) -> None:
    """EC2 API Reference, DeleteSecurityGroup: DependencyViolation when referenced by another group."""
    group, other = network.group(), network.group("other")
    permission = tcp(80, UserIdGroupPairs=[{"GroupId": group}])
    network.ec2.authorize_security_group_egress(GroupId=other, IpPermissions=[permission])
    assert code_of(network.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    network.ec2.revoke_security_group_egress(GroupId=other, IpPermissions=[permission])
    network.ec2.delete_security_group(GroupId=group)


def test_a_group_on_an_interface_stays(network: Any, code_of: Any) -> None:
    """EC2 API Reference, DeleteSecurityGroup: DependencyViolation when associated with a network interface."""
    group = network.group()
    network.ec2.create_network_interface(SubnetId=network.one, Groups=[group])
    assert code_of(network.ec2.delete_security_group, GroupId=group) == "DependencyViolation"

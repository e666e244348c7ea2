"""Network ACLs as AWS keeps them."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.stricter_than_moto

DENY_ALL = {"CidrBlock": "0.0.0.0/0", "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767}
RULE = {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": False, "CidrBlock": "10.0.0.0/8"}


@pytest.fixture
def acl(ec2: Any, network: Any) -> str:
    """A new network ACL of the VPC."""
    return ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]


def entries(ec2: Any, acl: str) -> list[dict[str, Any]]:
    """The entries of a network ACL but those that AWS keeps of its own."""
    (found,) = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    return [entry for entry in found["Entries"] if entry["RuleNumber"] != DENY_ALL["RuleNumber"]]


def test_a_new_one_denies_everything(ec2: Any, network: Any) -> None:
    """VPC User Guide, Custom network ACLs: each includes a default inbound and outbound rule that denies the rest."""
    made = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]
    assert sorted(made["Entries"], key=lambda e: e["Egress"]) == [
        DENY_ALL | {"Egress": False},
        DENY_ALL | {"Egress": True},
    ]


@pytest.mark.parametrize("number", [0, 32767, 40000])
def test_numbers_have_a_range(ec2: Any, acl: str, code_of: Callable[..., str], number: int) -> None:
    """EC2 API Reference, CreateNetworkAclEntry, RuleNumber: positive integer from 1 to 32766."""
    given = RULE | {"RuleNumber": number, "CidrBlock": "10.1.0.0/16"}
    assert code_of(ec2.create_network_acl_entry, NetworkAclId=acl, **given) == "InvalidParameterValue"


def test_ports_are_asked_for(ec2: Any, acl: str, code_of: Callable[..., str]) -> None:
    """EC2 API Reference, CreateNetworkAclEntry, PortRange: required for protocol 6 (TCP) or 17 (UDP)."""
    assert code_of(ec2.create_network_acl_entry, NetworkAclId=acl, **RULE | {"Protocol": "6"}) == "MissingParameter"


def test_protocols_are_kept_as_numbers(ec2: Any, acl: str) -> None:
    """EC2 API Reference, NetworkAclEntry, Protocol: the protocol number."""
    ports = {"PortRange": {"From": 80, "To": 80}}
    ec2.create_network_acl_entry(NetworkAclId=acl, **RULE | {"Protocol": "tcp"} | ports)
    assert [entry["Protocol"] for entry in entries(ec2, acl)] == ["6"]


def test_icmp_types_are_kept(ec2: Any, acl: str) -> None:
    """EC2 API Reference, CreateNetworkAclEntry, Icmp: the ICMP type and code."""
    kind = {"Type": 3, "Code": 4}
    ec2.create_network_acl_entry(NetworkAclId=acl, **RULE | {"Protocol": "1", "IcmpTypeCode": kind})
    assert [entry["IcmpTypeCode"] for entry in entries(ec2, acl)] == [kind]


def test_a_range_is_made_canonical(ec2: Any, acl: str) -> None:
    """EC2 API Reference, CreateNetworkAclEntry, CidrBlock: we modify it to its canonical form."""
    ec2.create_network_acl_entry(NetworkAclId=acl, **RULE | {"CidrBlock": "10.9.8.7/8"})
    assert [entry["CidrBlock"] for entry in entries(ec2, acl)] == ["10.0.0.0/8"]


def test_an_unknown_entry_is_not_found(ec2: Any, acl: str, code_of: Callable[..., str]) -> None:
    """EC2 API Reference, Error codes: InvalidNetworkAclEntry.NotFound."""
    named = {"NetworkAclId": acl, "RuleNumber": 7, "Egress": False}
    assert code_of(ec2.delete_network_acl_entry, **named) == "InvalidNetworkAclEntry.NotFound"
    replaced = {"NetworkAclId": acl, **RULE, "RuleNumber": 7}
    assert code_of(ec2.replace_network_acl_entry, **replaced) == "InvalidNetworkAclEntry.NotFound"


def test_the_last_entry_stays(ec2: Any, network: Any, code_of: Callable[..., str]) -> None:
    """VPC User Guide, Default network ACL: you can't modify or remove the rule whose number is an asterisk."""
    inside = [{"Name": "vpc-id", "Values": [network.vpc]}]
    (default,) = ec2.describe_network_acls(Filters=inside)["NetworkAcls"]
    named = {"NetworkAclId": default["NetworkAclId"], "RuleNumber": 32767, "Egress": True}
    assert code_of(ec2.delete_network_acl_entry, **named) == "InvalidNetworkAclEntry.NotFound"


def test_an_unknown_one_is_not_found(ec2: Any, code_of: Callable[..., str]) -> None:
    """EC2 API Reference, Error codes: InvalidNetworkAclID.NotFound."""
    assert code_of(ec2.describe_network_acls, NetworkAclIds=[f"acl-{0:017x}"]) == "InvalidNetworkAclID.NotFound"


def test_an_association_moves_once(ec2: Any, network: Any, acl: str, code_of: Callable[..., str]) -> None:
    """EC2 API Reference, ReplaceNetworkAclAssociation: gives a new association ID; the old one is not found."""
    at = [{"Name": "association.subnet-id", "Values": [network.one]}]
    (default,) = ec2.describe_network_acls(Filters=at)["NetworkAcls"]
    (old,) = [a["NetworkAclAssociationId"] for a in default["Associations"] if a["SubnetId"] == network.one]
    new = ec2.replace_network_acl_association(AssociationId=old, NetworkAclId=acl)["NewAssociationId"]
    (moved,) = ec2.describe_network_acls(Filters=at)["NetworkAcls"]
    assert moved["NetworkAclId"] == acl
    assert [a["NetworkAclAssociationId"] for a in moved["Associations"]] == [new]
    again = {"AssociationId": old, "NetworkAclId": acl}
    assert code_of(ec2.replace_network_acl_association, **again) == "InvalidAssociationID.NotFound"


def test_the_default_one_stays(ec2: Any, network: Any, code_of: Callable[..., str]) -> None:
    """VPC User Guide, Delete a network ACL: you cannot delete the default network ACL."""
    subnets = [network.one, network.other]
    filters = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "default", "Values": ["true"]}]
    (default,) = ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)
    assert code_of(ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"]) == "InvalidParameterValue"

"""Subnets and entries of a network ACL change in turn: no subnet is under entries that are not meant for it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.resource import Call, Context, Observed, Resource
from reconciler.model.values import FrozenMap, Id, Ref
from reconciler.resources._acl_tables import AclEntry
from reconciler.resources.network_acl import TYPE, NetworkAcl

CONTEXT = Context(stack="shop", account="123456789012", region="us-east-1", partition="aws")
ALL = AclEntry(rule_action="allow", protocol="-1", cidr_block="0.0.0.0/0", from_port=None, to_port=None)
WEB = AclEntry(rule_action="allow", protocol="tcp", cidr_block="0.0.0.0/0", from_port=80, to_port=80)


def acl(*subnets: Ref | Id, ingress: AclEntry) -> NetworkAcl:
    return NetworkAcl(
        vpc_id=Id("vpc-1"),
        subnet_ids=frozenset(subnets),
        ingress=FrozenMap({100: ingress}),
        egress=FrozenMap({100: ALL}),
    )


def desired(fields: NetworkAcl) -> Resource[NetworkAcl]:
    return Resource(address="network-acl/main/public", type=TYPE.name, owner="Network/main", fields=fields)


def turns(calls: Sequence[Call]) -> list[str]:
    """Whether entries or subnets are changed, each run of such calls once."""
    words = ["subnets" if call.operation == "ReplaceNetworkAclAssociation" else "entries" for call in calls]
    return [word for place, word in enumerate(words) if words[place - 1 : place] != [word]]


def test_a_new_list_has_its_entries_before_any_subnet_is_under_it() -> None:
    create, *rest = TYPE.create(desired(acl(Ref("subnet/a"), ingress=WEB)), CONTEXT)
    assert create.operation == "CreateNetworkAcl"
    assert turns(rest) == ["entries", "subnets"]


def test_a_subnet_goes_before_entries_change_and_comes_after() -> None:
    live = Observed(TYPE.name, "acl-1", acl(Id("subnet-old"), Id("subnet-kept"), ingress=ALL))
    wanted = desired(acl(Id("subnet-kept"), Id("subnet-new"), ingress=WEB))
    calls = TYPE.update(wanted, live, frozenset({"subnet_ids", "ingress"}), CONTEXT)
    assert turns(calls) == ["subnets", "entries", "subnets"]
    assert [call.params["NetworkAclId"] == "acl-1" for call in calls if turns([call]) == ["subnets"]] == [False, True]

"""Whose doing a drift is, from records alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import edited, graph, world

from reconciler.attribution import Attribution, attributed, calls_to_look_up, record_of
from reconciler.diff import Comparison, compare
from reconciler.model.plan import Drifted
from reconciler.model.values import FrozenMap
from reconciler.plan import make

ME = "arn:aws:sts::123456789012:assumed-role/reconciler/4711"
OURS = "Boto3/1.43 reconciler/0.1.0"
DESIRED = graph()
VPC = "vpc/main"


def record(
    who: str, at: int, name: str = "DeleteTags", *, agent: str = "console", source: str = "ec2", **parameters: Any
) -> dict[str, Any]:
    """A CloudTrail record as AWS writes it."""
    role = who.startswith("arn:")
    identity = {"type": "AssumedRole", "arn": who} if role else {"type": "IAMUser", "userName": who, "arn": f"u/{who}"}
    return {
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "eventTime": f"2026-01-01T00:00:{at:02d}Z",
        "eventID": f"{who}-{at}",
        "userIdentity": identity,
        "sourceIPAddress": "203.0.113.9",
        "userAgent": agent,
        "requestParameters": parameters,
        "responseElements": {"_return": True},
    }


def untagged(who: str, at: int, vpc: str, key: str = "env", **more: Any) -> dict[str, Any]:
    items = {"resourcesSet": {"items": [{"resourceId": vpc}]}, "tagSet": {"items": [{"key": key}]}}
    return record(who, at, **items, **more)


def lost_tag() -> tuple[Comparison, str]:
    """The stack whose VPC has lost its tag `env`, and the VPC's id."""
    live = world(DESIRED)
    (vpc,) = live.found[VPC]
    tags = FrozenMap({key: value for key, value in vpc.tags.items() if key != "env"})
    found = {**live.found, VPC: (dataclasses.replace(vpc, tags=tags),)}
    return compare(DESIRED, dataclasses.replace(live, found=found)), vpc.id


def whose(comparison: Comparison, *documents: dict[str, Any]) -> dict[str, Attribution]:
    """Whose doing each drifted address is."""
    records = [found for document in documents if (found := record_of(document))]
    return {address: who for (address, _), who in attributed(comparison, drift_of(comparison), records, ME).items()}


def drift_of(comparison: Comparison) -> tuple[Drifted, ...]:
    return make(comparison).drift


def test_the_caller_is_named_with_call_time_and_place() -> None:
    comparison, vpc = lost_tag()
    assert whose(comparison, untagged("ann", 5, vpc)) == {
        VPC: Attribution("ann", "u/ann", "ec2:DeleteTags", "2026-01-01T00:00:05Z", "203.0.113.9", "console", "ann-5")
    }


def test_only_calls_that_can_cause_the_change_are_looked_up() -> None:
    comparison, _ = lost_tag()
    assert calls_to_look_up(comparison, drift_of(comparison)) == {"ec2:CreateTags", "ec2:DeleteTags"}


def test_another_object_or_another_call_accuses_nobody() -> None:
    comparison, vpc = lost_tag()
    assert whose(comparison, untagged("ann", 5, "vpc-other"), untagged("bob", 6, vpc, name="ModifyVpcAttribute")) == {}


def test_a_refused_call_accuses_nobody() -> None:
    comparison, vpc = lost_tag()
    assert whose(comparison, untagged("ann", 5, vpc) | {"errorCode": "UnauthorizedOperation"}) == {}


def test_the_last_one_to_touch_it_is_named() -> None:
    comparison, vpc = lost_tag()
    found = whose(comparison, untagged("bob", 7, vpc), untagged("ann", 5, vpc))
    assert found[VPC].who == "bob"


def test_the_one_whose_call_holds_what_changed_is_named_before_a_later_one() -> None:
    comparison, vpc = lost_tag()
    found = whose(comparison, untagged("ann", 5, vpc, "env"), untagged("tagger", 7, vpc, "cost-centre"))
    assert found[VPC].who == "ann"


def test_what_we_put_right_since_is_not_held_against_anybody() -> None:
    """CloudTrail has not listed the newer change yet."""
    comparison, vpc = lost_tag()
    healed = untagged(ME, 8, vpc, name="CreateTags", agent=OURS)
    assert whose(comparison, untagged("ann", 5, vpc), healed) == {}


def test_we_are_ourselves_in_another_session_of_our_role() -> None:
    comparison, vpc = lost_tag()
    assert whose(comparison, untagged(ME.replace("4711", "4712"), 5, vpc, agent=OURS)) == {}


@pytest.mark.parametrize(
    ("who", "agent"),
    [(ME.replace("/reconciler/", "/ci/"), OURS), (ME, "aws-cli/2")],
    ids=["our program, another role", "our role, another program"],
)
def test_somebody_who_looks_like_us_is_not_us(who: str, agent: str) -> None:
    comparison, vpc = lost_tag()
    assert whose(comparison, untagged(who, 5, vpc, agent=agent))[VPC].principal == who


def test_a_service_is_named_by_its_name() -> None:
    comparison, vpc = lost_tag()
    document = untagged("x", 5, vpc)
    document["userIdentity"] = {"type": "AWSService", "invokedBy": "ram.amazonaws.com"}
    assert whose(comparison, document)[VPC].who == "ram.amazonaws.com"


def test_what_is_gone_is_known_by_what_our_own_create_call_was_answered() -> None:
    address = "route-table-association/main/private/us-east-1a"
    comparison = compare(DESIRED, world(DESIRED, without=[address]))
    ids = [
        comparison.winners[target].outputs["id"]
        for target in ("subnet/main/private/us-east-1a", "route-table/main/private/us-east-1a")
    ]
    made = record(ME, 1, "AssociateRouteTable", agent=OURS, subnetId=ids[0], routeTableId=ids[1])
    made["responseElements"] = {"associationId": "rtbassoc-1"}
    gone = record("ann", 9, "DisassociateRouteTable", associationId="rtbassoc-1")
    assert whose(comparison, made, gone)[address].who == "ann"
    assert whose(comparison, gone) == {}


def test_what_goes_with_something_else_is_the_same_persons_doing() -> None:
    gone = [each for each in DESIRED.resources if each.startswith(("load-balancer/public", "listener/public"))]
    comparison = compare(DESIRED, world(DESIRED, without=gone))
    from reconciler.naming import object_name

    kind, digest = DESIRED.types["load-balancer"], DESIRED.replacement_digests["load-balancer/public"]
    name = object_name(kind, "shop", "us-east-1", "load-balancer/public", digest)
    arn = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/{name}/0123"
    document = record("ann", 9, "DeleteLoadBalancer", source="elasticloadbalancing", loadBalancerArn=arn)
    found = whose(comparison, document)
    assert {address for address in found if address in gone} == set(gone)


def test_a_group_that_is_only_named_in_the_rules_of_another_was_not_changed() -> None:
    live = world(DESIRED)
    address = "security-group/task/web/rules"
    (rules,) = live.found[address]
    comparison = compare(DESIRED, edited(live, address, ingress=FrozenMap()))
    item = {"groups": {"items": [{"groupId": rules.id}]}, "ipProtocol": "tcp"}
    call = record("ann", 5, "RevokeSecurityGroupIngress", groupId="sg-other", ipPermissions={"items": [item]})
    assert whose(comparison, call) == {}
    assert whose(comparison, call | {"requestParameters": {"groupId": rules.id}})[address].who == "ann"


odd = st.sampled_from([None, True, 7, "", "ec2", [], ["x", [1]], {}, {"items": [{"a": None}]}, {"type": 3}])


@given(
    st.dictionaries(
        st.sampled_from(
            ["eventSource", "eventName", "userIdentity", "requestParameters", "responseElements", "errorCode"]
        ),
        odd,
    )
)
def test_no_document_is_too_odd_to_be_read(document: dict[str, Any]) -> None:
    record_of(document)

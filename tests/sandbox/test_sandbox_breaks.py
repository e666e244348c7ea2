"""What a person does in the console, and what the reconciler then finds."""

from collections.abc import Iterator, Mapping

import boto3
import pytest
from worlds import graph

from reconciler.attribution import Attribution, Key
from reconciler.aws import Access, AwsReader, AwsSource, AwsWriter, Calls
from reconciler.engine import Doing, apply, attribute, view
from reconciler.execute import Limits
from reconciler.model.plan import Drifted
from reconciler.sandbox import Sandbox
from reconciler.sandbox.breaks import BREAKS, Account, Break, BreakRefusedError, NothingToBreakError
from reconciler.sandbox.environment import CONSOLE

FOUND = {
    "open-ssh": "security-group",
    "delete-nat-route": "route-table",
    "scale-to-zero": "service",
    "delete-listener-rule": "listener",
    "swap-priorities": "listener",
    "change-health-check": "target-group",
    "remove-tag": "vpc",
    "delete-association": "route-table-association",
    "other-task-definition": "service",
    "delete-load-balancer": "load-balancer",
    "add-foreign": None,
}
"""The type of what drifts, if any; which one of its type it is, is up to the order in which AWS lists them."""

BY = {
    "open-ssh": "ec2:AuthorizeSecurityGroupIngress",
    "delete-nat-route": "ec2:DeleteRoute",
    "scale-to-zero": "ecs:UpdateService",
    "delete-listener-rule": "elbv2:DeleteRule",
    "swap-priorities": "elbv2:SetRulePriorities",
    "change-health-check": "elbv2:ModifyTargetGroup",
    "remove-tag": "ec2:DeleteTags",
    "delete-association": "ec2:DisassociateRouteTable",
    "other-task-definition": "ecs:UpdateService",
    "delete-load-balancer": "elbv2:DeleteLoadBalancer",
}
"""The call that each drift is put down to."""


class Shop:
    """The reference stack on a strict AWS."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.desired = graph()

    def apply(self) -> None:
        access, calls = Access("us-east-1"), Calls()
        reader = AwsReader(access, self.sandbox.clock, calls)
        doing = Doing(AwsWriter(access, self.sandbox.clock, calls), self.sandbox.clock, Limits(threads=1))
        assert apply(self.desired, view(self.desired, reader), reader.fresh(), doing).converged

    def whose(self) -> tuple[tuple[Drifted, ...], Mapping[Key, Attribution]]:
        """What drifted, and whose doing it is."""
        access, calls = Access("us-east-1"), Calls()
        seen = view(self.desired, AwsReader(access, self.sandbox.clock, calls))
        source = AwsSource(access, self.sandbox.clock, calls)
        return seen.plan.drift, attribute(seen, source.records, source.me)

    def drifted(self) -> set[str]:
        """The types of what apply would change."""
        reader = AwsReader(Access("us-east-1"), self.sandbox.clock, Calls())
        return {action.address.partition("/")[0] for action in view(self.desired, reader).plan.actions}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Sandbox() as sandbox:
        shop = Shop(sandbox)
        shop.apply()
        yield shop


def test_every_break_is_tried() -> None:
    assert {each.name for each in BREAKS} == FOUND.keys()


@pytest.mark.parametrize("each", BREAKS, ids=lambda each: each.name)
def test_a_break_is_found_named_and_healed(shop: Shop, each: Break) -> None:
    shop.apply()
    assert shop.drifted() == set()
    assert each.apply(Account(boto3.Session(), "shop"))
    drifted, found = shop.drifted(), FOUND[each.name]
    assert found in drifted if found else not drifted
    items, whose = shop.whose()
    assert {(item.address, item.id) for item in items} == whose.keys()
    expected = {(CONSOLE.user, f"arn:aws:iam::123456789012:user/{CONSOLE.user}", BY[each.name])} if found else set()
    assert {(who.who, who.principal, who.call) for who in whose.values()} == expected


def test_another_stack_is_left_alone(shop: Shop) -> None:
    for each in BREAKS:
        with pytest.raises(NothingToBreakError, match="apply a stack that has one first"):
            each.apply(Account(boto3.Session(), "shop-2"))


def test_what_aws_refuses_is_said_plainly(shop: Shop) -> None:
    (open_ssh,) = [each for each in BREAKS if each.name == "open-ssh"]
    shop.apply()
    open_ssh.apply(Account(boto3.Session()))
    with pytest.raises(BreakRefusedError, match="AWS refused to open SSH"):
        open_ssh.apply(Account(boto3.Session()))

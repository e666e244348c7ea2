"""What there is of ELBv2 that concerns us, read in few requests, each field in one form."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from scripted_reader import ScriptedReader, refused

from reconciler.model.errors import AwsError
from reconciler.model.resource import Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, FrozenMap, Id
from reconciler.resources._conditions import conditions_of
from reconciler.resources._listener_rules import ListenerRule
from reconciler.resources.listener import TYPE as LISTENER
from reconciler.resources.listener_rules import TYPE as RULES
from reconciler.resources.listener_rules import ListenerRules
from reconciler.resources.load_balancer import TYPE as BALANCER
from reconciler.resources.load_balancer import LoadBalancer
from reconciler.resources.target_group import TYPE as TARGETS
from reconciler.resources.target_group import Matcher
from reconciler.resources.vpc import Vpc

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"


def vpc(identity: str = "vpc-ours", stack: str = "shop") -> Observed[Any]:
    fields = Vpc(cidr_block="10.0.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)
    return Observed(type="vpc", id=identity, fields=fields, address="vpc/main", stack=stack)


def scope(*stacks: str) -> Scope:
    return Scope("us-east-1", stacks or ("shop",), found={"vpc": [vpc()]})


def balancer(name: str, network: str = "vpc-ours", **changes: Any) -> dict[str, Any]:
    return {
        "LoadBalancerArn": f"{ARN}loadbalancer/app/{name}/50dc6c495c0c9188",
        "LoadBalancerName": name,
        "DNSName": f"{name}-123.us-east-1.elb.amazonaws.com",
        "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
        "Type": "application",
        "Scheme": "internal",
        "VpcId": network,
        "AvailabilityZones": [{"SubnetId": "subnet-a"}, {"SubnetId": "subnet-b"}],
        "SecurityGroups": ["sg-a"],
        "State": {"Code": "active"},
        **changes,
    }


def group(name: str, network: str = "vpc-ours", **changes: Any) -> dict[str, Any]:
    return {
        "TargetGroupArn": f"{ARN}targetgroup/{name}/73e2d6bc24d8a067",
        "TargetGroupName": name,
        "Protocol": "HTTP",
        "Port": 80,
        "VpcId": network,
        "TargetType": "ip",
        **changes,
    }


def listener(of: dict[str, Any], port: int = 80, protocol: str = "HTTP") -> dict[str, Any]:
    arn = of["LoadBalancerArn"].replace(":loadbalancer/", ":listener/")
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    return {
        "ListenerArn": f"{arn}/{port}",
        "LoadBalancerArn": of["LoadBalancerArn"],
        "Port": port,
        "Protocol": protocol,
        "DefaultActions": [fixed],
    }


class Account(ScriptedReader):
    """An account's load balancing. `stacks` says whose an ARN is, `gone` what is listed but not there any more."""

    def __init__(
        self,
        balancers: list[dict[str, Any]] | None = None,
        groups: list[dict[str, Any]] | None = None,
        listeners: list[dict[str, Any]] | None = None,
        stacks: dict[str, str] | None = None,
        gone: tuple[str, ...] = (),
    ) -> None:
        self._listeners = listeners or []
        self._stacks = stacks or {}
        self._gone = gone
        super().__init__(
            DescribeLoadBalancers={"LoadBalancers": balancers or []},
            DescribeTargetGroups={"TargetGroups": groups or []},
            DescribeListeners=self._of_balancer,
            DescribeTags=self._tags,
            GetResources={"ResourceTagMappingList": []},
            DescribeRules={"Rules": [{"IsDefault": True, "Priority": "default"}]},
        )

    def _of_balancer(self, LoadBalancerArn: str) -> dict[str, Any]:  # noqa: N803
        if LoadBalancerArn in self._gone:
            raise refused("elbv2:DescribeListeners", "LoadBalancerNotFound")
        return {"Listeners": [one for one in self._listeners if one["LoadBalancerArn"] == LoadBalancerArn]}

    def _tags(self, ResourceArns: list[str]) -> dict[str, Any]:  # noqa: N803
        assert len(ResourceArns) <= 20
        if set(ResourceArns) & set(self._gone):
            raise refused("elbv2:DescribeTags", "TargetGroupNotFound")
        return {"TagDescriptions": [{"ResourceArn": arn, "Tags": self._tags_of(arn)} for arn in ResourceArns]}

    def _tags_of(self, arn: str) -> list[dict[str, str]]:
        stack = self._stacks.get(arn)
        if stack is None:
            return [{"Key": "team", "Value": "others"}]
        return [
            {"Key": "reconciler.dev/stack", "Value": stack},
            {"Key": "reconciler.dev/address", "Value": "some/address"},
        ]


def names(kind: ResourceType[Any], account: Account, *stacks: str) -> list[str]:
    return [observed.outputs.get("name", observed.id) for observed in kind.observe(account, scope(*stacks))]


def test_what_stands_in_our_networks_is_seen_whoever_made_it() -> None:
    ours, theirs, far = balancer("shop-public-1"), balancer("theirs"), balancer("far", "vpc-theirs")
    account = Account([ours, theirs, far], stacks={ours["LoadBalancerArn"]: "shop"})
    seen = list(BALANCER.observe(account, scope()))
    assert [(o.outputs["name"], o.stack) for o in seen] == [("shop-public-1", "shop"), ("theirs", None)]


@pytest.mark.parametrize("name", ["shop-public-0a1b2c3d", "x-internal-front-0a1b2c3d"])
def test_what_is_ours_elsewhere_is_found_by_its_name(name: str) -> None:
    ours, named_alike = balancer(name, "vpc-theirs"), balancer("shop-2-public-0a1b2c3d", "vpc-theirs")
    account = Account(
        [ours, named_alike], stacks={ours["LoadBalancerArn"]: "shop", named_alike["LoadBalancerArn"]: "shop-2"}
    )
    assert names(BALANCER, account, "shop", "internal") == [name]


def test_the_name_of_a_stack_may_be_longer_than_that_of_a_load_balancer() -> None:
    stack = "a-stack-of-quite-a-long-name-indeed"
    ours = group(f"{stack[:23]}-0a1b2c3d", "vpc-theirs")
    account = Account(groups=[ours], stacks={ours["TargetGroupArn"]: stack})
    assert names(TARGETS, account, stack) == [ours["TargetGroupName"]]


def test_listeners_of_our_load_balancers_are_seen_whoever_made_them_and_of_others_not() -> None:
    ours, theirs = balancer("ours"), balancer("theirs")
    mine, strange, far = listener(ours), listener(ours, 8080), listener(theirs)
    stacks = {ours["LoadBalancerArn"]: "shop", mine["ListenerArn"]: "shop"}
    account = Account([ours, theirs], listeners=[mine, strange, far], stacks=stacks)
    seen = list(LISTENER.observe(account, scope()))
    assert [(o.id, o.stack) for o in seen] == [(mine["ListenerArn"], "shop"), (strange["ListenerArn"], None)]


def test_rules_are_asked_for_ahead_where_they_are_read_and_not_where_name_or_network_say_whose_else_they_are() -> None:
    ours, others = balancer("shop-public-0a1b2c3d"), balancer("k8s-ingress")
    elsewhere = balancer("shop-window", network="vpc-other")
    listeners = [listener(ours), listener(ours, 443, "TLS"), listener(others), listener(elsewhere)]
    stacks = {listeners[0]["ListenerArn"]: "shop", ours["LoadBalancerArn"]: "shop"}

    def asked(account: Account, operation: str) -> list[str]:
        return [str(p) for o, p in zip(account.asked, account.params, strict=True) if o == operation]

    ahead, after = (Account([ours, others, elsewhere], listeners=listeners, stacks=stacks) for _ in range(2))
    ahead.answers["DescribeVpcs"] = {"Vpcs": [{"VpcId": "vpc-ours"}]}
    for question in RULES.ahead(ahead, scope()):
        question()
    list(RULES.observe(after, scope()))
    assert (
        asked(ahead, "DescribeRules")
        == asked(after, "DescribeRules")
        == [str({"ListenerArn": listeners[0]["ListenerArn"]})]
    )
    assert asked(ahead, "DescribeListeners") == [str({"LoadBalancerArn": ours["LoadBalancerArn"]})]
    assert "DescribeTags" not in ahead.asked


def test_a_listener_of_a_load_balancer_of_ours_in_a_network_of_others_is_seen() -> None:
    ours = balancer("shop-public", "vpc-theirs")
    mine = listener(ours)
    stacks = {ours["LoadBalancerArn"]: "shop", mine["ListenerArn"]: "shop"}
    assert names(LISTENER, Account([ours], listeners=[mine], stacks=stacks)) == [mine["ListenerArn"]]


def test_rules_are_read_of_http_listeners_alone_and_are_evidence_where_the_listener_is_foreign() -> None:
    ours = balancer("ours")
    http, tcp, strange = listener(ours), listener(ours, 5000, "TCP"), listener(ours, 8080)
    stacks = dict.fromkeys((ours["LoadBalancerArn"], http["ListenerArn"], tcp["ListenerArn"]), "shop")
    account = Account([ours], listeners=[http, tcp, strange], stacks=stacks)
    assert {o.id: (o.stack, o.evidence) for o in RULES.observe(account, scope())} == {
        http["ListenerArn"]: ("shop", False),
        strange["ListenerArn"]: (None, True),
    }
    assert account.asked.count("DescribeRules") == 2


def ruled(most: int, **rules: int) -> tuple[Account, dict[str, str]]:
    """A load balancer with a quota of rules, and so many rules on each of its listeners; with the listeners' ARNs."""
    ours = balancer("ours")
    found = {name: listener(ours, port) for port, name in enumerate(rules, 80)}
    arns = {name: one["ListenerArn"] for name, one in found.items()}
    account = Account([ours], listeners=list(found.values()), stacks=dict.fromkeys(arns.values(), "shop"))

    def listed(ListenerArn: str) -> dict[str, Any]:  # noqa: N803
        (count,) = (rules[name] for name, arn in arns.items() if arn == ListenerArn)
        when = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/"]}}]
        made = [
            {"RuleArn": f"rule-{n}", "IsDefault": False, "Priority": str(n), "Conditions": when, "Actions": []}
            for n in range(1, count + 1)
        ]
        return {"Rules": [*made, {"IsDefault": True, "Priority": "default"}]}

    account.answers["DescribeRules"] = listed
    account.answers["DescribeAccountLimits"] = {
        "Limits": [{"Name": "rules-per-application-load-balancer", "Max": str(most)}]
    }
    return account, arns


def rooms(account: Account, arns: dict[str, str], wanted: int = 0) -> dict[str, Any]:
    """By listener; `wanted` are the rules that the files have for the one at `some/address`, as all say they are."""
    rules = FrozenMap((str(n), rule_of(n)) for n in range(1, wanted + 1))
    fields = ListenerRules(listener_arn=Id("some"), rules=rules)
    resource = Resource("some/address/rules", RULES.name, fields, "Route/shop")
    looking = dataclasses.replace(scope(), expected={RULES.name: [resource]})
    seen = {o.id: o.fields.room for o in RULES.observe(account, looking)}
    return {name: seen[arn] for name, arn in arns.items()}


def rule_of(priority: int) -> ListenerRule:
    return ListenerRule(priority=priority, conditions=conditions_of([("path-pattern", ["/"])]), actions=())


def test_rules_of_all_listeners_count_against_the_quota_of_the_load_balancer() -> None:
    account, arns = ruled(100, web=3, plain=4)
    assert rooms(account, arns) == {"web": 93, "plain": 93}
    assert "DescribeAccountLimits" not in account.asked


def test_a_listener_leaves_room_for_what_its_neighbours_are_to_have() -> None:
    account, arns = ruled(100, web=3, plain=4)
    assert rooms(account, arns, wanted=40) == {"web": 57, "plain": 56}


def test_the_quota_is_asked_for_where_a_hundred_could_be_too_few() -> None:
    account, arns = ruled(300, web=70, plain=10)
    assert rooms(account, arns) == {"web": 220, "plain": 220}
    assert account.asked.count("DescribeAccountLimits") == 1


def test_a_quota_that_may_not_be_read_is_a_hundred() -> None:
    account, arns = ruled(300, web=70, plain=10)

    def denied(**_: Any) -> dict[str, Any]:
        raise refused("elbv2:DescribeAccountLimits", "AccessDenied")

    account.answers["DescribeAccountLimits"] = denied
    assert rooms(account, arns) == {"web": 20, "plain": 20}


@pytest.mark.parametrize(("groups", "requests"), [(0, 0), (1, 1), (20, 1), (21, 2), (45, 3)])
def test_tags_are_read_twenty_at_a_time(groups: int, requests: int) -> None:
    account = Account(groups=[group(f"group-{n}") for n in range(groups)])
    assert len(list(TARGETS.observe(account, scope()))) == groups
    assert account.asked.count("DescribeTags") == requests


def test_every_type_asks_the_same_questions_so_that_they_are_asked_once() -> None:
    ours = balancer("ours")
    asked = []
    for kind in (BALANCER, TARGETS, LISTENER):
        account = Account([ours], [group("shop-web")], [listener(ours)])
        list(kind.observe(account, scope()))
        asked.append(list(zip(account.asked, account.params, strict=True)))
    assert asked[0] == asked[1] == asked[2]


def test_waiting_for_load_balancers_asks_for_load_balancers_alone() -> None:
    account = Account([balancer("ours")], [group("shop-web")], [listener(balancer("ours"))])
    waiting = dataclasses.replace(scope(), expected={"load-balancer": []})
    assert [o.outputs["name"] for o in BALANCER.observe(account, waiting)] == ["ours"]
    assert account.asked == ["DescribeLoadBalancers", "DescribeTags"]


def test_one_that_vanishes_between_two_requests_hides_no_other() -> None:
    groups = [group(f"group-{n:02}") for n in range(20)]
    account = Account(groups=groups, gone=(groups[7]["TargetGroupArn"],))
    assert names(TARGETS, account) == [one["TargetGroupName"] for n, one in enumerate(groups) if n != 7]


def test_the_listeners_of_a_load_balancer_that_has_just_gone_are_none() -> None:
    ours = balancer("ours")
    account = Account([ours], listeners=[listener(ours)], gone=(ours["LoadBalancerArn"],))
    assert names(LISTENER, account) == []


def test_a_load_balancer_that_goes_before_its_attributes_are_read_is_no_failure() -> None:
    ours, other = balancer("ours"), balancer("other")
    fields = LoadBalancer(
        vpc_id=Id("vpc-ours"),
        type="application",
        scheme="internal",
        subnets=frozenset(),
        security_groups=frozenset(),
        attributes=FrozenMap({"idle_timeout.timeout_seconds": "120"}),
    )
    wanted = Resource("some/address", "load-balancer", fields, "LoadBalancer/ours")
    account = Account([ours, other], stacks={ours["LoadBalancerArn"]: "shop"})
    gone = refused("elbv2:DescribeLoadBalancerAttributes", "LoadBalancerNotFound")
    account.answers["DescribeLoadBalancerAttributes"] = lambda **_: (_ for _ in ()).throw(gone)
    asking = dataclasses.replace(scope(), expected={"load-balancer": [wanted]})
    found = {o.outputs["name"]: o.fields.attributes for o in BALANCER.observe(account, asking)}
    assert account.asked[-1] == "DescribeLoadBalancerAttributes"
    assert found["ours"] is NOT_REPORTED
    assert "other" in found


def test_any_other_failure_is_not_taken_for_an_empty_account() -> None:
    account = ScriptedReader(
        DescribeLoadBalancers={"LoadBalancers": [balancer("ours")]},
        DescribeTargetGroups={"TargetGroups": []},
        DescribeListeners={"Listeners": []},
        DescribeTags=lambda **_: (_ for _ in ()).throw(refused("elbv2:DescribeTags", "AccessDenied")),
    )
    with pytest.raises(AwsError, match="AccessDenied"):
        list(BALANCER.observe(account, scope()))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"Code": "provisioning"}, (State.PENDING, "provisioning")),
        ({"Code": "active"}, (State.READY, "")),
        ({"Code": "active_impaired"}, (State.READY, "active_impaired")),
        ({"Code": "failed", "Reason": "no free address"}, (State.FAILED, "no free address")),
    ],
)
def test_the_states_of_a_load_balancer(state: dict[str, str], expected: tuple[State, str]) -> None:
    (seen,) = BALANCER.observe(Account([balancer("ours", State=state)]), scope())
    assert (seen.state, seen.detail) == expected


def test_the_name_in_the_dns_is_in_lower_case() -> None:
    (seen,) = BALANCER.observe(Account([balancer("ours", DNSName="Ours-1A.elb.amazonaws.com")]), scope())
    assert seen.outputs["dnsName"] == "ours-1a.elb.amazonaws.com"


def test_a_gateway_load_balancer_of_others_is_seen_though_it_lacks_most() -> None:
    lacking = ("Scheme", "SecurityGroups", "DNSName")
    theirs = {key: value for key, value in balancer("theirs", Type="gateway").items() if key not in lacking}
    (seen,) = BALANCER.observe(Account([theirs]), scope())
    assert seen.fields.scheme is NOT_REPORTED


@pytest.mark.parametrize(("wanted", "present", "fits"), [(1, 1, True), (1, 0, False), (0, 1, False), (0, 0, True)])
def test_a_network_load_balancer_keeps_having_or_lacking_security_groups(wanted: int, present: int, fits: bool) -> None:
    def network(groups: int) -> LoadBalancer:
        return LoadBalancer(
            vpc_id=Id("vpc-ours"),
            type="network",
            scheme="internal",
            subnets=frozenset({Id("subnet-a")}),
            security_groups=frozenset(Id(f"sg-{n}") for n in range(groups)),
        )

    assert BALANCER.fits(network(wanted), network(present)) is fits


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, None),
        ({"Matcher": {}}, None),
        ({"Matcher": {"HttpCode": "200, 302"}}, Matcher(http_code="200,302", grpc_code=None)),
        ({"Matcher": {"GrpcCode": "12"}}, Matcher(http_code=None, grpc_code="12")),
    ],
)
def test_the_codes_of_a_health_check(answer: dict[str, Any], expected: Matcher | None) -> None:
    (seen,) = TARGETS.observe(Account(groups=[group("ours", **answer)]), scope())
    assert seen.fields.matcher == expected


def test_what_a_target_group_always_says_and_does_not_is_not_reported() -> None:
    (seen,) = TARGETS.observe(Account(groups=[group("ours")]), scope())
    assert seen.fields.health_check_interval_seconds is NOT_REPORTED
    assert seen.fields.health_check_path is None

"""What ELBv2 says, in one form whatever words it chooses, and read in few requests."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_reader import ScriptedReader, refused

from reconciler.model.errors import AwsError
from reconciler.model.resource import Observed, Resource, ResourceType, Scope, State
from reconciler.model.values import NOT_REPORTED, FrozenMap, Id
from reconciler.resources._actions import (
    Action,
    FixedResponse,
    Forward,
    Other,
    Redirect,
    action_params,
    forward_to,
    read_actions,
)
from reconciler.resources._conditions import condition_params, conditions_of, read_conditions
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


WEB, CANARY = Id("arn:web"), Id("arn:canary")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Type": "forward", "TargetGroupArn": "arn:web"}, forward_to({WEB: 1})),
        (
            {
                "Type": "forward",
                "TargetGroupArn": "arn:web",
                "Order": 1,
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": "arn:web", "Weight": 7}],
                    "TargetGroupStickinessConfig": {"Enabled": False},
                },
            },
            forward_to({WEB: 1}),
        ),
        (
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": "arn:canary", "Weight": 0},
                        {"TargetGroupArn": "arn:web", "Weight": 9},
                    ],
                    "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 600},
                },
            },
            forward_to({WEB: 9, CANARY: 0}, stickiness=600),
        ),
        (
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": ""}},
            FixedResponse(status_code="404"),
        ),
        (
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Port": "443", "Host": "#{host}"}},
            Redirect(status_code="HTTP_301", port="443"),
        ),
        (
            {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": "https://id.example.com"}},
            Other(
                type="authenticate-oidc",
                text='{"AuthenticateOidcConfig": {"Issuer": "https://id.example.com"}, "Type": "authenticate-oidc"}',
            ),
        ),
        ({"Type": "redirect"}, Other(type="redirect", text='{"Type": "redirect"}')),
    ],
)
def test_an_action_has_one_form_however_aws_words_it(answer: dict[str, Any], expected: Action) -> None:
    assert read_actions([answer]) == (expected,)


def test_actions_come_in_the_order_in_which_they_run() -> None:
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}, "Order": 2}
    login = {"Type": "authenticate-cognito", "Order": 1}
    assert [action.type for action in read_actions([fixed, login])] == ["authenticate-cognito", "fixed-response"]


weights = st.dictionaries(st.sampled_from(["arn:a", "arn:b", "arn:c"]).map(Id), st.integers(0, 999), min_size=1)
text = st.text("abc #{}/", min_size=1, max_size=5)
actions = st.one_of(
    st.builds(forward_to, weights, st.none() | st.integers(1, 604_800)),
    st.builds(FixedResponse, status_code=st.just("404"), content_type=st.none() | text, message_body=st.none() | text),
    st.builds(Redirect, status_code=st.just("HTTP_302"), protocol=text, host=text, port=text, path=text, query=text),
)


@given(st.lists(actions, min_size=1, max_size=3))
def test_actions_are_read_as_they_are_written(wanted: list[Action]) -> None:
    sent = action_params(wanted)
    plain = [_plain(action) for action in sent]
    assert read_actions(plain) == tuple(wanted)
    assert [action.get("Order") for action in plain] == ([None] if len(plain) == 1 else [*range(1, len(plain) + 1)])


def _plain(value: Any) -> Any:
    if isinstance(value, Id):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def test_a_forward_to_one_group_is_asked_for_in_the_short_form() -> None:
    assert action_params([forward_to({WEB: 5})]) == [{"Type": "forward", "TargetGroupArn": WEB}]
    assert isinstance(forward_to({WEB: 5}), Forward)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"Field": "path-pattern", "Values": ["/b", "/a"], "PathPatternConfig": {"Values": ["/a", "/b"]}},
            {"path-pattern": {"/a", "/b"}},
        ),
        ({"Field": "path-pattern", "Values": ["/Case"]}, {"path-pattern": {"/Case"}}),
        (
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["Shop.EXAMPLE.com"]}},
            {"host-header": {"shop.example.com"}},
        ),
        (
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
            {"http-request-method": {"GET"}},
        ),
        (
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Team", "Values": ["Blue"]}},
            {"http-header x-team": {"blue"}},
        ),
        (
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "V", "Value": "1"}, {"Value": "All"}]}},
            {"query-string": {"v=1", "=all"}},
        ),
        (
            {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/A"]}},
            {"path-pattern regex": {"^/A"}},
        ),
        ({"Field": "something-new", "Values": ["x"]}, {"something-new": {"x"}}),
    ],
)
def test_a_condition_has_one_form_however_aws_words_it(answer: dict[str, Any], expected: dict[str, set[str]]) -> None:
    assert read_conditions([answer]) == FrozenMap({key: frozenset(values) for key, values in expected.items()})


_PAIR = st.builds("{}={}".format, st.text("ab", max_size=1), st.text("ab=", max_size=2))
CONDITIONS = st.lists(
    st.one_of(
        st.tuples(st.just("path-pattern"), st.sets(st.text("/aB*", min_size=1), min_size=1, max_size=2)),
        st.tuples(st.just("http-header X-Team"), st.sets(st.text("aB", min_size=1), min_size=1, max_size=2)),
        st.tuples(st.just("query-string"), st.sets(_PAIR, min_size=1, max_size=2)),
    ),
    max_size=5,
    unique_by=lambda entry: entry[0] if entry[0] == "path-pattern" else repr(sorted(entry[1])),
)


@given(CONDITIONS, st.randoms())
def test_conditions_are_read_as_they_are_written_in_any_order(
    entries: list[tuple[str, set[str]]], shuffle: Any
) -> None:
    wanted = conditions_of(entries)
    assert len(wanted) == len(entries)
    sent = condition_params(wanted)
    shuffle.shuffle(sent)
    assert read_conditions(sent) == wanted
    assert conditions_of(wanted.items()) == wanted

"""Why a task would not start: what is said, where, and that it is not said of what starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from worlds import SPECS, world

from reconciler.compile import graph_of
from reconciler.load import StackObjects, load
from reconciler.model.graph import Graph
from reconciler.model.resource import Observed
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import EMPTY, FrozenMap, Id
from reconciler.resources import configuration, starting
from reconciler.resources._acl_tables import AclEntry
from reconciler.resources._policy import policy_document
from reconciler.resources.fargate_quota import ON_DEMAND, SPOT, FargateQuota
from reconciler.resources.given_role import GivenRole
from reconciler.resources.mount_target import MountTarget
from reconciler.resources.network_acl import NetworkAcl
from reconciler.resources.network_interface import NetworkInterface
from reconciler.resources.security_group_rules import Rule, RuleKey, SecurityGroupRules
from reconciler.resources.task_secret import TaskSecret, named, whole
from reconciler.startable import Doubt, doubts, doubts_of_files
from reconciler.startable._doubt import definitions

Golden = Callable[[str, str], None]
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:1"
ORDERS = "- name: orders\n      image: "
PULLED = (f"{ORDERS}public.ecr.aws/docker/library/python:3.12-slim", f"{ORDERS}{ECR}")
ISOLATED = (("nat: Single ", "nat: None "), PULLED)


class Case:
    """Files, and AWS as it is after they were applied, or empty."""

    def __init__(self, *edits: tuple[str, str], name: str = "two-tier.yaml", applied: bool = False) -> None:
        text = (SPECS / name).read_text()
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new)
        bundle = load({name: text.encode()})
        assert not bundle.problems, [problem.text for problem in bundle.problems]
        (stack,) = bundle.stacks.values()
        self.stack: StackObjects = stack
        self.graph: Graph = graph_of(stack.stack, stack.objects)
        gone = () if applied else self.graph.resources
        self.snapshot: Snapshot = world(self.graph, without=gone, converged=applied)
        for task in definitions(self.graph.resources).values():
            for arn in map(whole, named(task)):
                self.beside("task-secret", arn, TaskSecret(secret=arn))

    def id(self, address: str) -> Id:
        return Id(self.snapshot.found[address][0].id)

    def changed(self, address: str, **changes: Any) -> Case:
        (one,) = self.snapshot.found[address]
        other = dataclasses.replace(one, fields=dataclasses.replace(one.fields, **changes))
        self.snapshot = dataclasses.replace(self.snapshot, found={**self.snapshot.found, address: (other,)})
        return self

    def beside(self, kind: str, identity: str, fields: Any) -> Case:
        one: Observed[Any] = Observed(type=kind, id=identity, fields=fields, evidence=True)
        self.snapshot = dataclasses.replace(self.snapshot, evidence=(*self.snapshot.evidence, one))
        return self

    def without(self, kind: str) -> Case:
        kept = tuple(one for one in self.snapshot.evidence if one.type != kind)
        self.snapshot = dataclasses.replace(self.snapshot, evidence=kept)
        return self

    def doubts(self) -> list[Doubt]:
        return doubts(self.stack, self.graph, self.snapshot, {**self.graph.types, **configuration(), **starting()})

    def text(self) -> str:
        return "\n".join(doubt.text for doubt in self.doubts())


@pytest.mark.parametrize("name", ["two-tier", "peers", "https", "grpc", "stream", "canary"])
@pytest.mark.parametrize("applied", [True, False])
def test_of_what_starts_nothing_is_said(name: str, applied: bool) -> None:
    assert Case(name=f"{name}.yaml", applied=applied).text() == ""


@pytest.mark.parametrize("name", ["two-tier", "isolated", "existing-vpc", "network-acls", "production"])
def test_of_files_that_start_nothing_is_certain_without_aws(name: str) -> None:
    case = Case(name=f"{name}.yaml")
    assert [one for one in doubts_of_files(case.stack, case.graph) if not one.possible] == []


def test_files_tell_without_aws_what_no_way_leads_to() -> None:
    case = Case(*ISOLATED)
    assert doubts_of_files(case.stack, case.graph) == case.doubts()


def test_a_way_that_nobody_takes_now_is_only_doubted() -> None:
    idle = Case(*ISOLATED, ("  replicas: 2\n", "  replicas: 0\n"))
    assert {one.severity for one in Case(*ISOLATED).doubts()} == {"error"}
    assert {one.severity for one in idle.doubts()} == {"warning"}


ACL_RULES = {
    "what the tasks ask": "{ruleNumber: 100, action: Allow, ports: 443, cidr: 0.0.0.0/0}",
    "answers to the tasks": "{ruleNumber: 110, action: Allow, ports: 1024-65535, cidr: 0.0.0.0/0}",
    "what the gateway passes on": "{ruleNumber: 110, action: Allow, ports: 443, cidr: 0.0.0.0/0}",
    "what comes to the gateway": "{ruleNumber: 110, action: Allow, ports: 443, cidr: 10.0.0.0/16}",
}


@pytest.mark.parametrize("rule", ACL_RULES)
def test_a_network_acl_that_lets_no_image_in_is_an_error_in_the_files(rule: str) -> None:
    case = Case((f"        - {ACL_RULES[rule]}\n".replace("'", '"'), ""), name="network-acls.yaml")
    found = [one.text for one in doubts_of_files(case.stack, case.graph) if not one.possible]
    assert [text for text in found if "image" in text and "network-acl/main/" in text], found


INBOUND = "        - {ruleNumber: 100, action: Allow, ports: 8080, cidr: 10.0.0.0/16}\n        - {ruleNumber: 110"


def test_a_network_acl_that_keeps_health_checks_out_is_an_error_in_the_files(golden: Golden) -> None:
    shut = Case((INBOUND, INBOUND.replace("100, action: Allow", "100, action: Deny")), name="network-acls.yaml")
    golden("health-checks.txt", "\n".join(one.text for one in doubts_of_files(shut.stack, shut.graph)))
    half = INBOUND.replace("100, action: Allow", "100, action: Deny").replace("10.0.0.0/16", "10.0.0.0/24")
    some = Case((INBOUND, half), name="network-acls.yaml")
    assert [one.severity for one in doubts_of_files(some.stack, some.graph)] == ["warning"]


def test_health_checks_that_a_closed_group_keeps_out_are_told_of_what_is_there() -> None:
    case = Case(applied=True).changed("security-group/task/web/rules", ingress=EMPTY)
    (found,) = [one for one in case.doubts() if "health checks" in one.text]
    assert found.possible, "an apply repairs it"
    assert "as AWS is, health checks of LoadBalancer/public do not get to port 80" in found.text


def endpoints(*names: str) -> tuple[str, str]:
    return ("endpoints: [s3]", f"endpoints: [s3, {', '.join(names)}]")


def test_what_no_way_leads_to_cannot_be_fetched(golden: Golden) -> None:
    golden("no-way.txt", Case(*ISOLATED).text())


def test_with_exactly_the_endpoints_that_are_needed_it_starts() -> None:
    needed = ("ecr.api", "ecr.dkr", "logs")
    assert Case(*ISOLATED, endpoints(*needed)).text() == ""
    for name in needed:
        (found, *_) = Case(*ISOLATED, endpoints(*(set(needed) - {name}))).doubts()
        assert not found.possible
        assert f"add {name} to its endpoints" in found.problem.hint


def test_an_endpoint_whose_group_lets_nobody_in_is_worse_than_none(golden: Golden) -> None:
    """Its names lead to it, NAT or not."""
    case = Case(endpoints("logs"), applied=True)
    case.changed("security-group/network/main/rules", ingress=EMPTY)
    golden("closed-endpoint.txt", case.text())
    assert all(doubt.possible for doubt in case.doubts()), "an apply repairs it"


def test_an_acl_that_keeps_answers_out_is_told_of_what_is_there(golden: Golden) -> None:
    case = Case(applied=True)
    allow = AclEntry(rule_action="allow", protocol="-1", cidr_block="0.0.0.0/0", from_port=None, to_port=None)
    acl = NetworkAcl(
        vpc_id=case.id("vpc/main"),
        is_default=False,
        subnet_ids=frozenset({case.id("subnet/main/private/us-east-1b")}),
        ingress=EMPTY,
        egress=FrozenMap({100: allow}),
    )
    golden("acl.txt", case.beside("network-acl", "acl-foreign", acl).text())


def test_egress_that_is_limited_lets_no_image_in_and_to_a_part_of_the_internet_maybe(golden: Golden) -> None:
    none = Case(("  placement: Private\n", "  placement: Private\n  egress: []\n"))
    golden("no-egress.txt", none.text())
    assert {doubt.severity for doubt in none.doubts()} == {"error"}
    some = ("  placement: Private\n", "  placement: Private\n  egress: [{to: 198.51.100.0/24, ports: [443]}]\n")
    assert {doubt.severity for doubt in Case(some).doubts()} == {"warning"}


SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/key"


def test_secrets_files_and_commands_need_their_own_endpoints(golden: Golden) -> None:
    files = "envFiles: ['arn:aws:s3:::shop-config/web.env']"
    more = f"{ORDERS}{ECR}\n      secrets: {{DB: '{SECRET}', KEY: '{PARAMETER}'}}\n      {files}"
    edits = (
        *ISOLATED,
        (f"{ORDERS}{ECR}", more),
        ("  placement: Private\n", "  placement: Private\n  executeCommand: true\n"),
    )
    golden("secrets.txt", Case(*edits, endpoints("ecr.api", "ecr.dkr", "logs")).text())
    all_of_them = endpoints("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages")
    assert Case(*edits, all_of_them).text() == ""


def test_a_key_of_one_s_own_needs_no_endpoint_because_secrets_and_logs_are_decrypted_by_their_services() -> None:
    key = KEY.format("1234abcd-12ab-34cd-56ef-1234567890ab")
    case = Case(
        *ISOLATED,
        (f"{ORDERS}{ECR}", f"{ORDERS}{ECR}\n      secrets: {{DB: '{SECRET}', KEY: '{PARAMETER}'}}"),
        ("  placement: Private\n", f"  placement: Private\n  logs: {{kmsKey: '{key}'}}\n  secretsKmsKeys: ['{key}']\n"),
        endpoints("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm"),
    )
    for arn in (SECRET, PARAMETER):
        case.beside("task-secret", arn, TaskSecret(secret=arn, key_id=key))
    assert case.text() == ""


def test_in_a_region_of_late_the_ways_to_ecs_itself_are_needed_too() -> None:
    edits = [*ISOLATED, endpoints("ecr.api", "ecr.dkr", "logs"), ("us-east-1", "ca-west-1")]
    (found,) = Case(*edits).doubts()
    assert found.severity == "warning"
    assert found.problem.hint.endswith("add ecs, ecs-agent, ecs-telemetry to its endpoints")
    edits[-2] = endpoints("ecr.api", "ecr.dkr", "logs", "ecs", "ecs-agent", "ecs-telemetry")
    assert Case(*edits).text() == ""


def test_no_command_can_be_run_where_nothing_can_be_written() -> None:
    readonly = (
        f"{ORDERS}public",
        f"{ORDERS[: ORDERS.index('image')]}readonlyRootFilesystem: true\n      image: public",
    )
    runs = ("  placement: Private\n", "  placement: Private\n  executeCommand: true\n")
    (found,) = Case(readonly, runs).doubts()
    assert (found.severity, found.problem.field) == ("warning", "spec.containers[0].readonlyRootFilesystem")
    assert Case(readonly).text() == Case(runs).text() == ""


def test_a_secret_that_is_not_there_is_told_of_at_its_place() -> None:
    edit = (
        f"{ORDERS}public",
        f"{ORDERS[: ORDERS.index('image')]}secrets: {{DB: '{SECRET}:password::'}}\n      image: public",
    )
    assert Case(edit).text() == ""
    (found,) = Case(edit).without("task-secret").doubts()
    assert (found.severity, found.problem.field) == ("warning", "spec.containers[0].secrets.DB")
    assert found.problem.message == f"{SECRET} is not there"
    theirs = (edit[0], edit[1].replace("123456789012:secret", "210987654321:secret"))
    assert Case(theirs).without("task-secret").text() == ""


def test_what_a_log_driver_is_told_in_secret_is_fetched_too() -> None:
    secrets = f"secretOptions: {{splunk-token: '{SECRET}'}}"
    logs = f"  logs: {{driver: splunk, options: {{splunk-url: 'https://s'}}, {secrets}}}\n"
    case = Case(*ISOLATED, ("  placement: Private\n", f"  placement: Private\n{logs}"), endpoints("ecr.api", "ecr.dkr"))
    (found,) = case.doubts()
    assert found.problem.field == "spec.logs.secretOptions.splunk-token"
    assert found.problem.hint.endswith("add secretsmanager to its endpoints")


def small(replicas: int) -> tuple[tuple[str, str], ...]:
    """Private subnets of eleven addresses, and so many copies in both of them."""
    _, orders, after = (SPECS / "two-tier.yaml").read_text().partition("metadata: {name: orders}")
    task = orders + after[: after.index("replicas: 2") + len("replicas: 2")]
    return (
        ("[10.0.10.0/24, 10.0.11.0/24]", "[10.0.10.0/28, 10.0.11.0/28]"),
        (task, task.replace("replicas: 2", f"replicas: {replicas}")),
    )


@pytest.mark.parametrize(
    ("replicas", "severity", "when"),
    [
        (2, "", ""),  # 11 addresses, 8 for the load balancer: one task in each subnet, two in a rollout
        (4, "warning", "its tasks while they are rolled out want 4"),
        (8, "warning", "its tasks want 4"),
        (22, "error", "its tasks want 11"),
    ],
)
def test_a_subnet_has_an_address_for_every_task_and_its_successor(replicas: int, severity: str, when: str) -> None:
    found = Case(*small(replicas)).doubts()
    assert len(found) == (2 if severity else 0)
    assert {doubt.severity for doubt in found} == ({severity} if severity else set())
    assert all(when in doubt.problem.message for doubt in found)


def test_a_subnet_has_an_address_for_every_task_at_autoscalings_maximum(golden: Golden) -> None:
    block, (task, same) = small(2)
    golden("autoscaling.txt", Case(block, (task, f"{same}\n  autoscaling: {{min: 2, max: 10, cpu: 50}}")).text())


def test_tasks_that_autoscaling_made_are_counted_as_they_are() -> None:
    block, (task, same) = small(2)
    edits = block, (task, f"{same}\n  autoscaling: {{min: 2, max: 10, cpu: 50}}")
    case = Case(*edits, applied=True).changed("service/orders", desired_count=8)
    assert all("its tasks want 4" in doubt.problem.message for doubt in case.doubts())
    assert len(case.doubts()) == 2


def test_addresses_that_others_hold_are_not_free(golden: Golden) -> None:
    case = Case(*small(2), applied=True)
    assert case.text() == ""

    def interface(groups: frozenset[Id], number: int) -> NetworkInterface:
        return NetworkInterface(
            vpc_id=case.id("vpc/main"),
            subnet_id=case.id("subnet/main/private/us-east-1a"),
            private_ip_addresses=(f"10.0.10.{number}",),
            public_ips=EMPTY,
            ipv6_addresses=(),
            groups=groups,
            interface_type="interface",
            description="",
            instance_owner_id=None,
            requester_id=None,
            status="in-use",
        )

    own = frozenset({case.id("security-group/task/orders")})
    case.beside("network-interface", "eni-1", interface(own, 5)).beside("network-interface", "eni-2", interface(own, 6))
    assert case.text() == "", "its own interfaces are those that are counted anyway"
    case.beside("network-interface", "eni-3", interface(frozenset({Id("sg-other")}), 7))
    case.beside("network-interface", "eni-4", interface(frozenset(), 8))
    golden("others.txt", case.text())


def test_a_revision_that_opens_another_port_is_told_of_what_runs(golden: Golden) -> None:
    case = Case(applied=True)
    (one,) = case.snapshot.found["task-definition/orders"]
    container = one.fields.container_definitions["orders"]
    other = dataclasses.replace(container, port_mappings=frozenset())
    case.changed("task-definition/orders", container_definitions=FrozenMap({"orders": other}))
    golden("ports.txt", case.text())


def test_what_is_beyond_a_quota_is_counted(golden: Golden) -> None:
    many = ", ".join(f"10.{n}.0.0/16" for n in range(61))
    golden("quotas.txt", Case(("allowFrom: [internet]", f"allowFrom: [{many}]")).text())


ROLE = "arn:aws:iam::123456789012:role/orders"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
LOGS = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}


def given(*statements: dict[str, Any], trust: dict[str, Any] = TRUST, whole: bool = True) -> Case:
    """The role of a task with a secret."""
    files = f"{PULLED[0]}\n      secrets: {{DB: '{SECRET}'}}"
    case = Case((PULLED[0], files), ("  placement: Private\n", f"  placement: Private\n  executionRoleArn: {ROLE}\n"))
    fields = GivenRole(
        arn=Id(ROLE),
        assume_role_policy_document=policy_document({"Statement": [trust]}),
        policies=FrozenMap({"all": policy_document({"Statement": list(statements)})}),
        whole=whole,
    )
    return case.beside("given-role", ROLE, fields)


def secret(resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": resource, **more}


@pytest.mark.parametrize("resource", ["*", SECRET, "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-??????"])
def test_a_role_that_is_given_and_allows_what_is_needed_is_good(resource: str) -> None:
    assert given(LOGS, secret(resource)).text() == ""


def test_a_role_that_is_given_and_does_not_allow_what_is_needed_is_told_of(golden: Golden) -> None:
    nobody = {**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}
    golden("roles.txt", given(secret(SECRET.replace("db", "other")), trust=nobody).text())
    denied = {**secret("*"), "Effect": "Deny"}
    assert "does not allow secretsmanager:GetSecretValue" in given(LOGS, denied).text()
    assert given(LOGS, whole=False).text() == "", "what could not be read may allow it"


def test_a_role_of_ours_that_lost_a_permission_is_told_of(golden: Golden) -> None:
    golden("lost-permission.txt", Case(applied=True).changed("role/orders/execution", policies=EMPTY).text())


def test_a_role_that_is_given_and_is_not_there_is_told_of() -> None:
    case = Case(("  placement: Private\n", f"  placement: Private\n  executionRoleArn: {ROLE}\n"))
    assert [(doubt.severity, doubt.problem.message) for doubt in case.doubts()] == [
        ("error", f"there is no role {ROLE} in account 123456789012")
    ]
    case.snapshot = dataclasses.replace(case.snapshot, unknown={"given-role": "AccessDenied"})
    assert case.text() == ""


def test_a_permissions_boundary_is_what_a_role_may_at_most(golden: Golden) -> None:
    limit = policy_document({"Statement": [LOGS]})
    case = given(LOGS, secret("*"))
    (role,) = (one for one in case.snapshot.evidence if one.type == "given-role")
    bounded = dataclasses.replace(role, fields=dataclasses.replace(role.fields, boundary=limit))
    golden("boundary.txt", case.without("given-role").beside("given-role", role.id, bounded.fields).text())


def fargate(code: str, value: int, *edits: tuple[str, str], name: str = "two-tier.yaml") -> str:
    return Case(*edits, name=name).beside("fargate-quota", code, FargateQuota(quota_code=code, value=value)).text()


def test_tasks_that_want_more_vcpus_than_the_account_may_run_are_told_of(golden: Golden) -> None:
    golden("vcpus.txt", fargate(ON_DEMAND, 0))
    assert fargate(ON_DEMAND, 6) == ""
    scaled = ("  replicas: 2\n", "  autoscaling: {min: 2, max: 20, cpu: 60}\n")
    assert "at autoscaling's maximum" in fargate(ON_DEMAND, 6, scaled)
    assert fargate(ON_DEMAND, 0, name="production.yaml").count("vCPUs") == 1, "of both kinds nobody knows how many"
    assert fargate(SPOT, 0) == ""


def test_more_rules_than_a_network_acl_holds_are_counted() -> None:
    rules = "".join(
        f"        - {{ruleNumber: {n}, action: Deny, protocol: udp, cidr: 10.0.0.0/16}}\n" for n in range(1, 17)
    )
    private = ("    private: # the tasks\n      inbound:\n", f"    private:\n      inbound:\n{rules}")
    assert Case(private, name="network-acls.yaml").text() == ""
    more = (private[0], private[1] + rules.replace("Number: ", "Number: 9"))
    assert "inbound rules in its private network ACL beside AWS's own" in Case(more, name="network-acls.yaml").text()


KEY = "arn:aws:kms:us-east-1:123456789012:key/{}"


@pytest.mark.parametrize(
    ("key", "told"),
    [("other", True), (KEY.format("other"), True), (KEY.format("1234abcd-12ab-34cd-56ef-1234567890ab"), False)],
)
def test_a_key_that_the_files_do_not_name_cannot_decrypt(key: str, told: bool) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"
    text = Case(name="production.yaml").beside("task-secret", arn, TaskSecret(secret=arn, key_id=key)).text()
    assert ("which the execution role may not decrypt with, add the ARN of the key" in text) == told


def mounted(*zones: str, port: int = 2049) -> Case:
    """The example with a file system, whose mount targets in some zones let the network in at a port."""
    case = Case(name="production.yaml", applied=True)
    group = "sg-files"
    rules = FrozenMap({RuleKey("tcp", port, port, "10.8.0.0/16"): Rule()})
    fields = SecurityGroupRules(group_id=Id(group), ingress=rules, egress=FrozenMap())
    case.beside("security-group-rules", group, fields)
    for zone in zones:
        target = MountTarget(
            file_system_id="fs-0123456789abcdef0",
            subnet_id=case.id(f"subnet/main/public/{zone}"),
            vpc_id=case.id("vpc/main"),
            availability_zone=zone,
            security_groups=frozenset({Id(group)}),
            life_cycle_state="available",
        )
        case.beside("mount-target", f"fsmt-{zone}", target)
    return case


def test_a_file_system_needs_a_mount_target_in_each_zone_that_lets_the_task_in(golden: Golden) -> None:
    zones = ("us-east-1a", "us-east-1b")
    web = [doubt for doubt in mounted().doubts() if "volumes" in doubt.problem.text]
    assert web, "no target at all"
    golden("mount-targets.txt", mounted(zones[0], port=22).text())
    assert "fs-" not in mounted(*zones).text()
    unread = mounted()
    unread.snapshot = dataclasses.replace(unread.snapshot, unknown={"mount-target": "AccessDenied"})
    assert "fs-" not in unread.text()

"""A load balancer of somebody else: our rules come, change and go, and nothing else of it ever does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from cuts import Guillotine, client
from platform_network import Platform, balancer_as_it_is, platform, platform_balancer, rules_of
from test_examples import converged, edited
from worlds import SPECS

from reconciler.engine import view
from reconciler.model.graph import Graph
from reconciler.model.ports import Writer
from reconciler.model.tags import DELETION_POLICY, STACK
from reconciler.sandbox import Faults, Sandbox, Timings

Graphs = Callable[..., Graph]
NAME = "existing-load-balancer.yaml"
GUEST = "    - name: guest\n      match: {hosts: [guest.example.com]}\n      forward: [{task: guest, port: http}]\n"
OLD = "    - name: old\n      match: {hosts: [old.example.com]}\n      redirect: {host: guest.example.com}\n"


@pytest.fixture
def theirs(sandbox: Sandbox) -> Platform:
    """The platform's network in the sandbox."""
    return platform(sandbox.clock)


@pytest.fixture
def balancer(theirs: Platform) -> str:
    """The platform's load balancer in the sandbox."""
    return platform_balancer(theirs)


@pytest.fixture
def graph(theirs: Platform, balancer: str) -> Graphs:
    """The graph of the example, edited, with the ids that there are."""
    group = boto3.client("ec2").create_security_group(GroupName="monitoring", Description="theirs", VpcId=theirs.vpc)
    there = {
        "vpc": theirs.vpc,
        "publicSubnets": ",".join(theirs.public),
        "privateSubnets": ",".join(theirs.private),
        "monitoring": group["GroupId"],
        "loadBalancer": balancer,
    }

    def made(*edits: tuple[str, str], **variables: str | None) -> Graph:
        return edited(NAME, edits, {name: value for name, value in (there | variables).items() if value is not None})

    return made


def ours(balancer: str) -> dict[int, str]:
    """Our rules by priority, each with its host."""
    return {
        priority: rule["Conditions"][0]["HostHeaderConfig"]["Values"][0]
        for priority, rule in rules_of(balancer).items()
        if rule["Tags"]
    }


CHANGES: tuple[tuple[list[tuple[str, str]], list[str]], ...] = (
    ([("[guest.example.com]}\n      fo", "[new.example.com]}\n      fo")], ["old.example.com", "new.example.com"]),
    ([(OLD + GUEST, GUEST + OLD)], ["guest.example.com", "old.example.com"]),
    ([("firstPriority: 2000", "firstPriority: 3000")], ["old.example.com", "guest.example.com"]),
    ([('  securityGroups: ["${var.monitoring}"]\n', "")], ["old.example.com", "guest.example.com"]),
    ([("ports: [4317]", "ports: [4318]")], ["old.example.com", "guest.example.com"]),
    ([(OLD, "")], ["guest.example.com"]),
)


def test_our_rules_change_and_go_and_the_rest_of_the_load_balancer_stays_as_it_is(
    sandbox: Sandbox, graph: Graphs, balancer: str
) -> None:
    before, theirs = balancer_as_it_is(balancer), rules_of(balancer)
    for edits, hosts in ([], ["old.example.com", "guest.example.com"]), *CHANGES:
        converged(sandbox, graph(*edits))
        found = ours(balancer)
        assert [found[priority] for priority in sorted(found)] == hosts
        assert min(found) > (3000 if "3000" in str(edits) else 2000)
        assert rules_of(balancer).items() >= theirs.items()
    assert client(sandbox.clock, threads=4).delete(graph()).converged
    assert balancer_as_it_is(balancer) == before
    assert rules_of(balancer) == theirs


def test_a_rule_of_ours_that_somebody_changes_is_drift_and_one_of_theirs_is_not(
    sandbox: Sandbox, graph: Graphs, balancer: str
) -> None:
    desired = graph()
    converged(sandbox, desired)
    elb = boto3.client("elbv2")
    (old, guest), (theirs,) = (
        [r for r in rules_of(balancer).values() if bool(r["Tags"]) is mine] for mine in (True, False)
    )
    elb.modify_rule(RuleArn=theirs["RuleArn"], Conditions=[{"Field": "path-pattern", "Values": ["/changed"]}])
    assert view(desired, client(sandbox.clock).reader).plan.drift == ()
    elb.delete_rule(RuleArn=old["RuleArn"])
    elb.modify_rule(RuleArn=guest["RuleArn"], Conditions=[{"Field": "host-header", "Values": ["x.example.com"]}])
    (drift,) = view(desired, client(sandbox.clock).reader).plan.drift
    assert {change.path.split("]")[0] + "]" for change in drift.changes} == {"rules[guest]", "rules[old]"}
    converged(sandbox, desired)


def test_one_listener_may_be_named_by_its_arn(sandbox: Sandbox, graph: Graphs, balancer: str) -> None:
    converged(sandbox, graph())
    (listener,) = boto3.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    assert not view(graph(loadBalancer=listener["ListenerArn"]), client(sandbox.clock).reader).plan.visible


def test_a_listener_that_is_not_there_blocks_its_rules_with_what_to_do(
    sandbox: Sandbox, graph: Graphs, balancer: str
) -> None:
    plan = view(graph(("port: 80, p", "port: 81, p")), client(sandbox.clock).reader).plan
    blocked = {one.address: one for one in plan.blocked}
    assert "with protocol HTTP on port 81" in blocked["listener/platform/http"].reason
    assert "listener/platform/http/rules" in blocked


TEXT = (SPECS / NAME).read_text()
BALANCER, ROUTE, TASK = (
    next(f"\n---\n{text.rstrip()}" for text in TEXT.split("\n---\n") if f"kind: {kind}" in text)
    for kind in ("LoadBalancer", "Route", "Task")
)
VARIABLE = TEXT[TEXT.index("    loadBalancer:\n") : TEXT.index("---\napiVersion: reconciler.dev/v1\nkind: Network")]
MONITORING = next(line for line in TEXT.splitlines(keepends=True) if line.startswith("    monitoring:"))
FORWARDING = "\n" + GUEST.rstrip()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """One whose index of tags is as the test says, by default up to date."""
    index = getattr(request, "param", "up to date")
    with Sandbox(timings=Timings(tag_index=3600.0) if index == "late" else None) as running:
        if index == "denied":
            running.faults = Faults(errors_5xx=1.0, only=frozenset({"resourcegroupstaggingapi:GetResources"}))
        yield running


@pytest.mark.parametrize("sandbox", ["up to date", "late", "denied"], indirect=True)
@pytest.mark.parametrize("leads", ["to us", "elsewhere"])
def test_rules_go_when_the_files_no_longer_name_the_listener_whatever_the_index_of_tags_knows(
    sandbox: Sandbox, graph: Graphs, balancer: str, leads: str
) -> None:
    sandbox.clock.advance(600)
    before, theirs = balancer_as_it_is(balancer), rules_of(balancer)
    desired = graph() if leads == "to us" else graph((FORWARDING, ""))
    without = graph((BALANCER, ""), (ROUTE, ""), (VARIABLE, ""), loadBalancer=None)
    for remove in (
        lambda: client(sandbox.clock, threads=4).apply(without),
        lambda: client(sandbox.clock, threads=4).delete(desired),
    ):
        converged(sandbox, desired)
        assert len(rules_of(balancer)) > len(theirs)
        assert remove().converged
        assert rules_of(balancer) == theirs
        assert balancer_as_it_is(balancer) == before


@pytest.mark.parametrize("sandbox", ["late"], indirect=True)
def test_rules_go_from_one_load_balancer_to_another(
    sandbox: Sandbox, graph: Graphs, theirs: Platform, balancer: str
) -> None:
    other = platform_balancer(theirs, "other")
    before = rules_of(balancer), rules_of(other)
    answers = (FORWARDING, "")
    converged(sandbox, graph(answers))
    converged(sandbox, graph(answers, loadBalancer=other))
    assert rules_of(balancer) == before[0]
    assert len(rules_of(other)) == len(before[1]) + 1


RETAIN = "metadata: {name: %s, annotations: {reconciler.dev/deletion-policy: Retain}}"


def retained(name: str) -> tuple[str, str]:
    return f"metadata: {{name: {name}}}", RETAIN % name


def policies(balancer: str) -> list[str | None]:
    """What each of our rules says of its end, in order."""
    rules = [rule["Tags"] for _, rule in sorted(rules_of(balancer).items())]
    return [tags.get(DELETION_POLICY) for tags in rules if STACK in tags]


def test_rules_say_that_they_are_to_stay_and_stop_saying_it(sandbox: Sandbox, graph: Graphs, balancer: str) -> None:
    shorter = graph(retained("platform"), (OLD, ""))
    for desired, said in (
        (graph(), [None, None]),
        (shorter, ["Retain"]),
        (graph(retained("platform")), ["Retain", "Retain"]),
        (graph(), [None, None]),
    ):
        converged(sandbox, desired)
        assert policies(balancer) == said
        again = client(sandbox.clock, threads=4)
        assert again.apply(desired).converged
        assert again.calls.mutating == 0
    desired = graph(retained("platform"))
    converged(sandbox, desired)
    ours = next(rule for rule in rules_of(balancer).values() if STACK in rule["Tags"])
    boto3.client("elbv2").remove_tags(ResourceArns=[ours["RuleArn"]], TagKeys=[DELETION_POLICY])
    (drift,) = view(desired, client(sandbox.clock).reader).plan.drift
    assert [change.path for change in drift.changes] == [f"tags[{DELETION_POLICY}]"]
    converged(sandbox, desired)


@pytest.mark.parametrize("whose", ["platform", "guest"], ids=["the load balancer's", "the stack's"])
def test_rules_that_are_to_stay_stay_and_are_nobody_s(
    sandbox: Sandbox, graph: Graphs, balancer: str, whose: str
) -> None:
    theirs = rules_of(balancer)
    converged(sandbox, graph(retained(whose)))
    made = rules_of(balancer).keys() - theirs.keys()
    assert client(sandbox.clock, threads=4).delete(graph(retained(whose))).converged
    after = rules_of(balancer)
    assert after.keys() == theirs.keys() | made
    assert [after[priority]["Tags"] for priority in made] == [{}, {}]
    assert after.items() >= theirs.items()
    assert client(sandbox.clock).delete(graph()).converged
    assert rules_of(balancer) == after


def interrupted(sandbox: Sandbox, run: Callable[[Any], Any], expected: Callable[[], None]) -> int:
    """Runs something, and for each call that concerns rules or tags another life that is cut after it and goes on."""
    blades: list[Guillotine] = []

    def recover() -> None:
        assert run(client(sandbox.clock)).converged
        expected()

    def wrap(writer: Writer) -> Writer:
        wanted = re.compile("Rule|[Tt]ag|DeleteCluster|DeleteLogGroup")
        blades.append(Guillotine(writer, lambda cut: cut.acted and wanted.search(cut.operation), recover))
        return blades[-1]

    assert run(client(sandbox.clock, wrap)).converged
    expected()
    for blade in blades:
        blade.finish()
        assert blade.failures == {}
    return sum(len(blade.cuts) for blade in blades)


@pytest.mark.parametrize("sandbox", ["late"], indirect=True)
def test_whatever_call_is_the_last_rules_of_no_object_go(sandbox: Sandbox, graph: Graphs, balancer: str) -> None:
    theirs = rules_of(balancer)
    converged(sandbox, graph((FORWARDING, "")))
    without = graph((BALANCER, ""), (ROUTE, ""), (VARIABLE, ""), loadBalancer=None)

    def expected() -> None:
        assert rules_of(balancer) == theirs

    assert interrupted(sandbox, lambda mine: mine.apply(without), expected) >= 2


@pytest.mark.parametrize("sandbox", ["late"], indirect=True)
def test_whatever_call_is_the_last_of_a_deletion_no_rule_is_left(
    sandbox: Sandbox, graph: Graphs, balancer: str
) -> None:
    theirs = rules_of(balancer)
    desired = graph((FORWARDING, ""), (TASK, ""), (MONITORING, ""), monitoring=None)
    converged(sandbox, desired)

    def expected() -> None:
        assert rules_of(balancer) == theirs

    assert interrupted(sandbox, lambda mine: mine.delete(desired), expected) >= 2


@pytest.mark.parametrize("sandbox", ["late"], indirect=True)
@pytest.mark.parametrize("whose", ["platform", "guest"], ids=["the load balancer's", "the stack's"])
def test_whatever_call_is_the_last_rules_that_are_to_stay_stay(
    sandbox: Sandbox, graph: Graphs, balancer: str, whose: str
) -> None:
    desired = graph(retained(whose), (FORWARDING, ""), (TASK, ""), (MONITORING, ""), monitoring=None)
    converged(sandbox, desired)
    made = rules_of(balancer).keys()

    def expected() -> None:
        found = rules_of(balancer)
        assert found.keys() == made
        assert not any(rule["Tags"] for rule in found.values())

    assert interrupted(sandbox, lambda mine: mine.delete(desired), expected) >= 2


def test_rules_go_with_their_object_though_nothing_names_the_listener_any_more(
    sandbox: Sandbox, graph: Graphs, balancer: str
) -> None:
    theirs = rules_of(balancer)
    converged(sandbox, graph())
    desired = graph()
    kept = {
        address: one
        for address, one in {**desired.resources, **desired.references}.items()
        if "platform" not in address and not address.startswith(("service", "security-group"))
    }
    without = Graph.of(desired.stack, kept.values(), desired.types)
    done = client(sandbox.clock, threads=4).apply(without)
    assert done.converged, done
    assert rules_of(balancer) == theirs

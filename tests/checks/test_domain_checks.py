"""What is wrong between the objects of a stack: each case is a good stack with one thing changed."""

from __future__ import annotations

from pathlib import Path

import load_balancer_cases
import network_cases
import pytest
import route_cases
import stack_cases
import task_cases
from good_stack import GOOD, MATCH, PRIVATE, Cases, changed, problems

from reconciler.checks import check
from reconciler.load import load

SPECS = Path(__file__).parents[2] / "specs"
KINDS = (stack_cases, network_cases, load_balancer_cases, task_cases, route_cases)
CASES: Cases = {name: case for kind in KINDS for name, case in kind.CASES.items()}


@pytest.mark.parametrize(("edits", "expected"), CASES.values(), ids=CASES)
def test_one_thing_wrong_is_one_problem(edits: list[tuple[str, str]], expected: list[str]) -> None:
    assert sorted(problems(changed(*edits))) == sorted(expected)


def test_no_case_hides_another_of_its_name() -> None:
    assert len(CASES) == sum(len(kind.CASES) for kind in KINDS)


FINE = {
    "the good stack": [],
    "its own log group": [("${loadBalancer/wire.dnsName}", "${task/web.logGroup}")],
    "an escaped reference": [("${loadBalancer/wire.dnsName}", "$${task/nobody.x}")],
    "a variable of the shell": [("${loadBalancer/wire.dnsName}", "${HOME}")],
    "one port with two protocols": [("containerPort: 8125", "containerPort: 80")],
    "ECR through endpoints alone": [
        ("nat: Single", "nat: None"),
        ("endpoints: [s3]", "endpoints: [s3, ecr.api, ecr.dkr, logs]"),
        ("public.ecr.aws/nginx/nginx:1.27", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"),
    ],
    "a Network load balancer in one zone": [
        ("network: main\n  type: Network", "network: other\n  type: Network"),
        ("allowFrom: [task/web]", "allowFrom: [task/away]"),
        ("allowFrom: [loadBalancer/wire]", "allowFrom: [10.9.0.0/16]"),
        ("forward: [{task: web, port: side}]", "forward: [{task: away, port: http}]"),
    ],
    "an internal load balancer in public subnets where there are no private ones": [
        (PRIVATE, ""),
        ("placement: Private", "placement: Public"),
    ],
    "a wildcard path and host": [(MATCH, 'match: {paths: ["*.png"], hosts: ["*.example.com"]}')],
    "waiting for a container that may end": [("condition: Start", "condition: Complete")],
    "a subnet just large enough for an ALB": [("10.0.1.0/24", "10.0.1.0/27")],
    "as many patterns as a rule can have": [(MATCH, "match: {paths: [/a, /b, /c], hosts: [a.b, c.d]}")],
    "as many wildcards as a rule can have": [(MATCH, 'match: {paths: ["/*/*/*", "/?/?"]}')],
    "patterns as long as they can be": [
        (MATCH, f"match: {{paths: [/{'a' * 127}], hosts: [{'a' * 124}.com]}}"),
    ],
    "the shortest interval": [("region: us-east-1\n", "region: us-east-1\n  drift: {interval: 1s}\n")],
    "the longest interval": [("region: us-east-1\n", "region: us-east-1\n  drift: {interval: 24h}\n")],
    "a tag as long as it can be": [("team: storefront", f"{'k' * 128}: {'v' * 256}")],
    "a flow to a number": [("port: http, path", "port: 8443, path")],
}


@pytest.mark.parametrize("edits", FINE.values(), ids=FINE)
def test_what_is_right_is_no_problem(edits: list[tuple[str, str]]) -> None:
    assert problems(changed(*edits)) == []


@pytest.mark.parametrize("name", ["two-tier.yaml", "peers.yaml"])
def test_the_reference_files_are_without_a_problem(name: str) -> None:
    assert problems((SPECS / name).read_text()) == []


def test_as_many_rules_as_a_load_balancer_can_have() -> None:
    def with_rules(count: int) -> str:
        rules = ", ".join(
            f"{{name: r{n}, match: {{paths: [/{n}]}}, forward: [{{task: web, port: http}}]}}" for n in range(count - 2)
        )
        more = f"spec: {{loadBalancer: front, listener: http, order: 1, rules: [{rules}]}}"
        old = "spec: {loadBalancer: wire, listener: tcp, default: {forward: [{task: web, port: side}]}}"
        return changed((old, more), ("type: Network\n", "type: Application\n"), ("protocol: TCP", "protocol: HTTP"))

    assert problems(with_rules(100)) == []
    assert problems(with_rules(101)) == [
        "Route/wire: spec.rules[98].name: is rule 101 of 101 of LoadBalancer/front, AWS allows 100"
    ]


def behind(count: int) -> str:
    """The good stack with more load balancers in front of its task."""
    return "".join(
        f"---\napiVersion: reconciler.dev/v1\nkind: LoadBalancer\nmetadata: {{name: lb{n}}}\n"
        "spec: {network: main, listeners: [{name: http, port: 80, protocol: HTTP}]}\n"
        f"---\napiVersion: reconciler.dev/v1\nkind: Route\nmetadata: {{name: z{n}}}\n"
        f"spec: {{loadBalancer: lb{n}, listener: http, default: {{forward: [{{task: web, port: http}}]}}}}\n"
        for n in range(count)
    )


def test_as_many_target_groups_as_a_service_can_have() -> None:
    assert problems(GOOD + behind(3)) == []
    assert problems(GOOD + behind(4)) == [
        "Route/z3: spec.default.forward[0]: Task/web is the target of 6 pairs of load balancer and port, AWS allows 5"
    ]


def test_as_many_tags_as_our_own_leave_room_for() -> None:
    def tags(count: int) -> str:
        keys = ", ".join(f"k{n}: v" for n in range(count))
        return changed(("tags: {team: storefront}", f"tags: {{{keys}}}"))

    assert problems(tags(40)) == []
    assert problems(tags(41)) == [
        "Stack/shop: spec.tags: has 41 tags, keep 40: AWS allows 50 on a resource and the rest carry our own marks"
    ]


def test_a_problem_is_at_the_line_of_the_field() -> None:
    text = changed(("memory: 1024", "memory: 1000"))
    (stack,) = load({"f": text.encode()}).stacks.values()
    (problem,) = check(stack)
    line = text.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :] == "1000"


def test_what_cannot_be_read_is_not_called_missing() -> None:
    text = changed(("cidr: 10.0.0.0/16", "cidr: ten"), ("name: app\n", "name: app\n      ful: 1\n"))
    bundle = load({"f": text.encode()})
    assert [problem.object for problem in bundle.problems] == ["Network/main", "Task/web"]
    assert check(bundle.stacks["shop"]) == []


def test_a_field_whose_variable_has_no_value_is_not_called_missing() -> None:
    text = changed(("region: us-east-1\n", "region: us-east-1\n  variables: {block: {}}\n"))
    bundle = load({"f": text.replace("cidr: 10.0.0.0/16", 'cidr: "${var.block}"').encode()})
    assert [problem.object for problem in bundle.problems] == ["Stack/shop"]
    assert check(bundle.stacks["shop"]) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Task\nmetadata: {name: web}", "name: http, containerPort", "name: other, containerPort"),
        ("LoadBalancer\nmetadata: {name: front}", "name: http, port: 80", "name: other, port: 81"),
        ("LoadBalancer\nmetadata: {name: wire}", "name: tcp, port", "name: other, port"),
        ("Network\nmetadata: {name: main}", PRIVATE, ""),
        (
            "Route\nmetadata: {name: wire}",
            "wire, listener: tcp, default: {forward: [{task: web, port: side}]}",
            "front, listener: http, rules: [{name: z, match: {paths: [/z]}, fixedResponse: {statusCode: 404}}]",
        ),
    ],
    ids=["a port", "a listener", "a listener that needs a target", "subnets", "what is behind a listener"],
)
def test_an_object_that_is_defined_twice_is_one_problem_whichever_of_both_is_meant(
    name: str, old: str, new: str
) -> None:
    (one,) = (text for text in GOOD.split("---\n") if f"kind: {name}\n" in text)
    assert old in one
    for text in (GOOD.replace(one, one.replace(old, new) + "---\n" + one), GOOD + "---\n" + one.replace(old, new)):
        bundle = load({"f": text.encode()})
        assert [problem.message.split(",")[0] for problem in bundle.problems] == ["is defined twice"]
        assert check(bundle.stacks["shop"]) == []


def test_what_is_wrong_in_an_object_that_is_defined_twice_is_told_too() -> None:
    text = changed(("cluster: main", "cluster: elsewhere"))
    (one,) = (one for one in text.split("---\n") if "elsewhere" in one)
    assert [p.field for p in check(load({"f": f"{text}---\n{one}".encode()}).stacks["shop"])] == ["spec.cluster"]


def test_with_an_unreadable_document_nothing_is_called_missing() -> None:
    text = changed(("cluster: main", "cluster: elsewhere")) + "---\nkind: [\n"
    bundle = load({"f": text.encode()})
    assert check(bundle.stacks["shop"]) == []


def test_everything_wrong_is_found_at_once_in_order() -> None:
    text = changed(
        ("cluster: main", "cluster: x"), ("memory: 1024", "memory: 1"), ("statusCode: 403", "statusCode: 301")
    )
    (stack,) = load({"f": text.encode()}).stacks.values()
    found = check(stack)
    assert len(found) == 3
    assert [(p.line, p.column) for p in found] == sorted((p.line, p.column) for p in found)

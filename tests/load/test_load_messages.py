"""What the loader says: one line for each thing that is wrong, with its place and what would be right."""

import pytest
from one_document import HEAD, NETWORK, TASK, problems

from reconciler.load import load

FIELDS = {
    "an unknown field is shown at its name": (
        NETWORK + "  natt: Single\n",
        ['7:3: Network/main: spec.natt: is not a known field, did you mean "nat"?'],
    ),
    "a part of a name is enough": (
        NETWORK + "  zones: [us-east-1a]\n",
        ['7:3: Network/main: spec.zones: is not a known field, did you mean "availabilityZones"?'],
    ),
    "a field of what a field holds is shown the way": (
        TASK + "  env: {A: b}\n",
        ["9:3: Task/web: spec.env: is not a known field here, write it in containers"],
    ),
    "an unknown field like no other lists the fields": (
        NETWORK + "  public: {cidrs: [10.0.0.0/24], zz: 1}\n",
        ["7:34: Network/main: spec.public.zz: is not a known field, the fields here are cidrs, ids, tags"],
    ),
    "a kind without fields": (
        "apiVersion: reconciler.dev/v1\nkind: Cluster\nmetadata: {name: main}\nspec: {size: 1}\n",
        ["4:8: Cluster/main: spec.size: is not a known field, nothing can be set here"],
    ),
    "an unknown field beside the spec": (
        NETWORK + "status: {}\n",
        ["7:1: Network/main: status: is not a known field, the fields here are apiVersion, kind, metadata, spec"],
    ),
    "a field in the way of Python": (
        TASK + "  allow_from: [internet]\n",
        ['9:3: Task/web: spec.allow_from: is not a known field, did you mean "allowFrom"?'],
    ),
    "a missing field is shown where it belongs": (
        TASK.replace("  cluster: main\n", ""),
        ["4:1: Task/web: spec.cluster: is missing, add it: Name of the Cluster that it runs in"],
    ),
    "a missing spec": (
        "apiVersion: reconciler.dev/v1\nkind: Network\nmetadata: {name: main}\n",
        [
            "1:1: Network/main: spec.availabilityZones: is missing, add it: Zones that the subnets lie in",
        ],
    ),
    "a missing name": (
        NETWORK.replace("{name: main}", "{}"),
        [
            "3:1: Network/?: metadata.name: is missing, "
            "add it: Name of the object, unique among the objects of its kind in its stack"
        ],
    ),
    "an unknown kind": (
        NETWORK.replace("Network", "Netwrk"),
        ['2:7: Netwrk/main: kind: "Netwrk" is not a known kind, did you mean "Network"?'],
    ),
    "a kind in lower case": (
        NETWORK.replace("Network", "network"),
        ['2:7: network/main: kind: "network" is not a known kind, did you mean "Network"?'],
    ),
    "a kind like no other": (
        NETWORK.replace("Network", "Deployment"),
        [
            '2:7: Deployment/main: kind: "Deployment" is not a known kind, '
            "the kinds are Alert, Cluster, Flow, LoadBalancer, Network, Route, Stack, Task"
        ],
    ),
    "another version": (
        NETWORK.replace("/v1", "/v2"),
        ['1:13: Network/main: apiVersion: is "reconciler.dev/v2", did you mean "reconciler.dev/v1"?'],
    ),
    "a name that DNS would not take": (
        NETWORK.replace("name: main", "name: Main_"),
        [
            "3:18: Network/Main_: metadata.name: is \"Main_\", write lower-case letters, digits and '-', "
            "at most 63, with a letter or digit at both ends"
        ],
    ),
    "an annotation of ours that nobody knows": (
        NETWORK.replace("name: main", 'name: main, annotations: {reconciler.dev/retain: "x", a/b: c}'),
        [
            '3:38: Network/main: metadata.annotations["reconciler.dev/retain"]: is not a known annotation, '
            "write one of drift, ignore-fields, accept-drift, "
            "paused, deletion-policy, prevent-replace, adopt"
        ],
    ),
    "text for a number": (
        TASK + '  cpu: "256"\n',
        ['9:8: Task/web: spec.cpu: is the text "256", write 256 without quotes'],
    ),
    "text that is no number": (
        TASK + "  cpu: 256m\n",
        [
            '9:8: Task/web: spec.cpu: is the text "256m", '
            "write a whole number: CPU units of each copy; 1024 are one vCPU"
        ],
    ),
    "true for a number": (
        TASK + "  replicas: true\n",
        ["9:13: Task/web: spec.replicas: is true, write a whole number"],
    ),
    "a fraction": (
        TASK + "  cpu: 256.0\n",
        ["9:8: Task/web: spec.cpu: is 256.0, write a whole number: CPU units of each copy; 1024 are one vCPU"],
    ),
    "a number for text": (
        TASK.replace("cluster: main", "cluster: 1"),
        ['5:12: Task/web: spec.cluster: is a number, not text, write "1" in quotes'],
    ),
    "a version for text keeps its digits": (
        TASK.replace("nginx}", "nginx, env: {V: 1.10}}"),
        ['8:42: Task/web: spec.containers[0].env.V: is a number, not text, write "1.10" in quotes'],
    ),
    "true for text": (
        TASK.replace("nginx}", "nginx, env: {V: true}}"),
        ['8:42: Task/web: spec.containers[0].env.V: is true or false, not text, write "true" in quotes'],
    ),
    "text for true": (
        TASK.replace("nginx}", 'nginx, essential: "false"}'),
        ['8:44: Task/web: spec.containers[0].essential: is the text "false", write false without quotes'],
    ),
    "text for a list": (
        NETWORK.replace("[us-east-1a]", "us-east-1a"),
        ["6:22: Network/main: spec.availabilityZones: is text, not a list, write [us-east-1a]"],
    ),
    "a mapping for a list": (
        TASK.replace("    - {name: app, image: nginx}", "    {name: app, image: nginx}"),
        ["7:3: Task/web: spec.containers: is a mapping, not a list, put '- ' before each entry"],
    ),
    "a list for a mapping": (
        NETWORK + "  public: [10.0.0.0/24]\n",
        [
            "7:3: Network/main: spec.public: is a list, not a mapping, "
            "write its fields (cidrs, ids, tags) as name: value"
        ],
    ),
    "a mapping for text": (
        TASK.replace("cluster: main", "cluster: {name: main}"),
        ["5:3: Task/web: spec.cluster: is a mapping, not text, write text"],
    ),
    "nothing after the colon": (
        NETWORK + "  nat:\n",
        ["7:3: Network/main: spec.nat: is empty, give it a value or remove it"],
    ),
    "an empty list that needs entries": (
        NETWORK.replace("[us-east-1a]", "[]"),
        ["6:3: Network/main: spec.availabilityZones: is an empty list, write at least 1 entry"],
    ),
    "one bad entry of a list is one problem": (
        NETWORK.replace("[us-east-1a]", "[us_east]"),
        ['6:23: Network/main: spec.availabilityZones[0]: is "us_east", write an availability zone such as us-east-1a'],
    ),
    "too many entries": (
        NETWORK.replace("[us-east-1a]", "[" + ", ".join(f"us-east-1{z}" for z in "abcdefg") + "]"),
        ["6:3: Network/main: spec.availabilityZones: has 7 entries, write at most 6"],
    ),
    "a number out of range": (
        TASK.replace("nginx}", "nginx, ports: [{name: p, containerPort: 70000}]}"),
        ["8:66: Task/web: spec.containers[0].ports[0].containerPort: is 70000, write at most 65535"],
    ),
    "a negative number": (
        TASK + "  replicas: -1\n",
        ["9:13: Task/web: spec.replicas: is -1, write at least 0"],
    ),
    "an enum in the wrong case": (
        NETWORK + "  nat: single\n",
        ['7:8: Network/main: spec.nat: is "single", did you mean "Single"?'],
    ),
    "an enum in capitals": (
        NETWORK + "  nat: SINGLE\n",
        ['7:8: Network/main: spec.nat: is "SINGLE", did you mean "Single"?'],
    ),
    "a version like no other": (
        NETWORK.replace("reconciler.dev/v1", "v9"),
        ['1:13: Network/main: apiVersion: is "v9", write reconciler.dev/v1'],
    ),
    "an enum like none": (
        NETWORK + "  nat: twelve\n",
        ['7:8: Network/main: spec.nat: is "twelve", write one of None, Single, PerZone'],
    ),
    "an enum that is a number": (
        NETWORK + "  nat: 1\n",
        ["7:8: Network/main: spec.nat: is a number, write one of None, Single, PerZone"],
    ),
    "a block that is none": (
        NETWORK.replace("10.0.0.0/16", "10.0.0/16"),
        ['5:9: Network/main: spec.cidr: is "10.0.0/16", write an IPv4 block such as 10.0.0.0/16'],
    ),
    "a block without its size": (
        NETWORK.replace("10.0.0.0/16", "10.0.0.0"),
        ['5:9: Network/main: spec.cidr: is "10.0.0.0", write an IPv4 block such as 10.0.0.0/16'],
    ),
    "a block with an impossible number": (
        NETWORK.replace("10.0.0.0/16", "10.0.0.256/16"),
        ['5:9: Network/main: spec.cidr: is "10.0.0.256/16", write an IPv4 block such as 10.0.0.0/16'],
    ),
    "a peer that is none": (
        TASK + "  allowFrom: [everyone]\n",
        [
            '9:15: Task/web: spec.allowFrom[0]: is "everyone", write internet, an IPv4 block such as 10.0.0.0/24, '
            "task/NAME, loadBalancer/NAME, or the id of a prefix list (pl-...) or a security group (sg-...)"
        ],
    ),
    "a health check that is no path": (
        TASK.replace("nginx}", "nginx, ports: [{name: p, containerPort: 1, healthCheck: {path: healthz}}]}"),
        [
            '8:89: Task/web: spec.containers[0].ports[0].healthCheck.path: is "healthz", '
            "write a path that starts with '/' and has no query"
        ],
    ),
    "a number beyond all bounds": (
        TASK + "  cpu: " + "9" * 5000 + "\n",
        [
            "9:8: Task/web: spec.cpu: is "
            + "9" * 77
            + "..., write a whole number: CPU units of each copy; 1024 are one vCPU"
        ],
    ),
    "more rules than the largest quota lets a network ACL have": (
        NETWORK
        + "  networkAcls:\n    public:\n      outbound:\n"
        + "".join(f"        - {{ruleNumber: {n}, action: Allow, cidr: 10.0.0.0/8}}\n" for n in range(1, 41)),
        ["9:7: Network/main: spec.networkAcls.public.outbound: has 40 entries, write at most 39"],
    ),
    "a number for a mapping under a name of one's own": (
        TASK.replace("nginx}", "nginx, ulimits: {nofile: 4096}}"),
        [
            "8:51: Task/web: spec.containers[0].ulimits.nofile: is a number, not a mapping, "
            "write its fields as {soft: ..., hard: ...}"
        ],
    ),
    "a number with its unit where only some numbers will do": (
        TASK + "  logs: {retentionDays: 14d}\n",
        [
            '9:25: Task/web: spec.logs.retentionDays: is "14d", '
            "write 14, or one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 10 more"
        ],
    ),
    "such a number in quotes": (
        TASK + '  logs: {retentionDays: "14"}\n',
        ['9:25: Task/web: spec.logs.retentionDays: is "14", write 14 without quotes'],
    ),
    "a range from its end to its start": (
        NETWORK
        + "  networkAcls: {public: {inbound: [{ruleNumber: 1, action: Allow, ports: 90-80, cidr: 10.0.0.1}]}}\n",
        [
            '7:74: Network/main: spec.networkAcls.public.inbound[0].ports: is "90-80", did you mean "80-90"?',
            '7:87: Network/main: spec.networkAcls.public.inbound[0].cidr: is "10.0.0.1", did you mean "10.0.0.1/32"?',
        ],
    ),
    "a list of ports": (
        NETWORK
        + "  networkAcls: {public: {inbound: [{ruleNumber: 1, action: Allow, ports: [80], cidr: 0.0.0.0/0}]}}\n",
        [
            "7:67: Network/main: spec.networkAcls.public.inbound[0].ports: is a list, not text, "
            "write a port such as 443, or a range such as 1024-65535"
        ],
    ),
    "a port by number where only its name will do": (
        "apiVersion: reconciler.dev/v1\nkind: Route\nmetadata: {name: web}\n"
        "spec: {loadBalancer: l, listener: http, default: {forward: [{task: web, port: 80}]}}\n",
        [
            "4:79: Route/web: spec.default.forward[0].port: is a number, not text, "
            "write the name of a port of one of the task's containers, such as http"
        ],
    ),
    "a number in quotes where a port's name will do too": (
        "apiVersion: reconciler.dev/v1\nkind: Flow\nmetadata: {name: f}\n"
        'spec: {from: internet, to: task/web, port: "443"}\n',
        ['4:44: Flow/f: spec.port: is "443", write 443 without quotes'],
    ),
    "a port's name that looks like a number": (
        TASK.replace("nginx}", 'nginx, ports: [{name: "80", containerPort: 80}]}'),
        [
            '8:48: Task/web: spec.containers[0].ports[0].name: is "80", write lower-case letters, digits, '
            "'-' and '_', at most 64, beginning with a letter"
        ],
    ),
}


@pytest.mark.parametrize(("document", "expected"), FIELDS.values(), ids=FIELDS)
def test_fields(document: str, expected: list[str]) -> None:
    assert problems(document) == expected


STACK = "apiVersion: reconciler.dev/v1\nkind: Stack\nmetadata: {name: t}\nspec:\n  region: us-east-1\n"

STACKS = {
    "an account of eleven digits without quotes": (
        "  account: 12345678901\n",
        ["6:12: Stack/t: spec.account: is 12345678901, write the 12 digits of an account"],
    ),
    "an account that begins with zero": (
        "  account: 012345678901\n",
        [
            "6:12: Stack/t: spec.account: 012345678901 has leading zeros, an octal number in YAML 1.1, "
            'write 12345678901, or "012345678901" in quotes'
        ],
    ),
    "an account of eleven digits": (
        '  account: "12345678901"\n',
        ['6:12: Stack/t: spec.account: is "12345678901", write the 12 digits of an account'],
    ),
    "an interval without a unit": (
        '  drift: {interval: "60"}\n',
        ['6:21: Stack/t: spec.drift.interval: is "60", did you mean "60s"?'],
    ),
    **{
        f"an interval of {text}": (
            f"  drift: {{interval: {text}}}\n",
            [f'6:21: Stack/t: spec.drift.interval: is "{text}", {right}'],
        )
        for text, right in (
            ("2 hours", 'did you mean "2h"?'),
            ("1 day", 'did you mean "24h"?'),
            ("100ms", "write a duration such as 60s, 15m or 1h"),
            ("soon", "write a duration such as 60s, 15m or 1h"),
        )
    },
    "an empty interval": (
        '  drift: {interval: ""}\n',
        ['6:21: Stack/t: spec.drift.interval: is "", write a duration such as 60s, 15m or 1h'],
    ),
    "a role that is no ARN": (
        "  assumeRole: {arn: reconciler}\n",
        [
            '6:21: Stack/t: spec.assumeRole.arn: is "reconciler", '
            "write a role's ARN such as arn:aws:iam::123456789012:role/reconciler"
        ],
    ),
    "an external id that is too short": (
        '  assumeRole: {arn: "arn:aws:iam::123456789012:role/r", externalId: x}\n',
        [
            '6:69: Stack/t: spec.assumeRole.externalId: is "x", write 2 to 1224 letters, digits and _ + = , . @ : / -',
        ],
    ),
}


@pytest.mark.parametrize(("lines", "expected"), STACKS.values(), ids=STACKS)
def test_stacks(lines: str, expected: list[str]) -> None:
    assert problems(STACK + lines) == expected


def test_a_field_that_is_not_known_is_told_whatever_its_value_is() -> None:
    assert problems(TASK.replace("network: main", "network: main\n  replica: 02")) == [
        '7:3: Task/web: spec.replica: is not a known field, did you mean "replicas"?',
        '7:12: Task/web: spec.replica: 02 has leading zeros, an octal number in YAML 1.1, write 2, or "02" in quotes',
    ]


def test_everything_that_is_wrong_is_said_at_once_and_in_order() -> None:
    found = problems(NETWORK.replace("10.0.0.0/16", "ten") + "  nat: yes\n  nott: 1\n  public: {}\n")
    assert [line.split(":")[0] for line in found] == ["5", "7", "8"]


def test_a_problem_is_one_printable_line_whatever_the_file_says() -> None:
    bundle = load({"f": (HEAD + NETWORK + '  "a\\nb\\u001b[31m": 1\n').encode()})
    (problem,) = bundle.problems
    assert problem.text.isprintable()
    assert problem.text.startswith('f:12:3: Network/main: spec["a\\nb\\u001b[31m"]: is not a known field')


@pytest.mark.parametrize(
    "annotation", ["deletion-policy: Retain", 'prevent-replace: "true"', "adopt: vpc-0123456789abcdef0"]
)
def test_an_annotation_that_would_say_nothing_is_refused(annotation: str) -> None:
    flow = (
        "apiVersion: reconciler.dev/v1\nkind: Flow\n"
        f"metadata: {{name: f, annotations: {{reconciler.dev/{annotation}}}}}\n"
        "spec: {from: internet, to: task/web, port: 80}\n"
    )
    (found,) = problems(flow)
    assert "says nothing here: this kind has no resources of its own in AWS, put it on the Network" in found

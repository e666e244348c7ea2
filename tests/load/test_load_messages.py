"""What the loader says: one line for each thing that is wrong, with its place and what would be right."""

import re

import pytest

from reconciler.load import load

HEAD = "apiVersion: reconciler.dev/v1\nkind: Stack\nmetadata: {name: s}\nspec: {region: us-east-1}\n---\n"
NETWORK = """\
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  availabilityZones: [us-east-1a]
"""
TASK = """\
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web}
spec:
  cluster: main
  network: main
  containers:
    - {name: app, image: nginx}
"""


def problems(document: str) -> list[str]:
    """The problems of one document, by line of that document."""
    found = load({"f": (HEAD + document).encode()}).problems
    return [f"{p.line - 5}:{p.column}: " + p.text.split(": ", 1)[1] for p in found]


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


DIGITS = {
    "a variable of the environment": (TASK, "nginx}", "nginx, env: {PORT: 8080}}"),
    "a word of a command": (TASK, "nginx}", "nginx, command: [sleep, 3600]}"),
    "a user": (TASK, "nginx}", "nginx, user: 1000}"),
    "a code of a health check": (
        TASK,
        "nginx}",
        "nginx, ports: [{name: p, containerPort: 81, healthCheck: {codes: 204}}]}",
    ),
    "an option of a log driver": (TASK, "network: main", "network: main\n  logs: {options: {max-buffer-size: 25}}"),
    "ports and protocol of a network ACL": (
        NETWORK,
        "[us-east-1a]\n",
        "[us-east-1a]\n  networkAcls: {public: {inbound: [{ruleNumber: 1, action: Allow, ports: 80, cidr: 0.0.0.0/0}, "
        "{ruleNumber: 2, action: Allow, protocol: 47, cidr: 0.0.0.0/0}]}}\n",
    ),
    "account, external id and tags": (
        HEAD[:-4],
        "us-east-1}",
        "us-east-1, account: 123456789012, tags: {cost: 4711}, "
        "assumeRole: {arn: 'arn:aws:iam::123456789012:role/r', externalId: 99}}",
    ),
}


@pytest.mark.parametrize(("document", "old", "new"), DIGITS.values(), ids=DIGITS)
def test_digits_alone_mean_the_same_with_and_without_quotes(document: str, old: str, new: str) -> None:
    def spec(text: str) -> object:
        found = load({"f": (text if document.startswith(HEAD[:-4]) else HEAD + text).encode()})
        assert found.problems == ()
        return found.stacks["s"]

    plain = document.replace(old, new)
    quoted = re.sub(r"(?<=[:,] )(8080|3600|1000|204|25|80|47|123456789012|4711|99)(?=[],}])", r'"\1"', plain)
    assert plain != document
    assert (quoted != plain, spec(quoted)) == (True, spec(plain))


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


SURPRISES = {
    "yes": 'yes means true in YAML 1.1, write "yes" in quotes',
    "No": 'No means false in YAML 1.1, write "No" in quotes',
    "ON": 'ON means true in YAML 1.1, write "ON" in quotes',
    "off": 'off means false in YAML 1.1, write "off" in quotes',
    "y": 'y means true in YAML 1.1, write "y" in quotes',
    "N": 'N means false in YAML 1.1, write "N" in quotes',
    "1:30": '1:30 is a number to the base of 60 in YAML 1.1, write "1:30" in quotes',
    "190:20:30": '190:20:30 is a number to the base of 60 in YAML 1.1, write "190:20:30" in quotes',
    "010": '010 has leading zeros, an octal number in YAML 1.1, write "010" in quotes',
    "00": '00 has leading zeros, an octal number in YAML 1.1, write "00" in quotes',
    "1_000": '1_000 is an unusual way to write a number, write "1_000" in quotes',
    "0x1F": '0x1F is an unusual way to write a number, write "0x1F" in quotes',
    "0b11": '0b11 is an unusual way to write a number, write "0b11" in quotes',
    "0o17": '0o17 is an unusual way to write a number, write "0o17" in quotes',
    ".inf": '.inf is no finite number, write ".inf" in quotes',
    "-.INF": '-.INF is no finite number, write "-.INF" in quotes',
    ".NaN": '.NaN is no finite number, write ".NaN" in quotes',
    "2027-01-31": '2027-01-31 is a date in YAML 1.1, write "2027-01-31" in quotes',
    "2027-01-31T10:00:00Z": ('2027-01-31T10:00:00Z is a date in YAML 1.1, write "2027-01-31T10:00:00Z" in quotes'),
    "=": '= is special in YAML 1.1, write "=" in quotes',
    "~": "is empty, give it a value or remove it",
    "NULL": "is empty, give it a value or remove it",
}


@pytest.mark.parametrize(("plain", "expected"), SURPRISES.items(), ids=SURPRISES)
def test_what_readers_of_yaml_disagree_on_is_never_guessed(plain: str, expected: str) -> None:
    document = TASK.replace("nginx}", f"nginx, env: {{A: {plain} }}}}")
    assert problems(document) == [f"8:42: Task/web: spec.containers[0].env.A: {expected}"]


TYPED = {
    "a choice": ("network: main", "network: main\n  placement: off", "write one of Public, Private"),
    "a whole number": ("network: main", "network: main\n  replicas: 010", "write 10"),
    "a reference": ("network: main", "network: no", 'write "no" in quotes'),
    "true or false": ("nginx}", "nginx, essential: no}", "write false"),
}


@pytest.mark.parametrize(("old", "new", "right"), TYPED.values(), ids=TYPED)
def test_of_what_a_surprising_word_may_mean_only_what_the_field_takes_is_offered(
    old: str, new: str, right: str
) -> None:
    (problem,) = problems(TASK.replace(old, new))
    assert problem.endswith(f"in YAML 1.1, {right}")


def test_a_field_that_is_not_known_is_told_whatever_its_value_is() -> None:
    assert problems(TASK.replace("network: main", "network: main\n  replica: 02")) == [
        '7:3: Task/web: spec.replica: is not a known field, did you mean "replicas"?',
        '7:12: Task/web: spec.replica: 02 has leading zeros, an octal number in YAML 1.1, write 2, or "02" in quotes',
    ]


@pytest.mark.parametrize("plain", sorted(SURPRISES))
def test_the_same_in_quotes_is_text(plain: str) -> None:
    bundle = load({"f": (HEAD + TASK.replace("nginx}", f'nginx, env: {{A: "{plain}"}}}}')).encode()})
    assert bundle.problems == ()


@pytest.mark.parametrize(
    "plain", ["yesterday", "nope", "1:60", "10.0.0.0/16", "1.2.3", "on-call", "08h", "a=b", "2027-13"]
)
def test_what_no_reader_takes_for_something_else_needs_no_quotes(plain: str) -> None:
    bundle = load({"f": (HEAD + TASK.replace("nginx}", f"nginx, env: {{A: {plain}}}}}")).encode()})
    assert bundle.problems == ()


KEYS = {
    "a key that means false": (
        "{no: x}",
        'env.no: the key no means false in YAML 1.1, write "no" in quotes',
    ),
    "a key that is a number": ("{80: x}", 'env.80: the key 80 is a number, not text, write "80" in quotes'),
    "a key twice": ("{A: x, A: y}", "env.A: is written twice, keep one (the first is on line 13)"),
    "a key that is a list": ("{[a]: x}", "env: a key is a mapping or a sequence, write a name"),
    "a merge of text": ("{<<: x}", 'env["<<"]: << merges something that is no mapping, name anchors of mappings'),
}


@pytest.mark.parametrize(("env", "expected"), KEYS.values(), ids=KEYS)
def test_keys(env: str, expected: str) -> None:
    found = problems(TASK.replace("nginx}", f"nginx, env: {env}}}"))
    assert [line.split(": ", 1)[1] for line in found] == [f"Task/web: spec.containers[0].{expected}"]


def test_everything_that_is_wrong_is_said_at_once_and_in_order() -> None:
    found = problems(NETWORK.replace("10.0.0.0/16", "ten") + "  nat: yes\n  nott: 1\n  public: {}\n")
    assert [line.split(":")[0] for line in found] == ["5", "7", "8"]


def test_anchors_and_merges_stand_for_what_they_name() -> None:
    document = TASK.replace(
        "    - {name: app, image: nginx}\n",
        "    - &first {name: app, image: nginx, env: &env {A: x}}\n"
        "    - {<<: *first, name: two, env: {<<: [*env], B: z}}\n",
    )
    bundle = load({"f": (HEAD + document).encode()})
    assert bundle.problems == ()
    first, second = bundle.stacks["s"].objects["Task", "web"].spec.containers
    assert (first.name, second.name, second.image, dict(second.env)) == ("app", "two", "nginx", {"A": "x", "B": "z"})


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

"""What values and keys of YAML mean: what its readers disagree on is never guessed."""

import re

import pytest
from one_document import HEAD, NETWORK, TASK, problems

from reconciler.load import load

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

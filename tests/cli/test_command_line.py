"""Each command as a user runs it, against an AWS on loopback: what it prints, what it changes, how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from reconciler.sandbox import Clock, Sandbox
from reconciler.sandbox.environment import point_at
from reconciler.sandbox.server import serving

SPEC = Path(__file__).parents[2] / "specs" / "two-tier.yaml"


@pytest.fixture(scope="module")
def served() -> Sandbox:
    """A strict sandbox whose clock runs so fast that nobody waits for it."""
    return Sandbox(clock=Clock.scaled(600))


@pytest.fixture(scope="module")
def environment(served: Sandbox) -> Iterator[dict[str, str]]:
    """One that knows no AWS but the sandbox."""
    found = os.environ | {"AWS_DEFAULT_REGION": "us-east-1"}
    with serving(served) as url:
        point_at(url, found)
        yield found


@pytest.fixture
def empty(served: Sandbox, environment: dict[str, str]) -> dict[str, str]:
    """The environment, with nothing left of earlier tests in its AWS."""
    served.reset()
    return environment


@pytest.fixture
def stack(served: Sandbox, environment: dict[str, str], tmp_path: Path) -> Path:
    """The reference file under a name of its own, and an empty account."""
    served.reset()
    path = tmp_path / "stack.yaml"
    shutil.copy(SPEC, path)
    return path


def run(
    environment: dict[str, str], *arguments: str, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    code = "from reconciler.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        cwd=cwd,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def asked(environment: dict[str, str], *arguments: str, status: int) -> Any:
    done = run(environment, "-o", "json", *arguments)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def test_tasks_that_cannot_start_are_refused_before_anything_is_made(environment: dict[str, str], stack: Path) -> None:
    text = stack.read_text().replace("nat: Single", "nat: None").split("\n---\n")
    stack.write_text("\n---\n".join(document for document in text if "kind: Flow" not in document))
    invalid = run(environment, "validate", "-f", str(stack))
    assert (invalid.returncode, invalid.stdout) == (1, "")
    assert "no route to the internet" in invalid.stderr
    refused = asked(environment, "apply", "-f", str(stack), "--yes", status=1)["error"]
    assert "tasks cannot start: " in refused["message"]
    assert "--allow-unstartable" in refused["next"]
    networks = ["get", "networks", "-f", str(stack)]
    assert not any(one["id"] for one in asked(environment, *networks, status=0)["items"][0]["resources"])
    done = run(environment, "-o", "json", "apply", "-f", str(stack), "--yes", "--allow-unstartable", "--timeout", "1s")
    assert {one["severity"] for one in json.loads(done.stdout)["warnings"]} == {"error"}
    assert "error: " in done.stderr
    assert all(one["id"] for one in asked(environment, *networks, status=0)["items"][0]["resources"])


def test_help_and_validate_load_no_sdk_and_help_no_spec_language(environment: dict[str, str]) -> None:
    code = (
        "import sys, contextlib\nfrom reconciler.cli.main import main\n"
        "with contextlib.suppress(SystemExit): main(sys.argv[1:])\n"
        "found = {'boto3', 'botocore', 'moto', 'pydantic', 'rich'} & sys.modules.keys()\n"
        "print('loaded', sorted(found))"
    )
    for arguments, loaded in ((["--help"], []), (["validate", "-f", str(SPEC)], ["pydantic"])):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.endswith(f"loaded {loaded}\n")


def test_the_life_of_a_stack(environment: dict[str, str], stack: Path) -> None:
    planned = asked(environment, "plan", "-f", str(stack), status=2)
    assert {what: number for what, number in planned["summary"].items() if number} == {"create": 44}
    assert [(flow["name"], flow["actual"], flow["holds"]) for flow in planned["flows"]] == [
        ("internet-never-reaches-orders", "Blocked", True),
        ("internet-reaches-web", "Reachable", True),
        ("orders-reaches-internet", "Reachable", True),
        ("web-reaches-orders", "Reachable", True),
    ]
    applied = asked(environment, "apply", "--yes", "-f", str(stack), status=0)
    assert applied["converged"]
    assert applied["summary"]["done"] == 44
    assert asked(environment, "plan", "-f", str(stack), status=0)["actions"] == []
    again = asked(environment, "apply", "--yes", "-f", str(stack), status=0)
    assert again["calls"]["mutating"] == 0
    assert asked(environment, "drift", "-f", str(stack), status=0)["inSync"] is True
    items = asked(environment, "get", "-f", str(stack), status=0)["items"]
    assert {i["kind"] for i in items} >= {"Stack", "Network", "Task", "LoadBalancer", "Flow"}
    assert {i["status"] for i in items if i["kind"] in ("Flow", "Route", "Stack")} == {"Ready"}
    (flows,) = [c for i in items if (i["kind"], i["name"]) == ("Task", "web") for c in i["conditions"][4:]]
    assert flows in asked(environment, "describe", "task/web", "-f", str(stack), status=0)["conditions"]


def test_drift_names_the_field_and_pending_alone_is_in_sync(environment: dict[str, str], stack: Path) -> None:
    asked(environment, "apply", "--yes", "-f", str(stack), status=0)
    stack.write_text(stack.read_text().replace("nginx:1.27", "nginx:1.28"))
    pending = asked(environment, "drift", "-f", str(stack), status=0)
    assert (pending["inSync"], pending["pending"]) == (True, 2)
    ec2 = boto3.session.Session("demo", "demo", region_name="us-east-1").client(
        "ec2", endpoint_url=environment["AWS_ENDPOINT_URL"]
    )
    at = [{"Name": "tag:reconciler.dev/address", "Values": ["security-group/task/web"]}]
    (group,) = ec2.describe_security_groups(Filters=at)["SecurityGroups"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    (item,) = asked(environment, "drift", "-f", str(stack), status=2)["drift"]
    assert item == {
        "address": "security-group/task/web/rules",
        "type": "AWS::EC2::SecurityGroup",
        "object": "Task/web",
        "id": group["GroupId"],
        "status": "Modified",
        "changes": [{"path": "ingress[tcp 22 0.0.0.0/0]", "observed": "present", "desired": None}],
        "attribution": None,
        "opened": [
            "the internet now reaches task/web on tcp 22",
            "task/orders now reaches task/web on tcp 22",
            "task/web now reaches task/web on tcp 22",
        ],
        "closed": [],
        "compared": "all",
    }


def test_a_plan_says_why_a_task_cannot_start(environment: dict[str, str], stack: Path) -> None:
    stack.write_text(stack.read_text().replace("  placement: Private\n", "  placement: Private\n  egress: []\n"))
    planned = asked(environment, "plan", "-f", str(stack), status=1)
    assert {(w["severity"], w["object"], w["field"]) for w in planned["warnings"]} == {
        ("error", "Task/orders", "spec.containers[0]"),
        ("error", "Task/orders", "spec.containers[0].image"),
    }
    shown = run(environment, "plan", "-f", str(stack))
    assert shown.stderr.count("error: ") == 2


def test_what_a_foreign_acl_keeps_out_was_not_opened_though_no_flow_asks_for_acls(
    environment: dict[str, str], stack: Path
) -> None:
    documents = stack.read_text().split("\n---\n")
    stack.write_text("\n---\n".join(one for one in documents if "kind: Flow" not in one))
    asked(environment, "apply", "--yes", "-f", str(stack), status=0)
    ec2 = boto3.session.Session("demo", "demo", region_name="us-east-1").client(
        "ec2", endpoint_url=environment["AWS_ENDPOINT_URL"]
    )
    (group,) = ec2.describe_security_groups(
        Filters=[{"Name": "tag:reconciler.dev/address", "Values": ["security-group/task/web"]}]
    )["SecurityGroups"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [group["VpcId"]]}])["NetworkAcls"]
    deny = {"RuleNumber": 1, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(NetworkAclId=acl["NetworkAclId"], Egress=False, **deny)
    (item,) = asked(environment, "drift", "-f", str(stack), status=2)["drift"]
    assert item["address"] == "security-group/task/web/rules"
    assert not [sentence for sentence in item["opened"] if sentence.startswith("the internet")]


def test_without_a_terminal_and_without_yes_nothing_is_changed(environment: dict[str, str], stack: Path) -> None:
    refused = run(environment, "apply", "-f", str(stack))
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    assert asked(environment, "plan", "-f", str(stack), status=2)["summary"]["create"] == 44


def test_a_saved_plan_is_of_its_stack_and_is_refused_when_the_world_has_moved(
    environment: dict[str, str], stack: Path, tmp_path: Path
) -> None:
    saved, beside = tmp_path / "plan.json", str(SPEC.with_name("canary.yaml"))
    assert run(environment, "plan", "--out", str(saved), "-f", str(stack)).returncode == 2
    assert saved.stat().st_mode & 0o777 == 0o600
    assert run(environment, "apply", "--yes", "--plan", str(saved), "-f", str(stack), "-f", beside).returncode == 0
    stale = run(environment, "apply", "--yes", "--plan", str(saved), "-f", str(stack))
    assert stale.returncode == 1
    assert "the world has moved since the plan of stack shop was saved: AWS is not as it was" in stale.stderr
    assert run(environment, "plan", "--out", str(saved), "-f", str(stack)).returncode == 0
    stack.write_text(stack.read_text().replace("nginx:1.27", "nginx:1.28"))
    other = run(environment, "apply", "--yes", "--plan", str(saved), "-f", str(stack))
    assert "the plan of stack shop was saved: the files ask for something else; nothing was changed" in other.stderr


def test_a_load_balancer_goes_only_when_that_is_allowed(environment: dict[str, str], stack: Path) -> None:
    asked(environment, "apply", "--yes", "-f", str(stack), status=0)
    text = stack.read_text()
    stack.write_text(text.replace("scheme: Internal\n", "scheme: InternetFacing\n"))
    refused = run(environment, "apply", "--yes", "-f", str(stack))
    assert refused.returncode == 1
    assert "--allow-disruption" in refused.stderr
    stack.write_text(text)
    assert asked(environment, "plan", "-f", str(stack), status=0)["actions"] == []


def test_delete_works_from_the_name_alone(environment: dict[str, str], stack: Path, tmp_path: Path) -> None:
    asked(environment, "apply", "--yes", "-f", str(stack), status=0)
    others = tmp_path / "elsewhere" / "specs"
    others.mkdir(parents=True)
    delete = ["delete", "--stack", "shop", "--yes", "--region", "us-east-1"]
    (others / "half.yaml").write_text("kind: Sta")
    assert run(environment, *delete, cwd=others.parent).returncode == 1
    (others / "half.yaml").unlink()
    nowhere = {name: value for name, value in environment.items() if not name.endswith("_REGION")}
    assert "where stack shop lives; give --region" in run(nowhere, *delete[:4], cwd=others.parent).stderr
    (others / "peers.yaml").write_text((SPEC.parent / "peers.yaml").read_text())
    done = run(environment, *delete, cwd=others.parent)
    assert done.returncode == 0, done.stderr
    assert "stack shop is in none of the files: its tags in us-east-1" in done.stderr
    assert asked(environment, "plan", "-f", str(stack), status=2)["summary"]["unchanged"] == 0


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["frobnicate"], 64, "No such command"),
        (["plam"], 64, "there is no command 'plam'; did you mean plan?"),
        (["apply", "--timeout", "soon"], 64, "15m"),
        (["plan", "--frobnicate"], 64, "No such option"),
        (["plan", "--stack", "shop", "--all", "-f", str(SPEC)], 64, "leave one out"),
        (["describe", "web", "-f", str(SPEC)], 64, "task/web"),
        (["validate", "-f", "missing.yaml"], 1, "missing.yaml: no such file"),
        (["plan", "-f", ""], 1, "names no file"),
        (["plan", "--region", "eu-west-1", "-f", str(SPEC)], 1, "lives in us-east-1"),
        (["plan", "--stack", "shp", "-f", str(SPEC)], 1, "did you mean shop"),
        (["apply", "--yes", "-f", str(SPEC.parent)], 1, "--stack NAME"),
        (["apply", "--plan", str(SPEC), "-f", str(SPEC)], 1, "not a saved plan"),
        (["apply", "-f", str(SPEC)], 1, "add --yes"),
        (["get", "tsk", "-f", str(SPEC)], 1, "did you mean task"),
        (["get", "task/wbe", "-f", str(SPEC)], 1, "did you mean web"),
        (["--sandbox", "plan", "--endpoint-url", "http://127.0.0.1:9", "-f", str(SPEC)], 64, "leave one out"),
        (["--endpoint-url", "http://127.0.0.1:9", "plan", "-f", str(SPEC)], 1, "127.0.0.1:9"),
        (["--profile", "nobody", "plan", "-f", str(SPEC)], 1, "no AWS profile 'nobody'"),
    ],
)
def test_wrong_input_is_told_in_a_line_and_in_the_one_document_of_a_script(
    empty: dict[str, str], arguments: list[str], status: int, says: str
) -> None:
    done = run(empty, *arguments, "-o", "json")
    assert done.returncode == status, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    error = json.loads(done.stdout)["error"]
    assert says in f"{error['message']} {error['next']}"


@pytest.mark.parametrize("output", ["table", "json"])
def test_a_full_disk_under_standard_output_is_told_in_a_line(empty: dict[str, str], output: str) -> None:
    code = "from reconciler.cli.main import main; main()"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "validate", "-f", str(SPEC), "-o", output],
            env=empty,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "error: standard output: No space left on device; what it was to hold is lost\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_a_file_that_never_ends_is_told_and_not_read_for_ever(environment: dict[str, str]) -> None:
    done = run(environment, "validate", "-f", "/dev/zero")
    assert done.returncode == 1
    assert done.stderr == "/dev/zero:1:1: the file has more than 4194304 bytes, split it\n"


def test_a_file_with_problems_gives_any_command_one_document(environment: dict[str, str]) -> None:
    for command in ("plan", "apply", "drift", "get", "delete"):
        done = run(environment, command, "-f", "-", "-o", "json", stdin=b"kind: Stack\nmetadata: {name: \x00}\n")
        assert done.returncode == 1
        document = json.loads(done.stdout)
        assert document["error"]["code"] == "InvalidInput"
        assert [p["file"] for p in document["problems"]] == ["<stdin>"] * len(document["problems"])
        assert done.stderr.startswith("<stdin>:")


def test_a_stack_that_is_refused_keeps_no_other_from_its_turn(empty: dict[str, str], tmp_path: Path) -> None:
    """The first stack lives in another account; the second is planned all the same."""
    text = (SPEC.parent / "peers.yaml").read_text()
    guarded = SPEC.read_text().replace("  region: us-east-1\n", "  region: us-east-1\n  account: '000000000000'\n")
    (tmp_path / "a.yaml").write_text(guarded)
    (tmp_path / "b.yaml").write_text(text)
    done = run(empty, "apply", "--all", "-f", str(tmp_path), "-o", "json")
    first, second = json.loads(done.stdout)["stacks"]
    assert (first["stack"], second["stack"]) == ("peers", "shop")
    assert {first["error"]["code"], second["error"]["code"]} == {"Refused"}
    assert "account" in second["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["validate", "-f", str(SPEC)], ["Stack/shop"]),
        (["get", "tasks", "-f", str(SPEC)], ["Task/orders", "Task/web"]),
        (["describe", "network/main", "-f", str(SPEC)], ["Network/main"]),
        (["drift", "-f", str(SPEC)], []),
    ],
)
def test_names_are_one_a_line(empty: dict[str, str], arguments: list[str], names: list[str]) -> None:
    assert run(empty, *arguments, "-o", "name").stdout.splitlines() == names


def test_a_plan_by_name_lists_the_addresses_it_would_touch(empty: dict[str, str]) -> None:
    names = run(empty, "plan", "-f", str(SPEC), "-o", "name").stdout.splitlines()
    assert len(names) == 44
    assert "vpc/main" in names


def test_yaml_says_the_same_as_json(environment: dict[str, str]) -> None:
    for arguments in (["validate", "-f", str(SPEC)], ["drift", "-f", str(SPEC)], ["crds"]):
        as_json = json.loads(run(environment, *arguments, "-o", "json").stdout)
        text = run(environment, *arguments, "-o", "yaml").stdout
        assert (list(yaml.safe_load_all(text)) if arguments == ["crds"] else yaml.safe_load(text)) == (
            as_json["items"] if arguments == ["crds"] else as_json
        )


def test_an_output_that_a_command_does_not_have_is_refused(environment: dict[str, str]) -> None:
    for arguments in (["run", "--once", "-o", "yaml"], ["crds", "-o", "wide"], ["sandbox", "status", "-o", "name"]):
        done = run(environment, *arguments)
        assert done.returncode == 64
        assert f"no -o {arguments[-1]}" in done.stderr


def test_validate_tells_every_problem_with_its_place(environment: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        SPEC.read_text().replace("loadBalancer: public", "loadBalancer: pubic").replace("replicas: 2", "replica: 2")
    )
    done = run(environment, "validate", "-f", str(broken))
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{broken}:") for line in lines)
    document = asked(environment, "validate", "-f", str(broken), status=1)
    assert [set(p) for p in document["problems"]] == [
        {"file", "line", "column", "object", "field", "message", "hint"}
    ] * 3


def test_no_credentials_is_said_with_what_to_do(environment: dict[str, str]) -> None:
    bare = {k: v for k, v in environment.items() if not k.startswith("AWS_")}
    bare |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    bare["AWS_EC2_METADATA_DISABLED"] = "true"
    done = run(bare, "plan", "-f", str(SPEC))
    assert done.returncode == 1
    assert "credentials" in done.stderr
    assert "Traceback" not in done.stderr

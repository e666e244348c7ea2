"""Several accounts and regions in one set of files, on the command line: each stack with the role of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from reconciler.cli._inputs import Inputs
from reconciler.daemon.files import Files
from reconciler.sandbox import Clock, Sandbox

SPEC = Path(__file__).parents[2] / "specs" / "accounts.yaml"
PLACES = {"222222222222": "eu-central-1", "333333333333": "us-east-1", "123456789012": "us-east-1"}


@pytest.fixture
def world() -> Iterator[Sandbox]:
    with Sandbox(clock=Clock.scaled(600)) as running:
        yield running


def client(account: str, service: str) -> Any:
    """A client of somebody who works in that account."""
    role = f"arn:aws:iam::{account}:role/somebody"
    found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="looking")["Credentials"]
    return boto3.client(
        service,
        region_name=PLACES[account],
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


def networks() -> dict[str, list[str]]:
    """The blocks of the networks of ours in each account, in its region."""
    mine = [{"Name": "tag-key", "Values": ["reconciler.dev/stack"]}]
    found = {account: client(account, "ec2").describe_vpcs(Filters=mine)["Vpcs"] for account in PLACES}
    return {account: [vpc["CidrBlock"] for vpc in vpcs] for account, vpcs in found.items()}


def replicas(account: str, stack: str) -> list[int]:
    ecs = client(account, "ecs")
    services = ecs.list_services(cluster=f"{stack}_main")["serviceArns"]
    return [s["desiredCount"] for s in ecs.describe_services(cluster=f"{stack}_main", services=services)["services"]]


def test_two_stacks_in_two_accounts_are_applied_changed_and_deleted(
    world: Sandbox, reconciler: Callable[..., Any]
) -> None:
    files = ("-f", str(SPEC), "--all")
    assert reconciler("apply", *files, "--yes").status == 0
    assert networks() == {"222222222222": ["10.1.0.0/16"], "333333333333": ["10.2.0.0/16"], "123456789012": []}
    assert (replicas("222222222222", "shop-eu"), replicas("333333333333", "shop-us")) == ([2], [1])
    assert reconciler("plan", *files).status == 0
    assert reconciler("apply", *files, "--yes", "--var", "replicas=3").status == 0
    assert (replicas("222222222222", "shop-eu"), replicas("333333333333", "shop-us")) == ([3], [1])
    assert reconciler("plan", *files).status == 2
    assert reconciler("delete", *files, "--yes").status == 0
    assert networks() == {account: [] for account in PLACES}


def test_one_daemon_holds_stacks_in_several_accounts(world: Sandbox, reconciler: Callable[..., Any]) -> None:
    assert reconciler("run", "--once", "-f", str(SPEC)).status == 0
    assert networks() == {"222222222222": ["10.1.0.0/16"], "333333333333": ["10.2.0.0/16"], "123456789012": []}
    assert reconciler("run", "--once", "-f", str(SPEC)).status == 0


def test_a_file_of_values_is_followed_as_the_specs_are(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("replicas: 3\n")
    inputs = Inputs((str(SPEC),), (), (str(values),))
    files = Files(inputs.bundle, inputs.signature)
    assert files.changed() is None
    first = files.changed()
    values.write_text("replicas: 4\n")
    assert files.changed() is None
    second = files.changed()
    assert first is not None
    assert second is not None
    counts = [one.stacks["shop-eu"].graph.resources["service/web"].fields.desired_count for one in (first, second)]
    assert counts == [3, 4]
    values.unlink()
    assert files.changed() is None
    gone = files.changed()
    assert gone is not None
    assert gone.problems == (f"{values}: no such file; check the path",)


def test_calls_are_made_as_the_session_that_the_stack_names(world: Sandbox, reconciler: Callable[..., Any]) -> None:
    assert reconciler("apply", "-f", str(SPEC), "--stack", "shop-eu", "--yes").status == 0
    events = client("222222222222", "cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateVpc"}]
    )["Events"]
    assert [event["Username"] for event in events] == ["shop-eu"]


@pytest.mark.parametrize("command", ["plan", "drift", "apply --yes", "delete --yes", "get"])
def test_another_account_than_the_stack_s_is_refused(
    world: Sandbox, tmp_path: Path, reconciler: Callable[..., Any], command: str
) -> None:
    text = re.sub(r"  assumeRole:\n(    .*\n)+", "", SPEC.read_text()).replace("222222222222", "444444444444")
    path = tmp_path / "stack.yaml"
    path.write_text(text)
    ended = reconciler(*command.split(), "-f", str(path), "--stack", "shop-eu")
    assert ended.status == 1
    assert "belongs to account 444444444444, the credentials to 123456789012" in ended.err
    assert networks()["123456789012"] == []

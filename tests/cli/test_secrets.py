"""What may be a secret leaves the program as a digest only: in plans, saved plans, snapshots and messages."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cuts import client
from worlds import SMALL, graph

from reconciler.checks import check
from reconciler.cli._documents import plan_document
from reconciler.cli._text import plan_text
from reconciler.engine import view
from reconciler.load import load
from reconciler.model.graph import Graph
from reconciler.sandbox import Sandbox
from reconciler.snapshots import of_data, to_data

SPEC = (
    SMALL
    + """\
---
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web}
spec:
  cluster: main
  network: main
  placement: Public
  logs: {driver: splunk, options: {splunk-url: "https://splunk.example.com", splunk-token: hunter2}}
  containers: [{name: app, image: nginx}]
"""
)
TOKEN = "containerDefinitions[app].logConfiguration.hiddenOptions[splunk-token]"


def desired(token: str = "hunter2") -> Graph:
    return graph("two-tier.yaml", lambda _: SPEC.replace("hunter2", token))


def changed(document: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {c["path"]: (c["observed"], c["desired"]) for action in document["actions"] for c in action["changes"]}


def test_a_plan_tells_that_a_secret_changes_and_not_from_what_to_what(sandbox: Sandbox) -> None:
    wanted = desired()
    made = view(wanted, client(sandbox.clock).reader).plan
    assert client(sandbox.clock).apply(wanted).converged
    seen = view(wanted, client(sandbox.clock).reader)
    assert not seen.plan.visible
    other = desired("swordfish")
    plan = view(other, client(sandbox.clock).reader).plan
    document = plan_document(plan, other, ())
    before, after = changed(document)[TOKEN]
    assert before.startswith("v1.")
    assert after.startswith("v1.")
    assert before != after
    told = [json.dumps(document), json.dumps(plan_document(made, wanted, ())), plan_text(plan, (), colour=False)]
    snapshot = json.dumps(to_data(seen.snapshot))
    assert "splunk-token" in snapshot
    for text in (*told, plan_text(made, (), colour=False), snapshot):
        assert "hunter2" not in text
        assert "swordfish" not in text
    assert of_data(json.loads(snapshot)).found.keys() == seen.snapshot.found.keys()


def test_a_saved_plan_is_its_owner_s_and_holds_no_secret(
    sandbox: Sandbox, tmp_path: Path, reconciler: Callable[..., Any]
) -> None:
    spec, saved = tmp_path / "stack.yaml", tmp_path / "plan.json"
    spec.write_text(SPEC)
    printed = reconciler("plan", "-f", str(spec), "--out", str(saved))
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert "splunk-token" in saved.read_text()
    assert "hunter2" not in saved.read_text() + printed.out + printed.err


@pytest.mark.parametrize("value", ["hunter2", "5318008"])
def test_no_message_about_an_alert_shows_what_is_secret_in_it(value: str) -> None:
    alert = "---\napiVersion: reconciler.dev/v1\nkind: Alert\nmetadata: {name: a}\nspec:\n  sinks:\n"
    sink = f"    - {{name: hook, webhook: {{url: {{value: {value}}}, secret: {{value: {value}}}}}}}\n"
    bundle = load({"f": (SPEC + alert + sink).encode()})
    (stack,) = bundle.stacks.values()
    problems = [*bundle.problems, *check(stack)]
    assert problems
    assert not any(value in problem.text for problem in problems)


ALERT = """\
---
apiVersion: reconciler.dev/v1
kind: Alert
metadata: {{name: on-call}}
spec:
  sinks:
    - name: hook
      webhook:
        {first}
        {second}
"""
LEAKY = [
    "hunter2: x",
    "*hunter2",
    "!hunter2 x",
    "{value: !hunter2 x}",
    "{value: *hunter2}",
    "{hunter2}",
    "{hunter2: x}",
    "[hunter2]",
    '"hunter2',
    '"hunter2\\q"',
    "@hunter2",
    "%hunter2",
    "{value: hunter2, hunter2: x}",
    "{env: hunter2!}",
    "{env: !hunter2 x}",
    "{file: hunter2}",
    "{hunter2: x, hunter2: y}",
    "{? {hunter2: x} : y}",
    "{2026-11-26: x}",
]
NUMBERS = ["0x20261126", "2026-11-26", "020261126", "20261_126", "20:26", "20261126"]


@pytest.mark.parametrize("written", [*LEAKY, *NUMBERS, *(f"{{value: {number}}}" for number in NUMBERS)])
@pytest.mark.parametrize("field", ["secret", "url"])
def test_what_is_wrong_with_a_secret_is_said_without_it(written: str, field: str) -> None:
    other = {"secret": "url", "url": "secret"}[field]
    text = ALERT.format(first=f"{field}: {written}", second=f"{other}: {{env: X}}")
    problems = load([("stack.yaml", (SPEC + text).encode())]).problems
    assert problems
    for problem in problems:
        assert not re.search("hunter2|2026|11-?26|20:26", problem.text), problem.text

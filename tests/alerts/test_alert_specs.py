"""What may be written in an Alert, and what is wrong with others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from worlds import SPECS

from reconciler import checks
from reconciler.load import load

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"
REFERENCE = (SPECS / "two-tier.yaml").read_text()
ALERT = "---\napiVersion: reconciler.dev/v1\nkind: Alert\nmetadata: {name: a}\nspec:\n  "
HOOK = '{name: h, webhook: {url: {value: "https://x.example"}}}'


def problems(text: str) -> list[str]:
    bundle = load({"stack.yaml": f"{REFERENCE}{text}".encode()})
    found = [*bundle.problems, *(p for stack in bundle.stacks.values() for p in checks.check(stack))]
    return [f"{problem.field}: {problem.message}, {problem.hint}" for problem in found]


def test_the_alert_of_the_page_is_valid() -> None:
    (block,) = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL) if "kind: Alert" in text]
    assert problems(f"---\n{block}") == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (f"sinks: [{HOOK}, {HOOK}]", '"h" is there twice'),
        ("sinks: [{name: h}]", "leads nowhere, write exactly one of webhook, sns and apprise"),
        ("sinks: [{name: h, apprise: {url: {env: A, file: /a}}}]", "write one of env, file and value"),
        ("sinks: [{name: h, apprise: {url: {}}}]", "write one of env, file and value"),
        ("sinks: [{name: h, webhook: {url: {value: example}}}]", "is no URL"),
        (f"sinks: [{HOOK}]\n  repeatInterval: 5s", "5s is too short"),
        (f"sinks: [{HOOK}]\n  events: [DriftFonud]", "DriftFound"),
        (f"sinks: [{HOOK}]\n  objects: [web]", "write KIND/NAME"),
        (f"sinks: [{HOOK}]\n  template: {{text: '$nothing'}}", "placeholders out of $event"),
        (f"sinks: [{HOOK}]\n  template: {{text: 'costs $ 5'}}", "placeholders out of $event"),
        ("sinks: []", "spec.sinks"),
    ],
)
def test_what_is_wrong_is_said(spec: str, said: str) -> None:
    found = problems(ALERT + spec)
    assert len(found) == 1
    assert said in found[0]

"""What the documents show is what the program does: every session runs, every YAML block is a valid spec."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler import checks
from reconciler.cli.main import USAGE
from reconciler.compile import graph_of
from reconciler.load import load

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = Path(sys.executable).with_name("reconciler")

_VARYING = (
    (re.compile(r"\b(vpc|subnet|sg|rtb|igw|nat|eni|eipalloc|rtbassoc|vpce)-[0-9a-f]+"), r"\1-0"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "0"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "00:00:00"),
    (re.compile(r"\b\d+\.\d+s\b"), "0.0s"),
    (re.compile(r"\b\d+(\.\d+){3}(?!/)\b"), "0.0.0.0"),
    (re.compile(r"\b(us-east-1)[ab]\b"), r"\1"),
    (re.compile(r" +"), " "),
)
"""Ids, times, and addresses that AWS picks, with the width that they give a column."""


def blocks(document: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)


def steps(session: str) -> list[tuple[str, list[str]]]:
    """The commands of a session with the lines they print."""
    found: list[tuple[str, list[str]]] = []
    for line in session.splitlines():
        if line.startswith("$ "):
            found.append((line[2:].partition("#")[0].strip(), []))
        else:
            found[-1][1].append(line)
    return found


def plain(text: str) -> str:
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text.rstrip()


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Whether the shown lines are the printed ones; `...` stands for any number of them."""
    parts = [re.escape(plain(line)) + "\n" if line.strip() != "..." else r"(?:.*\n)*" for line in shown]
    return re.fullmatch("".join(parts), "".join(plain(line) + "\n" for line in printed)) is not None


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A machine on which no sandbox ran before; it is ended in any case."""
    found = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    yield found
    subprocess.run([COMMAND, "sandbox", "stop"], env=found, capture_output=True, check=False)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_session_prints_what_is_shown(document: Path, environment: dict[str, str]) -> None:
    for session in blocks(document, "console"):
        for command, shown in steps(session):
            arguments = shlex.split(command)
            assert arguments[0] == "reconciler", command
            done = subprocess.run(
                [COMMAND, *arguments[1:]], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode != USAGE, done.stderr
            said = [line for line in done.stderr.splitlines() if line.startswith(("error", "  next"))]
            printed = [*done.stdout.splitlines(), *said]
            assert agrees(shown, printed), f"$ {command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_or_linked_is_there(document: Path) -> None:
    text = document.read_text()
    linked = [document.parent / path for path in re.findall(r"\]\(([^)#:]+)\)", text)]
    assert [str(path) for path in linked if not path.exists()] == []
    named = re.findall(r"`([a-z_/]+\.py)`", text)
    files = [str(path) for folder in ("reconciler", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    assert [name for name in named if not any(file.endswith(f"/{name}") for file in files)] == []


def complete(block: str) -> bytes:
    """A block in the place where it belongs: its objects instead of those of the reference, or a stack of its own."""
    mine: list[dict[str, Any]] = [one for one in yaml.safe_load_all(block) if one]
    if any(one["kind"] == "Stack" for one in mine):
        return block.encode()
    names = {(one["kind"], one["metadata"]["name"]) for one in mine}
    reference = yaml.safe_load_all((ROOT / "specs" / "two-tier.yaml").read_text())
    rest = [one for one in reference if (one["kind"], one["metadata"]["name"]) not in names]
    return yaml.safe_dump_all([*rest, *mine], sort_keys=False).encode()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_yaml_block_is_loaded_checked_and_compiled(document: Path) -> None:
    for block in blocks(document, "yaml"):
        bundle = load({document.name: complete(block)})
        problems = [*bundle.problems, *(p for stack in bundle.stacks.values() for p in checks.check(stack))]
        assert [problem.text for problem in problems] == [], block
        for stack in bundle.stacks.values():
            assert graph_of(stack.stack, stack.objects).order is not None  # raises where things wait for each other


def test_every_file_that_a_document_links_to_is_there() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_readme_names_every_make_target_that_a_newcomer_needs() -> None:
    text = "".join(document.read_text() for document in DOCUMENTS)
    targets = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split()
    assert [name for name in targets if f"make {name}" not in text and name != "clean"] == []

"""Command lines that cannot be understood: refused before anything is done, with what to write instead."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.cli.main import USAGE, main
from reconciler.sandbox import process


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said on standard error."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == USAGE
    return capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-o", "name", "sandbox", "reset"], ["sandbox", "reset", "-o", "name"]])
def test_a_format_that_a_command_does_not_have_is_refused_before_anything_is_done(
    arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def reset() -> bool:
        raise AssertionError

    monkeypatch.setattr(process, "reset", reset)
    said = refused(arguments, capsys)
    assert "there is no -o name for this command; choose one of table, json, yaml" in said


def test_help_names_the_formats_that_a_command_has(capsys: pytest.CaptureFixture[str]) -> None:
    shown = {}
    for command in ("validate", "trace", "run"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        shown[command] = capsys.readouterr().out
    assert "[table|wide|json|yaml|name]\n" in shown["validate"]
    assert "[table|wide|json|yaml|mermaid]\n" in shown["trace"]
    assert "[table|json]" in shown["run"]


def test_a_file_that_is_named_without_its_option_is_refused_with_the_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "next: name files and folders with -f" in refused(["plan", "specs/two-tier.yaml"], capsys)
    assert "-f" not in refused(["history", "specs/two-tier.yaml"], capsys)

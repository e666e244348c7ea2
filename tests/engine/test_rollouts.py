"""A rollout that AWS gives up on is a failure that names its first cause."""

from __future__ import annotations

import dataclasses

import pytest
from cuts import Client, client
from worlds import graph

from reconciler.cli._text import apply_text
from reconciler.engine import Applied
from reconciler.model.graph import Graph
from reconciler.model.plan import Result
from reconciler.sandbox import Sandbox


def image(tag: str) -> Graph:
    """The reference with another image for the web task."""
    return graph(edit=lambda text: text.replace("nginx:1.27", f"nginx:{tag}"))


def waited(sandbox: Sandbox, desired: Graph) -> Applied:
    one: Client = client(sandbox.clock, threads=16)
    limits = dataclasses.replace(one.doing.limits, wait_for=frozenset({"service"}))
    one.doing = dataclasses.replace(one.doing, limits=limits)
    return one.apply(desired)


@pytest.mark.parametrize(
    ("tag", "causes"),
    [
        ("fail-pull", ["first task to stop", "CannotPullContainerError", "nginx:fail-pull: not found"]),
        ("fail-start", ["first task to stop", "CannotStartContainerError", "no such file or directory"]),
        (
            "fail-health",
            ["first task to stop", "Task failed ELB health checks", "service event", "Health checks failed with these"],
        ),
    ],
)
def test_a_rollout_that_is_rolled_back_fails_with_its_first_cause(
    sandbox: Sandbox, tag: str, causes: list[str]
) -> None:
    assert waited(sandbox, image("1.27")).converged
    applied = waited(sandbox, image(tag))
    (failed,) = [o for o in applied.outcomes if o.result is Result.FAILED]
    assert failed.action.address == "service/web"
    assert not applied.converged
    text = apply_text(applied, colour=False)
    assert text.startswith("failed: Task/web: service/web")
    for cause in causes:
        assert cause in text


def test_a_first_rollout_that_fails_names_its_first_cause_too(sandbox: Sandbox) -> None:
    applied = waited(sandbox, image("fail-pull"))
    (failed,) = [o for o in applied.outcomes if o.result is Result.FAILED]
    assert failed.failure is not None
    assert "CannotPullContainerError" in failed.failure.message

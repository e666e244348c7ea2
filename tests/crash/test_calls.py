"""How many reads a pass takes, and that it grows with pages, not with resources."""

from __future__ import annotations

from collections import Counter

from cuts import client
from worlds import graph

from reconciler.engine import view
from reconciler.sandbox import Sandbox

PER_OBJECT = {
    "ecs:DescribeTaskDefinition": "one per call; AWS has no batch",
}
"""Reads that AWS forces once per service."""
BATCHES = {"ecs:DescribeServices": 10}
"""Reads that AWS takes so many objects of at once."""

COPIES = 9


def copied(text: str) -> str:
    """The reference with the orders tier ten times."""
    documents = text.split("\n---\n")
    task = next(d for d in documents if "kind: Task" in d and "{name: orders}" in d)
    route = next(d for d in documents if "kind: Route" in d and "{name: orders}" in d)
    more = []
    for n in range(COPIES):
        more.append(task.replace("{name: orders}", f"{{name: orders-{n}}}"))
        more.append(
            route.replace("{name: orders}", f"{{name: orders-{n}}}")
            .replace("name: orders\n", f"name: orders-{n}\n")
            .replace('["/orders", "/orders/*"]', f'["/orders-{n}/*"]')
            .replace("task: orders,", f"task: orders-{n},")
        )
    return "\n---\n".join([*documents, *more])


def reads(sandbox: Sandbox, text_of: object) -> Counter[str]:
    sandbox.reset()
    desired = graph(edit=text_of)  # type: ignore[arg-type]
    assert client(sandbox.clock, threads=16).apply(desired).converged
    looking = client(sandbox.clock)
    assert view(desired, looking.reader).plan.actions == ()
    return Counter(looking.calls.by_operation())


def test_a_look_grows_with_pages_and_with_what_aws_forces_alone(sandbox: Sandbox) -> None:
    small = reads(sandbox, lambda text: text)
    large = reads(sandbox, copied)
    assert small.total() - small["ecs:DescribeTaskDefinition"] <= 28
    for operation, count in large.items():
        grown = count - small[operation]
        if operation in PER_OBJECT:
            assert grown == COPIES, operation
        elif operation in BATCHES:
            assert grown <= 2 * COPIES // BATCHES[operation] + 1, operation
        else:
            assert grown == 0, (operation, small[operation], count)

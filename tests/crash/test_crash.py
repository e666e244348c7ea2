"""After a kill at any mutating call the next run finishes the job, with nothing lost and nothing made twice."""

from __future__ import annotations

import os
from collections.abc import Callable

from cuts import Client, Cut, Guillotine, client, explained, inventory
from worlds import graph

from reconciler.engine import Applied
from reconciler.model.graph import Graph
from reconciler.sandbox import Sandbox

EVERY_CALL = os.environ.get("CRASH") == "every-call"
Work = Callable[[Client, Graph], Applied]


def chosen(operations: dict[str, int]) -> Callable[[Cut], bool]:
    """Every call, or each operation at its first and its last occurrence."""
    return lambda cut: EVERY_CALL or cut.occurrence in (1, operations[cut.operation])


def counted(calls: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in calls.items() if count > before.get(name, 0)}


def cut_everywhere(sandbox: Sandbox, prepare: Callable[[], None], work: Work, desired: Graph) -> None:
    """Counts the calls of an uninterrupted run, then cuts a second one at them."""
    prepare()
    rehearsal = client(sandbox.clock)
    result = work(rehearsal, desired)
    assert result.converged, result
    expected = inventory()
    operations = dict(rehearsal.calls.by_operation())
    sandbox.reset()
    prepare()

    def recover() -> None:
        again = work(client(sandbox.clock), desired)
        assert again.converged, [(o.action.key, o.failure, o.because) for o in again.outcomes if o.failure]
        assert inventory() == expected, explained(expected, inventory())
        third = client(sandbox.clock)
        assert work(third, desired).converged
        assert third.calls.mutating == 0, third.calls.by_operation()

    blades: list[Guillotine] = []

    def wrap(writer: object) -> Guillotine:
        blades.append(Guillotine(writer, chosen(operations), recover))  # type: ignore[arg-type]
        return blades[0]

    assert work(client(sandbox.clock, wrap), desired).converged
    (blade,) = blades
    blade.finish()
    assert blade.cuts
    assert not blade.failures, "\n".join(f"{cut}\n{report}" for cut, report in blade.failures.items())


def test_an_apply_that_was_cut_anywhere_is_finished_by_the_next(sandbox: Sandbox) -> None:
    cut_everywhere(sandbox, lambda: None, Client.apply, graph())


def test_an_update_that_replaces_a_target_group_is_finished_by_the_next(sandbox: Sandbox) -> None:
    other_port = graph(edit=lambda text: text.replace("containerPort: 8080", "containerPort: 8081"))
    before = graph()

    def prepare() -> None:
        assert client(sandbox.clock, threads=4).apply(before).converged

    cut_everywhere(sandbox, prepare, Client.apply, other_port)


def test_a_delete_that_was_cut_anywhere_is_finished_by_the_next(sandbox: Sandbox) -> None:
    desired = graph()

    def prepare() -> None:
        assert client(sandbox.clock, threads=4).apply(desired).converged

    cut_everywhere(sandbox, prepare, Client.delete, desired)

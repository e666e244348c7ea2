"""What the daemon wrote down, as the commands show it. None of them asks AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.cli._failures import InputError
from reconciler.daemon.history import RUNS
from reconciler.daemon.memory import FINDINGS, HISTORY, STATUS
from reconciler.store import Store


def statuses(store: Store, stack: str | None, way_out: str) -> list[dict[str, Any]]:
    """The objects of one stack or of all, by stack, kind and name. Raises `InputError` where nothing is known, with a
    `way_out`."""
    found = [dict(one) for one in store.items(STATUS, f"{stack}/" if stack else "").values()]
    if not found:
        what = f"stack {stack}" if stack else "any stack"
        raise InputError(f"{store.where} knows nothing of {what}; {way_out}")
    for one in found:
        one.pop("spec", None)
        one["conditions"] = [{**c, "lastTransitionTime": instant(c["lastTransitionTime"])} for c in one["conditions"]]
    return found


def findings(store: Store, stack: str | None) -> list[dict[str, Any]]:
    """What is not as it should be at present."""
    found = store.items(FINDINGS, f"{stack}/" if stack else "")
    return [{"stack": key.partition("/")[0], **document} for key, document in found.items()]


def last_passes(store: Store, stacks: Iterable[str]) -> dict[str, str]:
    """When the last pass of each stack ended: what is told of it is as old as that."""
    runs = store.items(RUNS)
    found = {}
    for stack in sorted(set(stacks)):
        ends = [entry.time for entry in store.entries(HISTORY, stack=stack, limit=1)]
        ends += [float(runs[stack]["last"])] if stack in runs else []
        if ends:
            found[stack] = instant(max(ends))
    return found


def instant(seconds: float) -> str:
    """A time as JSON has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def holding(status: Mapping[str, Any], condition: str) -> bool:
    """Whether a condition of an object holds, for the spec that it has now."""
    return any(
        one["type"] == condition and one["status"] == "True" and one["observedGeneration"] == status["generation"]
        for one in status["conditions"]
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)

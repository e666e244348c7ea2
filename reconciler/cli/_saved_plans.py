"""Plans in files, for `apply --plan`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.cli._failures import InputError
from reconciler.cli._private import write_private
from reconciler.engine import View

FORMAT = 2
"""Version of the format."""


def saved_plan(document: dict[str, Any], view: View) -> dict[str, Any]:
    """What is kept of one stack's plan: enough to tell whether the world has moved, and which part of it."""
    desired, whole = view.comparison.graph.digest, view.fingerprint
    return {"format": FORMAT, "stack": document["stack"], "desired": desired, "fingerprint": whole, "plan": document}


def what_moved(saved: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In which respect a saved plan is not that of now; empty where it is."""
    if saved == now:
        return ""
    in_aws = saved.get("desired") == now["desired"] and saved.get("fingerprint") != now["fingerprint"]
    return "AWS is not as it was" if in_aws else "the files ask for something else"


def save_plans(path: Path, plans: Sequence[dict[str, Any]]) -> None:
    """Write plans to a file that only its owner reads. Raises `InputError`."""
    write_private(path, {"plans": list(plans)}, "--out")


def read_saved_plans(path: Path) -> dict[str, dict[str, Any]]:
    """Saved plans by stack. Raises `InputError`."""
    try:
        plans = json.loads(path.read_text())["plans"]
        return {plan["stack"]: plan for plan in plans if plan["format"] == FORMAT}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; make one with plan --out") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a saved plan; make one with plan --out") from error

"""Whether tasks can start, as commands ask it and documents tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler import resources
from reconciler.cli._failures import problem_documents
from reconciler.model.graph import Readables
from reconciler.startable import Doubt


def looked_through() -> Readables:
    """What is looked at beside the types of a stack, to tell whether its tasks can start."""
    return {**resources.configuration(), **resources.starting()}


def doubt_documents(found: Sequence[Doubt]) -> list[dict[str, Any]]:
    """Doubts as `plan -o json` lists them: problems with how bad they are."""
    documents = problem_documents([doubt.problem for doubt in found])
    return [{"severity": d.severity, **document} for d, document in zip(found, documents, strict=True)]

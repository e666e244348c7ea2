"""IAM policy documents in one canonical, immutable form, and as the text that AWS takes.

IAM gives back what it was given, but people and tools write one policy in many ways: a scalar or a list of one, lists
and statements in any order (IAM user guide, "Grammar of the IAM JSON policy language").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.values import FrozenMap

Document = FrozenMap[str, Any]
"""A policy whose statements and lists are sets; texts in it may be `Template`s."""

VERSION = "2012-10-17"


def policy_document(data: Mapping[str, Any]) -> Document:
    """The canonical form of a policy written as JSON data, whose texts may be `Template`s."""
    return FrozenMap(data)

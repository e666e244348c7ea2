"""Pages of ECS's lists, and the names by which its requests point at things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException

LARGEST_PAGE: Final = 100


def page(response: Any, member: str, items: Sequence[Any], default: int = LARGEST_PAGE) -> ActionResult:
    """One page of a list. Raises InvalidParameterException for a size or a token that ECS does not take."""
    size = response._get_int_param("maxResults", default)
    token = response._get_param("nextToken") or "0"
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidParameterException(f"maxResults must be between 1 and {LARGEST_PAGE}.")
    if not token.isdecimal():
        raise InvalidParameterException("Invalid token.")
    start = int(token)
    following = str(start + size) if len(items) > start + size else None
    return ActionResult({member: list(items[start : start + size]), "nextToken": following})


def find_cluster(backend: Any, name: str | None, *, active: bool = True) -> Any:
    """The cluster of a name or ARN. Raises ClusterNotFoundException, for an inactive one too unless told otherwise."""
    cluster = backend.clusters.get((name or "default").rpartition("/")[2])
    if cluster is None:
        raise ECSException("ClusterNotFoundException", "Cluster not found.")
    if active and cluster.status != "ACTIVE":
        raise ECSException("ClusterNotFoundException", "The referenced cluster was inactive.")
    return cluster

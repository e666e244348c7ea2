"""Where in a file somebody may have written a secret: what messages do not repeat."""

from __future__ import annotations

from typing import Final

from reconciler.kinds._object import Path

_SECRETIVE: Final = frozenset({"secret", "url", "value", "options"})
"""Names of fields under which somebody may have written a secret."""


def may_be_secret(path: Path) -> bool:
    """Whether what is written at a path had better not be shown, before it is known what it is."""
    return not _SECRETIVE.isdisjoint(path)


def without_secrets(path: Path) -> Path:
    """A path without a name that no field of a secret has: somebody wrote the secret itself there."""
    for number, step in enumerate(path[:-1]):
        if step in ("secret", "url") and path[number + 1] not in ("env", "file", "value"):
            return path[: number + 1]
    return path

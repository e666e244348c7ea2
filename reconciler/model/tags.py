"""The tags by which a resource of ours is known: the only memory this program keeps in AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PREFIX = "reconciler.dev/"
STACK = PREFIX + "stack"
OWNER = PREFIX + "owner"
ADDRESS = PREFIX + "address"
APPLIED = PREFIX + "applied"
TAG_KEYS = PREFIX + "tag-keys"
CONVERGED = PREFIX + "converged"
DELETION_POLICY = PREFIX + "deletion-policy"
"""On what stays when its object goes: the object is gone by then, so the resource itself must say so."""

RETAIN = "Retain"
"""Value of the deletion policy, and the only one that is written down."""

NONE = "none"
"""Value of an applied tag while the calls that converge an object are not all made."""

VALUE_LIMIT = 256
"""Characters of a tag's value; the same for EC2, ELB, ECS, Logs and IAM (their API references)."""

_SEPARATOR = "+"


def applied_key(collection: str | None) -> str:
    """The tag that holds the applied digest: a collection keeps its own on its parent."""
    return f"{APPLIED}.{collection}" if collection else APPLIED


def key_lists(keys: Iterable[str]) -> dict[str, str]:
    """The tag-keys tags for a set of user keys: one, or several where 256 characters do not hold them."""
    lists: list[str] = []
    for key in sorted(map(_escaped, keys)):
        if lists and len(lists[-1]) + len(_SEPARATOR) + len(key) <= VALUE_LIMIT:
            lists[-1] += _SEPARATOR + key
        else:
            lists.append(key)
    return {TAG_KEYS if n == 0 else f"{TAG_KEYS}.{n}": text for n, text in enumerate(lists)}


def listed_keys(tags: Mapping[str, str]) -> frozenset[str]:
    """The user keys that we set on an object, from its tag-keys tags."""
    keys: set[str] = set()
    for name, text in tags.items():
        if name == TAG_KEYS or name.startswith(f"{TAG_KEYS}."):
            keys.update(_unescaped(part) for part in text.split(_SEPARATOR) if part)
    return frozenset(keys)


def _escaped(key: str) -> str:
    return key.replace("=", "=3D").replace(_SEPARATOR, "=2B")


def _unescaped(key: str) -> str:
    return key.replace("=2B", _SEPARATOR).replace("=3D", "=")


def is_ours(key: str) -> bool:
    """Whether a tag is one of the program's own."""
    return key.startswith(PREFIX)

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
PLACES = PREFIX + "places"
"""Beside `CONVERGED`: which objects of others hold parts of ours, to find them when no file names those any more."""
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
    return _lists(TAG_KEYS, keys)


def listed_keys(tags: Mapping[str, str]) -> frozenset[str]:
    """The user keys that we set on an object, from its tag-keys tags."""
    return _listed(TAG_KEYS, tags)


def place_lists(ids: Iterable[str]) -> dict[str, str]:
    """The tags that name objects of others by their ids."""
    return _lists(PLACES, {short(identity) for identity in ids})


def listed_places(tags: Mapping[str, str]) -> frozenset[str]:
    """The objects of others that an object's tags name, by what `short` makes of their ids."""
    return _listed(PLACES, tags)


def short(identity: str) -> str:
    """An id without what is the same for all of one account and region: `listener/app/...` of an ARN."""
    return identity.rpartition(":")[2]


def is_evidence(key: str) -> bool:
    """Whether a tag is one that a converged apply leaves behind."""
    return key in (CONVERGED, PLACES) or key.startswith(f"{PLACES}.")


def _lists(tag: str, words: Iterable[str]) -> dict[str, str]:
    lists: list[str] = []
    for word in sorted(map(_escaped, words)):
        if lists and len(lists[-1]) + len(_SEPARATOR) + len(word) <= VALUE_LIMIT:
            lists[-1] += _SEPARATOR + word
        else:
            lists.append(word)
    return {tag if n == 0 else f"{tag}.{n}": text for n, text in enumerate(lists)}


def _listed(tag: str, tags: Mapping[str, str]) -> frozenset[str]:
    lists = (text for name, text in tags.items() if name == tag or name.startswith(f"{tag}."))
    return frozenset(_unescaped(part) for text in lists for part in text.split(_SEPARATOR) if part)


def _escaped(key: str) -> str:
    return key.replace("=", "=3D").replace(_SEPARATOR, "=2B")


def _unescaped(key: str) -> str:
    return key.replace("=2B", _SEPARATOR).replace("=3D", "=")


def is_ours(key: str) -> bool:
    """Whether a tag is one of the program's own."""
    return key.startswith(PREFIX)

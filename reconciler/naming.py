"""AWS names of new objects: chosen once, at creation, and never compared.

Limits are those of the services' API references; a name that does not fit is cut and ends in eight hexadecimal digits,
so that no two objects meet in one name.
"""

from __future__ import annotations

import hashlib
from typing import Any

from reconciler.model.resource import Naming, ResourceType

_HEX = 8


def object_name(kind: ResourceType[Any], stack: str, region: str, address: str, replacement_digest: str) -> str:
    """The name that a new object of a type gets; empty where AWS gives ids only."""
    if kind.naming is Naming.NONE:
        return ""
    parts = [stack, *address.split("/")[1:]]
    if kind.naming is Naming.DIGEST:
        ending = _hex(f"{stack}\n{address}\n{replacement_digest}")
        name = _cut("-".join(parts), kind.name_limit - _HEX - 1) + f"-{ending}"
        return _without_reserved_start(name, kind.name_limit)
    if kind.name_with_region:
        parts.append(region)
    name = kind.name_prefix + kind.name_separator.join(parts)
    if len(name) <= kind.name_limit:
        return name
    return _cut(name, kind.name_limit - _HEX - 1) + kind.name_separator + _hex(name)


def _without_reserved_start(name: str, limit: int) -> str:
    """ELBv2 reserves names that start with `internal-`; EC2 reserves security groups that start with `sg-`."""
    for reserved in ("internal-", "sg-"):
        if name.startswith(reserved):
            ending = name[-_HEX - 1 :]
            return _cut("x-" + name[: -_HEX - 1], limit - _HEX - 1) + ending
    return name


def _cut(text: str, limit: int) -> str:
    return text[:limit].rstrip("-_/")


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HEX]

"""What users write, one module per kind. A module that is there is a kind that exists: nothing else is edited."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from reconciler.kinds._kind import Column, Kind
from reconciler.kinds._object import Metadata, Object, Path, Position, Problem, Source, counted, printable
from reconciler.kinds._peer import Peer

__all__ = [
    "Column",
    "Kind",
    "Metadata",
    "Object",
    "Path",
    "Peer",
    "Position",
    "Problem",
    "Source",
    "counted",
    "discover",
    "printable",
]


@cache
def discover() -> Mapping[str, Kind[Any]]:
    """Every kind by name, in order of module name. Modules with a leading underscore are no kinds."""
    found: dict[str, Kind[Any]] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        kind = importlib.import_module(f"{__name__}.{module}").KIND
        found[kind.name] = kind
    return MappingProxyType(found)

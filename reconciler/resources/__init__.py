"""AWS's resource types, one module each. A module that is there is a type that exists: nothing else is edited."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

from reconciler.model.graph import Types
from reconciler.model.resource import ResourceType


@cache
def discover() -> Types:
    """Every type by name, in order of module name. Modules with a leading underscore are no types."""
    found: dict[str, ResourceType[Any]] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        resource_type = importlib.import_module(f"{__name__}.{module}").TYPE
        found[resource_type.name] = resource_type
    return found

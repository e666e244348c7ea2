"""AWS's resource types, one module each. A module that is there is a type that exists: nothing else is edited."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

from reconciler.model.graph import Readables, Types
from reconciler.model.resource import Readable, ResourceType


@cache
def _all() -> Readables:
    """Every type by name, in order of module name. Modules with a leading underscore are no types."""
    found: dict[str, Readable[Any]] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        readable = importlib.import_module(f"{__name__}.{module}").TYPE
        found[readable.name] = readable
    return found


@cache
def discover() -> Types:
    """The types that specs compile to: every pass looks at all of them."""
    return {name: kind for name, kind in _all().items() if isinstance(kind, ResourceType)}


@cache
def evidence() -> Readables:
    """The types that are only read, to see where traffic can go: a pass that says something of flows looks at them."""
    return {name: kind for name, kind in _all().items() if not isinstance(kind, ResourceType)}


@cache
def health_of_targets() -> Readables:
    """Of `evidence` how targets do: a call in each pass for each target group."""
    return {name: kind for name, kind in evidence().items() if name == "target-health"}


@cache
def starting() -> Readables:
    """Of `evidence` what it takes to tell whether tasks can start: roles that they are given, keys of their secrets,
    targets of their file systems, Fargate's quotas."""
    return {name: kind for name, kind in evidence().items() if name in _STARTING}


@cache
def configuration() -> Readables:
    """Of `evidence` what it takes to judge declared flows: one call in each pass, whatever there is in the network, and
    one for each network load balancer and for each of its target groups."""
    return {name: kind for name, kind in evidence().items() if name in _CONFIGURATION}


_CONFIGURATION = ("network-balancing", "network-interface")
_STARTING = ("fargate-quota", "given-role", "mount-target", "task-secret")

"""What no single field can tell: that the objects of a stack fit together, and AWS's own limits.

Every module here with a public name offers `check(objects) -> Iterable[Problem]`; one that is there is run. An
object that could not be read, or that may be in an unreadable place, is never called missing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache

from reconciler.checks._allowed import fields_that_are_none
from reconciler.kinds import Problem
from reconciler.load import StackObjects

Check = Callable[[StackObjects], Iterable[Problem]]


@cache
def discover() -> tuple[Check, ...]:
    """The checks of every module, in order of module name."""
    modules = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return tuple(importlib.import_module(f"{__name__}.{module}").check for module in modules)


def check(objects: StackObjects) -> list[Problem]:
    """Everything that is wrong between the objects of one stack, in order of place."""
    found = {problem for one in discover() for problem in one(objects)}
    if not found and objects.complete and not (objects.broken or objects.ambiguous):
        found.update(fields_that_are_none(objects))
    return sorted(found)

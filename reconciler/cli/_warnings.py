"""What is allowed in the files and surely not meant. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.flows import World, shadowed
from reconciler.kinds import Problem
from reconciler.load import StackObjects


def warnings(stack: StackObjects, world: World) -> list[Problem]:
    """Rules of Routes that no request can meet, at their place in the files. `world` is what the files want."""
    return sorted(set(_never_met(stack, world)))


def _never_met(stack: StackObjects, world: World) -> Iterator[Problem]:
    for found in shadowed(world):
        balancer, listener = found.listener.split("/")[1:]
        for (kind, _), obj in sorted(stack.objects.items()):
            spec = obj.spec
            if kind != "Route" or (spec.load_balancer, spec.listener) != (balancer, listener):
                continue
            message = f"no request gets here: before it, {', '.join(found.by)} of the same listener takes all of them"
            hint = "move it up, make its match narrower than theirs, or take it out"
            for number, rule in enumerate(spec.rules):
                if rule.name == found.rule:
                    yield obj.problem(("spec", "rules", number), message, hint)
            if found.rule == "default" and spec.default is not None:
                yield obj.problem(("spec", "default"), message, hint)

"""A row of the table of variations: another value for one field, and what must be seen of the change.

`[app]` chooses an entry of a list by its name, `[0]` by number.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from exemptions import EXEMPT

from reconciler.checks import check
from reconciler.compile import graph_of
from reconciler.load import load
from reconciler.model.graph import Graph

ABSENT: Final = object()
"""The field is not written."""

STRANGER: Final = "sg-0123456789abcdef0"
PREFIX_LIST: Final = "pl-0123456789abcdef0"
"""Stand for a security group and a prefix list that are not ours; `REAL` holds their ids where there is an AWS."""
TARGETS: Final = ("pcx-00000000000000001", "tgw-00000000000000001", "eni-00000000000000001")
ALLOCATION: Final = "eipalloc-00000000000000001"
"""Stand for what routes of ours lead to and for an Elastic IP, neither of which is ours."""
VPCS: Final = ("vpc-00000000000000001", "vpc-00000000000000002")
BALANCERS: Final = tuple(
    f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/platform-{n}/000000000000000{n}"
    for n in (1, 2)
)
SUBNETS: Final = tuple(f"subnet-000000000000000{n:02}" for n in range(4))
"""Stand in the same way for two VPCs that are not ours, and for private subnets of the first: two of each zone."""
REAL: Final[dict[str, str]] = {}

Edit = tuple[str, Any]
"""A field (`Task/web containers[app].command`) and its value."""

BASE: Final[list[dict[str, Any]]] = list(yaml.safe_load_all((Path(__file__).parent / "base.yaml").read_text()))
_NAMES = ("name", "container", "task", "from")


@dataclass(frozen=True)
class Row:
    """One change of one field.

    From the base, with `given` edits first, `field` is set to `to`, together with `also`. The plan must show `shows`
    and nothing else: whole lines, `*` for any text, each found at least once. Then the field is removed, where it is
    not required, and the plan must show `removed` (by default `shows` with creating and deleting the other way
    round). `needed` is what validation says where the field cannot simply be left out, `refused` what a pass says
    where it cannot be changed. `unseen` is a change of the graph that AWS has no field for.
    """

    field: str
    to: Any
    shows: tuple[str, ...] = ()
    removed: tuple[str, ...] | None = None
    given: tuple[Edit, ...] = ()
    also: tuple[Edit, ...] = ()
    needed: str = ""
    refused: str = ""
    unseen: bool = False

    @property
    def shows_when_removed(self) -> tuple[str, ...]:
        if self.removed is not None:
            return self.removed
        other_way = {"+ ": "- ", "- ": "+ "}
        return tuple(other_way.get(line[:2], line[:2]) + line[2:] for line in self.shows)

    @property
    def id(self) -> str:
        """The field as introspection knows it: `Task.containers[].command`."""
        thing, _, path = self.field.partition(" ")
        return thing.partition("/")[0] + "." + re.sub(r"\[[^\]]*\]", "[]", path)

    @property
    def stays(self) -> bool:
        """Whether AWS forbids that anybody changes what this row changes: a field, or just this value of it."""
        return bool({(self.id, "behind"), (f"{self.id}: {self.to}", "behind")} & EXEMPT.keys())

    def start(self) -> Graph:
        return graph(self.given)

    def changed(self) -> Graph:
        return graph([*self.given, *self.also, (self.field, self.to)])

    def without(self) -> Graph:
        return graph([*self.given, (self.field, ABSENT)])


class Invalid(Exception):
    """The edits do not make a good stack; says why."""


def graph(edits: Iterable[Edit] = ()) -> Graph:
    """The graph of the base with edits, which must be a good stack."""
    documents = copy.deepcopy(BASE)
    for field, value in edits:
        _write(documents, field, value)
    text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper)
    for stand_in, real in REAL.items():
        text = text.replace(stand_in, real)
    bundle = load({"base.yaml": text.encode()})
    (stack,) = bundle.stacks.values()
    problems = [*bundle.problems, *check(stack)]
    if problems:
        raise Invalid("\n".join(problem.text for problem in problems))
    return graph_of(stack.stack, stack.objects)


def _write(documents: list[dict[str, Any]], field: str, wanted: Any) -> None:
    value = wanted if wanted is ABSENT else copy.deepcopy(wanted)
    thing, _, path = field.partition(" ")
    kind, _, name = thing.partition("/")
    if not path:
        documents.append({"apiVersion": "reconciler.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": value})
        return
    place: Any = next(d for d in documents if (d["kind"], d["metadata"]["name"]) == (kind, name))["spec"]
    *steps, last = re.findall(r"[^.\[\]]+(?![^\[]*\])|(?<=\[)[^\]]+(?=\])", path)
    for step in steps:
        place = place[_found(place, step)] if isinstance(place, list) else place.setdefault(step, {})
    key = _found(place, last) if isinstance(place, list) else last
    if value is ABSENT:
        if isinstance(place, list):
            del place[key]
        else:
            place.pop(key, None)
    elif isinstance(place, list) and key == len(place):
        place.append(value)
    else:
        place[key] = value


def _found(entries: list[Any], step: str) -> int:
    if step.isdigit():
        return int(step)
    return next(i for i, e in enumerate(entries) if any(isinstance(e, dict) and e.get(n) == step for n in _NAMES))

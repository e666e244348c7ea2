"""How load balancers pass connections on, only read: the attributes that tell where traffic can go.

A description of attributes is a call for each object (ELBv2 API reference), so only what says something of flows asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from reconciler.model.facts import Cross, Fact, Name
from reconciler.model.fields import Fields, field
from reconciler.model.ports import Reader
from reconciler.model.resource import Observed
from reconciler.model.values import FrozenMap, Id
from reconciler.resources._elb import unless_gone
from reconciler.resources._elb_attributes import CROSS_ZONE, KEEP_CLIENT, passing


class Balancing(Fields):
    """What of a load balancer's, or (with its `protocol`) of a target group's attributes concerns traffic."""

    of: Id = field(immutable=True)
    protocol: str | None
    attributes: FrozenMap[str, str]


def read(
    reader: Reader, type_name: str, thing: str, protocols: Iterable[tuple[str, str | None]]
) -> Iterator[Observed[Balancing]]:
    """The attributes of some objects, by ARN with their protocol. `thing` is AWS's word for the type."""
    asked = sorted(protocols)
    answers = reader.together(
        partial(unless_gone, partial(reader.get, "elbv2", f"Describe{thing}Attributes", **{f"{thing}Arn": arn}))
        for arn, _ in asked
    )
    for (arn, protocol), answer in zip(asked, answers, strict=True):
        listed = answer["Attributes"] if answer is not None else ()
        found = {one["Key"]: one["Value"] for one in listed if one["Key"] in (CROSS_ZONE, KEEP_CLIENT)}
        if found:
            fields = Balancing(of=Id(arn), protocol=protocol, attributes=FrozenMap(found))
            yield Observed(type=type_name, id=arn, fields=fields, evidence=True)


def facts(fields: Balancing) -> Iterator[Fact]:
    """They take the place of what the object itself says: that may not know its attributes."""
    of: Name = fields.of
    if fields.protocol is not None:
        yield from passing(of, fields.protocol, fields.attributes)
    elif CROSS_ZONE in fields.attributes:
        yield Cross(of, fields.attributes[CROSS_ZONE] == "true")

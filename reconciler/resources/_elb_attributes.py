"""The attributes of load balancers and target groups: text by key, each filled in by AWS where nobody sets it.

Here attributes are those that are not as AWS fills them in, so that one that is taken away goes back. A description
of them is a call for each object: it is asked for where some are wanted, and where the last change did not converge
to what is wanted, so that a look at plain objects costs no call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from reconciler.model.facts import Cross, Fact, Keep, Name
from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Scope
from reconciler.model.values import FrozenMap, Marker, Ref
from reconciler.resources._elb import LoadBalancing, unless_gone
from reconciler.resources._ownership import ownership

Attributes = FrozenMap[str, str]
CROSS_ZONE = "load_balancing.cross_zone.enabled"
KEEP_CLIENT = "preserve_client_ip.enabled"


def passing(pool: Name, protocol: str, attributes: Mapping[str, str]) -> Iterator[Fact]:
    """How a target group takes connections on. Targets by address see the client's own only where that is switched on,
    and always over UDP (NLB user guide, "Client IP preservation")."""
    crosses = attributes.get(CROSS_ZONE)
    yield Cross(pool, crosses == "true" if crosses in ("true", "false") else None)
    if protocol not in ("HTTP", "HTTPS"):
        yield Keep(pool, "UDP" in protocol or "QUIC" in protocol or attributes.get(KEEP_CLIENT) == "true")


def read_attributes(
    reader: Reader, scope: Scope, seen: LoadBalancing, arns: Iterable[str], type_name: str, thing: str
) -> dict[str, tuple[Mapping[str, str], Attributes]]:
    """What AWS has, and what is wanted, by the ARN of each object of ours. `thing` is AWS's word for the type.

    One that wants nothing, and whose tag says that the last change came to this, is taken to have nothing.
    """
    wanted = {r.address: r.fields.attributes for r in scope.expected.get(type_name, ())}
    asked: dict[str, Attributes] = {}
    plain: dict[str, tuple[Mapping[str, str], Attributes]] = {}
    for arn in arns:
        mine = ownership(seen.tags[arn])
        address, current = mine["address"], scope.digests(mine["stack"])
        if address not in wanted:
            continue
        if wanted[address] or mine["applied"] != current.get(address):
            asked[arn] = wanted[address]
        else:
            plain[arn] = ({}, wanted[address])
    answers = reader.together(
        partial(unless_gone, partial(reader.get, "elbv2", f"Describe{thing}Attributes", **{f"{thing}Arn": arn}))
        for arn in asked
    )
    return plain | {
        arn: ({one["Key"]: one["Value"] for one in answer["Attributes"]}, mine)
        for (arn, mine), answer in zip(asked.items(), answers, strict=True)
        if answer is not None
    }


def modify_attributes(
    target: str | Ref,
    wanted: Attributes | Marker,
    present: Attributes | Marker,
    filled: Mapping[str, str],
    thing: str,
) -> list[Call]:
    """Sets what differs, and back to what AWS fills in what is not wanted; at most twenty in a request."""
    values = wanted if isinstance(wanted, FrozenMap) else Attributes()
    before = present if isinstance(present, FrozenMap) else Attributes()
    keys = sorted(key for key in {*values, *before} if values.get(key) != before.get(key))
    settings: list[dict[str, Any]] = [
        {"Key": key, "Value": values.get(key, filled.get(key))} for key in keys if key in values or key in filled
    ]
    return [
        Call(
            "elbv2", f"Modify{thing}Attributes", {f"{thing}Arn": target, "Attributes": settings[start : start + _MOST]}
        )
        for start in range(0, len(settings), _MOST)
    ]


_MOST = 20

"""How each AWS service spells tags, and what our own say of an object.

Shapes from the service models: EC2, ELBv2 and IAM take `[{Key, Value}]`, ECS `[{key, value}]`, Logs a map.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from reconciler.model import tags as ours
from reconciler.model.resource import Call, Observed
from reconciler.model.values import FrozenMap, Ref


class Ownership(TypedDict):
    """The arguments of `Observed` that come from tags."""

    address: str | None
    stack: str | None
    owner: str | None
    tags: FrozenMap[str, str]
    applied: str | None


def ownership(tags: Mapping[str, str], collection: str | None = None) -> Ownership:
    """What tags say of an object, or, from its parent's tags, of a collection."""
    address = tags.get(ours.ADDRESS)
    if address and collection:
        address = f"{address}/{collection}"
    return Ownership(
        address=address,
        stack=tags.get(ours.STACK),
        owner=tags.get(ours.OWNER),
        tags=FrozenMap(tags),
        applied=tags.get(ours.applied_key(collection)),
    )


def inherited(parent: Observed[Any] | None, type_name: str) -> Ownership:
    """What is known of a part that cannot carry tags: the name of what it is part of, under its own type.

    Part of `subnet/main/public/us-east-1a`, a route table association is
    `route-table-association/main/public/us-east-1a`.
    """
    if parent is None or parent.address is None:
        return ownership({})
    _, name = parent.address.split("/", 1)
    return Ownership(
        address=f"{type_name}/{name}", stack=parent.stack, owner=parent.owner, tags=FrozenMap(), applied=None
    )


def tag_map(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """`[{Key, Value}]` or `[{key, value}]` as a map."""
    return {t.get("Key") or t.get("key", ""): t.get("Value", t.get("value", "")) for t in tags or ()}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A map as EC2's, ELBv2's and IAM's `[{Key, Value}]`, in order of key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def lower_tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A map as ECS's `[{key, value}]`, in order of key."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]


def specifications(resource_type: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """EC2's `TagSpecifications` of a create call."""
    return [{"ResourceType": resource_type, "Tags": tag_list(tags)}]


def in_stacks(stacks: Iterable[str]) -> dict[str, Any]:
    """EC2's filter for objects that carry the tag of one of these stacks; `*` and `?` would match others too."""
    return {"Name": f"tag:{ours.STACK}", "Values": [literal(stack) for stack in stacks]}


def literal(value: str) -> str:
    """A value for a filter of EC2 that matches nothing but itself."""
    return _WILDCARDS.sub(r"\\\g<0>", value)


_WILDCARDS = re.compile(r"[*?\\]")
"""What EC2 filters give a meaning, escaped with a backslash (EC2 API reference, "List and filter")."""


class Ec2Tags:
    """`CreateTags` and `DeleteTags`: by id, whatever the type (EC2 API reference)."""

    def tag(self, target: str | Ref, put: Mapping[str, str], remove: Iterable[str]) -> Sequence[Call]:
        """The requests that set and remove tags of an EC2 object by its id."""
        calls = []
        if put:
            calls.append(Call("ec2", "CreateTags", {"Resources": [target], "Tags": tag_list(put)}))
        gone = sorted(remove)
        if gone:
            keys = [{"Key": key} for key in gone]
            calls.append(Call("ec2", "DeleteTags", {"Resources": [target], "Tags": keys}))
        return calls


class ElbTags:
    """`AddTags` and `RemoveTags`: by ARN (Elastic Load Balancing v2 API reference)."""

    def tag(self, target: str | Ref, put: Mapping[str, str], remove: Iterable[str]) -> Sequence[Call]:
        """The requests that set and remove tags of an ELBv2 object by its ARN."""
        return elb_tagging([target], put, remove)


def elb_tagging(targets: Sequence[str | Ref], put: Mapping[str, str], remove: Iterable[str]) -> list[Call]:
    """The requests that set and remove tags of ELBv2 objects by their ARNs, at most twenty of them."""
    calls = []
    if put:
        calls.append(Call("elbv2", "AddTags", {"ResourceArns": list(targets), "Tags": tag_list(put)}))
    gone = sorted(remove)
    if gone:
        calls.append(Call("elbv2", "RemoveTags", {"ResourceArns": list(targets), "TagKeys": gone}))
    return calls


class EcsTags:
    """`TagResource` and `UntagResource`: by ARN (Amazon ECS API reference)."""

    def tag(self, target: str | Ref, put: Mapping[str, str], remove: Iterable[str]) -> Sequence[Call]:
        """The requests that set and remove tags of an ECS object by its ARN."""
        calls = []
        if put:
            calls.append(Call("ecs", "TagResource", {"resourceArn": target, "tags": lower_tag_list(put)}))
        gone = sorted(remove)
        if gone:
            calls.append(Call("ecs", "UntagResource", {"resourceArn": target, "tagKeys": gone}))
        return calls

"""Stack: tags within AWS's limits, one account, an interval that makes sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from reconciler.kinds import Object, Problem, _duration
from reconciler.kinds._object import counted, quoted
from reconciler.kinds.stack import StackSpec
from reconciler.load import StackObjects
from reconciler.model import tags

TAGS_PER_RESOURCE: Final = 50
KEY_LENGTH: Final = 128
LONGEST_INTERVAL: Final = 24 * 3600

# "Tag naming limits and requirements", EC2 user guide: what every service allows. A letter of any script is one.
_ALLOWED = re.compile(r"[\w .:/=+@-]*")

_OURS: Final = (
    "Name",
    tags.STACK,
    tags.OWNER,
    tags.ADDRESS,
    tags.APPLIED,
    tags.applied_key("rules"),
    tags.CONVERGED,
    tags.PLACES,
    tags.DELETION_POLICY,
)
"""What the program itself may put on one resource, beside the list of the user's keys."""


def check(objects: StackObjects) -> Iterator[Problem]:
    """The stack's own spec."""
    stack = objects.stack
    yield from _tags(stack)
    role = stack.spec.assume_role
    if role and stack.spec.account and role.arn.split(":")[4] != stack.spec.account:
        yield stack.problem(
            ("spec", "assumeRole", "arn"),
            f"is a role of account {role.arn.split(':')[4]}",
            f"name one of account {stack.spec.account}, which spec.account asks for",
        )
    if not 1 <= _duration.seconds(stack.spec.drift.interval) <= LONGEST_INTERVAL:
        yield stack.problem(
            ("spec", "drift", "interval"), f"is {stack.spec.drift.interval}", "write between 1s and 24h"
        )


def _tags(stack: Object[StackSpec]) -> Iterator[Problem]:
    keys = stack.spec.tags
    room = TAGS_PER_RESOURCE - len(_OURS) - len(tags.key_lists(keys))
    if len(keys) > room:
        yield stack.problem(
            ("spec", "tags"),
            f"has {counted(len(keys), 'tag')}",
            f"keep {room}: AWS allows {TAGS_PER_RESOURCE} on a resource and the rest carry our own marks",
        )
    for key, value in keys.items():
        path = ("spec", "tags", key)
        if key.lower().startswith("aws:") or tags.is_ours(key):
            prefix = key[: len("aws:")] if key.lower().startswith("aws:") else tags.PREFIX
            yield stack.problem(path, f"begins with {quoted(prefix)}, which is reserved", "choose another key")
        if not 1 <= len(key) <= KEY_LENGTH:
            yield stack.problem(path, f"is a key of {counted(len(key), 'character')}", f"write 1 to {KEY_LENGTH}")
        if len(value) > tags.VALUE_LIMIT:
            yield stack.problem(path, f"has {len(value)} characters", f"write at most {tags.VALUE_LIMIT}")
        for text in (key, value):
            if not _ALLOWED.fullmatch(text):
                yield stack.problem(
                    path,
                    f"{quoted(text)} has characters that AWS refuses in tags",
                    "write letters, digits, spaces and _ . : / = + - @",
                )

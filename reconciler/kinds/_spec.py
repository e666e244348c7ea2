"""The base of every spec model, and the formats of single values that several kinds share."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reconciler.kinds import _duration
from reconciler.kinds._peer import Peer
from reconciler.model.frozen import Frozen


class SpecModel(BaseModel):
    """A mapping that a user writes: fields in camelCase, none unknown, types never coerced but for `Digits`, immutable.

    Building the validators waits for the first use, so that a command that reads no objects does not pay for them.
    """

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True, strict=True, defer_build=True)


class Format(Frozen):
    """How the text of a field must look. `pattern` goes to the CustomResourceDefinition, `right` to people.

    `parse`, where a pattern cannot tell, raises `ValueError`. `meant` finds what a wrong text is likely to mean, or
    `None`.
    """

    pattern: str
    right: str
    parse: Callable[[str], object] | None = None
    max_length: int | None = None
    meant: Callable[[str], str | None] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = handler(schema) | {"pattern": self.pattern}
        return found if self.max_length is None else found | {"maxLength": self.max_length}

    def check(self, value: str) -> str:
        """The value itself, or a validation error that says what would be right."""
        if not self.takes(value):
            raise PydanticCustomError("format", "{right}", {"right": self.hint(value)})
        return value

    def hint(self, value: str) -> str:
        """What to write instead of a text that does not look as it must."""
        meant = self.meant(value) if self.meant else None
        return f'did you mean "{meant}"?' if meant else self.right

    def takes(self, value: str) -> bool:
        """Whether a text looks as it must."""
        if not re.fullmatch(self.pattern, value) or (self.max_length and len(value) > self.max_length):
            return False
        try:
            if self.parse is not None:
                self.parse(value)
        except ValueError:
            return False
        return True


class NameOrNumber(Frozen):
    """A port's name or its number; `x-kubernetes-int-or-string` in a CustomResourceDefinition."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"x-kubernetes-int-or-string": True}

    def check(self, value: object) -> str | int:
        """The value itself, or a validation error that says what would be right."""
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
            return value
        if isinstance(value, str) and re.fullmatch(PORT_NAME.pattern, value):
            return value
        right = "write a port's name, or a number between 1 and 65535"
        if isinstance(value, str) and value.isascii() and value.isdigit() and 1 <= int(value[:6]) <= 65535:
            right = f"write {value} without quotes"
        raise PydanticCustomError("format", "{right}", {"right": right})


class Digits(Frozen):
    """Marks text that people often write as digits alone: a whole number without quotes stands for its digits.

    `x-kubernetes-int-or-string` in a CustomResourceDefinition. Other numbers stay refused: whether 1.10 is meant as
    it is written, nobody can tell.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.text, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = handler(schema)
        del found["type"]
        return found | {"x-kubernetes-int-or-string": True}

    def text(self, value: object) -> object:
        """The digits of a whole number; any other value as it is."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class RefersTo(Frozen):
    """Marks a field whose text names another object: of this kind, or of the one that the text begins with.

    `task/web` names its kind itself; a text that begins with no kind's word is no reference.
    """

    kind: str | None = None


class Hidden(Frozen):
    """Marks a field whose value may be a secret: no message shows it."""


LABEL = Format(
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    "write lower-case letters, digits and '-', at most 63, with a letter or digit at both ends",
    max_length=63,
)
PORT_NAME = Format(
    r"^[a-z][a-z0-9_-]*$",
    "write lower-case letters, digits, '-' and '_', at most 64, beginning with a letter",
    max_length=64,
)

DURATION = Format(
    _duration.PATTERN, "write a duration such as 60s, 15m or 1h", _duration.seconds, meant=_duration.meant
)

DigitsOrText = Annotated[str, Digits()]
"""Any text; digits alone need no quotes."""

Label = Annotated[str, LABEL]
"""A name in the way of DNS-1123: what Kubernetes accepts as an object's name."""

PortName = Annotated[str, PORT_NAME]
"""A named port; ECS allows these characters (RegisterTaskDefinition, `PortMapping.name`)."""

PortNumber = Annotated[int, Field(ge=1, le=65535)]

PortRef = Annotated[str | int, NameOrNumber()]
"""A port by name or number."""


def _cidr_meant(text: str) -> str | None:
    """The block of one address; what ends in .0 is more likely one without its size."""
    return f"{text}/32" if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", text) and not text.endswith(".0") else None


Cidr = Annotated[
    str,
    Format(
        r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/[0-9]+$",
        "write an IPv4 block such as 10.0.0.0/16",
        ipaddress.IPv4Interface,
        meant=_cidr_meant,
    ),
]


def _peer_meant(text: str) -> str | None:
    """The object that a text names in the way of another language: `Task/web`."""
    word, _, name = text.partition("/")
    kind = {"task": "task", "loadbalancer": "loadBalancer"}.get(word.lower())
    return f"{kind}/{name}" if kind and re.fullmatch(LABEL.pattern, name) else None


PeerText = Annotated[
    str,
    Format(
        r"^(internet|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?|(task|loadBalancer)/.+)$",
        "write internet, an IPv4 block such as 10.0.0.0/24, task/NAME or loadBalancer/NAME",
        Peer.parse,
        meant=_peer_meant,
    ),
    RefersTo(),
]
"""One end of traffic; `Peer.parse` takes it apart."""

PEERS = "internet, an IPv4 block, task/NAME, loadBalancer/NAME, a prefix list (pl-...) or a security group (sg-...)"

AllowedText = Annotated[
    str,
    Format(
        r"^(internet|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?|(task|loadBalancer)/.+|(pl|sg)-[0-9a-f]{8,17})$",
        "write internet, an IPv4 block such as 10.0.0.0/24, task/NAME, loadBalancer/NAME, or the id of a prefix list "
        "(pl-...) or a security group (sg-...)",
        Peer.parse,
        meant=_peer_meant,
    ),
    RefersTo(),
]
"""Whom a rule of a security group lets in, or out to."""

ClusterName = Annotated[str, RefersTo("Cluster")]
NetworkName = Annotated[str, RefersTo("Network")]
LoadBalancerName = Annotated[str, RefersTo("LoadBalancer")]
TaskName = Annotated[str, RefersTo("Task")]

HttpPath = Annotated[
    str,
    Format(r"^/[^\s?#]*$", "write a path that starts with '/' and has no query", max_length=1024),
]

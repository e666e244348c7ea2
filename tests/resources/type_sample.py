"""What a resource type shows of itself to the tests that run over all types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.fields import Fields
from reconciler.model.resource import Observed, Resource
from reconciler.model.values import FrozenMap


@dataclass(frozen=True)
class Sample:
    """A resource as wanted, with every field set that it can have at once.

    `others` are field sets that an update can reach from there, and back: together they change every field that is
    not immutable. `outputs` are those of the live object, `id` included.
    """

    resource: Resource[Any]
    others: tuple[Fields, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=lambda: {"id": "id-0123456789abcdef0"})

    def observed(self, fields: Fields | None = None) -> Observed[Any]:
        """The live object, in its own state or in that of other fields."""
        return Observed(
            type=self.resource.type,
            id=self.outputs["id"],
            fields=fields or self.resource.fields,
            address=self.resource.address,
            stack="shop",
            owner="default",
            outputs=FrozenMap(self.outputs),
        )

"""What a kind is: the one thing that a module of this package must offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Generic

from reconciler.kinds._object import Object, S
from reconciler.kinds._scope import Scope
from reconciler.model.frozen import Frozen
from reconciler.model.resource import Reference, Resource


class Column(Frozen):
    """A printer column of a CustomResourceDefinition: `path` is a JSON path into the object."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False
    """Shown with `-o wide` only."""


class Kind(Frozen, Generic[S]):
    """One kind of object: what users may write, how it is listed, and what others may refer to."""

    name: str
    plural: str
    """Lower-case plural, the resource name in a CustomResourceDefinition."""
    spec: type[S]
    example: str
    """One object as YAML. The examples of all kinds together are a valid stack."""
    compiled: Callable[[Object[S], Scope], Iterable[Resource[Any] | Reference[Any]]] | None = None
    """The AWS resources that an object of this kind alone becomes; pure. None for kinds that shape others."""
    columns: tuple[Column, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    """What `${kind/name.output}` may name, with a description each."""
    output_refs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """For each of `outputs` the resource type, whose address is `type/NAME`, and its output."""
    late_outputs: frozenset[str] = frozenset()
    """The outputs that exist only after everything that the object itself refers to with `${...}`."""

    @property
    def word(self) -> str:
        """The kind in references: `loadBalancer` in `loadBalancer/public`."""
        return self.name[0].lower() + self.name[1:]

"""Types whose fields are settled and whose requests are not written yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.model.ports import Reader
from reconciler.model.resource import Call, Context, Observed, Resource, ResourceType, Scope


class Pending(ResourceType[Any]):
    def observe(self, reader: Reader, scope: Scope) -> Iterable[Observed[Any]]:
        return ()

    def create(self, resource: Resource[Any], context: Context) -> Sequence[Call]:
        raise NotImplementedError

    def update(
        self, resource: Resource[Any], observed: Observed[Any], changed: frozenset[str], context: Context
    ) -> Sequence[Call]:
        raise NotImplementedError

    def delete(self, observed: Observed[Any], context: Context) -> Sequence[Call]:
        raise NotImplementedError

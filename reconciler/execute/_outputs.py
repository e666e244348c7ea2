"""What is known of ids and other outputs while a plan is carried out, and requests with them filled in."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from typing import Any

from reconciler.execute._failures import Failed
from reconciler.model.answers import taken
from reconciler.model.errors import AwsError, ErrorClass
from reconciler.model.plan import Failure
from reconciler.model.ports import Reader
from reconciler.model.resource import Call
from reconciler.model.values import FrozenMap, Id, LookedUp, Ref, Template, Token

_MARK_BYTES = 4


class Outputs:
    """Outputs by address: those of what lived before, then those of what this run makes."""

    def __init__(self, before: Mapping[str, Mapping[str, str]]) -> None:
        self._lock = threading.Lock()
        self._values = {address: dict(outputs) for address, outputs in before.items()}
        self._mark = secrets.token_hex(_MARK_BYTES)
        self.made: set[str] = set()

    def add(self, address: str, outputs: Mapping[str, str]) -> None:
        """Take note of what an object of this run gave."""
        if outputs:
            with self._lock:
                self._values.setdefault(address, {}).update(outputs)
                self.made.add(address)

    def value(self, ref: Ref) -> str:
        """What a reference stands for. Raises `Failed` where nobody has said it."""
        with self._lock:
            known = self._values.get(ref.address, {}).get(ref.output)
        if known is None:
            raise Failed(Failure("", "Unresolved", f"{ref} is not known", "run again; report it if it comes back"))
        return known

    def made_id(self, address: str) -> str | None:
        """The id of what this run made at an address, where it did."""
        with self._lock:
            return self._values[address].get("id") if address in self.made else None

    def addresses(self) -> list[str]:
        """Whatever outputs are known of."""
        with self._lock:
            return list(self._values)

    def of(self, address: str) -> FrozenMap[str, str]:
        """All that is known of one object."""
        with self._lock:
            return FrozenMap(self._values.get(address, {}))

    def filled_in(self, call: Call, reader: Reader) -> dict[str, Any]:
        """The parameters of a request as botocore takes them; what has to be looked up is asked for now.

        Raises `Failed` where a reference leads nowhere, `AwsError` where a look fails or finds nothing.
        """
        return {key: self._plain(value, reader) for key, value in call.params.items()}

    def _plain(self, value: Any, reader: Reader) -> Any:
        """References resolved, immutable shapes as lists and dicts."""
        if isinstance(value, LookedUp):
            return self._looked_up(value, reader)
        if isinstance(value, Ref):
            return self.value(value)
        if isinstance(value, Token):
            return f"{value}{self._mark}"
        if isinstance(value, Id):
            return value.value
        if isinstance(value, Template):
            return "".join(str(self._plain(part, reader)) for part in value.parts)
        if isinstance(value, Mapping):
            return {key: self._plain(item, reader) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item, reader) for item in value]
        if isinstance(value, frozenset):
            return sorted(self._plain(item, reader) for item in value)
        return value

    def _looked_up(self, value: LookedUp, reader: Reader) -> Any:
        """What AWS says now. Raises the `AwsError` that a request with what is gone would have met."""
        params = self._plain(value.params, reader)
        items = reader.fresh().pages(value.service, value.operation, value.key, **params)
        found = taken(self._plain(value.path, reader), {value.key: items})
        if found is None:
            operation = f"{value.service}:{value.operation}"
            message = f"none of the {value.key} that AWS lists is what is looked for"
            raise AwsError(operation=operation, code=value.gone, message=message, error_class=ErrorClass.NOT_FOUND)
        return found

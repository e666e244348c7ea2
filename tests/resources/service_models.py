"""botocore's own models of AWS's services as judges of requests: no network, no credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.utils import ArgumentGenerator
from botocore.validate import ParamValidator

from reconciler.model.answers import taken
from reconciler.model.resource import Call
from reconciler.model.values import Id, LookedUp, Ref, Template

_SESSION = botocore.session.Session()


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service by boto3's name of it."""
    return _SESSION.get_service_model(service)


def operation_model(service: str, operation: str) -> OperationModel:
    """The model of an operation. Raises `OperationNotFoundError`."""
    return service_model(service).operation_model(operation)


def plain(value: Any) -> Any:
    """Request parameters as botocore takes them, with a stand-in for every reference."""
    if isinstance(value, Ref):
        return f"{value.output}-of-{value.address}"
    if isinstance(value, Id):
        return value.value
    if isinstance(value, Template):
        return "".join(plain(part) for part in value.parts)
    if isinstance(value, LookedUp):
        wrong = faults(value.service, value.operation, plain(value.params))
        return wrong or f"found-by-{value.operation}"
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    return value


def faults(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """What the service would refuse of a request by its model: names, types, ranges, and values of enumerations."""
    model = operation_model(service, operation)
    if model.input_shape is None:
        return [f"{operation} takes no parameters"] if params else []
    resolved = plain(params)
    report = ParamValidator().validate(resolved, model.input_shape).generate_report()
    return [*filter(None, report.splitlines()), *_strangers(resolved, model.input_shape, operation)]


def _strangers(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Strings that are in no enumeration of their shape, which botocore's validator lets pass."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, item in value.items():
            if name in shape.members:
                yield from _strangers(item, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for item in value:
            yield from _strangers(item, shape.member, f"{path}[]")
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for item in value.values():
            yield from _strangers(item, shape.value, f"{path}{{}}")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"


def unanswered(call: Call) -> list[str]:
    """The outputs that a call would save from places that its answer does not have."""
    shape = operation_model(call.service, call.operation).output_shape
    answer = ArgumentGenerator().generate_skeleton(shape) if shape else {}
    return [f"{name}: {path}" for name, path in call.save.items() if taken(path, answer) is None]

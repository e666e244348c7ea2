"""Requests and answers as CloudTrail writes them: names in lower camel case, EC2's lists as `{"items": [...]}`.

Source: the example records in the guides of EC2, Elastic Load Balancing and ECS.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from botocore.parsers import create_parser

from . import wire
from .models import service_model

_HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"
_TAGGING: Final = frozenset({"CreateTags", "DeleteTags"})
_TRUE: Final = "true"
_MOTOS_OWN: Final = ("", "request-id")
"""What moto says where AWS says a new id each time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered: elements, or a code and a message."""

    elements: Any = None
    code: str = ""
    message: str = ""
    request_id: str = ""


def asked(request: wire.Request) -> Any:
    """`requestParameters`; null where the sandbox does not know the operation."""
    model = _operation(request)
    if model is None or model.input_shape is None:
        return None
    if request.protocol == "json":
        try:
            parameters = json.loads(request.body or "{}")
        except ValueError:
            return None
    else:
        parameters = _structure(request.form, model.input_shape, "", ec2=request.protocol == "ec2")
    parameters.pop("DryRun", None)
    if request.service == "ec2" and request.operation in _TAGGING:
        return {
            "resourcesSet": {"items": [{"resourceId": each} for each in parameters.get("Resources", ())]},
            "tagSet": {"items": [_written(tag, model.input_shape, ec2=True) for tag in parameters.get("Tags", ())]},
        }
    return _written(parameters, model.input_shape, ec2=request.service == "ec2") or None


def answered(request: wire.Request, answer: wire.Answer) -> Reply:
    """`responseElements`, or the error."""
    status, headers, body = answer
    model = _operation(request)
    if model is None:
        return Reply(code="" if status < 300 else str(status))
    content = body.encode() if isinstance(body, str) else body
    parser = create_parser(model.metadata["protocol"])
    lowered = {key.lower(): str(value) for key, value in headers.items()}
    parsed = parser.parse({"body": content, "headers": lowered, "status_code": status}, model.output_shape)
    about = parsed.pop("ResponseMetadata", {})
    request_id = str(about.get("RequestId") or "")
    if request_id in _MOTOS_OWN:
        request_id = str(uuid4())
    if "Error" in parsed:
        code = parsed["Error"].get("Code", "")
        blame = ("Client." if status < 500 else "Server.") if request.service == "ec2" else ""
        return Reply(code=blame + code, message=parsed["Error"].get("Message", ""), request_id=request_id)
    elements = _written(parsed, model.output_shape, ec2=request.service == "ec2")
    if request.service == "ec2":
        done = elements.pop("return", None if parsed else True)
        elements = {"requestId": request_id, **({} if done is None else {"_return": done}), **elements}
    return Reply(elements or None, request_id=request_id)


def _operation(request: wire.Request) -> Any:
    try:
        return service_model(request.service).operation_model(request.operation)
    except Exception:  # noqa: BLE001 (botocore has one class for an unknown service, another for an operation)
        return None


def _structure(form: Mapping[str, str], shape: Any, prefix: str, *, ec2: bool) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        key = prefix + _form_name(name, member, ec2=ec2)
        value = _value(form, member, key, ec2=ec2)
        if value is not None:
            found[name] = value
    return found


def _form_name(name: str, shape: Any, *, ec2: bool) -> str:
    given = shape.serialization
    if not ec2:
        return str(given.get("name", name))
    query = given.get("queryName")
    location = given.get("name", name)
    return str(query or location[0].upper() + location[1:])


def _value(form: Mapping[str, str], shape: Any, key: str, *, ec2: bool) -> Any:
    if shape.type_name == "structure":
        return _structure(form, shape, f"{key}.", ec2=ec2) or None
    if shape.type_name == "list":
        flat = ec2 or shape.serialization.get("flattened")
        base = key if flat else f"{key}.{shape.member.serialization.get('name', 'member')}"
        return list(_items(form, shape.member, base, ec2=ec2)) or None
    text = form.get(key)
    if text is None:
        return None
    if shape.type_name in ("integer", "long"):
        return int(text)
    return text == _TRUE if shape.type_name == "boolean" else text


def _items(form: Mapping[str, str], shape: Any, base: str, *, ec2: bool) -> Iterator[Any]:
    numbers = {key[len(base) + 1 :].partition(".")[0] for key in form if key.startswith(f"{base}.")}
    for number in sorted((n for n in numbers if n.isdigit()), key=int):
        value = _value(form, shape, f"{base}.{number}", ec2=ec2)
        if value is not None:
            yield value


def _written(value: Any, shape: Any, *, ec2: bool) -> Any:
    """A value by its shape: keys of structures in lower camel case, those of maps as they are, secrets hidden."""
    kind = shape.type_name if shape is not None else ""
    if isinstance(value, dict):
        if kind == "map":
            return {key: _written(item, shape.value, ec2=ec2) for key, item in value.items()}
        members = shape.members if kind == "structure" else {}
        written = {_camel(key): _written(item, members.get(key), ec2=ec2) for key, item in value.items()}
        if kind == "structure" and shape.name == "KeyValuePair" and "value" in written:
            written["value"] = _HIDDEN
        return written
    if isinstance(value, list):
        items = [_written(item, shape.member if kind == "list" else None, ec2=ec2) for item in value]
        return {"items": items} if ec2 else items
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _HIDDEN if shape is not None and getattr(shape, "metadata", {}).get("sensitive") else value


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
